# Each is a text of its own, so that `terraform output -raw NAME | sh` runs it.

output "status" {
  description = "The command that says how old each table is and how its last run ended."
  value       = module.plimsoll.commands.status
}

output "tick" {
  description = "The command for one tick by hand."
  value       = module.plimsoll.commands.tick
}

output "log" {
  description = "The command that shows how the last runs ended."
  value       = module.plimsoll.commands.log
}

output "page" {
  description = "The command that brings the status page to http://localhost:8080. Not there without viewers."
  value       = module.plimsoll.commands.page
}
