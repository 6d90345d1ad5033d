#!/usr/bin/env python3
"""Has Google's own engine (ZetaSQL) read numbers, one a line of standard input, and says what it makes of each.

    python number_oracle.py json|float|numeric|bignumeric < NUMBERS

    json        1 where PARSE_JSON(…, wide_number_mode => 'exact') takes it, else 0
    float       the bits of the FLOAT64 in hexadecimal, else -
    numeric     the value as text, without zeros at its end, else -
    bignumeric  the same
"""

import struct
import sys

from sqlcheck import Engine, service
from zetasql.wasi._pb2.zetasql.proto import options_pb2

EXPRESSIONS = {
    "json": "IF(SAFE.PARSE_JSON(x, wide_number_mode => 'exact') IS NULL, '0', '1')",
    "float": "SAFE_CAST(x AS FLOAT64)",
    "numeric": "CAST(SAFE_CAST(x AS NUMERIC) AS STRING)",
    "bignumeric": "CAST(SAFE_CAST(x AS BIGNUMERIC) AS STRING)",
}
AT_ONCE = 20_000


def text_of(value):
    kind = value.WhichOneof("value")
    if kind is None:
        return "-"
    if kind == "double_value":
        return struct.pack(">d", value.double_value).hex()
    return value.string_value


def ask(engine, expression, numbers):
    options = options_pb2.AnalyzerOptionsProto()
    options.CopyFrom(engine.options)
    array = engine.type_of("ARRAY<STRING>")
    options.query_parameters.add(name="numbers").type.CopyFrom(array)
    sql = f"SELECT {expression} FROM UNNEST(@numbers) AS x WITH OFFSET AS n ORDER BY n"
    request = service.EvaluateQueryRequest(sql=sql, options=options, simple_catalog=engine.empty_catalog())
    request.descriptor_pool_list.definitions.add().builtin.SetInParent()
    values = request.params.add(name="numbers").value.array_value
    for number in numbers:
        values.element.add().string_value = number
    rows = engine.call("EvaluateQuery", request, service.EvaluateQueryResponse).content.table_data.row
    return [text_of(row.cell[0]) for row in rows]


def main(kind):
    numbers = sys.stdin.read().splitlines()
    engine = Engine()
    for start in range(0, len(numbers), AT_ONCE):
        answers = ask(engine, EXPRESSIONS[kind], numbers[start:start + AT_ONCE])
        print("\n".join(answers))


if __name__ == "__main__":
    main(sys.argv[1])
