# The mailer: a small function in Python, which sends what the message has as it is.

data "archive_file" "mailer" {
  type        = "zip"
  source_dir  = "${path.module}/mailer"
  output_path = "${path.root}/.terraform/mailer.zip"
  excludes    = ["__pycache__"]
}

resource "google_storage_bucket" "source" {
  project                     = var.project_id
  name                        = "${var.project_id}-plimsoll-mailer"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
}

resource "google_storage_bucket_object" "mailer" {
  bucket = google_storage_bucket.source.name
  # Another name where the content is another: then the function is built again.
  name   = "mailer-${data.archive_file.mailer.output_sha256}.zip"
  source = data.archive_file.mailer.output_path
}

resource "google_cloudfunctions2_function" "mailer" {
  project     = var.project_id
  location    = var.region
  name        = "plimsoll-mailer"
  description = "Sends the reports of Plimsoll by mail."

  build_config {
    runtime     = "python313"
    entry_point = "send"
    source {
      storage_source {
        bucket = google_storage_bucket.source.name
        object = google_storage_bucket_object.mailer.name
      }
    }
  }

  service_config {
    service_account_email = google_service_account.mailer.email
    available_memory      = "256M"
    timeout_seconds       = 50
    max_instance_count    = 1
    # Pub/Sub of the same project counts as internal.
    ingress_settings = "ALLOW_INTERNAL_ONLY"

    environment_variables = {
      SMTP_HOST     = var.smtp.host
      SMTP_PORT     = tostring(var.smtp.port)
      SMTP_USER     = var.smtp.user
      MAIL_SENDER   = var.sender
      MAIL_RECEIVER = join(",", var.recipients)
    }
    secret_environment_variables {
      key        = "SMTP_PASSWORD"
      project_id = var.project_id
      secret     = var.smtp.password_secret
      version    = "latest"
    }
  }

  depends_on = [google_secret_manager_secret_iam_member.password]
}

# Who the function runs as: it may read one secret.
resource "google_service_account" "mailer" {
  project      = var.project_id
  account_id   = "plimsoll-mailer"
  display_name = "Sends the reports of Plimsoll"
}

resource "google_secret_manager_secret_iam_member" "password" {
  project   = var.project_id
  secret_id = var.smtp.password_secret
  role      = "roles/secretmanager.secretAccessor"
  member    = "serviceAccount:${google_service_account.mailer.email}"
}

# Who calls it: Pub/Sub, as an account that may do nothing else.
resource "google_service_account" "caller" {
  project      = var.project_id
  account_id   = "plimsoll-mailer-caller"
  display_name = "Calls the mailer of Plimsoll"
}

resource "google_cloud_run_service_iam_member" "caller" {
  project  = var.project_id
  location = var.region
  service  = google_cloudfunctions2_function.mailer.name
  role     = "roles/run.invoker"
  member   = "serviceAccount:${google_service_account.caller.email}"
}
