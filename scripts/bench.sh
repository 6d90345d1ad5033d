#!/usr/bin/env bash
# Memory and CPU of a first load, and of a change log's largest window; see benches/*.py.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$(./scripts/setup.sh)
cargo build --locked --release --bin plimsoll
plimsoll="${CARGO_TARGET_DIR:-$PWD/target}/release/plimsoll"
python3 benches/first_load.py --plimsoll "$plimsoll" --venv "$venv" "$@"
python3 benches/changelog.py --plimsoll "$plimsoll" --venv "$venv" "$@"
