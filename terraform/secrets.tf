# Values come from Secret Manager. A value given to Terraform is in its state; one added with
# `gcloud secrets versions add`, or in a secret of yours, is not.

locals {
  hash_salt_used = var.hash_salt != null || nonsensitive(var.hash_salt_value != null)

  # Secrets the module makes, by the variable they fill. The config's is there with config_store = "secret".
  made_secrets = merge(
    var.database_url.secret == null ? { database-url = nonsensitive(var.database_url_value != null) } : {},
    local.hash_salt_used && try(var.hash_salt.secret, null) == null ? { hash-salt = nonsensitive(var.hash_salt_value != null) } : {},
    try(var.database_ca.pem, null) != null ? { database-ca = true } : {},
    local.config_mode == "secret" ? { config = true } : {},
  )
  made_values = {
    database-url = var.database_url_value
    hash-salt    = var.hash_salt_value
    database-ca  = try(var.database_ca.pem, null)
    config       = var.config
  }

  # NAME, or projects/P/secrets/NAME.
  given_secrets = merge(
    { for k, s in var.secret_env : "env-${k}" => s.secret },
    var.database_url.secret != null ? { database-url = var.database_url.secret } : {},
    try(var.hash_salt.secret, null) != null ? { hash-salt = var.hash_salt.secret } : {},
    try(var.database_ca.secret, null) != null ? { database-ca = var.database_ca.secret } : {},
    var.config_secret != null ? { config = var.config_secret.secret } : {},
  )

  # What the service may read, by use: project, short name, and the form that Cloud Run wants (short in its own project).
  secrets = merge(
    { for k in keys(local.made_secrets) : k => {
      project = var.project_id
      secret  = "${var.name}-${k}"
      ref     = "${var.name}-${k}"
    } },
    { for k, s in local.given_secrets : k => {
      project = try(regex("^projects/([^/]+)/", s)[0], var.project_id)
      secret  = basename(s)
      ref     = try(regex("^projects/([^/]+)/", s)[0], var.project_id) == var.project_id ? basename(s) : s
    } },
  )

  # One binding for a secret, however many variables come from it.
  readable_secrets = { for id, same in { for s in values(local.secrets) : "${s.project}/${s.secret}" => s... } : id => same[0] }

  # A version that the module has made is pinned: a new value is a new revision, and the old revision keeps the old one.
  secret_env = merge(
    {
      DATABASE_URL = {
        secret  = local.secrets["database-url"].ref
        version = try(google_secret_manager_secret_version.this["database-url"].version, var.database_url.version)
      }
    },
    local.hash_salt_used ? {
      PLIMSOLL_HASH_SALT = {
        secret  = local.secrets["hash-salt"].ref
        version = try(google_secret_manager_secret_version.this["hash-salt"].version, coalesce(try(var.hash_salt.version, null), "latest"))
      }
    } : {},
    { for k, s in var.secret_env : k => { secret = local.secrets["env-${k}"].ref, version = s.version } },
  )
}

resource "google_secret_manager_secret" "this" {
  for_each = local.made_secrets

  project   = var.project_id
  secret_id = "${var.name}-${each.key}"
  labels    = var.labels

  replication {
    dynamic "auto" {
      for_each = length(var.secret_replicas) == 0 ? [1] : []
      content {}
    }
    dynamic "user_managed" {
      for_each = length(var.secret_replicas) == 0 ? [] : [1]
      content {
        dynamic "replicas" {
          for_each = var.secret_replicas
          content {
            location = replicas.key
            dynamic "customer_managed_encryption" {
              for_each = replicas.value.kms_key == null ? [] : [replicas.value.kms_key]
              content {
                kms_key_name = customer_managed_encryption.value
              }
            }
          }
        }
      }
    }
  }

  depends_on = [google_project_service.this]
}

resource "google_secret_manager_secret_version" "this" {
  for_each = { for k, filled in local.made_secrets : k => true if filled }

  secret      = google_secret_manager_secret.this[each.key].id
  secret_data = local.made_values[each.key]

  # A revision that is still there may need the old one: it goes when somebody destroys it, not by the way.
  deletion_policy = "ABANDON"
}
