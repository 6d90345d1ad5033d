module "plimsoll" {
  source = "../.."

  project_id   = var.project_id
  region       = var.region
  image        = var.image
  config       = file("${path.module}/plimsoll.toml")
  database_url = { secret = var.database_url_secret }
  database_ca  = var.database_ca_file == null ? null : { pem = file(var.database_ca_file) }
  hash_salt    = var.hash_salt_secret == null ? null : { secret = var.hash_salt_secret }

  # The ingress is which way a request may come; who may call is up to IAM in either case.
  service  = { ingress = length(var.viewers) > 0 ? "INGRESS_TRAFFIC_ALL" : "INGRESS_TRAFFIC_INTERNAL_ONLY" }
  invokers = var.viewers

  alerts = { emails = compact([var.alert_email]) }
}
