# What the mocks give is what Google would: emails, ids and the service's URL.
mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
  mock_resource "google_cloud_run_v2_service" {
    defaults = { uri = "https://plimsoll-abc-ew.a.run.app" }
  }
}

override_resource {
  target = google_service_account.service
  values = { email = "plimsoll-run@my-project.iam.gserviceaccount.com" }
}
override_resource {
  target = google_service_account.push
  values = { email = "plimsoll-push@my-project.iam.gserviceaccount.com", name = "projects/my-project/serviceAccounts/plimsoll-push" }
}
override_resource {
  target = google_pubsub_topic.ticks
  values = { id = "projects/my-project/topics/plimsoll" }
}
override_resource {
  target = google_pubsub_topic.dead_letter
  values = { id = "projects/my-project/topics/plimsoll-dead-letter" }
}
override_resource {
  target = google_pubsub_topic.reports
  values = { id = "projects/my-project/topics/plimsoll-reports" }
}

variables {
  project_id   = "my-project"
  region       = "europe-west1"
  image        = "europe-west1-docker.pkg.dev/my-project/plimsoll/plimsoll:1.2.3"
  config       = "[storage]\nurl = \"gs://$${PLIMSOLL_BUCKET}/$${PLIMSOLL_PREFIX}\"\n[bigquery]\ndataset = \"$${PLIMSOLL_DATASET}\"\n"
  database_url = { secret = "source-url" }
}

# Whole sets are compared: a binding too many fails as a missing one does.

run "the_bindings_by_default" {
  assert {
    condition = toset(concat(
      ["project ${google_project_iam_member.job_user.project}: ${google_project_iam_member.job_user.role} to ${google_project_iam_member.job_user.member}"],
      [for r in google_project_iam_member.cloud_sql : "project ${r.project}: ${r.role} to ${r.member} if ${one(r.condition).expression}"],
      [for r in google_bigquery_dataset_iam_member.service : "dataset ${r.project}.${r.dataset_id}: ${r.role} to ${r.member}"],
      [for r in [google_storage_bucket_iam_member.service] : "bucket ${r.bucket}: ${r.role} to ${r.member}"],
      [for r in google_secret_manager_secret_iam_member.service : "secret ${r.project}/${r.secret_id}: ${r.role} to ${r.member}"],
      [for r in google_pubsub_topic_iam_member.service : "topic ${r.topic}: ${r.role} to ${r.member}"],
      [for r in [google_pubsub_topic_iam_member.agent] : "topic ${r.topic}: ${r.role} to ${r.member}"],
      [for r in [google_pubsub_subscription_iam_member.agent] : "subscription ${r.subscription}: ${r.role} to ${r.member}"],
      [for r in [google_cloud_run_v2_service_iam_member.push] : "service ${r.location}/${r.name}: ${r.role} to ${r.member}"],
      [for r in google_cloud_run_v2_service_iam_member.invokers : "service ${r.location}/${r.name}: ${r.role} to ${r.member}"],
      [for r in google_service_account_iam_member.token_creator : "account ${r.service_account_id}: ${r.role} to ${r.member}"],
      )) == toset([
      "project my-project: roles/bigquery.jobUser to serviceAccount:plimsoll-run@my-project.iam.gserviceaccount.com",
      "dataset my-project.plimsoll: roles/bigquery.dataEditor to serviceAccount:plimsoll-run@my-project.iam.gserviceaccount.com",
      "dataset my-project.plimsoll_staging: roles/bigquery.dataEditor to serviceAccount:plimsoll-run@my-project.iam.gserviceaccount.com",
      "bucket my-project-plimsoll: roles/storage.objectUser to serviceAccount:plimsoll-run@my-project.iam.gserviceaccount.com",
      "secret my-project/source-url: roles/secretmanager.secretAccessor to serviceAccount:plimsoll-run@my-project.iam.gserviceaccount.com",
      "topic plimsoll: roles/pubsub.publisher to serviceAccount:plimsoll-run@my-project.iam.gserviceaccount.com",
      "topic plimsoll-dead-letter: roles/pubsub.publisher to serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com",
      "subscription plimsoll-push: roles/pubsub.subscriber to serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com",
      "service europe-west1/plimsoll: roles/run.invoker to serviceAccount:plimsoll-push@my-project.iam.gserviceaccount.com",
    ])
    error_message = "The bindings by default are not the ones that were agreed on."
  }
}

