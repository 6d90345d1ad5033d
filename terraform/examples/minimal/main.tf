module "plimsoll" {
  source = "../.."

  project_id   = var.project_id
  region       = var.region
  image        = var.image
  config       = file("${path.module}/plimsoll.toml")
  database_url = { secret = var.database_url_secret }
}
