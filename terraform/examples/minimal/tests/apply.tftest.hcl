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
}

run "one_apply" {
  variables {
    project_id = "my-project"
    image      = "europe-west1-docker.pkg.dev/my-project/plimsoll/plimsoll:1.2.3"
  }

  assert {
    condition     = output.commands.tick == "gcloud pubsub topics publish plimsoll --project=my-project --message='{}'"
    error_message = "The command for a tick by hand names another topic."
  }
}
