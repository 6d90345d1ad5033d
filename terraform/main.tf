# What several files share: names, and where a thing of yours stands in for one of the module's.

locals {
  location = coalesce(var.bigquery.location, var.region)

  bucket_name   = coalesce(var.bucket.name, replace("${var.project_id}-${var.name}", ":", "-"))
  config_folder = "${var.bucket.prefix}/config"

  dataset         = var.bigquery.dataset
  staging_dataset = coalesce(var.bigquery.staging_dataset, "${var.bigquery.dataset}_staging")

  service_account      = coalesce(var.service_account, try(google_service_account.service[0].email, null))
  push_service_account = coalesce(var.push_service_account, try(google_service_account.push[0].email, null))

  project_number = var.project_number != null ? var.project_number : data.google_project.this[0].number
  pubsub_agent   = "serviceAccount:service-${local.project_number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

data "google_project" "this" {
  count = var.project_number == null ? 1 : 0

  project_id = var.project_id

  depends_on = [google_project_service.this]
}
