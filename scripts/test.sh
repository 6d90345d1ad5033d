#!/usr/bin/env bash
# The whole suite: unit tests, then the journeys against real parts. One stack of emulators serves all of them, and ends
# with this script, however it ends.
set -euo pipefail
cd "$(dirname "$0")/.."
PLIMSOLL_VENV=$(./scripts/setup.sh)
export PLIMSOLL_VENV
for version in current 1.0.6; do ./scripts/django.sh "$version" >/dev/null || true; done
cargo test --locked --features failpoints --no-run --quiet --lib --bins --test suite

coproc STACK { exec python3 tests/support/stack.py --venv "$PLIMSOLL_VENV"; }
stack_pid=$STACK_PID
exec {stack_in}>&"${STACK[1]}" {stack_out}<&"${STACK[0]}"
eval "exec ${STACK[0]}<&- ${STACK[1]}>&-"
trap 'exec {stack_in}>&-; wait "$stack_pid" || true' EXIT
read -r PLIMSOLL_STACK <&"$stack_out" || { echo "error: the emulators did not start"; exit 1; }
export PLIMSOLL_STACK
field() { python3 -c 'import json, sys; print(json.loads(sys.argv[1]).get(sys.argv[2]) or "")' "$PLIMSOLL_STACK" "$1"; }
for key in missing error; do
  why=$(field "$key")
  if [ -n "$why" ]; then echo "error: $why"; exit 1; fi
done

status=0
cargo test --locked --features failpoints --lib --bins --test suite -- "$@" || status=$?
for version in current 1.0.6; do
  why=$(./scripts/django.sh "$version" 2>/dev/null) || { echo "LEFT OUT, because of: $why"; echo "  the journey of a Django application with it"; }
done
why=$(field pubsub_missing)
if [ -n "$why" ]; then
  echo "LEFT OUT, because of: $why"
  cargo test --locked --features failpoints --quiet --test suite -- --list 2>/dev/null | sed -n 's/^\(push::.*\): test$/  \1/p'
fi
if ! command -v chromium >/dev/null || ! command -v chromedriver >/dev/null; then
  echo "LEFT OUT, because of: no browser (apt-get install chromium chromium-driver)"
  cargo test --locked --features failpoints --quiet --test suite -- --list 2>/dev/null | sed -n 's/^\(console::.*in_a_browser\): test$/  \1/p'
fi
exit $status
