#!/usr/bin/env bash
# The main job, shown: everything it needs is installed and started, and ended again, also on Ctrl-C.
# The same build of the dependencies serves the tests.
set -euo pipefail
cd "$(dirname "$0")/.."
PLIMSOLL_VENV=$(./scripts/setup.sh)
export PLIMSOLL_VENV
echo "building (about five minutes the first time)"
cargo build --locked --bin plimsoll --example demo
exec "${CARGO_TARGET_DIR:-target}/debug/examples/demo" "$@"
