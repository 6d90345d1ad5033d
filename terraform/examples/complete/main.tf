module "plimsoll" {
  source = "../.."

  project_id = var.project_id
  region     = var.region
  name       = "plimsoll-app"
  labels     = { team = "data", system = "plimsoll" }
  image      = var.image

  # The config is mounted from a secret: the service can read it, and not write it.
  config       = file("${path.module}/plimsoll.toml")
  config_store = "secret"

  database_url    = var.database_url_secret
  hash_salt_value = var.hash_salt
  secret_replicas = { (var.region) = { kms_key = var.kms_key } }
  env             = { SOURCE_SCHEMA = "public" }
  secret_env      = { PGPASSWORD = { secret = "plimsoll-source-password", version = var.database_password_version } }

  service = {
    cpu           = "2"
    memory        = "2Gi"
    concurrency   = 1 # with fan_out each feed has an instance of its own
    max_instances = 8
    ingress       = "INGRESS_TRAFFIC_ALL" # the status page from outside the VPC, still only for invokers
    log_level     = "info"
    kms_key       = var.kms_key
  }
  invokers = var.viewers

  network   = merge(var.network, { tags = ["plimsoll"] })
  cloud_sql = { instances = [var.cloud_sql_instance] }

  bucket = {
    prefix     = "app"
    batch_days = 14
    kms_key    = var.kms_key
  }
  bigquery = {
    dataset         = "app"
    staging_dataset = "app_staging"
    kms_key         = var.kms_key
  }

  schedules = {
    tick    = { cron = "*/5 6-21 * * *", time_zone = "Europe/Rome" }
    night   = { cron = "0 22,0,2,4 * * *", time_zone = "Europe/Rome" }
    prices  = { cron = "* 8-18 * * 1-5", time_zone = "Europe/Rome", tables = ["public.prices"] }
    recheck = { cron = "30 3 * * 0", time_zone = "Europe/Rome", tables = ["public.orders"], full = true, paused = true }
  }

  pubsub = {
    reports = true
    regions = [var.region]
    kms_key = var.kms_key
  }

  registry = { create = true, kms_key = var.kms_key }

  # At night there are two hours between ticks.
  alerts = {
    emails    = [var.alert_email]
    freshness = { minutes = 150 }
    silence   = { minutes = 150 }
    lease     = { minutes = 9 }
  }
}

# Somebody who reads the reports: published, they go to everyone who has a subscription.
resource "google_pubsub_subscription" "reports" {
  project = var.project_id
  name    = "plimsoll-app-reports"
  topic   = module.plimsoll.reports_topic

  expiration_policy {
    ttl = ""
  }
}
