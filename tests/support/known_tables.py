"""What tables and columns there are, asked in a quicker way than local-bigquery does (through bigquery_emulator.py).

The emulator asks duckdb_tables(), duckdb_views(), duckdb_columns() and duckdb_schemas(), which describe all that there is before a row is
filtered: with the tables of a hundred tests that is most of the emulator's time. The same is in the tables of DuckLake's own catalog
(https://ducklake.select/docs/stable/specification/tables/overview), where it is found at once.
"""

import duckdb

from local_bigquery.catalog import tables
from local_bigquery.engine import database
from local_bigquery.engine.database import quote
from local_bigquery.jobs import query

# Objects that are there now: DuckLake keeps those of earlier snapshots as well.
IN_SCHEMA = "JOIN {m}.ducklake_schema s ON s.schema_id = {o}.schema_id AND s.end_snapshot IS NULL AND s.schema_name = $1"
COLUMN = (
    "FROM {m}.ducklake_column c JOIN {m}.ducklake_table t ON t.table_id = c.table_id AND t.end_snapshot IS NULL "
    + IN_SCHEMA.format(m="{m}", o="t")
    + " WHERE c.end_snapshot IS NULL AND c.parent_column IS NULL AND t.table_name = $2"
)
OBJECTS = (
    "SELECT t.table_name, 'TABLE', coalesce(x.record_count, 0) FROM {m}.ducklake_table t "
    + IN_SCHEMA.format(m="{m}", o="t")
    + " LEFT JOIN {m}.ducklake_table_stats x ON x.table_id = t.table_id"
    " WHERE t.end_snapshot IS NULL AND t.table_name = coalesce($2, t.table_name) UNION ALL SELECT v.view_name, 'VIEW', 0 FROM {m}.ducklake_view v "
    + IN_SCHEMA.format(m="{m}", o="v")
    + " WHERE v.end_snapshot IS NULL AND v.view_name = coalesce($2, v.view_name) ORDER BY 1"
)
REQUIRED = f"SELECT c.column_name {COLUMN} AND NOT c.nulls_allowed"
NAMED = f"SELECT 1 {COLUMN} AND c.column_name = $3"
SCHEMA = "SELECT 1 FROM {m}.ducklake_schema WHERE end_snapshot IS NULL AND schema_name = $1"


def of_result(table):
    """The same of what a query has selected: DuckDB's own tables in a database of the emulator's."""
    try:
        ((rows,),) = real_fetch(f"SELECT count(*) FROM {table}")
    except duckdb.CatalogException:
        return None
    return rows


def objects(project_id, dataset_id, table_id=None):
    if project_id in database._attached:
        return in_catalog(OBJECTS, project_id, dataset_id, table_id)
    if project_id == "emulator" and table_id is not None:
        rows = of_result(quote(project_id, dataset_id, table_id))
        return [] if rows is None else [(table_id, "TABLE", rows)]
    return real_objects(project_id, dataset_id, table_id)


def in_catalog(sql, project_id, *params):
    catalog = quote(f"__ducklake_metadata_{project_id}")
    return remembered(project_id, (sql, *params), lambda: real_fetch(sql.format(m=catalog), list(params)))


def remembered(project_id, asked, ask):
    """What is known of a project's tables, for as long as nothing was committed: each commit makes a snapshot."""
    catalog = quote(f"__ducklake_metadata_{project_id}")
    ((snapshot,),) = real_fetch(f"SELECT max(snapshot_id) FROM {catalog}.ducklake_snapshot")
    of, answers = known.get(project_id, (None, None))
    if of != snapshot:
        answers = {}
        known[project_id] = (snapshot, answers)
    if asked not in answers:
        answers[asked] = ask()
    return answers[asked]


# By project: the snapshot, and what was asked of it.
known = {}


def columns(project_id, dataset_id, table_id):
    reference = (project_id, dataset_id, table_id)
    if project_id not in database._attached or dataset_id == tables.RESULTS:
        return real_columns(*reference)
    return list(remembered(project_id, reference, lambda: real_columns(*reference)))


# What the emulator asks, word for word, with the database as the first parameter. What is not found here is asked as ever.
QUICKER = {
    "SELECT column_name FROM duckdb_columns() WHERE database_name = ? AND schema_name = ? AND table_name = ? AND NOT is_nullable": REQUIRED,
    "SELECT 1 FROM duckdb_columns() WHERE database_name = ? AND schema_name = ? AND table_name = ? AND column_name = ?": NAMED,
    "SELECT 1 FROM duckdb_schemas() WHERE database_name = ? AND schema_name = ?": SCHEMA,
}


def fetch(sql, params=None):
    quicker = QUICKER.get(sql)
    if quicker is None:
        return real_fetch(sql, params)
    if quicker is REQUIRED and params[0] == "emulator":
        return []  # what a query has selected has no constraints
    if params[0] not in database._attached:
        return real_fetch(sql, params)
    return in_catalog(quicker, *params)


class WithoutTemporary:
    """A connection that was just opened: it has no temporary tables yet, and need not be asked for them."""

    def __init__(self, connection):
        self.connection = connection

    def __getattr__(self, name):
        return getattr(self.connection, name)

    def sql(self, sql, **more):
        return self if sql == TEMPORARY else self.connection.sql(sql, **more)

    def fetchall(self):
        return []


TEMPORARY = "SELECT table_name FROM duckdb_tables() WHERE temporary"


def execute(cur, *args, session=None, **more):
    return real_execute(cur if session else WithoutTemporary(cur), *args, session=session, **more)


real_execute, query.execute = query.execute, execute
real_columns, tables.columns = tables.columns, columns
real_objects, database.objects = database.objects, objects
real_fetch, database.fetch = database.fetch, fetch
