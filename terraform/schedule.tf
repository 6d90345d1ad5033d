# Cloud Scheduler's own agent publishes; in its project it may by the role it has from the start.

resource "google_cloud_scheduler_job" "this" {
  for_each = var.schedules

  project = var.project_id
  region  = coalesce(var.scheduler_region, var.region)
  name    = "${var.name}-${each.key}"
  # 500 characters at most.
  description = substr(coalesce(each.value.description, "Plimsoll (${var.name}): a tick for ${each.value.tables == null ? "all tables" : join(", ", each.value.tables)}"), 0, 499)
  schedule    = each.value.cron
  time_zone   = each.value.time_zone
  paused      = each.value.paused

  pubsub_target {
    topic_name = google_pubsub_topic.ticks.id
    # The body of POST /runs. Never empty: Pub/Sub refuses a message with neither data nor attributes.
    data = base64encode(jsonencode({ for k, v in {
      tables = each.value.tables
      full   = each.value.full
    } : k => v if v != null }))
  }

  # Of publishing; a run that fails is repeated by the push.
  retry_config {
    retry_count          = each.value.retry_count
    min_backoff_duration = "${each.value.retry_seconds}s"
  }

  # A tick before there is anybody to take it is a tick lost.
  depends_on = [google_pubsub_subscription.push]
}