run "the_bindings_with_everything_on" {
  variables {
    config              = "gs://$${PLIMSOLL_BUCKET}, $${PLIMSOLL_DATASET}, $${PLIMSOLL_REPORTS_TOPIC} for reports"
    hash_salt_value     = "0123456789abcdef"
    config_store        = "secret"
    secret_env          = { A = { secret = "projects/elsewhere/secrets/shared" }, B = { secret = "projects/elsewhere/secrets/shared", version = "2" } }
    cloud_sql           = { instances = ["my-project:europe-west1:app", "example.com:other:us-east1:db"] }
    pubsub              = { reports = true }
    invokers            = ["group:data@example.com"]
    grant_token_creator = true
    registry            = { create = true }
    network             = { create = {} }
  }

  assert {
    condition = toset(concat(
      ["project ${google_project_iam_member.job_user.project}: ${google_project_iam_member.job_user.role} to ${google_project_iam_member.job_user.member}"],
      [for r in google_project_iam_member.cloud_sql : "project ${r.project}: ${r.role} to ${r.member} if ${one(r.condition).expression}"],
      [for r in google_bigquery_dataset_iam_member.service : "dataset ${r.project}.${r.dataset_id}: ${r.role} to ${r.member}"],
      [for r in [google_storage_bucket_iam_member.service] : "bucket ${r.bucket}: ${r.role} to ${r.member}"],
      [for r in google_secret_manager_secret_iam_member.service : "secret ${r.project}/${r.secret_id}: ${r.role} to ${r.member}"],
      [for r in google_pubsub_topic_iam_member.service : "topic ${r.topic}: ${r.role} to ${r.member}"],
      [for r in [google_pubsub_topic_iam_member.agent] : "topic ${r.topic}: ${r.role} to ${r.member}"],
      [for r in [google_pubsub_subscription_iam_member.agent] : "subscription ${r.subscription}: ${r.role} to ${r.member}"],
      [for r in [google_cloud_run_v2_service_iam_member.push] : "service ${r.location}/${r.name}: ${r.role} to ${r.member}"],
      [for r in google_cloud_run_v2_service_iam_member.invokers : "service ${r.location}/${r.name}: ${r.role} to ${r.member}"],
      [for r in google_service_account_iam_member.token_creator : "account ${r.service_account_id}: ${r.role} to ${r.member}"],
      )) == toset([
      "project my-project: roles/bigquery.jobUser to serviceAccount:plimsoll-run@my-project.iam.gserviceaccount.com",
      "dataset my-project.plimsoll: roles/bigquery.dataEditor to serviceAccount:plimsoll-run@my-project.iam.gserviceaccount.com",
      "dataset my-project.plimsoll_staging: roles/bigquery.dataEditor to serviceAccount:plimsoll-run@my-project.iam.gserviceaccount.com",
      "bucket my-project-plimsoll: roles/storage.objectUser to serviceAccount:plimsoll-run@my-project.iam.gserviceaccount.com",
      "secret my-project/source-url: roles/secretmanager.secretAccessor to serviceAccount:plimsoll-run@my-project.iam.gserviceaccount.com",
      "topic plimsoll: roles/pubsub.publisher to serviceAccount:plimsoll-run@my-project.iam.gserviceaccount.com",
      "topic plimsoll-dead-letter: roles/pubsub.publisher to serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com",
      "subscription plimsoll-push: roles/pubsub.subscriber to serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com",
      "service europe-west1/plimsoll: roles/run.invoker to serviceAccount:plimsoll-push@my-project.iam.gserviceaccount.com",
      "project my-project: roles/cloudsql.client to serviceAccount:plimsoll-run@my-project.iam.gserviceaccount.com if resource.name == 'projects/my-project/instances/app' && resource.service == 'sqladmin.googleapis.com'",
      "project example.com:other: roles/cloudsql.client to serviceAccount:plimsoll-run@my-project.iam.gserviceaccount.com if resource.name == 'projects/example.com:other/instances/db' && resource.service == 'sqladmin.googleapis.com'",
      "secret my-project/plimsoll-hash-salt: roles/secretmanager.secretAccessor to serviceAccount:plimsoll-run@my-project.iam.gserviceaccount.com",
      "secret my-project/plimsoll-config: roles/secretmanager.secretAccessor to serviceAccount:plimsoll-run@my-project.iam.gserviceaccount.com",
      "secret elsewhere/shared: roles/secretmanager.secretAccessor to serviceAccount:plimsoll-run@my-project.iam.gserviceaccount.com",
      "topic plimsoll-reports: roles/pubsub.publisher to serviceAccount:plimsoll-run@my-project.iam.gserviceaccount.com",
      "service europe-west1/plimsoll: roles/run.invoker to group:data@example.com",
      "account projects/my-project/serviceAccounts/plimsoll-push: roles/iam.serviceAccountTokenCreator to serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com",
    ])
    error_message = "The bindings with everything on are not the ones that were agreed on."
  }
}

