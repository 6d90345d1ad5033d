#!/usr/bin/env bash
# What a first load, a tick, and a change log's largest window cost; see benches/*.py.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$(./scripts/setup.sh)
cargo build --locked --release --bin plimsoll
plimsoll="${CARGO_TARGET_DIR:-$PWD/target}/release/plimsoll"
python3 benches/first_load.py --plimsoll "$plimsoll" --venv "$venv" "$@"
python3 benches/incremental.py --plimsoll "$plimsoll" --venv "$venv" "$@"
python3 benches/changelog.py --plimsoll "$plimsoll" --venv "$venv" "$@"
