# ---- where ----

variable "project_id" {
  description = "The Google Cloud project that everything is made in, and that BigQuery jobs are billed to."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([a-z][a-z0-9.-]*:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id is the project's id (such as my-project-123), not its name or number."
  }
}

variable "project_number" {
  description = "The project's number. Looked up when not given, which needs `resourcemanager.projects.get`."
  type        = string
  default     = null

  validation {
    condition     = var.project_number == null || can(regex("^[0-9]{6,20}$", var.project_number))
    error_message = "project_number has digits only."
  }
}

variable "region" {
  description = "Region of the service, and of bucket, datasets, jobs and repository where they name none of their own."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region is a Cloud Run region such as europe-west1, not a zone and not a multi-region."
  }
}

variable "name" {
  description = "Name of the service; what belongs to it is named after it. Another name is another, independent deployment."
  type        = string
  default     = "plimsoll"
  nullable    = false

  validation {
    # The accounts are NAME-run and NAME-push, and an account id has 30 characters at most.
    condition     = can(regex("^[a-z][a-z0-9-]{0,23}[a-z0-9]$", var.name))
    error_message = "name has 2 to 25 lower-case letters, digits and dashes, begins with a letter and does not end in a dash."
  }
}

variable "labels" {
  description = "Labels for everything that can have some."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = alltrue([for k, v in var.labels :
      can(regex("^[a-z][a-z0-9_-]{0,62}$", k)) && can(regex("^[a-z0-9_-]{0,63}$", v))
    ])
    error_message = "Keys and values of labels have at most 63 lower-case letters, digits, dashes and underscores; a key begins with a letter."
  }
}

variable "enable_apis" {
  description = "Whether to enable the APIs that are used. They stay enabled on destroy, for others may use them too."
  type        = bool
  default     = true
  nullable    = false
}

# ---- the service ----

variable "image" {
  description = "The container image, with a tag or a digest. Not `latest`: a revision has to say what it runs."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.:-]*(/[A-Za-z0-9._-]+)+(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[0-9a-f]{64})$", var.image)) && !endswith(var.image, ":latest")
    error_message = "image is a whole name with a tag other than latest, or a digest: REGION-docker.pkg.dev/PROJECT/REPOSITORY/plimsoll:1.2.3."
  }
}

variable "service" {
  description = <<-EOT
    The Cloud Run service. `concurrency` is how many pushes one instance takes at once, `timeout_seconds` has to be
    longer than `[run] budget`. `ingress` other than internal lets people reach the status page by the service's URL;
    callers need `roles/run.invoker` in any case. `revision` sends all traffic to an older revision (a rollback).
    `kms_key` encrypts the image's copy; `binary_authorization` holds it to the project's policy.
  EOT
  type = object({
    cpu                  = optional(string, "1")
    memory               = optional(string, "512Mi")
    concurrency          = optional(number, 4)
    timeout_seconds      = optional(number, 600)
    max_instances        = optional(number, 3)
    startup_cpu_boost    = optional(bool, true)
    ingress              = optional(string, "INGRESS_TRAFFIC_INTERNAL_ONLY")
    log_level            = optional(string)
    revision             = optional(string)
    kms_key              = optional(string)
    binary_authorization = optional(bool, false)
    deletion_protection  = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["1", "2", "4", "8"], var.service.cpu) || can(regex("^0\\.[0-9]{1,2}$", var.service.cpu)) && try(tonumber(var.service.cpu) >= 0.08, false)
    error_message = "service.cpu is 1, 2, 4 or 8, or a fraction from 0.08 to 0.99."
  }
  validation {
    condition     = can(regex("^[0-9]+(Mi|Gi)$", var.service.memory))
    error_message = "service.memory is a number with Mi or Gi, such as 512Mi."
  }
  validation {
    # Cloud Run's own table; it refuses the revision otherwise, in the middle of an apply.
    condition = try(alltrue([
      for mib in [tonumber(regex("^[0-9]+", var.service.memory)) * (endswith(var.service.memory, "Gi") ? 1024 : 1)] :
      mib >= lookup({ "4" = 2048, "8" = 4096 }, var.service.cpu, 128) &&
      mib <= lookup({ "1" = 4096, "2" = 8192, "4" = 16384, "8" = 32768 }, var.service.cpu, tonumber(var.service.cpu) < 0.5 ? 512 : 1024)
    ]), false)
    error_message = "service.memory does not fit service.cpu: at most 512Mi below 0.5 CPU, 1Gi below 1, 4Gi with 1, 8Gi with 2, 2Gi to 16Gi with 4, 4Gi to 32Gi with 8."
  }
  validation {
    condition     = var.service.concurrency >= 1 && var.service.concurrency <= 1000 && floor(var.service.concurrency) == var.service.concurrency
    error_message = "service.concurrency is a whole number from 1 to 1000."
  }
  validation {
    condition     = var.service.concurrency == 1 || !startswith(var.service.cpu, "0.")
    error_message = "With less than one CPU, service.concurrency has to be 1."
  }
  validation {
    # Below 60 s no run would get anywhere; Pub/Sub waits for 600 s at most, a longer run is for POST /runs.
    condition     = var.service.timeout_seconds >= 60 && var.service.timeout_seconds <= 3600
    error_message = "service.timeout_seconds is from 60 to 3600, and longer than [run] budget."
  }
  validation {
    condition     = var.service.max_instances >= 1 && var.service.max_instances <= 100 && floor(var.service.max_instances) == var.service.max_instances
    error_message = "service.max_instances is a whole number from 1 to 100."
  }
  validation {
    condition     = contains(["INGRESS_TRAFFIC_INTERNAL_ONLY", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER", "INGRESS_TRAFFIC_ALL"], var.service.ingress)
    error_message = "service.ingress is INGRESS_TRAFFIC_INTERNAL_ONLY, INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER or INGRESS_TRAFFIC_ALL."
  }
  validation {
    condition     = var.service.revision == null || can(regex("^[a-z][a-z0-9-]{0,62}$", var.service.revision))
    error_message = "service.revision is a revision's name, as `gcloud run revisions list` shows it."
  }
  validation {
    condition     = var.service.kms_key == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.service.kms_key))
    error_message = "service.kms_key is projects/P/locations/L/keyRings/R/cryptoKeys/K."
  }
}

