variable "project_id" {
  description = "The Google Cloud project."
  type        = string
}

variable "region" {
  description = "Region of everything."
  type        = string
  default     = "europe-west1"
}

variable "image" {
  description = "The container image, with its tag or digest."
  type        = string
}

variable "database_url_secret" {
  description = "Name of the secret with the PostgreSQL URL; it has a version already."
  type        = string
  default     = "plimsoll-source"
}
