terraform {
  required_version = ">= 1.6"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.50, < 9.0"
    }
  }

  # Keep the state where the team finds it, and only the team:
  # backend "gcs" { bucket = "my-project-terraform" prefix = "plimsoll" }
}

provider "google" {
  project = var.project_id
  region  = var.region
}
