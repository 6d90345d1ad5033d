# What the mocks give is what Google would: emails, ids and the service's URL.
mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
  mock_resource "google_cloud_run_v2_service" {
    defaults = { uri = "https://plimsoll-abc-ew.a.run.app" }
  }
}

override_resource {
  target = google_service_account.service
  values = { email = "plimsoll-run@my-project.iam.gserviceaccount.com" }
}
override_resource {
  target = google_service_account.push
  values = { email = "plimsoll-push@my-project.iam.gserviceaccount.com", name = "projects/my-project/serviceAccounts/plimsoll-push" }
}
override_resource {
  target = google_pubsub_topic.ticks
  values = { id = "projects/my-project/topics/plimsoll" }
}
override_resource {
  target = google_pubsub_topic.dead_letter
  values = { id = "projects/my-project/topics/plimsoll-dead-letter" }
}
override_resource {
  target = google_pubsub_topic.reports
  values = { id = "projects/my-project/topics/plimsoll-reports" }
}

variables {
  project_id   = "my-project"
  region       = "europe-west1"
  image        = "europe-west1-docker.pkg.dev/my-project/plimsoll/plimsoll:1.2.3"
  config       = "[storage]\nurl = \"gs://$${PLIMSOLL_BUCKET}/$${PLIMSOLL_PREFIX}\"\n[bigquery]\ndataset = \"$${PLIMSOLL_DATASET}\"\n"
  database_url = { secret = "source-url" }
}

# ---- by default ----

run "the_service_by_default" {
  assert {
    condition = alltrue([
      google_cloud_run_v2_service.this.ingress == "INGRESS_TRAFFIC_INTERNAL_ONLY",
      google_cloud_run_v2_service.this.invoker_iam_disabled == false,
      # A first revision that fails leaves a tainted service, which has to be replaceable; it holds nothing.
      !google_cloud_run_v2_service.this.deletion_protection,
      google_cloud_run_v2_service.this.template[0].scaling[0].min_instance_count == 0,
      google_cloud_run_v2_service.this.template[0].scaling[0].max_instance_count == 3,
      google_cloud_run_v2_service.this.template[0].timeout == "600s",
      google_cloud_run_v2_service.this.template[0].max_instance_request_concurrency == 4,
      google_cloud_run_v2_service.this.template[0].service_account == "plimsoll-run@my-project.iam.gserviceaccount.com",
      google_cloud_run_v2_service.this.template[0].containers[0].args == tolist(["serve"]),
      google_cloud_run_v2_service.this.template[0].containers[0].resources[0].cpu_idle,
      google_cloud_run_v2_service.this.template[0].containers[0].resources[0].limits == tomap({ cpu = "1", memory = "512Mi" }),
    ])
    error_message = "The service is not the one the README describes."
  }
  assert {
    condition = alltrue([
      google_cloud_run_v2_service.this.template[0].containers[0].startup_probe[0].http_get[0].path == "/healthz",
      google_cloud_run_v2_service.this.template[0].containers[0].liveness_probe[0].http_get[0].path == "/healthz",
    ])
    error_message = "A probe asks something else than whether the process is alive."
  }
  assert {
    condition     = length(google_cloud_run_v2_service.this.template[0].vpc_access) == 0 && length(google_cloud_run_v2_service.this.template[0].volumes) == 0
    error_message = "A network or a volume was given without having been asked for."
  }
  assert {
    condition     = one(google_cloud_run_v2_service.this.traffic).type == "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
    error_message = "Traffic does not go to the latest revision."
  }
  assert {
    condition = { for e in google_cloud_run_v2_service.this.template[0].containers[0].env : e.name => (
      length(e.value_source) == 0 ? e.value : "${e.value_source[0].secret_key_ref[0].secret}:${e.value_source[0].secret_key_ref[0].version}"
      ) } == {
      DATABASE_URL             = "source-url:latest"
      GOOGLE_CLOUD_PROJECT     = "my-project"
      PLIMSOLL_BUCKET          = "my-project-plimsoll"
      PLIMSOLL_CONFIG          = "gs://my-project-plimsoll/plimsoll/config/${substr(sha256(var.config), 0, 16)}.toml"
      PLIMSOLL_DATASET         = "plimsoll"
      PLIMSOLL_LOCATION        = "europe-west1"
      PLIMSOLL_PREFIX          = "plimsoll"
      PLIMSOLL_STAGING_DATASET = "plimsoll_staging"
      PLIMSOLL_TOPIC           = "projects/my-project/topics/plimsoll"
    }
    error_message = "The container's environment has another variable, or another value."
  }
  assert {
    condition     = google_storage_bucket_object.config[0].content == var.config && google_storage_bucket_object.config[0].deletion_policy == "ABANDON" && "gs://${google_storage_bucket_object.config[0].bucket}/${google_storage_bucket_object.config[0].name}" == output.config_path
    error_message = "The config is not where the service looks for it, or goes away with the next one."
  }
}

