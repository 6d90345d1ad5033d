# Cloud Run's agent pulls images of its own project by the role it has from the start: no binding is needed.

resource "google_artifact_registry_repository" "this" {
  count = var.registry.create ? 1 : 0

  project       = var.project_id
  location      = var.region
  repository_id = coalesce(var.registry.repository, var.name)
  description   = "Images of Plimsoll."
  format        = "DOCKER"
  labels        = var.labels
  kms_key_name  = var.registry.kms_key

  docker_config {
    immutable_tags = var.registry.immutable_tags
  }

  cleanup_policy_dry_run = false

  cleanup_policies {
    id     = "keep-the-newest"
    action = "KEEP"
    most_recent_versions {
      keep_count = var.registry.keep
    }
  }
  cleanup_policies {
    id     = "delete-the-old"
    action = "DELETE"
    condition {
      tag_state  = "ANY"
      older_than = "${var.registry.delete_after_days * 86400}s"
    }
  }

  depends_on = [google_project_service.this]
}
