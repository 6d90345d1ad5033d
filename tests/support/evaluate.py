#!/usr/bin/env python3
"""Has Google's own engine (ZetaSQL) evaluate a query over tables that are given with it.

    python evaluate.py < REQUEST

A request is {"tables": {NAME: {"columns": [[NAME, TYPE], …], "rows": [[VALUE, …], …]}}, "queries": [SQL, …]}; the answer has of each
query a list of rows, each a list of texts and nulls. A value is a text, null or, in an array, a list of these:

    FLOAT64              the bits in hexadecimal
    BYTES                hexadecimal
    BOOL                 t or f
    DATE                 days since 1970-01-01
    TIME                 microseconds since midnight
    DATETIME, TIMESTAMP  microseconds since 1970-01-01
    any other            what a CAST to the type reads; a JSON document
"""

import json
import struct
import sys

from sqlcheck import Engine, service
from zetasql.wasi._pb2.zetasql.proto import options_pb2
from zetasql.wasi._pb2.zetasql.public import value_pb2

FROM_TEXT = {
    "STRING": "x",
    "BYTES": "FROM_HEX(x)",
    "BOOL": "x = 't'",
    "DATE": "DATE_FROM_UNIX_DATE(CAST(x AS INT64))",
    "TIME": "TIME_ADD(TIME '00:00:00', INTERVAL CAST(x AS INT64) MICROSECOND)",
    "DATETIME": "DATETIME(TIMESTAMP_MICROS(CAST(x AS INT64)), 'UTC')",
    "TIMESTAMP": "TIMESTAMP_MICROS(CAST(x AS INT64))",
    "JSON": "PARSE_JSON(x, wide_number_mode => 'round')",
}


def rows_of(engine, sql, catalog, parameter=None, tables=()):
    options = options_pb2.AnalyzerOptionsProto()
    options.CopyFrom(engine.options)
    request = service.EvaluateQueryRequest(sql=sql, options=options, simple_catalog=catalog)
    request.descriptor_pool_list.definitions.add().builtin.SetInParent()
    if parameter is not None:
        request.options.query_parameters.add(name="texts").type.CopyFrom(engine.type_of("ARRAY<STRING>"))
        texts = request.params.add(name="texts").value.array_value
        for text in parameter:
            texts.element.add().string_value = text
    for name, rows in tables:
        data = request.table_content[name].table_data
        data.SetInParent()
        for row in rows:
            data.row.add().cell.extend(row)
    answer = engine.call("EvaluateQuery", request, service.EvaluateQueryResponse)
    return [list(row.cell) for row in answer.content.table_data.row]


def plain_values(engine, type_name, texts):
    """The engine's values of texts, none of which is null."""
    if type_name == "FLOAT64":
        return [value_pb2.ValueProto(double_value=struct.unpack(">d", bytes.fromhex(t))[0]) for t in texts]
    convert = FROM_TEXT.get(type_name, f"CAST(x AS {type_name})")
    sql = f"SELECT {convert} FROM UNNEST(@texts) AS x WITH OFFSET AS n ORDER BY n"
    return [cell for (cell,) in rows_of(engine, sql, engine.empty_catalog(), texts)]


def values(engine, type_name, column):
    if not type_name.startswith("ARRAY<"):
        known = iter(plain_values(engine, type_name, [t for t in column if t is not None]))
        return [value_pb2.ValueProto() if t is None else next(known) for t in column]
    elements = iter(plain_values(engine, type_name[6:-1], [t for array in column for t in array]))
    arrays = []
    for array in column:
        value = value_pb2.ValueProto()
        value.array_value.SetInParent()
        value.array_value.element.extend(next(elements) for _ in array)
        arrays.append(value)
    return arrays


def text_of(value):
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind not in ("string_value", "int64_value"):
        sys.exit(f"a query has to select STRING and INT64 alone, not {kind}")
    return str(getattr(value, kind))


def main():
    asked = json.load(sys.stdin)
    engine = Engine()
    catalog, contents = engine.empty_catalog(), []
    for name, given in asked["tables"].items():
        table = catalog.table.add(name=name)
        for column, type_name in given["columns"]:
            table.column.add(name=column).type.CopyFrom(engine.type_of(type_name))
        columns = [values(engine, t, [row[n] for row in given["rows"]]) for n, (_, t) in enumerate(given["columns"])]
        contents.append((name, list(zip(*columns))))
    answers = [rows_of(engine, query, catalog, tables=contents) for query in asked["queries"]]
    json.dump([[[text_of(cell) for cell in row] for row in rows] for rows in answers], sys.stdout)


if __name__ == "__main__":
    main()