run "the_push_by_default" {
  assert {
    condition = alltrue([
      google_pubsub_subscription.push.topic == "projects/my-project/topics/plimsoll",
      google_pubsub_subscription.push.push_config[0].push_endpoint == "https://plimsoll-abc-ew.a.run.app/pubsub",
      google_pubsub_subscription.push.push_config[0].oidc_token[0].audience == "https://plimsoll-abc-ew.a.run.app",
      google_pubsub_subscription.push.push_config[0].oidc_token[0].service_account_email == "plimsoll-push@my-project.iam.gserviceaccount.com",
      google_pubsub_subscription.push.ack_deadline_seconds == 600,
      google_pubsub_subscription.push.message_retention_duration == "3600s",
      google_pubsub_subscription.push.expiration_policy[0].ttl == "",
      google_pubsub_subscription.push.retry_policy[0].minimum_backoff == "10s",
      google_pubsub_subscription.push.retry_policy[0].maximum_backoff == "300s",
    ])
    error_message = "The push subscription is not the one the README describes."
  }
  assert {
    condition = alltrue([
      google_pubsub_subscription.push.dead_letter_policy[0].dead_letter_topic == "projects/my-project/topics/plimsoll-dead-letter",
      google_pubsub_subscription.push.dead_letter_policy[0].max_delivery_attempts == 10,
      google_pubsub_subscription.dead_letter.topic == "projects/my-project/topics/plimsoll-dead-letter",
      google_pubsub_subscription.dead_letter.expiration_policy[0].ttl == "",
      google_pubsub_subscription.dead_letter.message_retention_duration == "604800s",
      length(google_pubsub_subscription.dead_letter.push_config) == 0,
    ])
    error_message = "A tick that is given up is not kept in a subscription of its own."
  }
  assert {
    condition     = length(google_pubsub_topic.reports) == 0 && output.reports_topic == null
    error_message = "A topic for reports was made without having been asked for."
  }
  assert {
    condition = { for k, j in google_cloud_scheduler_job.this : k => "${j.name} ${j.schedule} ${j.time_zone} ${j.pubsub_target[0].topic_name} ${base64decode(j.pubsub_target[0].data)}" } == {
      tick = "plimsoll-tick */5 * * * * Etc/UTC projects/my-project/topics/plimsoll {}"
    }
    error_message = "The schedule by default is not a tick every five minutes."
  }
}

run "the_storage_by_default" {
  assert {
    condition = alltrue([
      google_storage_bucket.this[0].uniform_bucket_level_access,
      google_storage_bucket.this[0].public_access_prevention == "enforced",
      google_storage_bucket.this[0].versioning[0].enabled == false,
      google_storage_bucket.this[0].soft_delete_policy[0].retention_duration_seconds == 0,
      google_storage_bucket.this[0].force_destroy == false,
      google_storage_bucket.this[0].location == "EUROPE-WEST1",
      length(google_storage_bucket.this[0].encryption) == 0,
    ])
    error_message = "The bucket is not the one the README describes."
  }
  # Of all rules: what deletes has the prefix of batches or reports, and ends in a slash; nothing else has more than an age.
  assert {
    condition = [for r in google_storage_bucket.this[0].lifecycle_rule : "${one(r.action).type} ${one(r.condition).age} ${join(",", coalesce(one(r.condition).matches_prefix, []))}"] == [
      "Delete 30 plimsoll/batches/",
      "Delete 400 plimsoll/reports/",
      "AbortIncompleteMultipartUpload 1 ",
    ]
    error_message = "The lifecycle deletes something else than batches and reports."
  }
  assert {
    condition = alltrue([for r in google_storage_bucket.this[0].lifecycle_rule : one(r.action).type != "Delete" || alltrue([
      for path in ["plimsoll/state/orders.json", google_storage_bucket_object.config[0].name] :
      length(coalesce(one(r.condition).matches_prefix, [])) > 0 && !anytrue([for p in coalesce(one(r.condition).matches_prefix, []) : startswith(path, p)])
    ])])
    error_message = "The lifecycle reaches the state or the config."
  }
  assert {
    condition = alltrue([
      google_bigquery_dataset.target[0].dataset_id == "plimsoll",
      google_bigquery_dataset.target[0].delete_contents_on_destroy == false,
      google_bigquery_dataset.target[0].default_table_expiration_ms == null,
      length(google_bigquery_dataset.target[0].default_encryption_configuration) == 0,
      google_bigquery_dataset.staging[0].dataset_id == "plimsoll_staging",
      google_bigquery_dataset.staging[0].default_table_expiration_ms == 86400000,
      google_bigquery_dataset.staging[0].location == google_bigquery_dataset.target[0].location,
    ])
    error_message = "The datasets are not the ones the README describes."
  }
}

run "what_is_not_made_by_default" {
  assert {
    condition = alltrue([
      length(google_artifact_registry_repository.this) == 0, output.repository == null,
      length(google_compute_network.this) == 0, length(google_compute_subnetwork.this) == 0, length(google_compute_address.egress) == 0,
      length(google_compute_router.this) == 0, length(google_compute_router_nat.this) == 0, output.egress_address == null,
      length(google_secret_manager_secret.this) == 0, length(google_secret_manager_secret_version.this) == 0,
    ])
    error_message = "Something was made without having been asked for."
  }
}

run "the_apis_by_default" {
  assert {
    condition = toset(keys(google_project_service.this)) == toset([
      "bigquery.googleapis.com", "bigquerystorage.googleapis.com", "cloudresourcemanager.googleapis.com", "cloudscheduler.googleapis.com", "iam.googleapis.com",
      "logging.googleapis.com", "monitoring.googleapis.com", "pubsub.googleapis.com", "run.googleapis.com",
      "secretmanager.googleapis.com", "storage.googleapis.com",
    ])
    error_message = "Other APIs are enabled than the README says."
  }
  assert {
    condition     = !anytrue([for s in google_project_service.this : s.disable_on_destroy])
    error_message = "A destroy would disable an API that others may use."
  }
}

# ---- monitoring ----

