"""What local-bigquery lacks of BigQuery's change data capture. The Storage Write API itself is tests/support/storage_write_standin: it merges
changes and says what readers are to see. In the emulator (through bigquery_emulator.py) four things are added:

- POST /standin/changes puts into a table what its readers are to see from now on, at once or not at all.
- UPDATE, DELETE and MERGE are refused on a table that ever had a change, in the service's own words.
- The table option max_staleness is kept by DDL, in the form that the REST API has it.
- INFORMATION_SCHEMA.TABLES has upsert_stream_apply_watermark.
"""

import datetime
import json
import re

from fastapi import Body
from sqlglot import exp

from local_bigquery.app import app
from local_bigquery.catalog import names, options, tables
from local_bigquery.engine import database
from local_bigquery.engine.database import quote
from local_bigquery.engine.types import RANGE_FIELDS
from local_bigquery.errors import BigQueryError
from local_bigquery.jobs import query
from local_bigquery.sql.rules import information_schema

# Word for word: https://github.com/artie-labs/transfer/issues/1035
REFUSED = "DELETE/UPDATE/MERGE DMLs are currently not supported over tables that had UPSERT streams."
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
# What a literal lacks of all parts, by the parts that it has.
BEFORE = {("HOUR", "SECOND"): "0-0 0 ", ("DAY", "SECOND"): "0-0 ", ("YEAR", "SECOND"): ""}
WRITTEN_AS_TEXT = ("BLOB", "JSON", "GEOMETRY")

# By (project, dataset, table) in lower case: when the table was made, and up to where its changes are applied.
streams = {}


def key_of(reference):
    return tuple(part.casefold() for part in reference)


def stream_of(reference):
    """The stream of changes of a table, if it is still the table that had them."""
    stream = streams.get(key_of(reference))
    if stream is None:
        return None
    try:
        is_same = tables.load(*reference).creationTime == stream["created"]
    except BigQueryError:
        return None
    return stream if is_same else None


def json_type(t):
    """The type that a value has in JSON."""
    if t.id in ("list", "array"):
        return f"{json_type(t.children[0][1])}[]"
    if t.id == "struct":
        return f"STRUCT({', '.join(f'{quote(field_name(name))} {json_type(child)}' for name, child in t.children)})"
    return "VARCHAR" if str(t) in WRITTEN_AS_TEXT else str(t)


def field_name(name):
    """The bounds of a RANGE have names of the emulator's own."""
    return {RANGE_FIELDS[0]: "start", RANGE_FIELDS[1]: "end"}.get(name, name)


def value(x, t, depth=0):
    """The value of a column, of what has come as JSON."""
    if t.id in ("list", "array"):
        item = f"v{depth}"
        return f"list_transform({x}, {item} -> {value(item, t.children[0][1], depth + 1)})"
    if t.id == "struct":
        fields = ", ".join(
            f"{quote(name)} := {value(f'{x}.{quote(field_name(name))}', child, depth)}" for name, child in t.children
        )
        return f"CASE WHEN {x} IS NULL THEN NULL ELSE struct_pack({fields}) END"
    if str(t) == "BLOB":
        return f"from_base64({x})"
    return f"CAST({x} AS {t})" if str(t) in WRITTEN_AS_TEXT else x


def unnested(cur, sql, columns, rows):
    """Runs a statement with rows in the place of {rows}."""
    if not rows:
        return
    spec = json.dumps([f"STRUCT({', '.join(f'{quote(name)} {json_type(t)}' for name, t in columns)})"])
    values = ", ".join(f"{value(f'r.{quote(name)}', t)} AS {quote(name)}" for name, t in columns)
    cur.execute(
        sql.format(rows=f"SELECT {values} FROM (SELECT unnest(from_json($payload, $spec)) AS r)"),
        {"payload": json.dumps(rows), "spec": spec},
    )


@app.post("/standin/changes", status_code=204, include_in_schema=False)
def show_changes(change: dict = Body()):
    reference = (change["project"], change["dataset"], change["table"])
    try:
        found = tables.load(*reference)
    except BigQueryError:
        return  # the table is gone, and its readers with it
    if change["key"] and found.creationTime != change["created"]:
        return  # another one of its name
    if change["has_changes"]:
        streams[key_of(reference)] = {"created": change["created"], "applied": change["applied"]}
    table = tables.name(*reference)
    with database.writing(*reference), database.cursor() as cur:
        relation = cur.sql(f"SELECT * FROM {table} LIMIT 0")
        columns = list(zip(relation.columns, relation.types))
        # A column that was dropped meanwhile is gone for these rows as well.
        key = [(name, t) for name, t in columns if name in change["key"]]
        key_names = ", ".join(quote(name) for name, _ in key)
        column_names = ", ".join(quote(name) for name, _ in columns)
        cur.execute("BEGIN TRANSACTION")
        try:
            gone = f"DELETE FROM {table} WHERE ({key_names}) IN ({{rows}})"
            unnested(cur, gone, key, [{name: row[name] for name, _ in key} for row in change["deletes"] + change["upserts"]])
            unnested(cur, f"INSERT INTO {table} ({column_names}) {{rows}}", columns, change["upserts"] + change["appends"])
            cur.execute("COMMIT")
        except Exception:
            cur.execute("ROLLBACK")
            raise


def run(cur, tree, context, *rest):
    if isinstance(tree, (exp.Merge, exp.Update, exp.Delete)):
        target = tree.find(exp.Table)
        if target is not None and stream_of(names.reference(target, context.project_id, context.dataset_id or "")):
            raise BigQueryError("invalid", REFUSED)
    return real_run(cur, tree, context, *rest)


real_run, query._run = query._run, run


def staleness(node, evaluate):
    """An INTERVAL in SQL as the REST API has it: Y-M D H:M:S."""
    if isinstance(node, exp.Null):
        return None
    if isinstance(node, exp.Interval) and isinstance(node.args.get("unit"), exp.IntervalSpan):
        unit = node.args["unit"]
        before = BEFORE.get((unit.this.name.upper(), unit.expression.name.upper()))
        if before is None:
            raise BigQueryError("invalidQuery", f"Invalid max_staleness: {node.sql('bigquery')}")
        return before + node.this.name
    found = re.fullmatch(r"(?:(\d+) days? ?)?(?:(\d+):(\d+):(\d+))?", evaluate(node))
    if not found:
        raise BigQueryError("invalidQuery", f"Invalid max_staleness: {node.sql('bigquery')}")
    days, *time = (int(part or 0) for part in found.groups())
    return f"0-0 {days} {':'.join(map(str, time))}"


options.TABLE_OPTIONS["max_staleness"] = options.Option(
    "maxStaleness", "INTERVAL", staleness, lambda text: f'INTERVAL "{text}" YEAR TO SECOND'
)


def table_list(project_id, dataset_id):
    columns, rows = real_table_list(project_id, dataset_id)
    return columns + ["upsert_stream_apply_watermark TIMESTAMP"], [row + [watermark(row[:3])] for row in rows]


def watermark(reference):
    applied = (stream_of(reference) or {}).get("applied")
    if applied is None:
        return exp.null()
    moment = EPOCH + datetime.timedelta(microseconds=applied)
    return exp.cast(exp.Literal.string(moment.isoformat()), exp.DataType.build("TIMESTAMPTZ"))


real_table_list, information_schema.VIEWS["TABLES"] = information_schema.VIEWS["TABLES"], table_list
