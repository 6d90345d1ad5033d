#!/usr/bin/env bash
# What a first load, a tick, a change log's largest window, a comparison by hash, a verify, a first load from a SQL Server, and a row through the Storage Write API cost; see benches/*.py.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$(./scripts/setup.sh)
plimsoll=$(./scripts/bench-build.sh)
python3 benches/first_load.py --plimsoll "$plimsoll" --venv "$venv" "$@"
python3 benches/incremental.py --plimsoll "$plimsoll" --venv "$venv" "$@"
python3 benches/changelog.py --plimsoll "$plimsoll" --venv "$venv" "$@"
python3 benches/digest.py --plimsoll "$plimsoll" --venv "$venv" "$@"
python3 benches/verify.py --plimsoll "$plimsoll" --venv "$venv" "$@"
python3 benches/sqlserver.py --plimsoll "$plimsoll" --venv "$venv" "$@"
python3 benches/append.py --plimsoll "$plimsoll" --venv "$venv" "$@"
