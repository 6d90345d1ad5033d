#!/usr/bin/env bash
# The same table read by other tools; see benches/peers.py.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$(./scripts/setup.sh)
cargo build --locked --release --bin plimsoll
python3 benches/peers.py --plimsoll "${CARGO_TARGET_DIR:-$PWD/target}/release/plimsoll" --venv "$venv" "$@"