run "the_metrics" {
  assert {
    condition = toset(concat([for m in google_logging_metric.count : m.name], [for m in google_logging_metric.distribution : m.name])) == toset([
      "plimsoll/runs", "plimsoll/failures", "plimsoll/compared", "plimsoll/upserts", "plimsoll/deletes", "plimsoll/quarantined", "plimsoll/bytes_billed",
      "plimsoll/staged_bytes", "plimsoll/run_seconds", "plimsoll/age_seconds", "plimsoll/lease_seconds", "plimsoll/apply_lag_seconds",
    ])
    error_message = "The metrics are not the ones the README lists."
  }
  # The API takes an extractor with a distribution only, and a distribution with an extractor only.
  assert {
    condition = alltrue(concat(
      [for m in google_logging_metric.count : m.metric_descriptor[0].value_type == "INT64" && m.value_extractor == null],
      [for m in google_logging_metric.distribution : m.metric_descriptor[0].value_type == "DISTRIBUTION" && startswith(m.value_extractor, "EXTRACT(jsonPayload.")],
    ))
    error_message = "A metric is of a type that the API refuses."
  }
  # Each label has an extractor and the other way round, or the API refuses the metric.
  assert {
    condition = alltrue([for m in concat(values(google_logging_metric.count), values(google_logging_metric.distribution)) :
      toset(keys(m.label_extractors)) == toset([for l in m.metric_descriptor[0].labels : l.key]) && m.label_extractors["feed"] == "EXTRACT(labels.feed)"
    ])
    error_message = "Labels and extractors of a metric do not match."
  }
  assert {
    condition = alltrue([for m in concat(values(google_logging_metric.count), values(google_logging_metric.distribution)) :
      startswith(m.filter, "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"plimsoll\" AND resource.labels.location=\"europe-west1\" AND ${
        "jsonPayload.message=\"${endswith(m.name, "/compared") ? "table compared" : "run finished"}\""
      }")
    ])
    error_message = "A metric counts other entries than this service's runs."
  }
  assert {
    condition = { for k, m in google_logging_metric.distribution : k => m.value_extractor } == {
      apply_lag_seconds = "EXTRACT(jsonPayload.applyLagSeconds)"
      age_seconds       = "EXTRACT(jsonPayload.ageSeconds)"
      bytes_billed      = "EXTRACT(jsonPayload.bytesBilled)"
      deletes           = "EXTRACT(jsonPayload.deletes)"
      lease_seconds     = "EXTRACT(jsonPayload.leaseSeconds)"
      quarantined       = "EXTRACT(jsonPayload.quarantined)"
      run_seconds       = "EXTRACT(jsonPayload.seconds)"
      staged_bytes      = "EXTRACT(jsonPayload.stagedBytes)"
      upserts           = "EXTRACT(jsonPayload.upserts)"
    }
    error_message = "A metric reads another field than the service logs."
  }
}

run "the_alerts" {
  variables {
    alerts = {
      notification_channels = ["projects/my-project/notificationChannels/1"]
      freshness             = { minutes = 90 }
      silence               = { minutes = 30 }
      lease                 = { minutes = 15 }
    }
  }

  assert {
    condition = { for k, p in google_monitoring_alert_policy.log : k => trimprefix(one(p.conditions).condition_matched_log[0].filter, "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"plimsoll\" AND resource.labels.location=\"europe-west1\" AND jsonPayload.message=\"run finished\" AND ") } == {
      freshness = "jsonPayload.ageSeconds>5400"
      failure   = "(jsonPayload.state=\"failed\" OR jsonPayload.aside>0)"
      differs   = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"plimsoll\" AND resource.labels.location=\"europe-west1\" AND jsonPayload.message=\"table compared\" AND jsonPayload.state=\"differs\""
      lease     = "jsonPayload.state=\"busy\" AND jsonPayload.leaseSeconds>900"
    }
    error_message = "An alert on the log watches something else."
  }
  # Without a rate limit the API refuses a policy on log entries.
  assert {
    condition     = alltrue([for p in google_monitoring_alert_policy.log : p.alert_strategy[0].notification_rate_limit[0].period == "3600s" && p.alert_strategy[0].auto_close == "5400s"])
    error_message = "An alert on the log has no rate limit, or closes before it would repeat."
  }
  assert {
    condition = alltrue([
      one(google_monitoring_alert_policy.silence[0].conditions).condition_prometheus_query_language[0].query == "(sum(increase(pubsub_googleapis_com:subscription_push_request_count{monitored_resource=\"pubsub_subscription\", subscription_id=\"plimsoll-push\",response_class=\"ack\"}[15m])) or vector(0)) < 1",
      one(google_monitoring_alert_policy.silence[0].conditions).condition_prometheus_query_language[0].duration == "900s",
    ])
    error_message = "The alert on silence would not notice it."
  }
  assert {
    condition = alltrue([
      one(google_monitoring_alert_policy.dead_letter[0].conditions).condition_threshold[0].comparison == "COMPARISON_GT",
      one(google_monitoring_alert_policy.dead_letter[0].conditions).condition_threshold[0].threshold_value == 0,
      # The API takes evaluation_missing_data from a minute on.
      one(google_monitoring_alert_policy.dead_letter[0].conditions).condition_threshold[0].duration == "60s",
      strcontains(one(google_monitoring_alert_policy.dead_letter[0].conditions).condition_threshold[0].filter, "resource.labels.subscription_id = \"plimsoll-dead-letter\""),
    ])
    error_message = "The alert on dead letters looks elsewhere."
  }
  assert {
    condition = alltrue([for p in concat(values(google_monitoring_alert_policy.log), google_monitoring_alert_policy.silence, google_monitoring_alert_policy.dead_letter) :
      p.notification_channels == tolist(["projects/my-project/notificationChannels/1"]) &&
      strcontains(p.documentation[0].content, "First: `gcloud ") && strcontains(p.documentation[0].content, "docs/OPERATIONS.md")
    ])
    error_message = "An alert tells nobody, or does not say what to type first."
  }
  assert {
    condition     = toset(keys(output.alert_policies)) == toset(["freshness", "failure", "differs", "lease", "silence", "dead_letter"])
    error_message = "An alert is missing."
  }
}

