output "commands" {
  description = "What to type next."
  value       = module.plimsoll.commands
}
