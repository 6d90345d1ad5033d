output "commands" {
  description = "What to type next."
  value       = module.plimsoll.commands
}

output "repository" {
  description = "Where images are pushed to."
  value       = module.plimsoll.repository
}

output "service_uri" {
  description = "The service's URL."
  value       = module.plimsoll.service_uri
}