run "an_alert_on_rows_that_wait" {
  variables {
    apply_lag_limit = 900
    alerts          = { notification_channels = ["projects/my-project/notificationChannels/1"] }
  }

  assert {
    condition     = one(google_monitoring_alert_policy.log["apply_lag"].conditions).condition_matched_log[0].filter == "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"plimsoll\" AND resource.labels.location=\"europe-west1\" AND jsonPayload.message=\"run finished\" AND jsonPayload.applyLagSeconds>900"
    error_message = "The alert on rows that wait to be applied watches something else."
  }
  assert {
    condition = alltrue([
      google_monitoring_alert_policy.log["apply_lag"].notification_channels == tolist(["projects/my-project/notificationChannels/1"]),
      google_monitoring_alert_policy.log["apply_lag"].alert_strategy[0].notification_rate_limit[0].period == "3600s",
      strcontains(google_monitoring_alert_policy.log["apply_lag"].documentation[0].content, "First: `gcloud "),
      strcontains(google_monitoring_alert_policy.log["apply_lag"].documentation[0].content, "more than 900 seconds"),
    ])
    error_message = "The alert tells nobody, or does not say what to type first."
  }
  assert {
    condition     = toset(keys(output.alert_policies)) == toset(["freshness", "failure", "differs", "lease", "apply_lag", "silence", "dead_letter"])
    error_message = "The alert is missing, or another one."
  }
}

run "alerts_by_mail" {
  variables {
    alerts = {
      emails                = ["data@example.com", "night@example.com"]
      notification_channels = ["projects/my-project/notificationChannels/1"]
    }
  }

  assert {
    condition     = toset([for c in google_monitoring_notification_channel.email : "${c.type} ${c.labels.email_address}"]) == toset(["email data@example.com", "email night@example.com"])
    error_message = "An address has no channel."
  }
  assert {
    condition = alltrue([for p in concat(values(google_monitoring_alert_policy.log), google_monitoring_alert_policy.silence, google_monitoring_alert_policy.dead_letter) :
      toset(p.notification_channels) == toset(concat(["projects/my-project/notificationChannels/1"], [for c in google_monitoring_notification_channel.email : c.id]))
    ])
    error_message = "An alert does not tell everybody."
  }
}

# A condition has to hold for 23 h 30 min at most.
run "silence_of_nearly_two_days" {
  command = plan
  variables {
    alerts = { silence = { minutes = 2820 } }
  }

  assert {
    condition     = one(google_monitoring_alert_policy.silence[0].conditions).condition_prometheus_query_language[0].duration == "84600s"
    error_message = "A silence of 47 hours is not 23 h 30 min that hold over as long a window."
  }
}

# One command to paste, whichever way the service is reached; without double quotes, which would be shown behind backslashes.
run "the_status_from_outside" {
  variables {
    service = { ingress = "INGRESS_TRAFFIC_ALL" }
  }

  assert {
    condition     = output.commands.status == "curl -sS -H 'Authorization: Bearer '$(gcloud auth print-identity-token) https://plimsoll-abc-ew.a.run.app/status"
    error_message = "The command for the status asks somebody else, or without a token."
  }
}

run "the_status_page_from_outside" {
  command = plan
  variables {
    service = { ingress = "INGRESS_TRAFFIC_ALL" }
  }

  assert {
    condition     = output.commands.page == "gcloud run services proxy plimsoll --project=my-project --region=europe-west1"
    error_message = "The command for the status page is another."
  }
}

run "no_status_page_from_outside" {
  command = plan

  assert {
    condition     = output.commands.page == null
    error_message = "A command is offered that the ingress refuses."
  }
  assert {
    condition     = output.commands.status == "gcloud storage cat 'gs://my-project-plimsoll/plimsoll/state/*.json'"
    error_message = "The command for the status goes to a service that the ingress keeps inside."
  }
}

run "the_dashboard" {
  assert {
    condition = alltrue([for m in ["runs", "failures", "upserts_sum", "deletes_sum", "quarantined_sum", "bytes_billed_sum", "staged_bytes_sum", "run_seconds_sum", "age_seconds_sum", "lease_seconds_sum"] :
      strcontains(google_monitoring_dashboard.this[0].dashboard_json, "logging_googleapis_com:user_plimsoll_${m}{")
    ])
    error_message = "The dashboard leaves out a metric."
  }
  # Every tile is where no other is.
  assert {
    condition = length(distinct([for t in jsondecode(google_monitoring_dashboard.this[0].dashboard_json).mosaicLayout.tiles : "${t.xPos} ${t.yPos}"])) == 12 && alltrue([
      for t in jsondecode(google_monitoring_dashboard.this[0].dashboard_json).mosaicLayout.tiles : t.xPos + t.width <= 48
    ])
    error_message = "Tiles of the dashboard overlap, or one is missing."
  }
}

run "monitoring_can_be_left_out" {
  variables {
    monitoring = { metrics = false, dashboard = false }
    alerts = {
      freshness   = { enabled = false }
      silence     = { enabled = false }
      failure     = { enabled = false }
      differs     = { enabled = false }
      lease       = { enabled = false }
      dead_letter = { enabled = false }
    }
  }

  assert {
    condition     = length(google_logging_metric.count) + length(google_logging_metric.distribution) + length(google_monitoring_dashboard.this) + length(output.alert_policies) == 0
    error_message = "Something of monitoring was made though it is switched off."
  }
}

run "an_alert_can_be_left_out" {
  variables {
    alerts = { freshness = { enabled = false } }
  }

  assert {
    condition     = toset(keys(output.alert_policies)) == toset(["failure", "differs", "lease", "silence", "dead_letter"])
    error_message = "Another alert than freshness was left out."
  }
}

# ---- features ----

run "several_schedules" {
  variables {
    scheduler_region = "europe-west3"
    schedules = {
      all   = { cron = "*/5 * * * *" }
      some  = { cron = "* 8-18 * * 1-5", time_zone = "Europe/Rome", tables = ["public.a", "public.b"] }
      whole = { cron = "0 3 * * 0", tables = ["public.a"], full = true, paused = true, retry_count = 1, retry_seconds = 30 }
    }
  }

  assert {
    condition = { for k, j in google_cloud_scheduler_job.this : k => base64decode(j.pubsub_target[0].data) } == {
      all   = "{}"
      some  = "{\"tables\":[\"public.a\",\"public.b\"]}"
      whole = "{\"full\":true,\"tables\":[\"public.a\"]}"
    }
    error_message = "A tick says something else than the body of POST /runs."
  }
  assert {
    condition = alltrue([
      [for j in google_cloud_scheduler_job.this : j.region] == ["europe-west3", "europe-west3", "europe-west3"],
      google_cloud_scheduler_job.this["some"].time_zone == "Europe/Rome",
      google_cloud_scheduler_job.this["whole"].paused,
      !google_cloud_scheduler_job.this["all"].paused,
      google_cloud_scheduler_job.this["whole"].retry_config[0].retry_count == 1,
      google_cloud_scheduler_job.this["whole"].retry_config[0].min_backoff_duration == "30s",
    ])
    error_message = "A schedule lost its region, time zone, pause or retries."
  }
}