variable "env" {
  description = "More environment variables for the container, such as what `$${NAME}` in the config refers to."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for k in keys(var.env) : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", k))])
    error_message = "Names of environment variables have letters, digits and underscores, and do not begin with a digit."
  }
  validation {
    condition = length(setintersection(keys(var.env), [
      "DATABASE_URL", "GOOGLE_CLOUD_PROJECT", "PLIMSOLL_BUCKET", "PLIMSOLL_CONFIG", "PLIMSOLL_DATASET", "PLIMSOLL_HASH_SALT",
      "PLIMSOLL_LOCATION", "PLIMSOLL_PREFIX", "PLIMSOLL_REPORTS_TOPIC", "PLIMSOLL_STAGING_DATASET", "PLIMSOLL_TOPIC", "PORT",
      "K_SERVICE", "K_REVISION", "K_CONFIGURATION", "RUST_LOG", "PLIMSOLL_ALLOW_UNAUTHENTICATED", "PGSSLROOTCERT",
    ])) == 0
    error_message = "env names a variable that the module or Cloud Run sets itself, or that would open the service. For RUST_LOG there is service.log_level, for PGSSLROOTCERT database_ca."
  }
}

variable "secret_env" {
  description = "More environment variables from Secret Manager: a secret's name, or projects/P/secrets/S, and its version. The service may read them."
  type = map(object({
    secret  = string
    version = optional(string, "latest")
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for k in keys(var.secret_env) : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", k))])
    error_message = "Names of environment variables have letters, digits and underscores, and do not begin with a digit."
  }
  validation {
    condition = length(setintersection(keys(var.secret_env), [
      "DATABASE_URL", "GOOGLE_CLOUD_PROJECT", "PLIMSOLL_BUCKET", "PLIMSOLL_CONFIG", "PLIMSOLL_DATASET", "PLIMSOLL_HASH_SALT",
      "PLIMSOLL_LOCATION", "PLIMSOLL_PREFIX", "PLIMSOLL_REPORTS_TOPIC", "PLIMSOLL_STAGING_DATASET", "PLIMSOLL_TOPIC", "PORT",
      "K_SERVICE", "K_REVISION", "K_CONFIGURATION", "RUST_LOG", "PLIMSOLL_ALLOW_UNAUTHENTICATED", "PGSSLROOTCERT",
    ])) == 0
    error_message = "secret_env names a variable that the module or Cloud Run sets itself, or that would open the service."
  }
  validation {
    condition = alltrue([for s in values(var.secret_env) :
      can(regex("^(projects/[^/]+/secrets/)?[A-Za-z0-9_-]{1,255}$", s.secret)) && can(regex("^(latest|[1-9][0-9]*)$", s.version))
    ])
    error_message = "A secret is NAME or projects/P/secrets/NAME, its version latest or a number."
  }
}

# ---- the config ----

variable "config" {
  description = "Text of plimsoll.toml, as `file(\"plimsoll.toml\")`. What it may refer to as `$${NAME}` stands in the README. Null with `config_secret`."
  type        = string
  default     = null

  validation {
    condition     = var.config == null || trimspace(coalesce(var.config, "-")) != "" && length(coalesce(var.config, "-")) <= 65536
    error_message = "config is the text of plimsoll.toml: not empty, and 64 KiB at most."
  }
  validation {
    condition     = var.config == null || !can(regex("://[^:@/\\s\"]*:[^@/\\s\"$][^@/\\s\"]*@", coalesce(var.config, "-")))
    error_message = "config holds a password in a URL, which would stand in Terraform's state. Write url = \"$${DATABASE_URL}\"; the value comes from Secret Manager."
  }
  validation {
    # A pair of SQL Server's connection strings. A value that is a variable is none.
    condition     = var.config == null || !can(regex("(?i)[;\"'][ \\t]*(password|pwd)[ \\t]*=[ \\t]*[{]?[^\\s;\"'{}$]", coalesce(var.config, "-")))
    error_message = "config holds the password of a connection string, which would stand in Terraform's state. Write url = \"$${DATABASE_URL}\"; the value comes from Secret Manager."
  }
  validation {
    condition     = var.config == null || !can(regex("(?m)^\\s*auth\\s*=\\s*[\"']none[\"']", coalesce(var.config, "-")))
    error_message = "auth = \"none\" is for a loopback listener; with Cloud Run's IAM in front it is auth = \"cloud-run\"."
  }
}

variable "config_store" {
  description = "Where `config` is kept: `bucket` (an object named after its digest) or `secret` (a version of a secret, mounted as a file)."
  type        = string
  default     = "bucket"
  nullable    = false

  validation {
    condition     = contains(["bucket", "secret"], var.config_store)
    error_message = "config_store is bucket or secret."
  }
}

variable "config_secret" {
  description = "A secret of your own that holds plimsoll.toml, mounted as a file, instead of `config`. Pin the version: with `latest` a revision's config changes under it."
  type = object({
    secret  = string
    version = optional(string, "latest")
  })
  default = null

  validation {
    condition = var.config_secret == null || (
      can(regex("^(projects/[^/]+/secrets/)?[A-Za-z0-9_-]{1,255}$", try(var.config_secret.secret, ""))) &&
      can(regex("^(latest|[1-9][0-9]*)$", try(var.config_secret.version, "")))
    )
    error_message = "config_secret.secret is NAME or projects/P/secrets/NAME, its version latest or a number."
  }
}

# ---- secrets ----

variable "database_url" {
  description = <<-EOT
    The secret with the URL of the PostgreSQL or SQL Server. Without `secret` the module makes one, empty unless `database_url_value` is
    given: Cloud Run refuses a revision whose secret has no version, so add one before the service is made (README).
    `version` pins one: rotation is then a change that can be reviewed and taken back.
  EOT
  type = object({
    secret  = optional(string)
    version = optional(string, "latest")
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.database_url.secret == null || can(regex("^(projects/[^/]+/secrets/)?[A-Za-z0-9_-]{1,255}$", var.database_url.secret))
    error_message = "database_url.secret is NAME or projects/P/secrets/NAME, without a version."
  }
  validation {
    condition     = can(regex("^(latest|[1-9][0-9]*)$", var.database_url.version))
    error_message = "database_url.version is latest or a number."
  }
}

variable "database_url_value" {
  description = "The URL of the PostgreSQL or SQL Server itself (a connection string of SQL Server in any form that docs/CONFIG.md names), for the secret that the module makes. It goes to Terraform's state: whoever reads the state reads the password."
  type        = string
  default     = null
  sensitive   = true

  validation {
    # URL, or key=value pairs as libpq takes them. Of a SQL Server: URL, JDBC's, or the pairs of ADO and ODBC with `;` between them.
    condition = var.database_url_value == null || can(regex(
      "^\\s*(postgres(ql)?://.|(?i:(jdbc:)?sqlserver|mssql([+][a-z0-9]+)?)://.|[a-z_]+\\s*=|(?i:[a-z][a-z _]*)=[^;]+;)",
      coalesce(var.database_url_value, "-"),
    ))
    error_message = "database_url_value is a PostgreSQL URL or key=value pairs as libpq takes them; or a SQL Server's sqlserver://, mssql://, jdbc:sqlserver:// or Server=…;…"
  }
}

variable "hash_salt" {
  description = "The secret with the salt of `hash` columns, given to the service as PLIMSOLL_HASH_SALT. Null: there is none. `{}` makes an empty one, as with `database_url`."
  type = object({
    secret  = optional(string)
    version = optional(string, "latest")
  })
  default = null

  validation {
    condition     = try(var.hash_salt.secret, null) == null || can(regex("^(projects/[^/]+/secrets/)?[A-Za-z0-9_-]{1,255}$", try(var.hash_salt.secret, "")))
    error_message = "hash_salt.secret is NAME or projects/P/secrets/NAME, without a version."
  }
  validation {
    condition     = var.hash_salt == null || can(regex("^(latest|[1-9][0-9]*)$", try(var.hash_salt.version, "")))
    error_message = "hash_salt.version is latest or a number."
  }
}

variable "hash_salt_value" {
  description = "The salt itself, for the secret that the module makes. It goes to Terraform's state."
  type        = string
  default     = null
  sensitive   = true

  validation {
    condition     = var.hash_salt_value == null || length(coalesce(var.hash_salt_value, "-")) >= 16
    error_message = "hash_salt_value has 16 characters or more: openssl rand -hex 32."
  }
}

variable "database_ca" {
  description = <<-EOT
    The certificate authority (CA) that the database's certificate is verified with: of PostgreSQL for `sslmode=verify-full`, of a
    SQL Server unless `trustServerCertificate=true`. Needed where that authority is not a public one. Give the certificates themselves, `{ pem = file("ca.pem") }`, or a secret that holds
    them, `{ secret = "…" }`. They are mounted as a file, /etc/plimsoll-ca/ca.pem. For PostgreSQL PGSSLROOTCERT names it; an
    `sslrootcert` in the URL counts before it. The connection string of a SQL Server has to name it itself:
    `certificate=/etc/plimsoll-ca/ca.pem`. Null: the public authorities.
  EOT
  type = object({
    pem     = optional(string)
    secret  = optional(string)
    version = optional(string, "latest")
  })
  default = null

  validation {
    condition     = var.database_ca == null || (try(var.database_ca.pem, null) == null) != (try(var.database_ca.secret, null) == null)
    error_message = "database_ca is { pem = file(\"ca.pem\") } or { secret = \"NAME\" }, one of the two."
  }
  validation {
    condition     = try(var.database_ca.pem, null) == null || strcontains(try(coalesce(var.database_ca.pem, "-"), "-"), "-----BEGIN CERTIFICATE-----")
    error_message = "database_ca.pem is the text of a PEM file: it has a line -----BEGIN CERTIFICATE-----. Write file(\"ca.pem\"), not the file's name."
  }
  validation {
    condition     = !strcontains(try(coalesce(var.database_ca.pem, "-"), "-"), "PRIVATE KEY")
    error_message = "database_ca.pem holds a private key, which would stand in Terraform's state. Only the authority's certificate is needed."
  }
  validation {
    condition     = try(var.database_ca.secret, null) == null || can(regex("^(projects/[^/]+/secrets/)?[A-Za-z0-9_-]{1,255}$", try(var.database_ca.secret, "")))
    error_message = "database_ca.secret is NAME or projects/P/secrets/NAME, without a version."
  }
  validation {
    condition     = var.database_ca == null || can(regex("^(latest|[1-9][0-9]*)$", try(var.database_ca.version, "")))
    error_message = "database_ca.version is latest or a number."
  }
}

variable "secret_replicas" {
  description = "Locations that the module's secrets are kept in, each with an optional key. Empty: Google chooses."
  type = map(object({
    kms_key = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition = alltrue([for location, r in var.secret_replicas :
      can(regex("^[a-z]+-[a-z]+[0-9]+$", location)) &&
      (r.kms_key == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", r.kms_key)))
    ])
    error_message = "secret_replicas maps regions to { kms_key = \"projects/P/locations/L/keyRings/R/cryptoKeys/K\" } or {}."
  }
}

# ---- storage ----

variable "bucket" {
  description = <<-EOT
    The bucket for files, state and config. `create = false` uses one of yours, `name` (its lifecycle stays yours). The
    name defaults to PROJECT-NAME, the location to the region. `batch_days` is how long files of batches are kept for
    replay and audit, `report_days` how long the reports of ticks are kept for people. `soft_delete_days` is off: the
    state is overwritten at every run, and each old copy would be billed for as long as it is kept. `force_destroy` lets a destroy delete the state.
  EOT
  type = object({
    create           = optional(bool, true)
    name             = optional(string)
    location         = optional(string)
    prefix           = optional(string, "plimsoll")
    batch_days       = optional(number, 30)
    report_days      = optional(number, 400)
    soft_delete_days = optional(number, 0)
    force_destroy    = optional(bool, false)
    kms_key          = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.bucket.create || var.bucket.name != null
    error_message = "bucket.create = false needs bucket.name."
  }
  validation {
    condition     = var.bucket.name == null || can(regex("^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$", var.bucket.name))
    error_message = "bucket.name has 3 to 63 lower-case letters, digits, dashes, underscores and dots, without gs://."
  }
  validation {
    condition     = var.bucket.location == null || can(regex("^[A-Za-z]+(-[A-Za-z]+[0-9]+)?[0-9]*$", var.bucket.location))
    error_message = "bucket.location is a region, dual-region or multi-region, such as europe-west1, EUR4 or EU."
  }
  validation {
    # Never empty: the lifecycle rule must match batches/ of this deployment alone.
    condition     = can(regex("^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$", var.bucket.prefix))
    error_message = "bucket.prefix is a folder such as plimsoll or team/plimsoll: not empty, no slash at either end."
  }
  validation {
    # A batch that is sealed and not loaded yet lives in batches/ too: leave time to find and repair what holds it up.
    condition     = var.bucket.batch_days >= 7 && floor(var.bucket.batch_days) == var.bucket.batch_days
    error_message = "bucket.batch_days is a whole number of 7 or more: a sealed batch must outlive an outage."
  }
  validation {
    condition     = var.bucket.report_days >= 1 && floor(var.bucket.report_days) == var.bucket.report_days
    error_message = "bucket.report_days is a whole number of 1 or more."
  }
  validation {
    condition     = var.bucket.soft_delete_days == 0 || var.bucket.soft_delete_days >= 7 && var.bucket.soft_delete_days <= 90
    error_message = "bucket.soft_delete_days is 0 (off) or from 7 to 90: Cloud Storage takes nothing between."
  }
  validation {
    condition     = var.bucket.kms_key == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.bucket.kms_key))
    error_message = "bucket.kms_key is projects/P/locations/L/keyRings/R/cryptoKeys/K."
  }
}

# ---- BigQuery ----

variable "bigquery" {
  description = <<-EOT
    The datasets: `dataset` for targets, `staging_dataset` (dataset + `_staging`) for files on their way. The location
    defaults to the region; bucket and datasets have to be where BigQuery can load from one into the other.
    `create = false` and `create_staging = false` use yours. `staging_hours` is when staging tables expire.
    `delete_contents_on_destroy` lets a destroy delete your tables.
  EOT
  type = object({
    dataset                    = optional(string, "plimsoll")
    staging_dataset            = optional(string)
    location                   = optional(string)
    create                     = optional(bool, true)
    create_staging             = optional(bool, true)
    staging_hours              = optional(number, 24)
    delete_contents_on_destroy = optional(bool, false)
    kms_key                    = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for d in compact([var.bigquery.dataset, var.bigquery.staging_dataset]) : can(regex("^[A-Za-z0-9_]+$", d)) && length(d) <= 1024])
    error_message = "A dataset's name has letters, digits and underscores only."
  }
  validation {
    condition     = var.bigquery.staging_dataset != var.bigquery.dataset
    error_message = "bigquery.staging_dataset must not be the dataset itself: its tables expire."
  }
  validation {
    condition     = var.bigquery.location == null || can(regex("^([A-Za-z]{2}|[a-z]+-[a-z]+[0-9]+)$", var.bigquery.location))
    error_message = "bigquery.location is a region such as europe-west1, or US or EU."
  }
  validation {
    # A sealed batch may wait in staging until the next tick finishes it.
    condition     = var.bigquery.staging_hours >= 24 && floor(var.bigquery.staging_hours) == var.bigquery.staging_hours
    error_message = "bigquery.staging_hours is a whole number of 24 or more."
  }
  validation {
    condition     = var.bigquery.kms_key == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.bigquery.kms_key))
    error_message = "bigquery.kms_key is projects/P/locations/L/keyRings/R/cryptoKeys/K."
  }
}

# ---- schedule and messages ----

variable "schedules" {
  description = <<-EOT
    When to tick, by name. Without `tables` a tick is for all tables; `full` reads them whole. A tick that finds the one
    before still at work ends at once, so a schedule may be as dense as a minute.
  EOT
  type = map(object({
    cron          = string
    time_zone     = optional(string, "Etc/UTC")
    description   = optional(string)
    tables        = optional(list(string))
    full          = optional(bool)
    paused        = optional(bool, false)
    retry_count   = optional(number, 3)
    retry_seconds = optional(number, 10)
  }))
  default = {
    tick = { cron = "*/5 * * * *" }
  }
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.schedules) : can(regex("^[A-Za-z0-9_-]{1,64}$", name))])
    error_message = "A schedule's name has letters, digits, dashes and underscores."
  }
  validation {
    condition     = alltrue([for s in values(var.schedules) : can(regex("^\\s*(\\S+\\s+){4}\\S+\\s*$", s.cron))])
    error_message = "cron has five fields: minute, hour, day of the month, month, day of the week."
  }
  validation {
    condition     = alltrue([for s in values(var.schedules) : can(regex("^[A-Za-z]+(/[A-Za-z0-9_+-]+){0,2}$", s.time_zone))])
    error_message = "time_zone is a name of the tz database, such as Etc/UTC or Europe/Rome."
  }
  validation {
    condition = alltrue([for s in values(var.schedules) : s.tables == null || (
      length(coalesce(s.tables, [])) > 0 && alltrue([for t in coalesce(s.tables, []) : strcontains(t, ".")])
    )])
    error_message = "tables names at least one source as schema.table; leave it out for all tables."
  }
  validation {
    condition     = alltrue([for s in values(var.schedules) : s.retry_count >= 0 && s.retry_count <= 5 && s.retry_seconds >= 1 && s.retry_seconds <= 3600])
    error_message = "retry_count is from 0 to 5, retry_seconds from 1 to 3600."
  }
}

