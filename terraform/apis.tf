locals {
  apis = var.enable_apis ? toset(concat(
    [
      "bigquery.googleapis.com",
      # The Storage Write API, by which rows are appended.
      "bigquerystorage.googleapis.com",
      "cloudresourcemanager.googleapis.com",
      "cloudscheduler.googleapis.com",
      "iam.googleapis.com",
      "logging.googleapis.com",
      "monitoring.googleapis.com",
      "pubsub.googleapis.com",
      "run.googleapis.com",
      "secretmanager.googleapis.com",
      "storage.googleapis.com",
    ],
    var.registry.create ? ["artifactregistry.googleapis.com"] : [],
    local.vpc_direct ? ["compute.googleapis.com"] : [],
    var.network.connector != null ? ["vpcaccess.googleapis.com"] : [],
    length(var.cloud_sql.instances) > 0 ? ["sqladmin.googleapis.com"] : [],
  )) : toset([])
}

resource "google_project_service" "this" {
  for_each = local.apis

  project = var.project_id
  service = each.value

  # Others in the project may use them.
  disable_on_destroy         = false
  disable_dependent_services = false
}
