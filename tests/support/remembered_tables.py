"""What was found out of a project's tables, for as long as it holds (for known_tables.py).

DuckLake writes down what each commit changed. So a commit makes forgotten what it touched, and the rest stays known.
https://ducklake.select/docs/stable/specification/tables/ducklake_snapshot_changes
"""

import re
import threading

from local_bigquery.engine.database import fetch, quote

import watched_cursors

CHANGES = "SELECT snapshot_id, changes_made FROM {m}.ducklake_snapshot_changes WHERE snapshot_id > {since}"
NAME = r'"((?:[^"]|"")*)"'
CHANGE = re.compile(rf"(\w+):(?:{NAME}(?:\.{NAME})?|(\d+))(?:,|$)")


class Unknown(Exception):
    """A change that this file does not know of."""


def read(changes):
    """What one commit changed: (what was done, names) or (what was done, number)."""
    done, end = [], 0
    while end < len(changes):
        found = CHANGE.match(changes, end)
        if not found:
            raise Unknown
        what, first, second, number = found.groups()
        names = tuple(name.replace('""', '"').casefold() for name in (first, second) if name is not None)
        done.append((what, int(number) if number else names))
        end = found.end()
    return done


class Memory:
    """Answers about one project's datasets and tables. Names are in lower case: DuckLake finds a table by either."""

    def __init__(self, project_id):
        self.lock = threading.Lock()
        self.catalog = quote(f"__ducklake_metadata_{project_id}")
        self.moment = None  # of the last look at what was changed: how many writes had ended
        self.renamed = 0
        self.snapshot = -1
        self.datasets = {}  # by name: what was asked, and its answer
        self.tables = {}  # by (dataset, table)
        self.rows = {}  # the same, of what changes with each row that is written
        self.dataset_numbers = {}  # DuckLake's number of a dataset, and its name
        self.table_numbers = {}

    def of_dataset(self, dataset_id, asked, ask):
        return self.answer(self.datasets, dataset_id.casefold(), (dataset_id, asked), ask)

    def of_table(self, dataset_id, table_id, asked, ask):
        return self.answer(self.tables, key_of(dataset_id, table_id), (dataset_id, table_id, asked), ask)

    def of_rows(self, dataset_id, table_id, ask):
        return self.answer(self.rows, key_of(dataset_id, table_id), (dataset_id, table_id), ask)

    def dataset_is(self, number, dataset_id):
        self.dataset_numbers[number] = dataset_id.casefold()

    def table_is(self, number, dataset_id, table_id):
        self.table_numbers[number] = key_of(dataset_id, table_id)

    def answer(self, of, key, asked, ask):
        with self.lock:
            self.catch_up()
            answers = of.setdefault(key, {})
        if asked not in answers:
            # If it is forgotten while it is asked, nobody looks into these answers again.
            answers[asked] = ask()
        return answers[asked]

    def catch_up(self):
        writes = watched_cursors.writes
        moment, renamed = writes.ended, writes.renamed
        if moment == self.moment:
            return
        if renamed != self.renamed:
            self.forget_all()
        for snapshot, changes in fetch(CHANGES.format(m=self.catalog, since=self.snapshot)):
            try:
                for what, which in read(changes or ""):
                    self.forget(what, which)
            except Unknown:
                self.forget_all()
            self.snapshot = max(self.snapshot, snapshot)
        self.moment, self.renamed = moment, renamed

    def forget(self, what, which):
        match what:
            case "created_schema":
                self.datasets.pop(which[0], None)
            case "created_table" | "created_view":
                self.forget_table(which)
            case "inserted_into_table" | "deleted_from_table":
                # Whoever has not asked for its number does not know how many rows it has either.
                self.rows.pop(self.table_numbers.get(which), None)
            case "dropped_table" if which in self.table_numbers:
                self.forget_table(self.table_numbers[which])
            case "dropped_schema" if which in self.dataset_numbers:
                dataset = self.dataset_numbers[which]
                self.datasets.pop(dataset, None)
                for key in [key for key in {*self.tables, *self.rows} if key[0] == dataset]:
                    self.forget_table(key)
            case _:
                self.forget_all()

    def forget_table(self, key):
        self.tables.pop(key, None)
        self.rows.pop(key, None)

    def forget_all(self):
        for known in (self.datasets, self.tables, self.rows):
            known.clear()


def key_of(dataset_id, table_id):
    return dataset_id.casefold(), table_id.casefold()


memories = {}


def of_project(project_id):
    return memories.get(project_id) or memories.setdefault(project_id, Memory(project_id))
