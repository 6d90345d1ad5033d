"""What there is of one table, asked in a quicker way than local-bigquery does (through bigquery_emulator.py).

The emulator asks duckdb_tables(), duckdb_views(), duckdb_columns() and duckdb_schemas(), which describe all that there is before a row is
filtered: with the tables of a hundred tests that is most of the emulator's time. A question about one table finds it at once, or finds that
it is not there. What was found is remembered (remembered_tables.py).
"""

import duckdb

from local_bigquery.catalog import tables
from local_bigquery.engine import database
from local_bigquery.engine.database import quote
from local_bigquery.jobs import query

from remembered_tables import memory

VIEW = "SELECT 1 FROM duckdb_views() WHERE database_name = ? AND schema_name = ? AND view_name = ? AND NOT internal"
COLUMNS = 'SELECT name, "notnull" FROM pragma_table_info(?)'
SCHEMA = "SELECT 1 FROM duckdb_schemas() WHERE database_name = ? AND schema_name = ?"


def remembered(ask):
    """The same question, asked once until the answer may be another one. What a query has selected is not remembered."""

    def answer(project_id, dataset_id, *names):
        if dataset_id == tables.RESULTS:
            return ask(project_id, dataset_id, *names)
        return list(memory.answer(dataset_id, (ask, project_id, dataset_id, *names), lambda: ask(project_id, dataset_id, *names)))

    return answer


@remembered
def schemas(project_id, dataset_id):
    return real_fetch(SCHEMA, [project_id, dataset_id])


@remembered
def object_named(project_id, dataset_id, table_id):
    try:
        # A view has no rowid.
        ((rows,),) = real_fetch(f"SELECT count(rowid) FROM {quote(project_id, dataset_id, table_id)}")
    except (duckdb.CatalogException, duckdb.BinderException):
        is_view = real_fetch(VIEW, [project_id, dataset_id, table_id])
        return [(table_id, "VIEW", 0)] if is_view else []
    return [(table_id, "TABLE", rows)]


def objects(project_id, dataset_id, table_id=None):
    return real_objects(project_id, dataset_id) if table_id is None else object_named(project_id, dataset_id, table_id)


def of_table(ask):
    """The same question, remembered of a table only. A view has the columns that its tables have by now, of whatever dataset."""
    of_this_dataset = remembered(ask)

    def answer(*reference):
        is_table = any(kind == "TABLE" for _, kind, _ in object_named(*tables.physical(*reference)))
        return of_this_dataset(*reference) if is_table else ask(*reference)

    return answer


@of_table
def names_of_columns(*reference):
    """The columns, and whether each is required."""
    try:
        return real_fetch(COLUMNS, [quote(*reference)])
    except duckdb.CatalogException:
        return []


@of_table
def columns(*reference):
    return real_columns(*reference)


def required(*reference):
    return [(name,) for name, is_required in names_of_columns(*reference) if is_required]


def named(project_id, dataset_id, table_id, column):
    return [(1,) for name, _ in names_of_columns(project_id, dataset_id, table_id) if name == column]


# What the emulator asks, word for word, with the names as the first parameters. What is not found here is asked as ever.
QUICKER = {
    "SELECT column_name FROM duckdb_columns() WHERE database_name = ? AND schema_name = ? AND table_name = ? AND NOT is_nullable": required,
    "SELECT 1 FROM duckdb_columns() WHERE database_name = ? AND schema_name = ? AND table_name = ? AND column_name = ?": named,
    SCHEMA: schemas,
}


def fetch(sql, params=None):
    quicker = QUICKER.get(sql)
    return quicker(*params) if quicker else real_fetch(sql, params)


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
