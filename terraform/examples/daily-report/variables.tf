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

variable "schedule" {
  description = "When the report is sent, as a cron line."
  type        = string
  default     = "0 7 * * *"
}

variable "time_zone" {
  description = "Time zone of the schedule."
  type        = string
  default     = "Etc/UTC"
}

variable "recipients" {
  description = "Who gets the report, and is told by e-mail when something is wrong."
  type        = list(string)

  validation {
    condition     = length(var.recipients) > 0 && alltrue([for r in var.recipients : can(regex("^[^@,\\s]+@[^@,\\s]+$", r))])
    error_message = "recipients names at least one address, such as data@example.com."
  }
}

variable "sender" {
  description = "The address that the report comes from."
  type        = string
}

variable "smtp" {
  description = "The mail server, which speaks TLS from the start (465) or after STARTTLS (any other port). `password_secret` is the name of a secret that has a version already."
  type = object({
    host            = string
    port            = optional(number, 465)
    user            = string
    password_secret = optional(string, "plimsoll-smtp-password")
  })
}
