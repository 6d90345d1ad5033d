# One run for each rule, each with a value that breaks that rule alone: without the rule the run fails.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
  mock_resource "google_cloud_run_v2_service" {
    defaults = { uri = "https://plimsoll-abc-ew.a.run.app" }
  }
}

variables {
  project_id   = "my-project"
  region       = "europe-west1"
  image        = "europe-west1-docker.pkg.dev/my-project/plimsoll/plimsoll:1.2.3"
  config       = "[storage]\nurl = \"gs://$${PLIMSOLL_BUCKET}/$${PLIMSOLL_PREFIX}\"\n[bigquery]\ndataset = \"$${PLIMSOLL_DATASET}\"\n"
  database_url = { secret = "source-url" }
}

run "a_project_name" {
  command = plan
  variables {
    project_id = "My Project"
  }
  expect_failures = [var.project_id]
}

run "a_project_number_in_words" {
  command = plan
  variables {
    project_number = "my-project"
  }
  expect_failures = [var.project_number]
}

run "a_zone_for_a_region" {
  command = plan
  variables {
    region = "europe-west1-b"
  }
  expect_failures = [var.region]
}

run "a_multi_region_for_a_region" {
  command = plan
  variables {
    region = "EU"
  }
  expect_failures = [var.region]
}

run "a_name_in_capitals" {
  command = plan
  variables {
    name = "Plimsoll"
  }
  expect_failures = [var.name]
}

run "a_name_too_long_for_an_account" {
  command = plan
  variables {
    name = "abcdefghijklmnopqrstuvwxyz"
  }
  expect_failures = [var.name]
}

run "a_name_that_ends_in_a_dash" {
  command = plan
  variables {
    name = "plimsoll-"
  }
  expect_failures = [var.name]
}

run "a_label_in_capitals" {
  command = plan
  variables {
    labels = { Team = "data" }
  }
  expect_failures = [var.labels]
}

run "a_label_value_in_capitals" {
  command = plan
  variables {
    labels = { team = "Data" }
  }
  expect_failures = [var.labels]
}

run "an_image_without_tag" {
  command = plan
  variables {
    image = "europe-west1-docker.pkg.dev/my-project/plimsoll/plimsoll"
  }
  expect_failures = [var.image]
}

run "the_latest_image" {
  command = plan
  variables {
    image = "europe-west1-docker.pkg.dev/my-project/plimsoll/plimsoll:latest"
  }
  expect_failures = [var.image]
}

run "three_cpus" {
  command = plan
  variables {
    service = { cpu = "3" }
  }
  expect_failures = [var.service]
}

run "too_little_cpu" {
  command = plan
  variables {
    service = { cpu = "0.05", memory = "512Mi", concurrency = 1 }
  }
  expect_failures = [var.service]
}

run "memory_in_decimal_units" {
  command = plan
  variables {
    service = { memory = "1024M" }
  }
  expect_failures = [var.service]
}

run "too_much_memory_for_a_cpu" {
  command = plan
  variables {
    service = { memory = "8Gi" }
  }
  expect_failures = [var.service]
}

run "too_little_memory_for_four_cpus" {
  command = plan
  variables {
    service = { cpu = "4", memory = "1Gi" }
  }
  expect_failures = [var.service]
}

run "too_much_memory_for_part_of_a_cpu" {
  command = plan
  variables {
    service = { cpu = "0.25", memory = "1Gi", concurrency = 1 }
  }
  expect_failures = [var.service]
}

run "no_concurrency" {
  command = plan
  variables {
    service = { concurrency = 0 }
  }
  expect_failures = [var.service]
}

run "concurrency_on_part_of_a_cpu" {
  command = plan
  variables {
    service = { cpu = "0.5", memory = "512Mi", concurrency = 2 }
  }
  expect_failures = [var.service]
}

