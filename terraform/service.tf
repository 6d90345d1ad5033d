resource "google_cloud_run_v2_service" "this" {
  project             = var.project_id
  location            = var.region
  name                = var.name
  description         = "Plimsoll: keeps BigQuery equal to PostgreSQL or SQL Server. One push is one run."
  labels              = var.labels
  ingress             = var.service.ingress
  deletion_protection = var.service.deletion_protection

  # Who calls is checked by IAM, in front of the container: [server] auth = "cloud-run" counts on it.
  invoker_iam_disabled = false

  template {
    labels                           = var.labels
    service_account                  = local.service_account
    timeout                          = "${var.service.timeout_seconds}s"
    max_instance_request_concurrency = var.service.concurrency
    encryption_key                   = var.service.kms_key

    scaling {
      min_instance_count = 0 # nothing runs, and nothing is paid, between two ticks
      max_instance_count = var.service.max_instances
    }

    containers {
      image = var.image
      args  = ["serve"]

      ports {
        container_port = 8080
      }

      resources {
        limits            = { cpu = var.service.cpu, memory = var.service.memory }
        cpu_idle          = true # billed while a request is at work; a run is one
        startup_cpu_boost = var.service.startup_cpu_boost
      }

      # /healthz is the process. /readyz is progress, and a restart does not help a late table.
      startup_probe {
        period_seconds  = 3
        timeout_seconds = 2
        # Three minutes: a right that was given a moment ago, and a way out through a VPC, may take that long to work.
        failure_threshold = 60
        http_get {
          path = "/healthz"
        }
      }
      liveness_probe {
        period_seconds    = 30
        timeout_seconds   = 5
        failure_threshold = 4
        http_get {
          path = "/healthz"
        }
      }

      dynamic "env" {
        for_each = local.env
        content {
          name  = env.key
          value = env.value
        }
      }
      dynamic "env" {
        for_each = local.secret_env
        content {
          name = env.key
          value_source {
            secret_key_ref {
              secret  = env.value.secret
              version = env.value.version
            }
          }
        }
      }

      dynamic "volume_mounts" {
        for_each = local.config_mode == "bucket" ? [] : [1]
        content {
          name       = "config"
          mount_path = "/etc/plimsoll"
        }
      }
      dynamic "volume_mounts" {
        for_each = var.database_ca == null ? [] : [1]
        content {
          name       = "database-ca"
          mount_path = local.database_ca_folder
        }
      }
      dynamic "volume_mounts" {
        for_each = length(var.cloud_sql.instances) > 0 ? [1] : []
        content {
          name       = "cloudsql"
          mount_path = "/cloudsql"
        }
      }
    }

    dynamic "volumes" {
      for_each = local.config_mode == "bucket" ? [] : [1]
      content {
        name = "config"
        secret {
          secret = local.secrets["config"].ref
          items {
            path    = "plimsoll.toml"
            version = try(google_secret_manager_secret_version.this["config"].version, var.config_secret.version)
          }
        }
      }
    }
    dynamic "volumes" {
      for_each = var.database_ca == null ? [] : [1]
      content {
        name = "database-ca"
        secret {
          secret = local.secrets["database-ca"].ref
          items {
            path    = "ca.pem"
            version = try(google_secret_manager_secret_version.this["database-ca"].version, var.database_ca.version)
          }
        }
      }
    }
    dynamic "volumes" {
      for_each = length(var.cloud_sql.instances) > 0 ? [1] : []
      content {
        name = "cloudsql"
        cloud_sql_instance {
          instances = var.cloud_sql.instances
        }
      }
    }

    dynamic "vpc_access" {
      for_each = local.vpc_direct || var.network.connector != null ? [1] : []
      content {
        connector = var.network.connector
        egress    = local.vpc_egress
        dynamic "network_interfaces" {
          for_each = local.vpc_direct ? [1] : []
          content {
            network    = local.vpc_network
            subnetwork = local.vpc_subnetwork
            tags       = var.network.tags
          }
        }
      }
    }
  }

  traffic {
    type     = var.service.revision == null ? "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST" : "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
    revision = var.service.revision
    percent  = 100
  }

  dynamic "binary_authorization" {
    for_each = var.service.binary_authorization ? [1] : []
    content {
      use_default = true
    }
  }

  lifecycle {
    # gcloud and the console leave their name here.
    ignore_changes = [client, client_version]

    precondition {
      condition     = (var.config == null) != (var.config_secret == null)
      error_message = "Give config (the text of plimsoll.toml) or config_secret, one of the two."
    }
    precondition {
      condition     = var.config_secret == null || var.config_store == "bucket"
      error_message = "config_store says where config is kept; with config_secret there is none to keep."
    }
    precondition {
      condition     = nonsensitive(var.database_url_value == null) || var.database_url.secret == null
      error_message = "database_url_value fills the secret that the module makes; it cannot go with database_url.secret."
    }
    precondition {
      condition     = length(var.cloud_sql.instances) == 0 || !nonsensitive(can(regex("^\\s*(?i:(jdbc:)?sqlserver|mssql([+][a-z0-9]+)?)://", coalesce(var.database_url_value, "-"))))
      error_message = "cloud_sql.instances mounts sockets of PostgreSQL. Cloud SQL for SQL Server has none: reach it by its private address, with network."
    }
    precondition {
      condition     = nonsensitive(var.hash_salt_value == null) || try(var.hash_salt.secret, null) == null
      error_message = "hash_salt_value fills the secret that the module makes; it cannot go with hash_salt.secret."
    }
    precondition {
      condition     = length(setintersection(keys(var.env), keys(var.secret_env))) == 0
      error_message = "A variable stands in both env and secret_env."
    }
    precondition {
      condition     = var.service_account == null || var.service_account != var.push_service_account
      error_message = "service_account and push_service_account are two accounts: who may start a run must not read the database's URL."
    }
  }

  # A revision is started as it is made: config, secrets and the rights to read them have to be there.
  depends_on = [
    google_project_service.this,
    google_storage_bucket_object.config,
    google_storage_bucket_iam_member.service,
    google_secret_manager_secret_iam_member.service,
    google_secret_manager_secret_version.this,
    google_bigquery_dataset_iam_member.service,
    google_project_iam_member.job_user,
    google_project_iam_member.cloud_sql,
    google_pubsub_topic_iam_member.service,
    google_compute_router_nat.this,
  ]
}

locals {
  is_reached_from_outside = var.service.ingress == "INGRESS_TRAFFIC_ALL"

  # What to type next. Single quotes where it can be: `terraform output` shows double quotes behind backslashes.
  commands = {
    # Where the ingress lets nobody in from outside, the state says what the service would.
    status = (
      local.is_reached_from_outside
      ? "curl -sS -H 'Authorization: Bearer '$(gcloud auth print-identity-token) ${google_cloud_run_v2_service.this.uri}/status"
      : "gcloud storage cat 'gs://${local.bucket_name}/${var.bucket.prefix}/state/*.json'"
    )
    tick = "gcloud pubsub topics publish ${google_pubsub_topic.ticks.name} --project=${var.project_id} --message='{}'"
    log  = local.read_log
    page = (
      local.is_reached_from_outside
      ? "gcloud run services proxy ${var.name} --project=${var.project_id} --region=${var.region}"
      : null
    )
  }
}
