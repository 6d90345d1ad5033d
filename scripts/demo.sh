#!/usr/bin/env bash
# The main job, shown: everything it needs is installed and started, and ended again, also on Ctrl-C.
# The same build of the dependencies serves the tests.
set -euo pipefail
cd "$(dirname "$0")/.."
# Ctrl-C is how a demo ends: no error.
trap 'exit 0' INT
began=$SECONDS
# The emulators are fetched while cargo compiles.
coproc SETUP { exec ./scripts/setup.sh; }
setup_pid=$SETUP_PID
exec {setup_out}<&"${SETUP[0]}"
cargo fetch --locked --quiet
fetched=$((SECONDS - began))
echo "building (some minutes the first time)"
cargo build --locked --bin plimsoll --example demo
built=$((SECONDS - began - fetched))
wait "$setup_pid" || exit 1
read -r PLIMSOLL_VENV <&"$setup_out"
export PLIMSOLL_VENV
echo "crates fetched in $fetched s, built in $built s, waited $((SECONDS - began - fetched - built)) s more for the emulators to be installed"
began=$SECONDS
status=0
"${CARGO_TARGET_DIR:-target}/debug/examples/demo" "$@" || status=$?
# With --keep most of it is somebody's looking around.
[[ " $* " == *" --keep "* ]] || echo "the demo itself took $((SECONDS - began)) s"
exit "$status"