run "a_timeout_below_a_minute" {
  command = plan
  variables {
    service = { timeout_seconds = 30 }
  }
  expect_failures = [var.service]
}

run "a_timeout_beyond_an_hour" {
  command = plan
  variables {
    service = { timeout_seconds = 3601 }
  }
  expect_failures = [var.service]
}

run "no_instances" {
  command = plan
  variables {
    service = { max_instances = 0 }
  }
  expect_failures = [var.service]
}

run "an_ingress_by_another_name" {
  command = plan
  variables {
    service = { ingress = "all" }
  }
  expect_failures = [var.service]
}

run "a_revision_by_another_name" {
  command = plan
  variables {
    service = { revision = "Plimsoll 12" }
  }
  expect_failures = [var.service]
}

run "a_service_key_by_its_short_name" {
  command = plan
  variables {
    service = { kms_key = "k" }
  }
  expect_failures = [var.service]
}

run "an_env_name_with_a_dash" {
  command = plan
  variables {
    env = { "A-B" = "x" }
  }
  expect_failures = [var.env]
}

run "an_env_name_of_the_module" {
  command = plan
  variables {
    env = { PLIMSOLL_BUCKET = "x" }
  }
  expect_failures = [var.env]
}

run "an_env_name_that_opens_the_service" {
  command = plan
  variables {
    env = { PLIMSOLL_ALLOW_UNAUTHENTICATED = "1" }
  }
  expect_failures = [var.env]
}

run "a_secret_env_name_with_a_dash" {
  command = plan
  variables {
    secret_env = { "A-B" = { secret = "s" } }
  }
  expect_failures = [var.secret_env]
}

run "a_secret_env_name_of_the_module" {
  command = plan
  variables {
    secret_env = { DATABASE_URL = { secret = "s" } }
  }
  expect_failures = [var.secret_env]
}

run "a_secret_env_with_its_version_in_its_name" {
  command = plan
  variables {
    secret_env = { A = { secret = "projects/p/secrets/s/versions/1" } }
  }
  expect_failures = [var.secret_env]
}

run "a_secret_env_version_zero" {
  command = plan
  variables {
    secret_env = { A = { secret = "s", version = "0" } }
  }
  expect_failures = [var.secret_env]
}

run "an_empty_config" {
  command = plan
  variables {
    config = " \n"
  }
  expect_failures = [var.config]
}

run "a_config_with_a_password" {
  command = plan
  variables {
    config = "[source]\nurl = \"postgres://reader:hunter2@db/app\"\n"
  }
  expect_failures = [var.config]
}

run "a_config_with_a_password_in_pairs" {
  command = plan
  variables {
    config = "[source]\nurl = \"Server=tcp:db,1433;Database=app;User ID=reader;Password=hunter2\"\n"
  }
  expect_failures = [var.config]
}

run "a_config_with_a_password_in_pairs_in_braces" {
  command = plan
  variables {
    config = "[source]\nurl = 'jdbc:sqlserver://db:1433;databaseName=app;user=reader;password={hunter;2}'\n"
  }
  expect_failures = [var.config]
}

run "a_config_without_auth" {
  command = plan
  variables {
    config = "[server]\nauth = \"none\"\n"
  }
  expect_failures = [var.config]
}

run "a_config_store_by_another_name" {
  command = plan
  variables {
    config_store = "gcs"
  }
  expect_failures = [var.config_store]
}

run "a_config_secret_with_its_version_in_its_name" {
  command = plan
  variables {
    config        = null
    config_secret = { secret = "projects/p/secrets/s/versions/1" }
  }
  expect_failures = [var.config_secret]
}

run "a_config_secret_version_in_words" {
  command = plan
  variables {
    config        = null
    config_secret = { secret = "s", version = "newest" }
  }
  expect_failures = [var.config_secret]
}

run "a_database_secret_with_a_slash" {
  command = plan
  variables {
    database_url = { secret = "p/s" }
  }
  expect_failures = [var.database_url]
}

