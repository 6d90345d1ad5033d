"""A query whose rows go into a table is planned once (through bigquery_emulator.py).

local-bigquery plans it to see its columns, again to see them where it writes them, and a third time when it runs. The first two see the same.
"""

from local_bigquery.catalog import tables


class BoundOnce:
    """A cursor that has the same relation for the same query."""

    def __init__(self, cursor, query):
        self.cursor = cursor
        self.query = query
        self.relation = None

    def __getattr__(self, name):
        return getattr(self.cursor, name)

    def sql(self, sql, **more):
        if sql != self.query:
            return self.cursor.sql(sql, **more)
        if self.relation is None:
            self.relation = self.cursor.sql(sql, **more)
        return self.relation


def write(cursor, query, *args, **more):
    return real_write(BoundOnce(cursor, query), query, *args, **more)


real_write, tables.write = tables.write, write
