terraform {
  # optional() with defaults, and preconditions; rules between variables are preconditions, for validations that look
  # at other variables came with 1.9.
  required_version = ">= 1.6"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.50, < 9.0"
    }
  }
}