run "reports" {
  variables {
    config = "gs://$${PLIMSOLL_BUCKET}, $${PLIMSOLL_DATASET}, $${PLIMSOLL_REPORTS_TOPIC} for reports"
    pubsub = { reports = true, regions = ["europe-west1"] }
  }

  assert {
    condition     = one([for e in google_cloud_run_v2_service.this.template[0].containers[0].env : e.value if e.name == "PLIMSOLL_REPORTS_TOPIC"]) == "projects/my-project/topics/plimsoll-reports"
    error_message = "The container does not know where reports go."
  }
  assert {
    condition = alltrue([for t in [google_pubsub_topic.ticks, google_pubsub_topic.dead_letter, google_pubsub_topic.reports[0]] :
      t.message_storage_policy[0].allowed_persistence_regions == toset(["europe-west1"])
    ])
    error_message = "A topic may keep messages elsewhere."
  }
}

run "the_config_in_a_secret" {
  variables {
    config_store = "secret"
  }

  assert {
    condition = alltrue([
      length(google_storage_bucket_object.config) == 0,
      google_secret_manager_secret_version.this["config"].secret_data == var.config,
      google_secret_manager_secret_version.this["config"].deletion_policy == "ABANDON",
      one(google_cloud_run_v2_service.this.template[0].volumes).secret[0].secret == "plimsoll-config",
      one(google_cloud_run_v2_service.this.template[0].volumes).secret[0].items[0].version == google_secret_manager_secret_version.this["config"].version,
      "${one(google_cloud_run_v2_service.this.template[0].containers[0].volume_mounts).mount_path}/${one(google_cloud_run_v2_service.this.template[0].volumes).secret[0].items[0].path}" == output.config_path,
      one([for e in google_cloud_run_v2_service.this.template[0].containers[0].env : e.value if e.name == "PLIMSOLL_CONFIG"]) == "/etc/plimsoll/plimsoll.toml",
    ])
    error_message = "The config is not mounted from the version of the secret that holds it."
  }
}

run "a_config_secret_of_yours" {
  variables {
    config        = null
    config_secret = { secret = "projects/vault/secrets/plimsoll-toml", version = "7" }
  }

  assert {
    condition = alltrue([
      length(google_storage_bucket_object.config) + length(google_secret_manager_secret.this) == 0,
      one(google_cloud_run_v2_service.this.template[0].volumes).secret[0].secret == "projects/vault/secrets/plimsoll-toml",
      one(google_cloud_run_v2_service.this.template[0].volumes).secret[0].items[0].version == "7",
      output.config_path == "/etc/plimsoll/plimsoll.toml",
    ])
    error_message = "The config is not mounted from the given secret."
  }
}

run "secrets_made_empty" {
  variables {
    database_url    = {}
    hash_salt       = { version = "2" }
    secret_replicas = { europe-west1 = { kms_key = "projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k" }, europe-west3 = {} }
  }

  assert {
    condition     = toset([for s in google_secret_manager_secret.this : s.secret_id]) == toset(["plimsoll-database-url", "plimsoll-hash-salt"]) && length(google_secret_manager_secret_version.this) == 0
    error_message = "Without values there are two secrets, and no version of them."
  }
  assert {
    condition = { for e in google_cloud_run_v2_service.this.template[0].containers[0].env : e.name => "${e.value_source[0].secret_key_ref[0].secret}:${e.value_source[0].secret_key_ref[0].version}" if length(e.value_source) > 0 } == {
      DATABASE_URL       = "plimsoll-database-url:latest"
      PLIMSOLL_HASH_SALT = "plimsoll-hash-salt:2"
    }
    error_message = "The container reads another secret, or another version."
  }
  assert {
    condition = alltrue([for s in google_secret_manager_secret.this :
      length(s.replication[0].auto) == 0 &&
      [for r in s.replication[0].user_managed[0].replicas : "${r.location} ${join("", r.customer_managed_encryption[*].kms_key_name)}"] == [
        "europe-west1 projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k",
        "europe-west3 ",
      ]
    ])
    error_message = "A secret is kept elsewhere, or without its key."
  }
}

run "secrets_made_with_values" {
  variables {
    database_url       = {}
    database_url_value = "postgres://reader:secret@db/app"
    hash_salt_value    = "0123456789abcdef"
  }

  assert {
    condition = alltrue([
      nonsensitive(google_secret_manager_secret_version.this["database-url"].secret_data) == "postgres://reader:secret@db/app",
      nonsensitive(google_secret_manager_secret_version.this["hash-salt"].secret_data) == "0123456789abcdef",
      length(google_secret_manager_secret_version.this) == 2,
      alltrue([for s in google_secret_manager_secret.this : length(s.replication[0].auto) == 1]),
    ])
    error_message = "A secret has another value than the one that was given."
  }
  # Pinned, so that a new value makes a new revision.
  assert {
    condition = { for e in google_cloud_run_v2_service.this.template[0].containers[0].env : e.name => e.value_source[0].secret_key_ref[0].version if length(e.value_source) > 0 } == {
      DATABASE_URL       = google_secret_manager_secret_version.this["database-url"].version
      PLIMSOLL_HASH_SALT = google_secret_manager_secret_version.this["hash-salt"].version
    }
    error_message = "A value that Terraform set is not pinned to its version."
  }
}

