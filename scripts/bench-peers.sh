#!/usr/bin/env bash
# The same table read by other tools; see benches/peers.py.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$(./scripts/setup.sh)
plimsoll=$(./scripts/bench-build.sh)
python3 benches/peers.py --plimsoll "$plimsoll" --venv "$venv" "$@"
