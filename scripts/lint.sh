#!/usr/bin/env bash
# What can be said of the text alone: formatting, clippy, the Dockerfile, the dependencies' licences, T-SQL statements, the Terraform module. Says plainly what it could not do.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo fmt --check
# What `cargo clippy` does, on the build of the dependencies that the tests and the demo use: by itself it would compile all of them once more.
clippy() {
  RUSTC_WORKSPACE_WRAPPER="$(rustc --print sysroot)/bin/clippy-driver" CLIPPY_ARGS="-D__CLIPPY_HACKERY__warnings" \
    cargo build --locked --all-targets "$@"
}
clippy
clippy --features failpoints
# Links of the documentation lead somewhere. It is read in the code: private items may be named.
RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --locked --quiet --lib --no-deps --document-private-items

tools=$(scripts/linters.sh)
"$tools/bin/hadolint" Dockerfile
"$tools/bin/python" scripts/terraform-docs.py --check
scripts/links.py
"$tools/bin/python" scripts/tsql.py
scripts/deny.sh licenses bans sources

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
for folder in terraform terraform/examples/minimal terraform/examples/complete terraform/examples/daily-report; do
  timeout 120 terraform -chdir="$scratch/$folder" init -backend=false -input=false -no-color >"$scratch/log" 2>&1 || cannot
  terraform -chdir="$scratch/$folder" validate -no-color
  terraform -chdir="$scratch/$folder" test -no-color
done