run "a_database_secret_version_in_words" {
  command = plan
  variables {
    database_url = { secret = "s", version = "newest" }
  }
  expect_failures = [var.database_url]
}

run "a_database_url_that_is_none" {
  command = plan
  variables {
    database_url       = {}
    database_url_value = "mysql://reader@db/app"
  }
  expect_failures = [var.database_url_value]
}

run "a_database_url_of_jdbc_that_is_none" {
  command = plan
  variables {
    database_url       = {}
    database_url_value = "jdbc:oracle:thin:@db:1521/app"
  }
  expect_failures = [var.database_url_value]
}

run "a_database_url_that_is_a_host_and_a_port" {
  command = plan
  variables {
    database_url       = {}
    database_url_value = "tcp:db.example.com,1433"
  }
  expect_failures = [var.database_url_value]
}

run "a_salt_secret_with_a_slash" {
  command = plan
  variables {
    hash_salt = { secret = "p/s" }
  }
  expect_failures = [var.hash_salt]
}

run "a_salt_secret_version_in_words" {
  command = plan
  variables {
    hash_salt = { secret = "s", version = "newest" }
  }
  expect_failures = [var.hash_salt]
}

run "a_short_salt" {
  command = plan
  variables {
    hash_salt_value = "short"
  }
  expect_failures = [var.hash_salt_value]
}

run "a_ca_given_twice" {
  command = plan
  variables {
    database_ca = { pem = "-----BEGIN CERTIFICATE-----", secret = "ca" }
  }
  expect_failures = [var.database_ca]
}

run "a_ca_of_nothing" {
  command = plan
  variables {
    database_ca = {}
  }
  expect_failures = [var.database_ca]
}

run "a_ca_by_its_file_name" {
  command = plan
  variables {
    database_ca = { pem = "ca.pem" }
  }
  expect_failures = [var.database_ca]
}

run "a_ca_with_its_private_key" {
  command = plan
  variables {
    database_ca = { pem = "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----" }
  }
  expect_failures = [var.database_ca]
}

run "a_ca_secret_with_its_version_in_its_name" {
  command = plan
  variables {
    database_ca = { secret = "projects/p/secrets/ca/versions/1" }
  }
  expect_failures = [var.database_ca]
}

run "a_ca_version_in_words" {
  command = plan
  variables {
    database_ca = { secret = "ca", version = "newest" }
  }
  expect_failures = [var.database_ca]
}

run "a_replica_in_a_multi_region" {
  command = plan
  variables {
    secret_replicas = { EU = {} }
  }
  expect_failures = [var.secret_replicas]
}

run "a_replica_key_by_its_short_name" {
  command = plan
  variables {
    secret_replicas = { europe-west1 = { kms_key = "k" } }
  }
  expect_failures = [var.secret_replicas]
}

run "a_bucket_of_yours_without_a_name" {
  command = plan
  variables {
    bucket = { create = false }
  }
  expect_failures = [var.bucket]
}

run "a_bucket_by_its_url" {
  command = plan
  variables {
    bucket = { name = "gs://b-b-b" }
  }
  expect_failures = [var.bucket]
}

run "a_bucket_location_with_a_space" {
  command = plan
  variables {
    bucket = { location = "europe west" }
  }
  expect_failures = [var.bucket]
}

run "an_empty_prefix" {
  command = plan
  variables {
    bucket = { prefix = "" }
  }
  expect_failures = [var.bucket]
}

run "a_prefix_with_a_slash_at_its_end" {
  command = plan
  variables {
    bucket = { prefix = "plimsoll/" }
  }
  expect_failures = [var.bucket]
}

run "batches_kept_for_a_day" {
  command = plan
  variables {
    bucket = { batch_days = 1 }
  }
  expect_failures = [var.bucket]
}

