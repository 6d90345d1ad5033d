# The service logs one entry a run, "run finished". Metrics and the dashboard are made from it, and so are the alerts,
# but from the entries themselves: a policy on a log-based metric is refused for up to ten minutes after the metric was
# made, so one apply could not do both; and an incident that opens from an entry shows that entry.

locals {
  service_filter = join(" AND ", [
    "resource.type=\"cloud_run_revision\"",
    "resource.labels.service_name=\"${var.name}\"",
    "resource.labels.location=\"${var.region}\"",
  ])
  run_filter = "${local.service_filter} AND jsonPayload.message=\"run finished\""
  # One entry for each table that was compared with its source.
  compared_filter = "${local.service_filter} AND jsonPayload.message=\"table compared\""
  failed_filter   = "(jsonPayload.state=\"failed\" OR jsonPayload.aside>0)"

  # Entries, counted.
  counters = {
    runs     = { filter = local.run_filter, description = "Runs that ended, by how." }
    failures = { filter = "${local.run_filter} AND ${local.failed_filter}", description = "Runs that failed, or that left tables set aside." }
    compared = { filter = local.compared_filter, description = "Tables that were compared with their source, by what was found." }
  }

  # Numbers in an entry. An extractor needs a distribution; its sum and count are what is read back. Powers of four: from
  # one to past 10^12 in 20 buckets, for a series has a bucket for each.
  distributions = {
    upserts           = { field = "upserts", unit = "1", description = "Rows inserted or updated, by run." }
    deletes           = { field = "deletes", unit = "1", description = "Rows deleted, by run." }
    quarantined       = { field = "quarantined", unit = "1", description = "Values that BigQuery can't hold, by run." }
    bytes_billed      = { field = "bytesBilled", unit = "By", description = "Bytes that BigQuery bills, by run." }
    staged_bytes      = { field = "stagedBytes", unit = "By", description = "Bytes written to Cloud Storage, by run." }
    run_seconds       = { field = "seconds", unit = "s", description = "How long a run took." }
    age_seconds       = { field = "ageSeconds", unit = "s", description = "How old what is in BigQuery was when a run ended." }
    lease_seconds     = { field = "leaseSeconds", unit = "s", description = "How long another run had had the feed." }
    apply_lag_seconds = { field = "applyLagSeconds", unit = "s", description = "How long rows that were appended to a table wait to be applied." }
  }
}

resource "google_logging_metric" "count" {
  for_each = var.monitoring.metrics ? local.counters : {}

  project     = var.project_id
  name        = "${var.name}/${each.key}"
  description = each.value.description
  filter      = each.value.filter

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"
    labels {
      key        = "feed"
      value_type = "STRING"
    }
    labels {
      key        = "state"
      value_type = "STRING"
    }
  }
  label_extractors = {
    feed  = "EXTRACT(labels.feed)"
    state = "EXTRACT(jsonPayload.state)"
  }

  depends_on = [google_project_service.this]
}

resource "google_logging_metric" "distribution" {
  for_each = var.monitoring.metrics ? local.distributions : {}

  project     = var.project_id
  name        = "${var.name}/${each.key}"
  description = each.value.description
  # An entry without the field has no value to extract, and would be counted as an extraction error.
  filter          = "${local.run_filter} AND jsonPayload.${each.value.field}>=0"
  value_extractor = "EXTRACT(jsonPayload.${each.value.field})"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = each.value.unit
    labels {
      key        = "feed"
      value_type = "STRING"
    }
  }
  label_extractors = {
    feed = "EXTRACT(labels.feed)"
  }

  bucket_options {
    exponential_buckets {
      num_finite_buckets = 20
      growth_factor      = 4
      scale              = 1
    }
  }

  depends_on = [google_project_service.this]
}

# ---- alerts ----

resource "google_monitoring_notification_channel" "email" {
  for_each = var.alerts.emails

  project      = var.project_id
  display_name = "${var.name}: ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }
  user_labels  = var.labels

  depends_on = [google_project_service.this]
}

