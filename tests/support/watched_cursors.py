"""Cursors of DuckDB's that tell when a statement may have changed what tables there are (through bigquery_emulator.py).

Nobody but the emulator writes its tables, so what is known of them holds until one of its own statements writes. To know that costs
nothing; to ask DuckLake for its newest snapshot is a statement.
"""

import threading

from local_bigquery.engine import database

# What only reads, or writes where the emulator keeps results of its own.
LEAVES_TABLES_ALONE = (
    "SELECT ",
    "USE ",
    "CREATE SECRET ",
    'CREATE OR REPLACE TABLE "emulator".',
    "CREATE OR REPLACE TEMP",
)


class Writes:
    """How many writes have ended. Who asks while one is going on may still find the tables as they were before it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.ended = 0
        # Of these, how many may have given a table another name: DuckLake writes such a one down as if a table was made.
        self.renamed = 0

    def end(self, renames):
        with self.lock:
            self.ended += 1
            self.renamed += renames


writes = Writes()


class Watched:
    def __init__(self, connection):
        self.connection = connection
        self.in_transaction = False
        self.renames = False

    def __getattr__(self, name):
        return getattr(self.connection, name)

    def cursor(self):
        return Watched(self.connection.cursor())

    def execute(self, sql, *params, **more):
        return self.run(self.connection.execute, sql, *params, **more)

    def sql(self, sql, *params, **more):
        return self.run(self.connection.sql, sql, *params, **more)

    def run(self, run, sql, *params, **more):
        if isinstance(sql, str) and sql.startswith(LEAVES_TABLES_ALONE):
            return run(sql, *params, **more)
        try:
            return run(sql, *params, **more)
        finally:
            self.wrote(sql.lstrip().upper() if isinstance(sql, str) else "")

    def wrote(self, sql):
        self.renames = self.renames or " RENAME " in sql
        if sql.startswith(("COMMIT", "ROLLBACK")):
            self.in_transaction = False
        elif sql.startswith("BEGIN"):
            self.in_transaction = True
        # What a transaction writes is nobody else's yet.
        if not self.in_transaction:
            writes.end(self.renames)
            self.renames = False


def connection():
    real = real_connection()
    # The emulator knows it again by its identity.
    return known.setdefault(id(real), Watched(real))


known = {}
real_connection, database.connection = database.connection, connection
