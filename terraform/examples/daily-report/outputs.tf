output "send_now" {
  description = "The command that sends a report at once."
  value       = "gcloud scheduler jobs run ${google_cloud_scheduler_job.report.name} --project=${var.project_id} --location=${var.region}"
}
