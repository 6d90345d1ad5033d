# Plimsoll, with a report by mail each morning:
#
#   Scheduler ─▶ {"report":"24h"} ─▶ topic of ticks ─▶ Plimsoll ─▶ topic for reports ─▶ mailer ─▶ SMTP

module "plimsoll" {
  source = "../.."

  project_id   = var.project_id
  region       = var.region
  image        = var.image
  config       = file("${path.module}/plimsoll.toml")
  database_url = { secret = var.database_url_secret }
  alerts       = { emails = var.recipients }

  # The topic that reports go to; the config names it.
  pubsub = { reports = true }
}

resource "google_cloud_scheduler_job" "report" {
  project     = var.project_id
  region      = var.region
  name        = "plimsoll-daily-report"
  description = "Asks Plimsoll for the report of the last day."
  schedule    = var.schedule
  time_zone   = var.time_zone

  pubsub_target {
    topic_name = module.plimsoll.topic
    data       = base64encode(jsonencode({ report = "24h" }))
  }
}

# Reports of runs are on the topic too: the filter leaves them out, and they cost nothing.
resource "google_pubsub_subscription" "mailer" {
  project = var.project_id
  name    = "plimsoll-mailer"
  topic   = module.plimsoll.reports_topic
  filter  = "attributes.kind = \"daily-report\""

  ack_deadline_seconds       = 60
  message_retention_duration = "86400s"

  push_config {
    push_endpoint = google_cloudfunctions2_function.mailer.service_config[0].uri

    oidc_token {
      service_account_email = google_service_account.caller.email
      audience              = google_cloudfunctions2_function.mailer.service_config[0].uri
    }
  }

  # A mail server that is down is asked again, at most for a day.
  retry_policy {
    minimum_backoff = "60s"
    maximum_backoff = "600s"
  }
  expiration_policy {
    ttl = ""
  }

  depends_on = [google_cloud_run_service_iam_member.caller]
}
