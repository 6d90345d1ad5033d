resource "google_pubsub_topic" "ticks" {
  project      = var.project_id
  name         = var.name
  labels       = var.labels
  kms_key_name = var.pubsub.kms_key

  dynamic "message_storage_policy" {
    for_each = length(var.pubsub.regions) > 0 ? [1] : []
    content {
      allowed_persistence_regions = var.pubsub.regions
    }
  }

  depends_on = [google_project_service.this]
}

resource "google_pubsub_topic" "dead_letter" {
  project      = var.project_id
  name         = "${var.name}-dead-letter"
  labels       = var.labels
  kms_key_name = var.pubsub.kms_key

  dynamic "message_storage_policy" {
    for_each = length(var.pubsub.regions) > 0 ? [1] : []
    content {
      allowed_persistence_regions = var.pubsub.regions
    }
  }

  depends_on = [google_project_service.this]
}

resource "google_pubsub_topic" "reports" {
  count = var.pubsub.reports ? 1 : 0

  project      = var.project_id
  name         = "${var.name}-reports"
  labels       = var.labels
  kms_key_name = var.pubsub.kms_key

  dynamic "message_storage_policy" {
    for_each = length(var.pubsub.regions) > 0 ? [1] : []
    content {
      allowed_persistence_regions = var.pubsub.regions
    }
  }

  depends_on = [google_project_service.this]
}

resource "google_pubsub_subscription" "push" {
  project = var.project_id
  name    = "${var.name}-push"
  topic   = google_pubsub_topic.ticks.id
  labels  = var.labels

  # A run is one request: Pub/Sub waits for its end as long as it can wait.
  ack_deadline_seconds       = 600
  message_retention_duration = "${var.pubsub.retention_seconds}s"

  push_config {
    push_endpoint = "${google_cloud_run_v2_service.this.uri}/pubsub"

    oidc_token {
      service_account_email = local.push_service_account
      # The service's URL, which Cloud Run's IAM expects; the default would be the endpoint with its path.
      audience = google_cloud_run_v2_service.this.uri
    }
  }

  retry_policy {
    minimum_backoff = "${var.pubsub.minimum_backoff_seconds}s"
    maximum_backoff = "${var.pubsub.maximum_backoff_seconds}s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead_letter.id
    max_delivery_attempts = var.pubsub.max_delivery_attempts
  }

  # Never: a subscription that nothing was published to for a month would be gone, and nobody would notice.
  expiration_policy {
    ttl = ""
  }

  # The first push after an apply should find its right to call.
  depends_on = [google_cloud_run_v2_service_iam_member.push]
}

# A topic without a subscription drops what it gets: this one keeps ticks that were given up, to be looked at.
resource "google_pubsub_subscription" "dead_letter" {
  project = var.project_id
  name    = "${var.name}-dead-letter"
  topic   = google_pubsub_topic.dead_letter.id
  labels  = var.labels

  ack_deadline_seconds       = 60
  message_retention_duration = "${var.pubsub.dead_letter_retention_seconds}s"

  expiration_policy {
    ttl = ""
  }
}