run "reports_kept_for_half_a_day" {
  command = plan
  variables {
    bucket = { report_days = 0.5 }
  }
  expect_failures = [var.bucket]
}

run "a_soft_delete_of_three_days" {
  command = plan
  variables {
    bucket = { soft_delete_days = 3 }
  }
  expect_failures = [var.bucket]
}

run "a_bucket_key_by_its_short_name" {
  command = plan
  variables {
    bucket = { kms_key = "k" }
  }
  expect_failures = [var.bucket]
}

run "a_dataset_with_a_dash" {
  command = plan
  variables {
    bigquery = { dataset = "my-data" }
  }
  expect_failures = [var.bigquery]
}

run "a_staging_dataset_with_a_dash" {
  command = plan
  variables {
    bigquery = { staging_dataset = "my-data" }
  }
  expect_failures = [var.bigquery]
}

run "staging_in_the_dataset_itself" {
  command = plan
  variables {
    bigquery = { dataset = "a", staging_dataset = "a" }
  }
  expect_failures = [var.bigquery]
}

run "a_dataset_location_by_another_name" {
  command = plan
  variables {
    bigquery = { location = "europe" }
  }
  expect_failures = [var.bigquery]
}

run "staging_that_expires_within_the_hour" {
  command = plan
  variables {
    bigquery = { staging_hours = 1 }
  }
  expect_failures = [var.bigquery]
}

run "a_dataset_key_by_its_short_name" {
  command = plan
  variables {
    bigquery = { kms_key = "k" }
  }
  expect_failures = [var.bigquery]
}

run "a_schedule_name_with_a_space" {
  command = plan
  variables {
    schedules = { "a b" = { cron = "* * * * *" } }
  }
  expect_failures = [var.schedules]
}

run "a_cron_of_six_fields" {
  command = plan
  variables {
    schedules = { a = { cron = "0 * * * * *" } }
  }
  expect_failures = [var.schedules]
}

run "a_time_zone_by_its_offset" {
  command = plan
  variables {
    schedules = { a = { cron = "* * * * *", time_zone = "+02:00" } }
  }
  expect_failures = [var.schedules]
}

run "a_schedule_for_no_table" {
  command = plan
  variables {
    schedules = { a = { cron = "* * * * *", tables = [] } }
  }
  expect_failures = [var.schedules]
}

run "a_schedule_for_a_table_without_schema" {
  command = plan
  variables {
    schedules = { a = { cron = "* * * * *", tables = ["orders"] } }
  }
  expect_failures = [var.schedules]
}

run "six_retries" {
  command = plan
  variables {
    schedules = { a = { cron = "* * * * *", retry_count = 6 } }
  }
  expect_failures = [var.schedules]
}

run "a_retry_at_once" {
  command = plan
  variables {
    schedules = { a = { cron = "* * * * *", retry_seconds = 0 } }
  }
  expect_failures = [var.schedules]
}

run "a_scheduler_in_a_zone" {
  command = plan
  variables {
    scheduler_region = "europe-west1-b"
  }
  expect_failures = [var.scheduler_region]
}

run "four_deliveries" {
  command = plan
  variables {
    pubsub = { max_delivery_attempts = 4 }
  }
  expect_failures = [var.pubsub]
}

run "back_offs_the_wrong_way_round" {
  command = plan
  variables {
    pubsub = { minimum_backoff_seconds = 60, maximum_backoff_seconds = 30 }
  }
  expect_failures = [var.pubsub]
}

run "a_back_off_beyond_ten_minutes" {
  command = plan
  variables {
    pubsub = { maximum_backoff_seconds = 601 }
  }
  expect_failures = [var.pubsub]
}

run "messages_kept_for_a_minute" {
  command = plan
  variables {
    pubsub = { retention_seconds = 60 }
  }
  expect_failures = [var.pubsub]
}

run "dead_letters_kept_for_a_year" {
  command = plan
  variables {
    pubsub = { dead_letter_retention_seconds = 31536000 }
  }
  expect_failures = [var.pubsub]
}

