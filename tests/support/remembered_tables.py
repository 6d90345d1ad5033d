"""What was found out of a dataset's tables, until a statement may have changed them (for known_tables.py).

Nobody but the emulator writes its tables. So an answer holds until one of its own statements names the dataset and is not one that only reads.
"""

import re
import threading

from local_bigquery.engine import database

# What only reads, or writes where the emulator keeps results of its own.
LEAVES_TABLES_ALONE = (
    "SELECT ",
    "CREATE SECRET ",
    'CREATE OR REPLACE TABLE "emulator".',
    "CREATE OR REPLACE TEMP",
)
USED = re.compile(r'USE "[^"]+"\."([^"]+)"')
WORD = re.compile(r"\w+")


class Memory:
    """By dataset, in lower case: what was asked, and its answer. A dataset's name is one word."""

    def __init__(self):
        self.lock = threading.Lock()
        self.datasets = {}

    def answer(self, dataset_id, asked, ask):
        with self.lock:
            answers = self.datasets.setdefault(dataset_id.casefold(), {})
        if asked not in answers:
            # If the dataset is forgotten while this is asked, nobody looks into these answers again.
            answers[asked] = ask()
        return answers[asked]

    def forget(self, words):
        with self.lock:
            for dataset in self.datasets.keys() & words:
                del self.datasets[dataset]


class Watched:
    """A cursor of DuckDB's that makes forgotten what its statements may have changed."""

    def __init__(self, connection):
        self.connection = connection
        self.in_transaction = False
        self.used = set()
        self.words = set()

    def __getattr__(self, name):
        return getattr(self.connection, name)

    def cursor(self):
        return Watched(self.connection.cursor())

    def execute(self, sql, *params, **more):
        return self.run(self.connection.execute, sql, *params, **more)

    def sql(self, sql, *params, **more):
        return self.run(self.connection.sql, sql, *params, **more)

    def run(self, run, sql, *params, **more):
        if not isinstance(sql, str) or sql.startswith(LEAVES_TABLES_ALONE):
            return run(sql, *params, **more)
        if used := USED.fullmatch(sql):
            self.used = {used[1].casefold()}
            return run(sql, *params, **more)
        try:
            return run(sql, *params, **more)
        finally:
            self.wrote(sql.lstrip().casefold())

    def wrote(self, sql):
        self.words |= {*WORD.findall(sql), *self.used}
        if sql.startswith(("commit", "rollback")):
            self.in_transaction = False
        elif sql.startswith("begin"):
            self.in_transaction = True
        # What a transaction writes is nobody else's yet.
        if not self.in_transaction:
            memory.forget(self.words)
            self.words = set()


def connection():
    real = real_connection()
    # The emulator knows it again by its identity.
    return known.setdefault(id(real), Watched(real))


memory = Memory()
known = {}
real_connection, database.connection = database.connection, connection
