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
  description = "Name of the secret with the URL of the PostgreSQL or SQL Server; it has a version already."
  type        = string
  default     = "plimsoll-source"
}

variable "database_ca_file" {
  description = "A PEM file with the authority that signed the database's certificate. Null: a public one did."
  type        = string
  default     = null
}

variable "hash_salt_secret" {
  description = "Name of the secret with the salt of `hash` columns; it has a version already. Null: no column is hashed."
  type        = string
  default     = null
}

variable "alert_email" {
  description = "Who is told by e-mail when something is wrong. Empty: nobody; incidents are in the console only."
  type        = string
}

variable "viewers" {
  description = "Who may see the status page from outside the project's network, such as user:you@example.com. They may start runs too."
  type        = set(string)
  default     = []
}
