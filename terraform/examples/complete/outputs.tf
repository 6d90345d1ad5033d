output "status" {
  description = "The command that says how old each table is and how its last run ended: `terraform output -raw status | sh`."
  value       = module.plimsoll.commands.status
}

output "page" {
  description = "The command that brings the status page to http://localhost:8080."
  value       = module.plimsoll.commands.page
}

output "repository" {
  description = "Where images are pushed to."
  value       = module.plimsoll.repository
}

output "service_uri" {
  description = "The service's URL."
  value       = module.plimsoll.service_uri
}
