#!/usr/bin/env bash
# The main job, shown: everything it needs is installed and started, and ended again, also on Ctrl-C.
set -euo pipefail
cd "$(dirname "$0")/.."
PLIMSOLL_VENV=$(./scripts/setup.sh)
export PLIMSOLL_VENV
echo "building the release (about five minutes the first time)"
cargo build --locked --release --bin plimsoll --example demo
exec "${CARGO_TARGET_DIR:-target}/release/examples/demo" "$@"