locals {
  alert_channels = concat(var.alerts.notification_channels, [for c in google_monitoring_notification_channel.email : c.id])

  read_log = "gcloud logging read '${local.run_filter}' --project=${var.project_id} --freshness=1d --limit=20 --format='table(timestamp,labels.feed,jsonPayload.state,jsonPayload.ageSeconds,jsonPayload.error,jsonPayload.hint)'"

  # Alerts on entries of the log: the filter, and what the operator reads.
  log_alerts = { for k, a in {
    freshness = {
      enabled  = var.alerts.freshness.enabled
      severity = "CRITICAL"
      title    = "data is older than ${var.alerts.freshness.minutes} min"
      filter   = "jsonPayload.ageSeconds>${var.alerts.freshness.minutes * 60}"
      text     = <<-EOT
        Runs of feed `$${log.extracted_label.feed}` end, and what is in BigQuery stays older than ${var.alerts.freshness.minutes} minutes.

        First: `${local.read_log}`

        `loading` in the report is a first load under way; a growing age with state `done` is a backlog. A run that is
        `failed` says what to do in its hint. docs/OPERATIONS.md, "Where to look" and "Failures".
      EOT
    }
    failure = {
      enabled  = var.alerts.failure.enabled
      severity = "ERROR"
      title    = "a run failed, or a table is set aside"
      filter   = local.failed_filter
      text     = <<-EOT
        A run of feed `$${log.extracted_label.feed}` ended `$${log.extracted_label.state}`. The entry's `error` and `hint` say what to do.

        First: `${local.read_log}`

        What is said to pass by itself does: the next tick tries again. A table set aside waits for a person.
        docs/OPERATIONS.md, "Failures", has every row.
      EOT
    }
    differs = {
      enabled  = var.alerts.differs.enabled
      severity = "ERROR"
      title    = "a table differs from its source"
      filter   = "jsonPayload.state=\"differs\""
      base     = local.compared_filter
      text     = <<-EOT
        A comparison has found rows of feed `$${log.extracted_label.feed}` that differ from the source and were no changes on their way. The entry names the
        table and how many rows are missing, extra or different.

        First: `gcloud logging read '${local.compared_filter}' --project=${var.project_id} --freshness=1d --limit=20 --format='table(timestamp,jsonPayload.table,jsonPayload.state,jsonPayload.missing,jsonPayload.extra,jsonPayload.different)'`

        Then `plimsoll verify --table TABLE --csv keys.csv` lists the keys, and `--repair` reads them again.

        docs/OPERATIONS.md, "What to do when a table differs".
      EOT
    }
    lease = {
      enabled  = var.alerts.lease.enabled
      severity = "WARNING"
      title    = "a feed was busy for more than ${var.alerts.lease.minutes} min"
      filter   = "jsonPayload.state=\"busy\" AND jsonPayload.leaseSeconds>${var.alerts.lease.minutes * 60}"
      text     = <<-EOT
        Feed `$${log.extracted_label.feed}` has been with one run for more than ${var.alerts.lease.minutes} minutes. A dead holder is taken over after `[run] lease`, so this one is alive, and slow.

        First: `gcloud storage cat gs://${local.bucket_name}/${var.bucket.prefix}/state/$${log.extracted_label.feed}.json`

        `lease` in it names run and holder. docs/OPERATIONS.md, "Failures": a statement or a job that hangs.
      EOT
    }
    apply_lag = {
      enabled  = var.apply_lag_limit != null
      severity = "WARNING"
      title    = "rows wait to be applied for more than ${coalesce(var.apply_lag_limit, 0)} s"
      filter   = "jsonPayload.applyLagSeconds>${coalesce(var.apply_lag_limit, 0)}"
      text     = <<-EOT
        Rows that were appended to a table of feed `$${log.extracted_label.feed}` (`apply = "append"`) are not applied to it for more than ${coalesce(var.apply_lag_limit, 0)} seconds. A query still sees them: it merges them as it reads, and costs more.

        First: `gcloud logging read '${local.run_filter} AND jsonPayload.applyLagSeconds>0' --project=${var.project_id} --freshness=1d --limit=20 --format='table(timestamp,labels.feed,jsonPayload.applyLagSeconds)'`

        BigQuery applies rows in the background within the table's `max_staleness`, in slots of the project: without a reservation
        for BACKGROUND jobs they share those of queries. docs/OPERATIONS.md, "Alerts".
      EOT
    }
  } : k => a if a.enabled }
}