variable "scheduler_region" {
  description = "Region of the Cloud Scheduler jobs, where the service's region has no Cloud Scheduler."
  type        = string
  default     = null

  validation {
    condition     = var.scheduler_region == null || can(regex("^[a-z]+-[a-z]+[0-9]+$", coalesce(var.scheduler_region, "-")))
    error_message = "scheduler_region is a region such as europe-west1."
  }
}

variable "pubsub" {
  description = <<-EOT
    Topics and the push. A push that fails is repeated with back-off, and goes to the dead-letter topic after
    `max_delivery_attempts`; a tick that waited longer than `retention_seconds` is dropped, for the next ones do its
    work. `reports` makes the topic that every run's report is published to, if `[pubsub] reports` names it.
    `regions` keeps messages in these regions.
  EOT
  type = object({
    max_delivery_attempts         = optional(number, 10)
    minimum_backoff_seconds       = optional(number, 10)
    maximum_backoff_seconds       = optional(number, 300)
    retention_seconds             = optional(number, 3600)
    dead_letter_retention_seconds = optional(number, 604800)
    reports                       = optional(bool, false)
    regions                       = optional(list(string), [])
    kms_key                       = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.pubsub.max_delivery_attempts >= 5 && var.pubsub.max_delivery_attempts <= 100
    error_message = "pubsub.max_delivery_attempts is from 5 to 100."
  }
  validation {
    condition     = var.pubsub.minimum_backoff_seconds >= 0 && var.pubsub.maximum_backoff_seconds <= 600 && var.pubsub.minimum_backoff_seconds <= var.pubsub.maximum_backoff_seconds
    error_message = "Back-offs are from 0 to 600 seconds, the least not above the most."
  }
  validation {
    condition = alltrue([for s in [var.pubsub.retention_seconds, var.pubsub.dead_letter_retention_seconds] :
      s >= 600 && s <= 2678400
    ])
    error_message = "Messages are kept for 600 to 2678400 seconds (31 days)."
  }
  validation {
    condition     = alltrue([for r in var.pubsub.regions : can(regex("^[a-z]+-[a-z]+[0-9]+$", r))])
    error_message = "pubsub.regions has regions such as europe-west1."
  }
  validation {
    condition     = var.pubsub.kms_key == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.pubsub.kms_key))
    error_message = "pubsub.kms_key is projects/P/locations/L/keyRings/R/cryptoKeys/K."
  }
}

