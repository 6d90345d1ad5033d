locals {
  vpc_direct     = var.network.network != null || var.network.subnetwork != null || var.network.create != null
  vpc_network    = var.network.create != null ? google_compute_network.this[0].id : var.network.network
  vpc_subnetwork = var.network.create != null ? google_compute_subnetwork.this[0].id : var.network.subnetwork
  # Through the NAT goes what goes through the VPC at all, whatever its port: 5432, 1433, and 11000 to 11999 of an Azure SQL that redirects.
  vpc_egress = var.network.create != null ? "ALL_TRAFFIC" : var.network.egress

  # PROJECT:REGION:INSTANCE, where PROJECT may be DOMAIN:PROJECT.
  cloud_sql_instances = { for i in var.cloud_sql.instances : i => {
    project  = join(":", slice(split(":", i), 0, length(split(":", i)) - 2))
    instance = reverse(split(":", i))[0]
  } }
}

# network.create: a VPC whose way out has one fixed address, for the allow-list of a database elsewhere.

resource "google_compute_network" "this" {
  count = var.network.create != null ? 1 : 0

  project                 = var.project_id
  name                    = var.name
  auto_create_subnetworks = false

  depends_on = [google_project_service.this]
}

resource "google_compute_subnetwork" "this" {
  count = var.network.create != null ? 1 : 0

  project       = var.project_id
  region        = var.region
  name          = var.name
  network       = google_compute_network.this[0].id
  ip_cidr_range = var.network.create.cidr

  # Storage and BigQuery are reached from inside, past the NAT and its price for each GB.
  private_ip_google_access = true
}

resource "google_compute_address" "egress" {
  count = var.network.create != null ? 1 : 0

  project = var.project_id
  region  = var.region
  name    = "${var.name}-egress"

  depends_on = [google_project_service.this]
}

resource "google_compute_router" "this" {
  count = var.network.create != null ? 1 : 0

  project = var.project_id
  region  = var.region
  name    = var.name
  network = google_compute_network.this[0].id
}

resource "google_compute_router_nat" "this" {
  count = var.network.create != null ? 1 : 0

  project                            = var.project_id
  region                             = var.region
  name                               = var.name
  router                             = google_compute_router.this[0].name
  nat_ip_allocate_option             = "MANUAL_ONLY"
  nat_ips                            = [google_compute_address.egress[0].self_link]
  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"

  subnetwork {
    name                    = google_compute_subnetwork.this[0].id
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }

  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}
