#!/usr/bin/env bash
# Runs cargo-deny with deny.toml: the one on the PATH, else the linters' own.
#   scripts/deny.sh licenses bans sources     what the linter asks for
#   scripts/deny.sh advisories                known faults in what we depend on; needs RustSec's database
# ADVISORY_DB names a git mirror of that database. Where it can't be reached that is said, with exit code 3.
set -euo pipefail
cd "$(dirname "$0")/.."
tool=$(command -v cargo-deny || echo "$(scripts/linters.sh)/bin/cargo-deny")
if [ -n "${ADVISORY_DB:-}" ]; then
  export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="url.$ADVISORY_DB.insteadOf" GIT_CONFIG_VALUE_0=https://github.com/RustSec/advisory-db
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if "$tool" --locked check --hide-inclusion-graph "$@" 2>"$log"; then
  cat "$log" >&2
elif grep -q "failed to fetch advisory database" "$log"; then
  echo "LEFT OUT, because ${ADVISORY_DB:-https://github.com/RustSec/advisory-db} cannot be reached: advisories. Nothing was checked"
  echo "against known faults. ADVISORY_DB=… names a git mirror of it."
  exit 3
else
  cat "$log" >&2
  exit 1
fi
