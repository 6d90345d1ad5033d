# The module's checks run with it: a config that names what is not there fails the run.
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
  mock_resource "google_monitoring_notification_channel" {
    defaults = { id = "projects/my-project/notificationChannels/1" }
  }
}

run "one_apply" {
  variables {
    project_id         = "my-project"
    image              = "europe-west1-docker.pkg.dev/my-project/plimsoll-app/plimsoll:1.2.3"
    cloud_sql_instance = "my-project:europe-west1:app"
    network            = { network = "main", subnetwork = "main-europe-west1" }
    kms_key            = "projects/my-project/locations/europe-west1/keyRings/data/cryptoKeys/plimsoll"
    alert_email        = "data@example.com"
    viewers            = ["group:data@example.com"]
    hash_salt          = "0123456789abcdef0123456789abcdef"
  }

  assert {
    condition     = output.repository == "europe-west1-docker.pkg.dev/my-project/plimsoll-app" && startswith("europe-west1-docker.pkg.dev/my-project/plimsoll-app/plimsoll:1.2.3", output.repository)
    error_message = "The image does not come from the repository that is made for it."
  }
  assert {
    condition     = google_pubsub_subscription.reports.topic == "projects/my-project/topics/mocked"
    error_message = "Nobody reads the reports."
  }
}