run "a_sql_server_in_pairs" {
  command = plan
  variables {
    database_url       = {}
    database_url_value = "Server=tcp:db.example.com,1433;Initial Catalog=app;User ID=reader;Password=secret;Encrypt=true"
  }

  assert {
    condition     = nonsensitive(google_secret_manager_secret_version.this["database-url"].secret_data) == nonsensitive(var.database_url_value)
    error_message = "The connection string is another one."
  }
}

run "a_sql_server_in_pairs_of_odbc" {
  command = plan
  variables {
    database_url       = {}
    database_url_value = "Driver={ODBC Driver 18 for SQL Server};Server=db,1433;Database=app;Uid=reader;Pwd={se;cret}"
  }

  assert {
    condition     = nonsensitive(google_secret_manager_secret_version.this["database-url"].secret_data) == nonsensitive(var.database_url_value)
    error_message = "The connection string is another one."
  }
}

run "a_sql_server_as_a_url" {
  command = plan
  variables {
    database_url       = {}
    database_url_value = "sqlserver://reader:secret@db:1433?database=app"
  }

  assert {
    condition     = nonsensitive(google_secret_manager_secret_version.this["database-url"].secret_data) == nonsensitive(var.database_url_value)
    error_message = "The connection string is another one."
  }
}

run "a_sql_server_as_a_url_of_sqlalchemy" {
  command = plan
  variables {
    database_url       = {}
    database_url_value = "mssql+pyodbc://reader:secret@db:1433/app"
  }

  assert {
    condition     = nonsensitive(google_secret_manager_secret_version.this["database-url"].secret_data) == nonsensitive(var.database_url_value)
    error_message = "The connection string is another one."
  }
}

run "a_sql_server_of_jdbc" {
  command = plan
  variables {
    database_url       = {}
    database_url_value = "jdbc:sqlserver://db:1433;databaseName=app;user=reader;password={secret}"
  }

  assert {
    condition     = nonsensitive(google_secret_manager_secret_version.this["database-url"].secret_data) == nonsensitive(var.database_url_value)
    error_message = "The connection string is another one."
  }
}

# The password of the pairs is a variable, which the state does not hold.
run "a_config_with_pairs" {
  command = plan
  variables {
    config     = "[source]\nurl = 'Server=tcp:db,1433;Database=app;User ID=reader;Password=$${DB_PASSWORD};certificate=/etc/plimsoll-ca/ca.pem'\n[storage]\nurl = \"gs://$${PLIMSOLL_BUCKET}/$${PLIMSOLL_PREFIX}\"\n[bigquery]\ndataset = \"$${PLIMSOLL_DATASET}\"\n[[table]]\nsource = \"dbo.people\"\nexclude = [\"password\"]\n"
    secret_env = { DB_PASSWORD = { secret = "s" } }
  }

  assert {
    condition     = length(google_storage_bucket_object.config) == 1
    error_message = "The config is not kept."
  }
}

run "a_database_ca" {
  variables {
    database_ca = { pem = "-----BEGIN CERTIFICATE-----\nMII…\n-----END CERTIFICATE-----\n" }
  }

  assert {
    condition = alltrue([
      google_secret_manager_secret.this["database-ca"].secret_id == "plimsoll-database-ca",
      nonsensitive(google_secret_manager_secret_version.this["database-ca"].secret_data) == var.database_ca.pem,
      one(google_cloud_run_v2_service.this.template[0].volumes).secret[0].secret == "plimsoll-database-ca",
      # Pinned, so that another certificate makes a new revision.
      one(google_cloud_run_v2_service.this.template[0].volumes).secret[0].items[0].version == google_secret_manager_secret_version.this["database-ca"].version,
      one(google_cloud_run_v2_service.this.template[0].volumes).name == one(google_cloud_run_v2_service.this.template[0].containers[0].volume_mounts).name,
    ])
    error_message = "The authority is not mounted from the version of the secret that holds it."
  }
  assert {
    condition     = one([for e in google_cloud_run_v2_service.this.template[0].containers[0].env : e.value if e.name == "PGSSLROOTCERT"]) == "${one(google_cloud_run_v2_service.this.template[0].containers[0].volume_mounts).mount_path}/${one(google_cloud_run_v2_service.this.template[0].volumes).secret[0].items[0].path}"
    error_message = "PGSSLROOTCERT names another file than the one that is mounted."
  }
  # A SQL Server's connection string names it, so it may not move.
  assert {
    condition     = one([for e in google_cloud_run_v2_service.this.template[0].containers[0].env : e.value if e.name == "PGSSLROOTCERT"]) == "/etc/plimsoll-ca/ca.pem"
    error_message = "The authority is in another file than the variable's description says."
  }
}

run "a_database_ca_of_yours" {
  variables {
    config_store = "secret"
    database_ca  = { secret = "projects/vault/secrets/ca", version = "4" }
  }

  assert {
    condition = length([for v in google_cloud_run_v2_service.this.template[0].volumes : v
    if v.secret[0].secret == "projects/vault/secrets/ca" && v.secret[0].items[0].version == "4"]) == 1
    error_message = "The authority is not mounted from the given secret."
  }
  # Two volumes cannot share a folder.
  assert {
    condition     = toset([for m in google_cloud_run_v2_service.this.template[0].containers[0].volume_mounts : m.mount_path]) == toset(["/etc/plimsoll", "/etc/plimsoll-ca"])
    error_message = "Config and authority are not each in a folder of their own."
  }
  assert {
    condition     = contains(output.secrets, "projects/vault/secrets/ca")
    error_message = "The service may not read the secret with the authority."
  }
}