run "messages_in_a_multi_region" {
  command = plan
  variables {
    pubsub = { regions = ["EU"] }
  }
  expect_failures = [var.pubsub]
}

run "a_topic_key_by_its_short_name" {
  command = plan
  variables {
    pubsub = { kms_key = "k" }
  }
  expect_failures = [var.pubsub]
}

run "an_account_with_a_prefix" {
  command = plan
  variables {
    service_account = "serviceAccount:a@p.iam.gserviceaccount.com"
  }
  expect_failures = [var.service_account]
}

run "a_person_for_the_push_account" {
  command = plan
  variables {
    push_service_account = "ann@example.com"
  }
  expect_failures = [var.push_service_account]
}

run "everybody_as_invoker" {
  command = plan
  variables {
    invokers = ["allUsers"]
  }
  expect_failures = [var.invokers]
}

run "all_accounts_as_invoker" {
  command = plan
  variables {
    invokers = ["allAuthenticatedUsers"]
  }
  expect_failures = [var.invokers]
}

run "a_domain_as_invoker" {
  command = plan
  variables {
    invokers = ["domain:example.com"]
  }
  expect_failures = [var.invokers]
}

run "two_ways_out" {
  command = plan
  variables {
    network = { network = "main", connector = "projects/p/locations/europe-west1/connectors/c" }
  }
  expect_failures = [var.network]
}

run "a_network_given_and_made" {
  command = plan
  variables {
    network = { network = "main", create = {} }
  }
  expect_failures = [var.network]
}

run "an_egress_by_another_name" {
  command = plan
  variables {
    network = { network = "main", egress = "all-traffic" }
  }
  expect_failures = [var.network]
}

run "tags_without_a_network" {
  command = plan
  variables {
    network = { tags = ["a"] }
  }
  expect_failures = [var.network]
}

run "a_connector_by_its_short_name" {
  command = plan
  variables {
    network = { connector = "c" }
  }
  expect_failures = [var.network]
}

run "a_range_too_small" {
  command = plan
  variables {
    network = { create = { cidr = "10.8.0.0/27" } }
  }
  expect_failures = [var.network]
}

run "a_range_that_is_none" {
  command = plan
  variables {
    network = { create = { cidr = "10.8.0.0" } }
  }
  expect_failures = [var.network]
}

run "an_instance_without_region" {
  command = plan
  variables {
    cloud_sql = { instances = ["my-project:app"] }
  }
  expect_failures = [var.cloud_sql]
}

run "a_repository_in_capitals" {
  command = plan
  variables {
    registry = { create = true, repository = "Images" }
  }
  expect_failures = [var.registry]
}

run "a_single_image_kept" {
  command = plan
  variables {
    registry = { create = true, keep = 1 }
  }
  expect_failures = [var.registry]
}

run "images_kept_for_no_day" {
  command = plan
  variables {
    registry = { create = true, delete_after_days = 0 }
  }
  expect_failures = [var.registry]
}

run "a_repository_key_by_its_short_name" {
  command = plan
  variables {
    registry = { create = true, kms_key = "k" }
  }
  expect_failures = [var.registry]
}

run "a_dashboard_of_no_metrics" {
  command = plan
  variables {
    monitoring = { metrics = false }
  }
  expect_failures = [var.monitoring]
}

run "rows_that_may_not_wait" {
  command = plan
  variables {
    apply_lag_limit = 0
  }
  expect_failures = [var.apply_lag_limit]
}

run "a_channel_by_its_address" {
  command = plan
  variables {
    alerts = { notification_channels = ["data@example.com"] }
  }
  expect_failures = [var.alerts]
}

run "an_alert_to_no_address" {
  command = plan
  variables {
    alerts = { emails = ["data"] }
  }
  expect_failures = [var.alerts]
}

