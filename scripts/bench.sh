#!/usr/bin/env bash
# What a first load, a tick, and a change log's largest window cost; see benches/*.py.
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
plimsoll="${CARGO_TARGET_DIR:-$PWD/target}/$folder/plimsoll"
python3 benches/first_load.py --plimsoll "$plimsoll" --venv "$venv" "$@"
python3 benches/incremental.py --plimsoll "$plimsoll" --venv "$venv" "$@"
python3 benches/changelog.py --plimsoll "$plimsoll" --venv "$venv" "$@"
