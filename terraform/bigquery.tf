# No access blocks: they would own the whole policy, and take away what others were granted.

resource "google_bigquery_dataset" "target" {
  count = var.bigquery.create ? 1 : 0

  project                    = var.project_id
  dataset_id                 = local.dataset
  location                   = local.location
  description                = "Tables that Plimsoll (${var.name}) keeps equal to their source."
  labels                     = var.labels
  delete_contents_on_destroy = var.bigquery.delete_contents_on_destroy

  dynamic "default_encryption_configuration" {
    for_each = var.bigquery.kms_key == null ? [] : [var.bigquery.kms_key]
    content {
      kms_key_name = default_encryption_configuration.value
    }
  }

  depends_on = [google_project_service.this]
}

resource "google_bigquery_dataset" "staging" {
  count = var.bigquery.create_staging ? 1 : 0

  project     = var.project_id
  dataset_id  = local.staging_dataset
  location    = local.location
  description = "Files on their way into ${local.dataset}; its tables expire."
  labels      = var.labels

  # A run deletes its staging tables; of one that was killed they go by themselves.
  default_table_expiration_ms = var.bigquery.staging_hours * 3600000
  # Nothing here is anybody's only copy, but a table may be there at any time: it must not hold up a destroy.
  delete_contents_on_destroy = true

  dynamic "default_encryption_configuration" {
    for_each = var.bigquery.kms_key == null ? [] : [var.bigquery.kms_key]
    content {
      kms_key_name = default_encryption_configuration.value
    }
  }

  depends_on = [google_project_service.this]
}