# ---- accounts ----

variable "service_account" {
  description = "E-mail of an account of yours that the service runs as. Null: the module makes NAME-run. It gets the same roles either way."
  type        = string
  default     = null

  validation {
    condition     = var.service_account == null || can(regex("^[^@\\s:]+@[a-z0-9.-]+\\.gserviceaccount\\.com$", coalesce(var.service_account, "-")))
    error_message = "service_account is a service account's e-mail, without a prefix."
  }
}

variable "push_service_account" {
  description = "E-mail of an account of yours that Pub/Sub calls the service as. Null: the module makes NAME-push. It gets `roles/run.invoker` on the service and nothing else."
  type        = string
  default     = null

  validation {
    condition     = var.push_service_account == null || can(regex("^[^@\\s:]+@[a-z0-9.-]+\\.gserviceaccount\\.com$", coalesce(var.push_service_account, "-")))
    error_message = "push_service_account is a service account's e-mail, without a prefix."
  }
}

variable "invokers" {
  description = "Who else may call the service, to see its status page or to start runs: `user:…`, `group:…`, `serviceAccount:…`, `principal://…`."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for m in var.invokers : can(regex("^((user|group|serviceAccount):[^@\\s]+@[^@\\s]+|principal(Set)?://iam\\.googleapis\\.com/.+)$", m))])
    error_message = "An invoker is user:EMAIL, group:EMAIL, serviceAccount:EMAIL or principal(Set)://…; the service is never opened to everybody or to a whole domain."
  }
}

