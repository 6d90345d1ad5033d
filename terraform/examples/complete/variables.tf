variable "project_id" {
  description = "The Google Cloud project."
  type        = string
}

variable "region" {
  description = "Region of the service and of everything beside it."
  type        = string
  default     = "europe-west1"
}

variable "image" {
  description = "The container image, with its tag or digest."
  type        = string
}

variable "database_url_secret" {
  description = "The secret with the URL of the PostgreSQL or SQL Server, and the version in use: rotating is raising the number."
  type = object({
    secret  = string
    version = string
  })
  default = { secret = "plimsoll-source", version = "1" }
}

variable "hash_salt" {
  description = "The salt of hashed columns; it goes to Terraform's state. Another salt is another digest: keep it."
  type        = string
  sensitive   = true
}

variable "cloud_sql_instance" {
  description = "The Cloud SQL instance, PROJECT:REGION:INSTANCE."
  type        = string
}

variable "network" {
  description = "The VPC, and the subnetwork in it, that the service sends from: of the same region, /26 or larger."
  type = object({
    network    = string
    subnetwork = string
  })
}

variable "kms_key" {
  description = "A key in the region for bucket, datasets, topics, images and secrets. Google's agents must be allowed to use it (README of the module)."
  type        = string
}

variable "alert_email" {
  description = "Who is told when something is wrong."
  type        = string
}

variable "viewers" {
  description = "Who may see the status page, such as group:data@example.com."
  type        = set(string)
  default     = []
}

variable "database_password_version" {
  description = "The version of the secret with the password that is in use; rotating is a change of this number."
  type        = string
  default     = "1"
}
