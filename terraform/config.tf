# plimsoll.toml. The container replaces ${NAME} in it from its environment, so it names neither bucket nor project.

locals {
  database_ca_folder = "/etc/plimsoll-ca"

  config_mode = var.config_secret != null ? "given" : var.config_store
  config_name = "${local.config_folder}/${substr(sha256(coalesce(var.config, "-")), 0, 16)}.toml"
  config_path = (
    local.config_mode == "bucket"
    ? "gs://${local.bucket_name}/${local.config_name}"
    : "/etc/plimsoll/plimsoll.toml"
  )

  env = merge(
    var.env,
    {
      GOOGLE_CLOUD_PROJECT     = var.project_id
      PLIMSOLL_BUCKET          = local.bucket_name
      PLIMSOLL_CONFIG          = local.config_path
      PLIMSOLL_DATASET         = local.dataset
      PLIMSOLL_LOCATION        = local.location
      PLIMSOLL_PREFIX          = var.bucket.prefix
      PLIMSOLL_STAGING_DATASET = local.staging_dataset
      PLIMSOLL_TOPIC           = google_pubsub_topic.ticks.id
    },
    var.pubsub.reports ? { PLIMSOLL_REPORTS_TOPIC = google_pubsub_topic.reports[0].id } : {},
    # libpq's name for it, so that the URL in the secret need not know where the file is. SQL Server's clients have none: there the URL says it.
    var.database_ca != null ? { PGSSLROOTCERT = "${local.database_ca_folder}/ca.pem" } : {},
    var.service.log_level != null ? { RUST_LOG = var.service.log_level } : {},
  )
}

locals {
  # What stands in the config as ${NAME}, and nothing sets.
  config_unset = sort(setsubtract(
    flatten(regexall("\\$\\{([A-Za-z_][A-Za-z0-9_]*)\\}", coalesce(var.config, "-"))),
    concat(keys(local.env), keys(local.secret_env)),
  ))
}

# Named after its content: a revision's config never changes under it, and an older revision finds the one it had.
resource "google_storage_bucket_object" "config" {
  count = local.config_mode == "bucket" ? 1 : 0

  bucket       = local.bucket_name
  name         = local.config_name
  content      = var.config
  content_type = "application/toml"

  # A few KiB each, left in place for a rollback.
  deletion_policy = "ABANDON"

  depends_on = [google_storage_bucket.this]
}

# A config that names other places passes the plan, and fails at the first tick for want of rights: say it here.
check "config_names_what_the_module_makes" {
  assert {
    condition = var.config == null || (
      strcontains(coalesce(var.config, "-"), "$${PLIMSOLL_BUCKET}") || strcontains(coalesce(var.config, "-"), local.bucket_name)
    )
    error_message = "config does not name the bucket: write [storage] url = \"gs://$${PLIMSOLL_BUCKET}/$${PLIMSOLL_PREFIX}\"."
  }
  assert {
    condition = var.config == null || (
      strcontains(coalesce(var.config, "-"), "$${PLIMSOLL_DATASET}") || strcontains(coalesce(var.config, "-"), local.dataset)
    )
    error_message = "config does not name the dataset: write [bigquery] dataset = \"$${PLIMSOLL_DATASET}\"."
  }
  assert {
    condition     = length(local.config_unset) == 0
    error_message = "config refers to what the container's environment does not have: ${join(", ", local.config_unset)}. Set it with env or secret_env."
  }
  assert {
    condition     = var.config == null || !var.pubsub.reports || strcontains(coalesce(var.config, "-"), "reports")
    error_message = "pubsub.reports makes a topic that config does not use: write [pubsub] reports = \"$${PLIMSOLL_REPORTS_TOPIC}\"."
  }
}