variable "grant_token_creator" {
  description = "Whether Pub/Sub's agent is allowed to make tokens of the push account. Only projects whose agent was made before April 2021 need it."
  type        = bool
  default     = false
  nullable    = false
}

# ---- network ----

variable "network" {
  description = <<-EOT
    How the service reaches the database; nothing: over the internet. One of: `network` and/or `subnetwork` (Direct VPC
    egress), `connector` (Serverless VPC Access), or `create` (a network of its own whose way out has one fixed address,
    for a firewall's allow-list). `egress` is PRIVATE_RANGES_ONLY, or ALL_TRAFFIC, which `create` always is. The module makes no
    firewall rules. Where your VPC limits egress, let `tags` out to the database's port: 5432 of PostgreSQL, 1433 of a SQL
    Server, and for Azure SQL Database with the policy Redirect also 11000 to 11999.
  EOT
  type = object({
    network    = optional(string)
    subnetwork = optional(string)
    tags       = optional(list(string), [])
    connector  = optional(string)
    egress     = optional(string, "PRIVATE_RANGES_ONLY")
    create = optional(object({
      cidr = optional(string, "10.8.0.0/26")
    }))
  })
  default  = {}
  nullable = false

  validation {
    condition = length([for used in [
      var.network.network != null || var.network.subnetwork != null, var.network.connector != null, var.network.create != null
    ] : used if used]) <= 1
    error_message = "Give one of network/subnetwork, connector and create."
  }
  validation {
    condition     = contains(["PRIVATE_RANGES_ONLY", "ALL_TRAFFIC"], var.network.egress)
    error_message = "network.egress is PRIVATE_RANGES_ONLY or ALL_TRAFFIC."
  }
  validation {
    condition     = length(var.network.tags) == 0 || var.network.network != null || var.network.subnetwork != null || var.network.create != null
    error_message = "network.tags are for Direct VPC egress: give a network or a subnetwork too."
  }
  validation {
    condition     = var.network.connector == null || can(regex("^projects/[^/]+/locations/[^/]+/connectors/[^/]+$", var.network.connector))
    error_message = "network.connector is projects/P/locations/REGION/connectors/NAME."
  }
  validation {
    # Cloud Run wants a /26 or larger.
    condition     = var.network.create == null || can(cidrhost(var.network.create.cidr, 63))
    error_message = "network.create.cidr is a range of /26 or larger, such as 10.8.0.0/26."
  }
}

variable "cloud_sql" {
  description = <<-EOT
    Cloud SQL instances (PROJECT:REGION:INSTANCE) whose sockets are mounted below /cloudsql. `roles/cloudsql.client` has
    no level below the project: it is granted there, under a condition that names the instance. `grant_client = false`
    leaves that to you. Of PostgreSQL only: Cloud SQL for SQL Server has no socket. Reach it by its private address (`network`).
  EOT
  type = object({
    instances    = optional(set(string), [])
    grant_client = optional(bool, true)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for i in var.cloud_sql.instances : can(regex("^([a-z][a-z0-9.-]*:)?[a-z][a-z0-9-]+:[a-z]+-[a-z]+[0-9]+:[a-z][a-z0-9-]*$", i))])
    error_message = "A Cloud SQL instance is PROJECT:REGION:INSTANCE, its connection name."
  }
}

