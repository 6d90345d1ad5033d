#!/usr/bin/env bash
# What can be said of the text alone: formatting, clippy, the Dockerfile, the Terraform module. The linters from PyPI are kept in a venv
# of their own, one for each version of scripts/lint-requirements.txt. Says plainly what it could not do.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo fmt --check
cargo clippy --locked --all-targets -- -D warnings
cargo clippy --locked --all-targets --features failpoints -- -D warnings

cache=${PLIMSOLL_CACHE:-$HOME/.cache/plimsoll}
key=$(sha256sum <scripts/lint-requirements.txt | cut -c1-16)
tools=$cache/lint-$key
if [ ! -f "$tools/.ready" ]; then
  rm -rf "$tools"
  python3 -m venv "$tools"
  "$tools/bin/pip" install -q --disable-pip-version-check -r scripts/lint-requirements.txt
  touch "$tools/.ready"
fi
"$tools/bin/hadolint" Dockerfile
"$tools/bin/python" scripts/terraform-docs.py --check

if ! command -v terraform >/dev/null; then
  echo "LEFT OUT, because terraform is missing (https://developer.hashicorp.com/terraform/install): its formatting, validation and tests"
  exit 0
fi
terraform fmt -check -recursive -diff terraform
# The provider comes from Terraform's registry; where that is not reached, formatting is all.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -r terraform "$scratch/"
cannot() {
  echo "LEFT OUT, because terraform init could not fetch the google provider: terraform validate and terraform test"
  exit 0
}
for folder in terraform terraform/examples/minimal terraform/examples/complete; do
  timeout 120 terraform -chdir="$scratch/$folder" init -backend=false -input=false -no-color >"$scratch/log" 2>&1 || cannot
  terraform -chdir="$scratch/$folder" validate -no-color
  terraform -chdir="$scratch/$folder" test -no-color
done
