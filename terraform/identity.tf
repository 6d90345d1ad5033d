# Who may do what. Every binding adds to a policy (_iam_member) and stands on the smallest resource that takes the role;
# bigquery.jobUser has none below the project, and neither has cloudsql.client, which a condition holds to the instance.
# No other file grants anything.

resource "google_service_account" "service" {
  count = var.service_account == null ? 1 : 0

  project      = var.project_id
  account_id   = "${var.name}-run"
  display_name = "Plimsoll (${var.name}): the service"
  description  = "Reads the database's URL, writes files and state to the bucket, loads and merges in BigQuery."

  depends_on = [google_project_service.this]
}

resource "google_service_account" "push" {
  count = var.push_service_account == null ? 1 : 0

  project      = var.project_id
  account_id   = "${var.name}-push"
  display_name = "Plimsoll (${var.name}): the push"
  description  = "Whom Pub/Sub calls the service as. May call it, and nothing else."

  depends_on = [google_project_service.this]
}

# ---- the service ----

resource "google_project_iam_member" "job_user" {
  project = var.project_id
  role    = "roles/bigquery.jobUser"
  member  = "serviceAccount:${local.service_account}"

  depends_on = [google_project_service.this]
}

resource "google_project_iam_member" "cloud_sql" {
  for_each = var.cloud_sql.grant_client ? local.cloud_sql_instances : {}

  project = each.value.project
  role    = "roles/cloudsql.client"
  member  = "serviceAccount:${local.service_account}"

  condition {
    title       = substr("${var.name}-${each.value.instance}", 0, 100)
    description = "This instance alone."
    expression  = "resource.name == 'projects/${each.value.project}/instances/${each.value.instance}' && resource.service == 'sqladmin.googleapis.com'"
  }

  depends_on = [google_project_service.this]
}

resource "google_bigquery_dataset_iam_member" "service" {
  for_each = { target = local.dataset, staging = local.staging_dataset }

  project    = var.project_id
  dataset_id = each.value
  role       = "roles/bigquery.dataEditor"
  member     = "serviceAccount:${local.service_account}"

  depends_on = [google_bigquery_dataset.target, google_bigquery_dataset.staging]
}

# Objects only: objectUser can neither change the bucket nor its policy. BigQuery's load jobs read with it as well.
resource "google_storage_bucket_iam_member" "service" {
  bucket = local.bucket_name
  role   = "roles/storage.objectUser"
  member = "serviceAccount:${local.service_account}"

  depends_on = [google_storage_bucket.this]
}

resource "google_secret_manager_secret_iam_member" "service" {
  for_each = local.readable_secrets

  project   = each.value.project
  secret_id = each.value.secret
  role      = "roles/secretmanager.secretAccessor"
  member    = "serviceAccount:${local.service_account}"

  depends_on = [google_secret_manager_secret.this]
}

# A load in chunks goes on by a message, fan-out sends one for each feed, and a report is a message too.
resource "google_pubsub_topic_iam_member" "service" {
  for_each = merge(
    { ticks = google_pubsub_topic.ticks.name },
    var.pubsub.reports ? { reports = google_pubsub_topic.reports[0].name } : {},
  )

  project = var.project_id
  topic   = each.value
  role    = "roles/pubsub.publisher"
  member  = "serviceAccount:${local.service_account}"
}

# ---- who calls the service ----

resource "google_cloud_run_v2_service_iam_member" "push" {
  project  = var.project_id
  location = google_cloud_run_v2_service.this.location
  name     = google_cloud_run_v2_service.this.name
  role     = "roles/run.invoker"
  member   = "serviceAccount:${local.push_service_account}"
}

resource "google_cloud_run_v2_service_iam_member" "invokers" {
  for_each = var.invokers

  project  = var.project_id
  location = google_cloud_run_v2_service.this.location
  name     = google_cloud_run_v2_service.this.name
  role     = "roles/run.invoker"
  member   = each.value
}

# ---- Pub/Sub's own agent ----

# Dead-lettering is done by the agent: it publishes the message there, and acknowledges it here. Without either
# binding the messages are delivered on and on, and nothing says so.
resource "google_pubsub_topic_iam_member" "agent" {
  project = var.project_id
  topic   = google_pubsub_topic.dead_letter.name
  role    = "roles/pubsub.publisher"
  member  = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "agent" {
  project      = var.project_id
  subscription = google_pubsub_subscription.push.name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}

resource "google_service_account_iam_member" "token_creator" {
  count = var.grant_token_creator ? 1 : 0

  service_account_id = coalesce(
    try(google_service_account.push[0].name, null),
    "projects/${var.project_id}/serviceAccounts/${local.push_service_account}",
  )
  role   = "roles/iam.serviceAccountTokenCreator"
  member = local.pubsub_agent

  # The agent exists once Pub/Sub has been used.
  depends_on = [google_pubsub_topic.ticks]
}