resource "google_monitoring_alert_policy" "log" {
  for_each = local.log_alerts

  project               = var.project_id
  display_name          = "${var.name}: ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.alert_channels
  user_labels           = var.labels

  conditions {
    display_name = each.value.title
    condition_matched_log {
      filter = "${try(each.value.base, local.run_filter)} AND ${each.value.filter}"
      # Few values each: every combination is an incident of its own.
      label_extractors = {
        feed  = "EXTRACT(labels.feed)"
        state = "EXTRACT(jsonPayload.state)"
      }
    }
  }

  alert_strategy {
    # The incident closes when no such entry has come for a while: half an hour is the least, and above the repetition.
    auto_close = "${max(30, var.alerts.repeat_minutes + 30) * 60}s"
    notification_rate_limit {
      period = "${var.alerts.repeat_minutes * 60}s"
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = each.value.text
  }

  depends_on = [google_project_service.this]
}

# No run at all leaves no entry. What always leaves a trace is the push: Pub/Sub counts those answered well.
resource "google_monitoring_alert_policy" "silence" {
  count = var.alerts.silence.enabled ? 1 : 0

  project               = var.project_id
  display_name          = "${var.name}: no tick went well for ${var.alerts.silence.minutes} min"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.alert_channels
  user_labels           = var.labels

  conditions {
    display_name = "no push was answered with 2xx"
    # Half of the time it is looked back, half of it that has to be so. In PromQL, for a threshold on a series that was never there
    # does not fire: a deployment that is dead from its first day has none.
    condition_prometheus_query_language {
      query = join(" ", [
        "(sum(increase(pubsub_googleapis_com:subscription_push_request_count{monitored_resource=\"pubsub_subscription\",",
        "subscription_id=\"${google_pubsub_subscription.push.name}\",response_class=\"ack\"}[${ceil(var.alerts.silence.minutes / 2)}m]))",
        "or vector(0)) < 1",
      ])
      duration            = "${ceil(var.alerts.silence.minutes / 2) * 60}s"
      evaluation_interval = "60s"
    }
  }

  alert_strategy {
    auto_close = "86400s"
  }

  documentation {
    mime_type = "text/markdown"
    content   = <<-EOT
      For ${var.alerts.silence.minutes} minutes no tick was answered well: none came, or each one failed.

      First: `gcloud scheduler jobs list --location=${coalesce(var.scheduler_region, var.region)} --project=${var.project_id}`

      ENABLED, with a recent last attempt: then `gcloud run services logs read ${var.name} --region=${var.region} --project=${var.project_id} --limit=50`.
      403 is a missing `roles/run.invoker`, 5xx a failed run or a container that does not start. docs/OPERATIONS.md.
    EOT
  }

  depends_on = [google_project_service.this]
}

resource "google_monitoring_alert_policy" "dead_letter" {
  count = var.alerts.dead_letter.enabled ? 1 : 0

  project               = var.project_id
  display_name          = "${var.name}: a tick was given up"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = local.alert_channels
  user_labels           = var.labels

  conditions {
    display_name = "messages in ${google_pubsub_subscription.dead_letter.name}"
    condition_threshold {
      filter = join(" AND ", [
        "resource.type = \"pubsub_subscription\"",
        "resource.labels.subscription_id = \"${google_pubsub_subscription.dead_letter.name}\"",
        "metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\"",
      ])
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      # Less than a minute is refused together with what missing data means.
      duration                = "60s"
      evaluation_missing_data = "EVALUATION_MISSING_DATA_INACTIVE"

      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }

  alert_strategy {
    auto_close = "86400s"
  }

  documentation {
    mime_type = "text/markdown"
    content   = <<-EOT
      A tick failed ${var.pubsub.max_delivery_attempts} times and was given up. A tick of the schedule loses nothing by that: the next one does its work, once the cause is gone. What somebody asked for once (`full`, `resync`, `allow_deletes`, single tables) is not done by the next tick: publish it again.

      First: `gcloud pubsub subscriptions pull ${google_pubsub_subscription.dead_letter.name} --project=${var.project_id} --limit=10`

      It shows which tables, and when. Why is in the log: `${local.read_log}`. When the cause is gone, empty it:
      `gcloud pubsub subscriptions seek ${google_pubsub_subscription.dead_letter.name} --project=${var.project_id} --time=$(date -u +%Y-%m-%dT%H:%M:%SZ)`.
      docs/OPERATIONS.md, "Failures".
    EOT
  }

  depends_on = [google_project_service.this]
}

# ---- the dashboard ----

locals {
  # PromQL's name of a log-based metric: special characters become underscores, so the service's name is matched as well.
  promql_prefix   = "logging_googleapis_com:user_${replace(var.name, "-", "_")}_"
  promql_selector = "{monitored_resource=\"cloud_run_revision\",service_name=\"${var.name}\",location=\"${var.region}\"}"

  # A row of the dashboard has two charts.
  charts = [
    { title = "Age of the data, mean", unit = "s", query = "${local.promql_mean["age_seconds"]}" },
    { title = "Runs, by state", unit = "1", query = "sum by (state) (increase(${local.promql_prefix}runs${local.promql_selector}[$${__interval}]))" },
    { title = "Rows upserted", unit = "1", query = "${local.promql_sum["upserts"]}" },
    { title = "Rows deleted", unit = "1", query = "${local.promql_sum["deletes"]}" },
    { title = "Failures", unit = "1", query = "sum by (feed) (increase(${local.promql_prefix}failures${local.promql_selector}[$${__interval}]))" },
    { title = "Values quarantined", unit = "1", query = "${local.promql_sum["quarantined"]}" },
    { title = "Bytes billed by BigQuery", unit = "By", query = "${local.promql_sum["bytes_billed"]}" },
    { title = "Bytes staged", unit = "By", query = "${local.promql_sum["staged_bytes"]}" },
    { title = "Duration of a run, mean", unit = "s", query = "${local.promql_mean["run_seconds"]}" },
    { title = "Busy: how long the holder has had the feed, mean", unit = "s", query = "${local.promql_mean["lease_seconds"]}" },
  ]
  promql_sum = { for m in keys(local.distributions) : m =>
    "sum by (feed) (increase(${local.promql_prefix}${m}_sum${local.promql_selector}[$${__interval}]))"
  }
  promql_mean = { for m in keys(local.distributions) : m =>
    "sum by (feed) (increase(${local.promql_prefix}${m}_sum${local.promql_selector}[$${__interval}])) / sum by (feed) (increase(${local.promql_prefix}${m}_count${local.promql_selector}[$${__interval}]))"
  }

  tiles = concat(
    [for i, c in local.charts : {
      xPos   = i % 2 * 24
      yPos   = floor(i / 2) * 16
      width  = 24
      height = 16
      widget = {
        title = c.title
        xyChart = {
          dataSets = [{
            plotType        = "LINE"
            targetAxis      = "Y1"
            timeSeriesQuery = { prometheusQuery = c.query, unitOverride = c.unit }
          }]
          yAxis = { scale = "LINEAR" }
        }
      }
    }],
    [
      for i, s in [google_pubsub_subscription.push.name, google_pubsub_subscription.dead_letter.name] : {
        xPos   = i * 24
        yPos   = ceil(length(local.charts) / 2) * 16
        width  = 24
        height = 16
        widget = {
          title = "Messages waiting: ${s}"
          xyChart = {
            dataSets = [{
              plotType   = "LINE"
              targetAxis = "Y1"
              timeSeriesQuery = {
                timeSeriesFilter = {
                  filter      = "resource.type=\"pubsub_subscription\" resource.labels.subscription_id=\"${s}\" metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\""
                  aggregation = { alignmentPeriod = "60s", perSeriesAligner = "ALIGN_MAX" }
                }
                unitOverride = "1"
              }
            }]
            yAxis = { scale = "LINEAR" }
          }
        }
      }
    ],
  )
}

resource "google_monitoring_dashboard" "this" {
  count = var.monitoring.dashboard ? 1 : 0

  project = var.project_id
  dashboard_json = jsonencode({
    displayName  = "Plimsoll (${var.name})"
    mosaicLayout = { columns = 48, tiles = local.tiles }
  })

  depends_on = [google_logging_metric.count, google_logging_metric.distribution, google_project_service.this]
}
