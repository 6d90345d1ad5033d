resource "google_storage_bucket" "this" {
  count = var.bucket.create ? 1 : 0

  project                     = var.project_id
  name                        = local.bucket_name
  location                    = upper(coalesce(var.bucket.location, var.region))
  labels                      = var.labels
  force_destroy               = var.bucket.force_destroy
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  # The state is overwritten under ifGenerationMatch at every run; an older one is of no use, and dangerous to restore.
  versioning {
    enabled = false
  }

  # For the same reason: a copy of each overwritten state and of each expired batch would be kept and billed.
  soft_delete_policy {
    retention_duration_seconds = var.bucket.soft_delete_days * 86400
  }

  # Below batches/ alone: the state and the config have no age.
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age            = var.bucket.batch_days
      matches_prefix = ["${var.bucket.prefix}/batches/"]
    }
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age            = var.bucket.report_days
      matches_prefix = ["${var.bucket.prefix}/reports/"]
    }
  }

  # Parts of uploads that a killed process has left are invisible, and billed.
  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 1
    }
  }

  dynamic "encryption" {
    for_each = var.bucket.kms_key == null ? [] : [var.bucket.kms_key]
    content {
      default_kms_key_name = encryption.value
    }
  }

  lifecycle {
    precondition {
      condition     = can(regex("^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$", local.bucket_name))
      error_message = "${local.bucket_name} is no bucket's name (3 to 63 characters): give bucket.name."
    }
  }

  depends_on = [google_project_service.this]
}
