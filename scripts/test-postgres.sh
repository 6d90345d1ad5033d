#!/usr/bin/env bash
# A short set of journeys on other versions of PostgreSQL, each with a stack of its own:
#     scripts/test-postgres.sh 13 18
# The suite itself runs on the version that is installed. Names what it had to leave out.
set -euo pipefail
cd "$(dirname "$0")/.."
journeys=(
  first_load::a_first_load_then_inserts_and_updates
  captures::xmin_needs_no_cursor
  digest::what_no_timestamp_tells_is_found
  digest::a_change_of_any_type_is_found
  open_transactions::a_row_written_under_a_savepoint_arrives
  reconcile::a_cursor_table_is_reconciled
  types::plain_types_are_equal_after_load_and_merge
  types::what_bigquery_cannot_hold_is_quarantined_counted_and_never_changed
  changelog::added_changed_and_deleted_rows
  canonical_texts::postgres_writes_the_text_of_every_type
  canonical_texts::postgres_writes_the_text_of_repeated_columns
  canonical_digests::other_types_are_digested_as_they_are_printed
  chunks::a_restored_source_is_not_searched_from_where_the_old_one_stood
)
PLIMSOLL_VENV=$(./scripts/setup.sh)
export PLIMSOLL_VENV
suite() { cargo test --locked --features failpoints --quiet --test suite -- --exact "${journeys[@]}" "$@"; }
# A journey that was renamed must not be left out silently.
known=$(suite --list 2>/dev/null | grep -c ': test$' || true)
[ "$known" = ${#journeys[@]} ] || { echo "error: $known of ${#journeys[@]} journeys exist in the suite"; exit 1; }

status=0
for version in "$@"; do
  programs=$(./scripts/postgres.sh "$version") || {
    echo "LEFT OUT, because $programs: the journeys on PostgreSQL $version"
    [ -z "${CI:-}" ] || status=1
    continue
  }
  echo "PostgreSQL $version"
  RUST_BACKTRACE=0 PG_BIN=$programs suite || status=$?
done
exit $status