run "the_bindings_of_what_is_yours" {
  variables {
    project_number       = "210987654321"
    service_account      = "own@other.iam.gserviceaccount.com"
    push_service_account = "caller@other.iam.gserviceaccount.com"
    bucket               = { create = false, name = "our-bucket" }
    bigquery             = { create = false, create_staging = false, dataset = "raw", staging_dataset = "raw_in" }
    database_url         = { secret = "projects/vault/secrets/source-url" }
  }

  assert {
    condition = toset(concat(
      ["project ${google_project_iam_member.job_user.project}: ${google_project_iam_member.job_user.role} to ${google_project_iam_member.job_user.member}"],
      [for r in google_project_iam_member.cloud_sql : "project ${r.project}: ${r.role} to ${r.member} if ${one(r.condition).expression}"],
      [for r in google_bigquery_dataset_iam_member.service : "dataset ${r.project}.${r.dataset_id}: ${r.role} to ${r.member}"],
      [for r in [google_storage_bucket_iam_member.service] : "bucket ${r.bucket}: ${r.role} to ${r.member}"],
      [for r in google_secret_manager_secret_iam_member.service : "secret ${r.project}/${r.secret_id}: ${r.role} to ${r.member}"],
      [for r in google_pubsub_topic_iam_member.service : "topic ${r.topic}: ${r.role} to ${r.member}"],
      [for r in [google_pubsub_topic_iam_member.agent] : "topic ${r.topic}: ${r.role} to ${r.member}"],
      [for r in [google_pubsub_subscription_iam_member.agent] : "subscription ${r.subscription}: ${r.role} to ${r.member}"],
      [for r in [google_cloud_run_v2_service_iam_member.push] : "service ${r.location}/${r.name}: ${r.role} to ${r.member}"],
      [for r in google_cloud_run_v2_service_iam_member.invokers : "service ${r.location}/${r.name}: ${r.role} to ${r.member}"],
      [for r in google_service_account_iam_member.token_creator : "account ${r.service_account_id}: ${r.role} to ${r.member}"],
      )) == toset([
      "project my-project: roles/bigquery.jobUser to serviceAccount:own@other.iam.gserviceaccount.com",
      "dataset my-project.raw: roles/bigquery.dataEditor to serviceAccount:own@other.iam.gserviceaccount.com",
      "dataset my-project.raw_in: roles/bigquery.dataEditor to serviceAccount:own@other.iam.gserviceaccount.com",
      "bucket our-bucket: roles/storage.objectUser to serviceAccount:own@other.iam.gserviceaccount.com",
      "secret vault/source-url: roles/secretmanager.secretAccessor to serviceAccount:own@other.iam.gserviceaccount.com",
      "topic plimsoll: roles/pubsub.publisher to serviceAccount:own@other.iam.gserviceaccount.com",
      "topic plimsoll-dead-letter: roles/pubsub.publisher to serviceAccount:service-210987654321@gcp-sa-pubsub.iam.gserviceaccount.com",
      "subscription plimsoll-push: roles/pubsub.subscriber to serviceAccount:service-210987654321@gcp-sa-pubsub.iam.gserviceaccount.com",
      "service europe-west1/plimsoll: roles/run.invoker to serviceAccount:caller@other.iam.gserviceaccount.com",
    ])
    error_message = "The bindings of given accounts, bucket, datasets and secret are not the ones that were agreed on."
  }
  assert {
    condition     = length(google_service_account.service) + length(google_service_account.push) + length(data.google_project.this) == 0
    error_message = "An account was made, or the project looked up, though it was given."
  }
}

run "cloud_sql_client_can_be_left_out" {
  variables {
    cloud_sql = { instances = ["my-project:europe-west1:app"], grant_client = false }
  }

  assert {
    condition     = length(google_project_iam_member.cloud_sql) == 0
    error_message = "cloudsql.client was granted though grant_client is false."
  }
}

# The sets above are of these blocks: another one, here or in another file, has to come with a test.
run "no_other_file_grants_anything" {
  command = plan

  assert {
    condition = sort(flatten([for f in fileset(path.module, "*.tf") : [
      for block in regexall("(?m)^\\s*resource\\s+\"(google_[a-z0-9_]*(?:_iam_|_acl|_access_control|dataset_access)[a-z]*)\"\\s+\"([a-z0-9_]+)\"", file("${path.module}/${f}")) :
      "${f} ${join(".", block)}"
      ]])) == sort([
      "identity.tf google_bigquery_dataset_iam_member.service",
      "identity.tf google_cloud_run_v2_service_iam_member.invokers",
      "identity.tf google_cloud_run_v2_service_iam_member.push",
      "identity.tf google_project_iam_member.cloud_sql",
      "identity.tf google_project_iam_member.job_user",
      "identity.tf google_pubsub_subscription_iam_member.agent",
      "identity.tf google_pubsub_topic_iam_member.agent",
      "identity.tf google_pubsub_topic_iam_member.service",
      "identity.tf google_secret_manager_secret_iam_member.service",
      "identity.tf google_service_account_iam_member.token_creator",
      "identity.tf google_storage_bucket_iam_member.service",
    ])
    error_message = "Another resource grants something: add it to the sets above."
  }
}
