"""What tables and columns there are, asked in a quicker way than local-bigquery does (through bigquery_emulator.py).

The emulator asks duckdb_tables(), duckdb_views(), duckdb_columns() and duckdb_schemas(), which describe all that there is before a row is
filtered: with the tables of a hundred tests that is most of the emulator's time. The same is in the tables of DuckLake's own catalog
(https://ducklake.select/docs/stable/specification/tables/overview), where it is found at once. What was found is remembered
(remembered_tables.py).
"""

import duckdb

from local_bigquery.catalog import tables
from local_bigquery.engine import database
from local_bigquery.engine.database import quote
from local_bigquery.jobs import query

import remembered_tables

# What is there now: DuckLake keeps the objects of earlier snapshots as well. A statement with values in it is planned in half the time of
# one with parameters.
DATASET = "SELECT schema_id FROM {m}.ducklake_schema WHERE end_snapshot IS NULL AND schema_name = {name}"
TABLE = "SELECT table_id FROM {m}.ducklake_table WHERE end_snapshot IS NULL AND schema_id = {dataset} AND table_name = {name}"
VIEW = "SELECT view_id FROM {m}.ducklake_view WHERE end_snapshot IS NULL AND schema_id = {dataset} AND view_name = {name}"
ROWS = "SELECT record_count FROM {m}.ducklake_table_stats WHERE table_id = {table}"
COLUMNS = (
    "SELECT column_name, nulls_allowed FROM {m}.ducklake_column"
    " WHERE end_snapshot IS NULL AND parent_column IS NULL AND table_id = {table}"
)
TABLES = (
    "SELECT t.table_name, 'TABLE', coalesce(x.record_count, 0) FROM {m}.ducklake_table t"
    " LEFT JOIN {m}.ducklake_table_stats x ON x.table_id = t.table_id WHERE t.end_snapshot IS NULL AND t.schema_id = {dataset}"
    " UNION ALL SELECT view_name, 'VIEW', 0 FROM {m}.ducklake_view WHERE end_snapshot IS NULL AND schema_id = {dataset} ORDER BY 1"
)


def of_result(table):
    """The same of what a query has selected: DuckDB's own tables in a database of the emulator's."""
    try:
        ((rows,),) = real_fetch(f"SELECT count(*) FROM {table}")
    except duckdb.CatalogException:
        return None
    return rows


def in_catalog(sql, project_id, **values):
    values = {k: v if isinstance(v, int) else "'" + v.replace("'", "''") + "'" for k, v in values.items()}
    return real_fetch(sql.format(m=quote(f"__ducklake_metadata_{project_id}"), **values))


def one(rows):
    return rows[0][0] if rows else None


def dataset_number(project_id, dataset_id):
    memory = remembered_tables.of_project(project_id)

    def ask():
        number = one(in_catalog(DATASET, project_id, name=dataset_id))
        if number is not None:
            memory.dataset_is(number, dataset_id)
        return number

    return memory.of_dataset(dataset_id, "number", ask)


def object_number(kind, project_id, dataset_id, table_id):
    """DuckLake's number of a TABLE or a VIEW, if there is one of that name."""
    dataset = dataset_number(project_id, dataset_id)
    if dataset is None:
        return None
    memory = remembered_tables.of_project(project_id)

    def ask():
        number = one(in_catalog(kind, project_id, dataset=dataset, name=table_id))
        if number is not None and kind is TABLE:
            memory.table_is(number, dataset_id, table_id)
        return number

    return memory.of_table(dataset_id, table_id, kind, ask)


def objects(project_id, dataset_id, table_id=None):
    if is_ours(project_id):
        return list(all_objects(project_id, dataset_id) if table_id is None else objects_named(project_id, dataset_id, table_id))
    if project_id == "emulator" and table_id is not None:
        rows = of_result(quote(project_id, dataset_id, table_id))
        return [] if rows is None else [(table_id, "TABLE", rows)]
    return real_objects(project_id, dataset_id, table_id)


def all_objects(project_id, dataset_id):
    dataset = dataset_number(project_id, dataset_id)
    return [] if dataset is None else in_catalog(TABLES, project_id, dataset=dataset)


def objects_named(*reference):
    project_id, dataset_id, table_id = reference
    table = object_number(TABLE, *reference)
    if table is not None:
        memory = remembered_tables.of_project(project_id)
        yield table_id, "TABLE", memory.of_rows(dataset_id, table_id, lambda: one(in_catalog(ROWS, project_id, table=table)) or 0)
    elif object_number(VIEW, *reference) is not None:
        yield table_id, "VIEW", 0


def columns(*reference):
    project_id, dataset_id, table_id = reference
    # A view has the columns that its tables have by now.
    if not is_ours(project_id) or dataset_id == tables.RESULTS or object_number(TABLE, *reference) is None:
        return real_columns(*reference)
    memory = remembered_tables.of_project(project_id)
    return list(memory.of_table(dataset_id, table_id, "fields", lambda: real_columns(*reference)))


def names_of_columns(*reference):
    """The columns of a table, and whether each may be NULL."""
    project_id, dataset_id, table_id = reference
    table = object_number(TABLE, *reference)
    if table is None:
        return []
    memory = remembered_tables.of_project(project_id)
    return memory.of_table(dataset_id, table_id, COLUMNS, lambda: in_catalog(COLUMNS, project_id, table=table))


def is_ours(project_id):
    return project_id in database._attached


def required(*reference):
    return [(name,) for name, is_nullable in names_of_columns(*reference) if not is_nullable]


def named(project_id, dataset_id, table_id, column):
    return [(1,) for name, _ in names_of_columns(project_id, dataset_id, table_id) if name == column]


def schema(project_id, dataset_id):
    return [] if dataset_number(project_id, dataset_id) is None else [(1,)]


# What the emulator asks, word for word, with the database as the first parameter. What is not found here is asked as ever.
QUICKER = {
    "SELECT column_name FROM duckdb_columns() WHERE database_name = ? AND schema_name = ? AND table_name = ? AND NOT is_nullable": required,
    "SELECT 1 FROM duckdb_columns() WHERE database_name = ? AND schema_name = ? AND table_name = ? AND column_name = ?": named,
    "SELECT 1 FROM duckdb_schemas() WHERE database_name = ? AND schema_name = ?": schema,
}


def fetch(sql, params=None):
    quicker = QUICKER.get(sql)
    if quicker is required and params[0] == "emulator":
        return []  # what a query has selected has no constraints
    if quicker is None or not is_ours(params[0]):
        return real_fetch(sql, params)
    return quicker(*params)


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
