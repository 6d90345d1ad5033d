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

variables {
  project_id  = "my-project"
  image       = "europe-west1-docker.pkg.dev/my-project/plimsoll/plimsoll:1.2.3"
  alert_email = ""
}

run "one_apply" {
  assert {
    condition     = output.tick == "gcloud pubsub topics publish plimsoll --project=my-project --message='{}'"
    error_message = "The command for a tick by hand names another topic."
  }
  assert {
    condition     = output.status == "gcloud storage cat 'gs://my-project-plimsoll/plimsoll/state/*.json'" && output.page == null
    error_message = "Without viewers the service is reached from inside alone, so the status has to come from the state."
  }
}

run "with_all_that_the_recipe_fills_in" {
  variables {
    alert_email      = "data@example.com"
    viewers          = ["user:data@example.com"]
    database_ca_file = "tests/ca.pem"
    hash_salt_secret = "plimsoll-hash-salt"
  }

  assert {
    condition     = output.status == "curl -sS -H 'Authorization: Bearer '$(gcloud auth print-identity-token) https://plimsoll-abc-ew.a.run.app/status"
    error_message = "The command for the status asks somebody else, or without a token."
  }
  assert {
    condition     = output.page == "gcloud run services proxy plimsoll --project=my-project --region=europe-west1"
    error_message = "The command for the status page is another."
  }
}
