#!/usr/bin/env python3
"""Starts local-bigquery, so that a run of hundreds of tests stays quick. Its arguments are the emulator's own.

Seven things are changed, none of which a caller can see:

- A project's tables are DuckDB's own (plain_tables.py). The emulator keeps them in a DuckLake, whose catalog costs more than all else.
- DuckDB works with one thread. The statements of a test are small; more threads spend their time on each other.
- DuckDB leaves out the steps of its optimizer that pay off for much data. To plan a statement of a test takes longer than to run it.
- DuckDB asks for pandas, which is not installed, with each parameter of each statement. It is told at once that there is none.
- What a query has selected is dropped after a while. The emulator keeps it for ever, in a table of its own, and looks through all the
  tables that it has for most of what it is asked.
- What there is of one table is asked for that table alone (known_tables.py), and remembered until a statement may have changed it
  (remembered_tables.py). The emulator asks DuckDB for all tables and columns that there are, many times for each request.
- What the emulator writes down of jobs and tables is kept in a dictionary (kept_records.py). The emulator keeps it in tables of DuckDB's.

And something is added: what it lacks of change data capture (change_streams.py).
"""

import sys
import threading
import time

import duckdb

# Nobody turns a result's pages so late.
KEPT_SECONDS = 60
# What is left keeps a join from being a product of all rows.
UNUSED_OPTIMIZERS = (
    "empty_result_pullup,cte_filter_pusher,regex_range,statistics_propagation,common_subexpressions,common_aggregate,column_lifetime,"
    "limit_pushdown,row_group_pruner,top_n_window_elimination,compressed_materialization,duplicate_groups,reorder_filter,"
    "sampling_pushdown,join_filter_pushdown,materialized_cte,sum_rewriter,late_materialization,cte_inlining,common_subplan"
)


def connect(*args, **kwargs):
    kwargs["config"] = {**(kwargs.get("config") or {}), "threads": 1, "disabled_optimizers": UNUSED_OPTIMIZERS}
    return real_connect(*args, **kwargs)


real_connect, duckdb.connect = duckdb.connect, connect
sys.modules.setdefault("pandas", None)

from local_bigquery.catalog import tables  # noqa: E402, for it connects with the function above
from local_bigquery.cli import main  # noqa: E402
from local_bigquery.engine import database  # noqa: E402

# Each replaces a part of the emulator; the first two, what the others build on.
import kept_records  # noqa: E402, F401
import plain_tables  # noqa: E402, F401
import bound_once  # noqa: E402, F401
import change_streams  # noqa: E402, F401
import known_tables  # noqa: E402, F401


def results():
    rows = database.fetch(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = 'emulator' AND schema_name = ?", [tables.RESULTS]
    )
    return {name for (name,) in rows}


def drop_old_results():
    known = set()
    while True:
        time.sleep(KEPT_SECONDS)
        # Those that were there a while ago already.
        for name in known & results():
            try:
                database.execute(f"DROP TABLE IF EXISTS {database.quote('emulator', tables.RESULTS, name)}")
            except duckdb.Error:
                pass  # somebody writes it; it goes the next time
        known = results()


threading.Thread(target=drop_old_results, daemon=True).start()
main()