# ---- registry ----

variable "registry" {
  description = <<-EOT
    A repository of Artifact Registry for the image. Of each image the newest `keep` versions stay; others go after
    `delete_after_days`. `immutable_tags` keeps a tag from being moved; the clean-up then spares tagged images.
  EOT
  type = object({
    create            = optional(bool, false)
    repository        = optional(string)
    keep              = optional(number, 10)
    delete_after_days = optional(number, 30)
    immutable_tags    = optional(bool, false)
    kms_key           = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.registry.repository == null || can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.registry.repository))
    error_message = "registry.repository has lower-case letters, digits and dashes, and begins with a letter."
  }
  validation {
    condition     = var.registry.keep >= 2 && var.registry.delete_after_days >= 1
    error_message = "registry.keep is 2 or more, so that there is one to go back to; registry.delete_after_days is 1 or more."
  }
  validation {
    condition     = var.registry.kms_key == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.registry.kms_key))
    error_message = "registry.kms_key is projects/P/locations/L/keyRings/R/cryptoKeys/K."
  }
}

# ---- monitoring ----

variable "monitoring" {
  description = "Whether to make metrics from the log, and a dashboard of them."
  type = object({
    metrics   = optional(bool, true)
    dashboard = optional(bool, true)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.monitoring.metrics || !var.monitoring.dashboard
    error_message = "monitoring.dashboard shows the metrics: it needs monitoring.metrics."
  }
}

variable "apply_lag_limit" {
  description = <<-EOT
    Of tables with `apply = "append"`: after how many seconds that BigQuery has not applied appended rows an alert tells of it. Set it above the largest
    `max_staleness` of these tables. null makes no such alert.
  EOT
  type        = number
  default     = null

  validation {
    condition     = coalesce(var.apply_lag_limit, 1) >= 1
    error_message = "apply_lag_limit is 1 or more seconds, or null for no alert."
  }
}

variable "alerts" {
  description = <<-EOT
    Alert policies, and whom they notify: `emails`, for which the module makes channels, and `notification_channels` of
    yours (projects/P/notificationChannels/N). `freshness`: a run ended, and what
    is in BigQuery is older than `minutes`. `silence`: for `minutes` no tick was answered well. `failure`: a run failed,
    or a table is set aside. `differs`: a comparison found rows that differ from the source. `lease`: a feed was busy with one run for longer than `minutes`. `dead_letter`: a tick was
    given up. Set `minutes` of freshness and silence above the longest pause between two ticks, and above `every`; those of
    lease above `[run] budget`, and below budget and `[run] lease` together, after which a holder is taken over.
  EOT
  type = object({
    emails                = optional(set(string), [])
    notification_channels = optional(list(string), [])
    repeat_minutes        = optional(number, 60)
    freshness             = optional(object({ enabled = optional(bool, true), minutes = optional(number, 60) }), {})
    silence               = optional(object({ enabled = optional(bool, true), minutes = optional(number, 60) }), {})
    failure               = optional(object({ enabled = optional(bool, true) }), {})
    differs               = optional(object({ enabled = optional(bool, true) }), {})
    lease                 = optional(object({ enabled = optional(bool, true), minutes = optional(number, 9) }), {})
    dead_letter           = optional(object({ enabled = optional(bool, true) }), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for e in var.alerts.emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", e))])
    error_message = "alerts.emails has e-mail addresses such as data@example.com."
  }
  validation {
    condition     = alltrue([for c in var.alerts.notification_channels : can(regex("^projects/[^/]+/notificationChannels/[^/]+$", c))])
    error_message = "A notification channel is projects/P/notificationChannels/N, its id. An address goes into alerts.emails."
  }
  validation {
    # The least that Cloud Monitoring takes for alerts on log entries is 5 minutes.
    condition     = var.alerts.repeat_minutes >= 5 && var.alerts.repeat_minutes <= 2880
    error_message = "alerts.repeat_minutes is from 5 to 2880."
  }
  validation {
    condition     = var.alerts.freshness.minutes >= 1 && var.alerts.lease.minutes >= 1
    error_message = "alerts.freshness.minutes and alerts.lease.minutes are 1 or more."
  }
  validation {
    # 23 h 30 min is the longest that a condition may have to hold, 25 h the longest that it may look back; it does half of each.
    condition     = var.alerts.silence.minutes >= 5 && var.alerts.silence.minutes <= 2820
    error_message = "alerts.silence.minutes is from 5 to 2820 (47 hours); switch it off for a schedule that is sparser."
  }
}