run "an_alert_every_minute" {
  command = plan
  variables {
    alerts = { repeat_minutes = 1 }
  }
  expect_failures = [var.alerts]
}

run "no_age_allowed" {
  command = plan
  variables {
    alerts = { freshness = { minutes = 0 } }
  }
  expect_failures = [var.alerts]
}

run "no_lease_allowed" {
  command = plan
  variables {
    alerts = { lease = { minutes = 0 } }
  }
  expect_failures = [var.alerts]
}

run "a_silence_of_a_minute" {
  command = plan
  variables {
    alerts = { silence = { minutes = 1 } }
  }
  expect_failures = [var.alerts]
}

run "a_silence_of_a_week" {
  command = plan
  variables {
    alerts = { silence = { minutes = 10080 } }
  }
  expect_failures = [var.alerts]
}

# Rules between variables.

run "neither_config_nor_secret" {
  command = plan
  variables {
    config = null
  }
  expect_failures = [google_cloud_run_v2_service.this]
}

run "both_config_and_secret" {
  command = plan
  variables {
    config_secret = { secret = "s" }
  }
  expect_failures = [google_cloud_run_v2_service.this]
}

run "a_store_for_a_given_secret" {
  command = plan
  variables {
    config        = null
    config_secret = { secret = "s" }
    config_store  = "secret"
  }
  expect_failures = [google_cloud_run_v2_service.this]
}

run "a_database_secret_and_a_value" {
  command = plan
  variables {
    database_url_value = "postgres://reader@db/app"
  }
  expect_failures = [google_cloud_run_v2_service.this]
}

run "a_socket_of_a_sql_server" {
  command = plan
  variables {
    database_url       = {}
    database_url_value = "sqlserver://reader:secret@10.1.2.3:1433?database=app"
    cloud_sql          = { instances = ["my-project:europe-west1:app"] }
  }
  expect_failures = [google_cloud_run_v2_service.this]
}

run "a_salt_secret_and_a_value" {
  command = plan
  variables {
    hash_salt       = { secret = "s" }
    hash_salt_value = "0123456789abcdef"
  }
  expect_failures = [google_cloud_run_v2_service.this]
}

run "a_variable_twice" {
  command = plan
  variables {
    env        = { A = "x" }
    secret_env = { A = { secret = "s" } }
  }
  expect_failures = [google_cloud_run_v2_service.this]
}

run "one_account_for_both" {
  command = plan
  variables {
    service_account      = "a@p.iam.gserviceaccount.com"
    push_service_account = "a@p.iam.gserviceaccount.com"
  }
  expect_failures = [google_cloud_run_v2_service.this]
}

run "a_bucket_name_too_long" {
  command = plan
  variables {
    project_id = "example.long-domain-name-of-a-large-company.com:my-project-123"
  }
  expect_failures = [google_storage_bucket.this]
}

run "a_config_for_another_bucket" {
  command = plan
  variables {
    config = "[storage]\nurl = \"gs://b/p\"\n[bigquery]\ndataset = \"$${PLIMSOLL_DATASET}\"\n"
  }
  expect_failures = [check.config_names_what_the_module_makes]
}

run "a_config_for_another_dataset" {
  command = plan
  variables {
    config = "[storage]\nurl = \"gs://$${PLIMSOLL_BUCKET}/p\"\n[bigquery]\ndataset = \"raw\"\n"
  }
  expect_failures = [check.config_names_what_the_module_makes]
}

run "reports_that_config_does_not_send" {
  command = plan
  variables {
    pubsub = { reports = true }
  }
  expect_failures = [check.config_names_what_the_module_makes]
}

run "a_config_that_refers_to_nothing" {
  command = plan
  variables {
    config = "gs://$${PLIMSOLL_BUCKET}, $${PLIMSOLL_DATASET}, $${NOBODY_SETS_THIS}"
  }
  expect_failures = [check.config_names_what_the_module_makes]
}