run "more_environment" {
  variables {
    env        = { SCHEMA = "app" }
    secret_env = { PGPASSWORD = { secret = "projects/my-project/secrets/pw", version = "3" }, TOKEN = { secret = "projects/elsewhere/secrets/token" } }
    service    = { log_level = "debug" }
  }

  assert {
    condition = { for e in google_cloud_run_v2_service.this.template[0].containers[0].env : e.name => (
      length(e.value_source) == 0 ? e.value : "${e.value_source[0].secret_key_ref[0].secret}:${e.value_source[0].secret_key_ref[0].version}"
      ) if contains(["SCHEMA", "PGPASSWORD", "TOKEN", "RUST_LOG"], e.name) } == {
      SCHEMA     = "app"
      PGPASSWORD = "pw:3"
      TOKEN      = "projects/elsewhere/secrets/token:latest"
      RUST_LOG   = "debug"
    }
    error_message = "A variable of env, secret_env or log_level did not arrive."
  }
}

run "direct_vpc_egress" {
  variables {
    network = { network = "main", subnetwork = "main-ew1", tags = ["plimsoll"] }
  }

  assert {
    condition = alltrue([
      google_cloud_run_v2_service.this.template[0].vpc_access[0].egress == "PRIVATE_RANGES_ONLY",
      google_cloud_run_v2_service.this.template[0].vpc_access[0].connector == null,
      google_cloud_run_v2_service.this.template[0].vpc_access[0].network_interfaces[0].network == "main",
      google_cloud_run_v2_service.this.template[0].vpc_access[0].network_interfaces[0].subnetwork == "main-ew1",
      google_cloud_run_v2_service.this.template[0].vpc_access[0].network_interfaces[0].tags == tolist(["plimsoll"]),
      contains(keys(google_project_service.this), "compute.googleapis.com"),
    ])
    error_message = "The service does not send through the VPC."
  }
}

run "a_connector" {
  variables {
    network = { connector = "projects/my-project/locations/europe-west1/connectors/c", egress = "ALL_TRAFFIC" }
  }

  assert {
    condition = alltrue([
      google_cloud_run_v2_service.this.template[0].vpc_access[0].egress == "ALL_TRAFFIC",
      google_cloud_run_v2_service.this.template[0].vpc_access[0].connector == "projects/my-project/locations/europe-west1/connectors/c",
      length(google_cloud_run_v2_service.this.template[0].vpc_access[0].network_interfaces) == 0,
      contains(keys(google_project_service.this), "vpcaccess.googleapis.com"),
      !contains(keys(google_project_service.this), "compute.googleapis.com"),
    ])
    error_message = "The service does not send through the connector."
  }
}

run "a_network_with_a_fixed_address" {
  variables {
    network = { create = { cidr = "10.9.0.0/24" } }
  }

  assert {
    condition = alltrue([
      google_cloud_run_v2_service.this.template[0].vpc_access[0].egress == "ALL_TRAFFIC",
      google_cloud_run_v2_service.this.template[0].vpc_access[0].network_interfaces[0].subnetwork == google_compute_subnetwork.this[0].id,
      google_compute_subnetwork.this[0].ip_cidr_range == "10.9.0.0/24",
      google_compute_subnetwork.this[0].private_ip_google_access,
      google_compute_router_nat.this[0].nat_ip_allocate_option == "MANUAL_ONLY",
      google_compute_router_nat.this[0].nat_ips == toset([google_compute_address.egress[0].self_link]),
      output.egress_address == google_compute_address.egress[0].address,
    ])
    error_message = "The way out is not through the one address."
  }
}

run "a_cloud_sql_socket" {
  variables {
    cloud_sql = { instances = ["my-project:europe-west1:app"] }
  }

  assert {
    condition = alltrue([
      one(google_cloud_run_v2_service.this.template[0].volumes).cloud_sql_instance[0].instances == toset(["my-project:europe-west1:app"]),
      one(google_cloud_run_v2_service.this.template[0].containers[0].volume_mounts).mount_path == "/cloudsql",
      contains(keys(google_project_service.this), "sqladmin.googleapis.com"),
    ])
    error_message = "The socket is not mounted below /cloudsql."
  }
}

run "keys_of_your_own" {
  variables {
    config   = "gs://$${PLIMSOLL_BUCKET}, $${PLIMSOLL_DATASET}, $${PLIMSOLL_REPORTS_TOPIC} for reports"
    bucket   = { kms_key = "projects/p/locations/europe-west1/keyRings/r/cryptoKeys/bucket" }
    bigquery = { kms_key = "projects/p/locations/europe-west1/keyRings/r/cryptoKeys/bigquery" }
    pubsub   = { kms_key = "projects/p/locations/europe-west1/keyRings/r/cryptoKeys/pubsub", reports = true }
    service  = { kms_key = "projects/p/locations/europe-west1/keyRings/r/cryptoKeys/run", binary_authorization = true }
    registry = { create = true, kms_key = "projects/p/locations/europe-west1/keyRings/r/cryptoKeys/registry" }
  }

  assert {
    condition = alltrue([
      endswith(google_storage_bucket.this[0].encryption[0].default_kms_key_name, "/bucket"),
      endswith(google_bigquery_dataset.target[0].default_encryption_configuration[0].kms_key_name, "/bigquery"),
      endswith(google_bigquery_dataset.staging[0].default_encryption_configuration[0].kms_key_name, "/bigquery"),
      endswith(google_pubsub_topic.ticks.kms_key_name, "/pubsub"),
      endswith(google_pubsub_topic.dead_letter.kms_key_name, "/pubsub"),
      endswith(google_pubsub_topic.reports[0].kms_key_name, "/pubsub"),
      endswith(google_cloud_run_v2_service.this.template[0].encryption_key, "/run"),
      google_cloud_run_v2_service.this.binary_authorization[0].use_default,
      endswith(google_artifact_registry_repository.this[0].kms_key_name, "/registry"),
    ])
    error_message = "Something is not under its key."
  }
}

