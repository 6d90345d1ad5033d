mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
  mock_resource "google_cloud_run_v2_service" {
    defaults = { uri = "https://plimsoll-abc-ew.a.run.app" }
  }
  mock_resource "google_pubsub_topic" {
    defaults = { id = "projects/my-project/topics/mocked" }
  }
  mock_resource "google_service_account" {
    defaults = {
      email  = "mocked@my-project.iam.gserviceaccount.com"
      member = "serviceAccount:mocked@my-project.iam.gserviceaccount.com"
      name   = "projects/my-project/serviceAccounts/mocked@my-project.iam.gserviceaccount.com"
    }
  }
}

mock_provider "archive" {}

variables {
  project_id = "my-project"
  image      = "europe-west1-docker.pkg.dev/my-project/plimsoll/plimsoll:1.2.3"
  recipients = ["data@example.com", "ops@example.com"]
  sender     = "plimsoll@example.com"
  smtp       = { host = "smtp.example.com", user = "plimsoll" }
}

run "one_apply" {
  assert {
    condition     = base64decode(google_cloud_scheduler_job.report.pubsub_target[0].data) == "{\"report\":\"24h\"}"
    error_message = "The job asks for something else than the report of a day."
  }
  assert {
    condition     = google_cloud_scheduler_job.report.pubsub_target[0].topic_name == module.plimsoll.topic
    error_message = "The job asks somebody else than Plimsoll."
  }
  assert {
    condition     = google_pubsub_subscription.mailer.filter == "attributes.kind = \"daily-report\"" && google_pubsub_subscription.mailer.topic == module.plimsoll.reports_topic
    error_message = "The mailer gets other messages than the report."
  }
  assert {
    condition     = google_cloudfunctions2_function.mailer.service_config[0].environment_variables["MAIL_RECEIVER"] == "data@example.com,ops@example.com"
    error_message = "The report goes to somebody else."
  }
  assert {
    condition     = !contains(keys(google_cloudfunctions2_function.mailer.service_config[0].environment_variables), "SMTP_PASSWORD") && one(google_cloudfunctions2_function.mailer.service_config[0].secret_environment_variables).secret == "plimsoll-smtp-password"
    error_message = "The password comes from the secret alone."
  }
}

run "an_address_is_needed" {
  command = plan
  variables {
    recipients = []
  }
  expect_failures = [var.recipients]
}
