#!/usr/bin/env bash
# The suite: unit tests, then the journeys against real parts. With arguments, those of them that `cargo test` finds by the words; then
# no more of the stack starts than they ask for. The stack ends with this script, however it ends.
set -euo pipefail
cd "$(dirname "$0")/.."
coproc SETUP { exec ./scripts/setup.sh; }
setup_pid=$SETUP_PID
exec {setup_out}<&"${SETUP[0]}"
# With all of it, what stands in for a SQL Server and for the Storage Write API is tested too, by the clients that the product uses. In one build with the
# product, or their dependencies would be built once more, with fewer features.
what=(--locked --package plimsoll --features plimsoll/failpoints --lib --bins --test suite)
standins=(--package sqlserver-standin --package storage-write-standin)
[ $# = 0 ] && what+=("${standins[@]}" --test model --test wire --test service)
cargo test "${what[@]}" --no-run --quiet
wait "$setup_pid" || exit 1
read -r PLIMSOLL_VENV <&"$setup_out"
export PLIMSOLL_VENV
if [ $# = 0 ] || [[ $* == *django* ]]; then
  for version in current 1.0.6; do ./scripts/django.sh "$version" >/dev/null || true; done
fi

# Most of a journey is waiting for an emulator: more of them than there are processors, side by side.
threads=$((3 * $(nproc)))
parts=pg,gcs
[ $# = 0 ] && parts=pg,gcs,bq,pubsub
coproc STACK { exec python3 tests/support/stack.py --venv "$PLIMSOLL_VENV" --only "$parts" --bigquery 3; }
stack_pid=$STACK_PID
exec {stack_in}>&"${STACK[1]}" {stack_out}<&"${STACK[0]}"
eval "exec ${STACK[0]}<&- ${STACK[1]}>&-"
trap 'exec {stack_in}>&-; wait "$stack_pid" || true' EXIT
read -r PLIMSOLL_STACK <&"$stack_out" || { echo "error: the emulators did not start"; exit 1; }
export PLIMSOLL_STACK
# What the journeys leave out is noted here, by them.
PLIMSOLL_LEFT_OUT=$(mktemp)
export PLIMSOLL_LEFT_OUT
trap 'rm -f "$PLIMSOLL_LEFT_OUT"; exec {stack_in}>&-; wait "$stack_pid" || true' EXIT
field() { python3 -c 'import json, sys; print(json.loads(sys.argv[1]).get(sys.argv[2]) or "")' "$PLIMSOLL_STACK" "$1"; }
for key in missing error; do
  why=$(field "$key")
  if [ -n "$why" ]; then echo "error: $why"; exit 1; fi
done

status=0
cargo test "${what[@]}" --no-fail-fast -- --test-threads="$threads" "$@" || status=$?
if [[ $* == *standin* ]]; then
  cargo test --locked --quiet "${standins[@]}" || status=$?
fi
if [ $# = 0 ]; then
  ./scripts/test-postgres.sh 13 18 || status=$?
fi

# What could not run, by name.
cut -f 1,2 "$PLIMSOLL_LEFT_OUT" | sort -u | while IFS=$'\t' read -r what of; do
  mapfile -t names < <(awk -F '\t' -v what="$what" -v of="$of" '$1 == what && $2 == of { print "  " $3 }' "$PLIMSOLL_LEFT_OUT" | sort -u)
  case $what in
    asked) echo "${#names[@]} journeys asked the SQL Server at $of:" ;;
    *) echo "LEFT OUT, because of: $of (${#names[@]})" ;;
  esac
  printf '%s\n' "${names[@]}"
done
names() { cargo test --locked --features failpoints --quiet --test suite -- --list 2>/dev/null | sed -n "s/^\($1\): test\$/  \1/p"; }
for version in current 1.0.6; do
  why=$(./scripts/django.sh "$version" 2>/dev/null) || { echo "LEFT OUT, because of: $why"; echo "  the journey of a Django application with it"; }
done
why=$(field pubsub_missing)
if [ -n "$why" ]; then
  echo "LEFT OUT, because of: $why"
  names 'push::.*'
fi
if ! command -v chromium >/dev/null || ! command -v chromedriver >/dev/null; then
  echo "LEFT OUT, because of: no browser (apt-get install chromium chromium-driver)"
  names 'console.*in_a_browser'
fi
if ! [ -x /usr/sbin/pgbouncer ] && ! [ -x /usr/bin/pgbouncer ]; then
  echo "LEFT OUT, because of: no pooler (apt-get install pgbouncer)"
  names 'pooler::.*'
fi
exit $status
