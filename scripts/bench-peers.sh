#!/usr/bin/env bash
# The same table read by other tools; see benches/peers.py.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$(./scripts/setup.sh)
# Our own crate as a release has it, on the dependencies that the tests and the demo are built with. SHIPPED=1 builds what ships instead: it takes
# a whole build of its own.
profile=(--example demo)
for setting in opt-level=3 debug-assertions=false overflow-checks=false; do profile+=(--config "profile.dev.package.plimsoll.$setting"); done
folder=debug
if [ -n "${SHIPPED:-}" ]; then
  profile=(--release)
  folder=release
fi
cargo build --locked --bin plimsoll "${profile[@]}"
python3 benches/peers.py --plimsoll "${CARGO_TARGET_DIR:-$PWD/target}/$folder/plimsoll" --venv "$venv" "$@"
