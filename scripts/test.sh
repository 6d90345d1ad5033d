#!/usr/bin/env bash
# The whole suite: unit tests, then the journeys against real parts. One stack of emulators serves all of them.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$(./scripts/setup.sh)
export PLIMSOLL_VENV=$venv
cargo test --locked --quiet --no-run
cargo test --locked -- "$@"