run "a_repository" {
  variables {
    registry = { create = true, repository = "images", keep = 5, delete_after_days = 7 }
  }

  assert {
    condition     = output.repository == "europe-west1-docker.pkg.dev/my-project/images" && contains(keys(google_project_service.this), "artifactregistry.googleapis.com")
    error_message = "The repository has another name than images are pushed to."
  }
  assert {
    condition = { for p in google_artifact_registry_repository.this[0].cleanup_policies : p.action => join("", concat(p.most_recent_versions[*].keep_count, p.condition[*].older_than)) } == {
      KEEP   = "5"
      DELETE = "604800s"
    }
    error_message = "The clean-up keeps or deletes other versions."
  }
}

run "a_rollback" {
  variables {
    service = { revision = "plimsoll-00012-abc" }
  }

  assert {
    condition     = one(google_cloud_run_v2_service.this.traffic).revision == "plimsoll-00012-abc" && one(google_cloud_run_v2_service.this.traffic).type == "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION" && one(google_cloud_run_v2_service.this.traffic).percent == 100
    error_message = "Traffic does not go to the revision that was named."
  }
}

run "a_service_that_can_be_reached" {
  variables {
    service = { ingress = "INGRESS_TRAFFIC_ALL", deletion_protection = true, concurrency = 1, cpu = "0.5", memory = "512Mi", max_instances = 10, timeout_seconds = 3600 }
  }

  assert {
    condition = alltrue([
      google_cloud_run_v2_service.this.ingress == "INGRESS_TRAFFIC_ALL",
      google_cloud_run_v2_service.this.invoker_iam_disabled == false,
      google_cloud_run_v2_service.this.deletion_protection,
      google_cloud_run_v2_service.this.template[0].max_instance_request_concurrency == 1,
      google_cloud_run_v2_service.this.template[0].containers[0].resources[0].limits == tomap({ cpu = "0.5", memory = "512Mi" }),
      google_cloud_run_v2_service.this.template[0].scaling[0].max_instance_count == 10,
      google_cloud_run_v2_service.this.template[0].timeout == "3600s",
    ])
    error_message = "The service's variables did not arrive; or it is open to everybody, which it never is."
  }
}

run "bucket_and_datasets_of_yours" {
  variables {
    bucket   = { create = false, name = "our-bucket", prefix = "team/plimsoll" }
    bigquery = { create = false, create_staging = false, dataset = "raw", location = "EU" }
  }

  assert {
    condition     = length(google_storage_bucket.this) + length(google_bigquery_dataset.target) + length(google_bigquery_dataset.staging) == 0
    error_message = "Something was made that is there already."
  }
  assert {
    condition = { for e in google_cloud_run_v2_service.this.template[0].containers[0].env : e.name => e.value if contains(["PLIMSOLL_BUCKET", "PLIMSOLL_PREFIX", "PLIMSOLL_DATASET", "PLIMSOLL_STAGING_DATASET", "PLIMSOLL_LOCATION"], e.name) } == {
      PLIMSOLL_BUCKET          = "our-bucket"
      PLIMSOLL_PREFIX          = "team/plimsoll"
      PLIMSOLL_DATASET         = "raw"
      PLIMSOLL_STAGING_DATASET = "raw_staging"
      PLIMSOLL_LOCATION        = "EU"
    }
    error_message = "The container does not know the given bucket and datasets."
  }
  assert {
    condition     = startswith(google_storage_bucket_object.config[0].name, "team/plimsoll/config/") && google_storage_bucket_object.config[0].bucket == "our-bucket"
    error_message = "The config is not in the given bucket."
  }
}

run "a_bucket_with_other_days" {
  variables {
    bucket   = { name = "another-name", location = "EU", prefix = "team/app", batch_days = 90, soft_delete_days = 7, force_destroy = true }
    bigquery = { staging_hours = 48, delete_contents_on_destroy = true, location = "EU" }
  }

  assert {
    condition = alltrue([
      google_storage_bucket.this[0].name == "another-name",
      google_storage_bucket.this[0].location == "EU",
      google_storage_bucket.this[0].force_destroy,
      google_storage_bucket.this[0].soft_delete_policy[0].retention_duration_seconds == 604800,
      one(google_storage_bucket.this[0].lifecycle_rule[0].condition).age == 90,
      one(google_storage_bucket.this[0].lifecycle_rule[0].condition).matches_prefix == tolist(["team/app/batches/"]),
      google_bigquery_dataset.target[0].delete_contents_on_destroy,
      google_bigquery_dataset.target[0].location == "EU",
      google_bigquery_dataset.staging[0].default_table_expiration_ms == 172800000,
    ])
    error_message = "A variable of bucket or bigquery did not arrive."
  }
}

run "apis_can_be_left_out" {
  variables {
    enable_apis = false
  }

  assert {
    condition     = length(google_project_service.this) == 0
    error_message = "An API was enabled though enable_apis is false."
  }
}

run "another_name_is_another_deployment" {
  command = plan
  variables {
    name   = "plimsoll-two"
    labels = { team = "data" }
  }

  assert {
    condition = toset(concat(
      [google_cloud_run_v2_service.this.name, google_pubsub_topic.ticks.name, google_pubsub_topic.dead_letter.name, google_pubsub_subscription.push.name, google_pubsub_subscription.dead_letter.name],
      [google_storage_bucket.this[0].name, google_service_account.service[0].account_id, google_service_account.push[0].account_id],
      [for j in google_cloud_scheduler_job.this : j.name], [google_logging_metric.count["runs"].name],
      )) == toset([
      "plimsoll-two", "plimsoll-two-dead-letter", "plimsoll-two-push", "my-project-plimsoll-two", "plimsoll-two-run",
      "plimsoll-two-tick", "plimsoll-two/runs",
    ])
    error_message = "Two deployments in a project would share a name."
  }
  assert {
    condition = alltrue([for r in [google_cloud_run_v2_service.this, google_pubsub_topic.ticks, google_pubsub_subscription.push, google_storage_bucket.this[0], google_bigquery_dataset.target[0]] :
      r.labels == tomap({ team = "data" })
    ])
    error_message = "Something has no labels."
  }
}
