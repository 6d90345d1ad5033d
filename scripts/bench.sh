#!/usr/bin/env bash
# Memory and CPU of a first load; see benches/first_load.py.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$(./scripts/setup.sh)
cargo build --locked --release --bin plimsoll
exec python3 benches/first_load.py --plimsoll "${CARGO_TARGET_DIR:-target}/release/plimsoll" --venv "$venv" "$@"
