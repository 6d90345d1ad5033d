output "service_name" {
  description = "Name of the Cloud Run service."
  value       = google_cloud_run_v2_service.this.name
}

output "service_uri" {
  description = "The service's URL: the audience of tokens for it, and where the status page is."
  value       = google_cloud_run_v2_service.this.uri
}

output "service_account" {
  description = "E-mail of the account that the service runs as."
  value       = local.service_account
}

output "push_service_account" {
  description = "E-mail of the account that Pub/Sub calls the service as."
  value       = local.push_service_account
}

output "bucket" {
  description = "Name of the bucket."
  value       = local.bucket_name

  # Whoever uses the name uses the bucket.
  depends_on = [google_storage_bucket.this]
}

output "storage_url" {
  description = "Where files and state are: gs://BUCKET/PREFIX."
  value       = "gs://${local.bucket_name}/${var.bucket.prefix}"

  depends_on = [google_storage_bucket.this]
}

output "config_path" {
  description = "Where the service reads its config."
  value       = local.config_path
}

output "dataset" {
  description = "Dataset of the targets, as PROJECT.DATASET."
  value       = "${var.project_id}.${local.dataset}"

  depends_on = [google_bigquery_dataset.target]
}

output "staging_dataset" {
  description = "Dataset of the staging tables, as PROJECT.DATASET."
  value       = "${var.project_id}.${local.staging_dataset}"

  depends_on = [google_bigquery_dataset.staging]
}

output "topic" {
  description = "The topic that ticks come from, projects/P/topics/T. Publishing `{}` to it is a tick for all tables."
  value       = google_pubsub_topic.ticks.id
}

output "push_subscription" {
  description = "The subscription that pushes ticks to the service."
  value       = google_pubsub_subscription.push.id
}

output "dead_letter_topic" {
  description = "The topic of ticks that were given up."
  value       = google_pubsub_topic.dead_letter.id
}

output "dead_letter_subscription" {
  description = "The subscription that keeps ticks that were given up."
  value       = google_pubsub_subscription.dead_letter.id
}

output "reports_topic" {
  description = "The topic that reports are published to; null without `pubsub.reports`."
  value       = one(google_pubsub_topic.reports[*].id)
}

output "schedules" {
  description = "The Cloud Scheduler jobs, by the schedule's name."
  value       = { for k, j in google_cloud_scheduler_job.this : k => j.id }
}

output "secrets" {
  description = "The secrets that the service may read, as projects/P/secrets/S."
  value       = sort([for s in values(local.readable_secrets) : "projects/${s.project}/secrets/${s.secret}"])
}

output "repository" {
  description = "Prefix of image names in the module's repository; null without `registry.create`."
  value       = one([for r in google_artifact_registry_repository.this : "${r.location}-docker.pkg.dev/${r.project}/${r.repository_id}"])
}

output "egress_address" {
  description = "The fixed address that the database sees with `network.create`; else null."
  value       = one(google_compute_address.egress[*].address)
}

output "alert_policies" {
  description = "The alert policies, by what they watch."
  value = merge(
    { for k, p in google_monitoring_alert_policy.log : k => p.name },
    { for p in google_monitoring_alert_policy.silence : "silence" => p.name },
    { for p in google_monitoring_alert_policy.dead_letter : "dead_letter" => p.name },
  )
}

output "dashboard" {
  description = "The dashboard's id; null without it."
  value       = one(google_monitoring_dashboard.this[*].id)
}

output "commands" {
  description = "What to type next. `status`: how old each table is and how its last run ended. `tick`: one tick by hand. `log`: the last runs. `page`: the status page in a browser; null where the ingress keeps it inside."
  value       = local.commands
}
