#!/usr/bin/env python3
"""Has Google's own analyzer (ZetaSQL, the engine behind BigQuery's dialect) accept golden statements.

    python sqlcheck.py FILE.sql …

A file holds comment lines that describe the tables, then one statement:

    -- table demo.app.orders: id INT64, note STRING
    MERGE `demo.app.orders` AS T …

Names and types are resolved, nothing is executed. The engine is a WebAssembly module inside the PyPI package `zetasql`;
compiling it takes about a minute once, the result is kept in $PLIMSOLL_CACHE.
"""

import ctypes
import hashlib
import os
import re
import sys
import tempfile
from importlib.metadata import version

import wasmtime
from zetasql.core.wasm_client import get_tzinfo_dir
from zetasql.wasi import get_wasm_path
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service
from zetasql.wasi._pb2.zetasql.proto import options_pb2, simple_catalog_pb2
from zetasql.wasi._pb2.zetasql.public import options_pb2 as public

PRODUCT_EXTERNAL = 1  # INT64 and FLOAT64 as in BigQuery


class SqlError(Exception):
    pass


class Engine:
    def __init__(self):
        engine = wasmtime.Engine(self._config())
        wasi = wasmtime.WasiConfig()
        wasi.stderr_file = os.devnull
        zones = get_tzinfo_dir()
        if zones:
            wasi.preopen_dir(zones, "/usr/share/zoneinfo")
        self.store = wasmtime.Store(engine)
        self.store.set_wasi(wasi)
        linker = wasmtime.Linker(engine)
        linker.define_wasi()
        instance = linker.instantiate(self.store, self._module(engine))
        self.exports = instance.exports(self.store)
        self.memory = self.exports["memory"]
        try:
            self.exports["_initialize"](self.store)
        except KeyError:
            pass
        language = self.call("GetLanguageOptions", service.LanguageOptionsRequest(maximum_features=True),
                             options_pb2.LanguageOptionsProto)
        language.product_mode = PRODUCT_EXTERNAL
        del language.supported_statement_kinds[:]  # all of them
        self.options = self.call("GetAnalyzerOptions", service.AnalyzerOptionsRequest(), options_pb2.AnalyzerOptionsProto)
        self.options.language_options.CopyFrom(language)
        self.options.error_message_mode = public.ERROR_MESSAGE_ONE_LINE
        self.options.default_timezone = "UTC"
        self.language = language

    @staticmethod
    def _config():
        config = wasmtime.Config()
        try:
            config.shared_memory = True
        except AttributeError:
            pass
        return config

    @staticmethod
    def _module(engine):
        path = get_wasm_path()
        base = os.environ.get("PLIMSOLL_CACHE") or os.path.expanduser("~/.cache/plimsoll")
        key = hashlib.sha256(f"{version('wasmtime')} {os.uname().machine} {os.path.getsize(path)}".encode()).hexdigest()[:16]
        cached = os.path.join(base, f"zetasql-{key}.cwasm")
        if os.path.exists(cached):
            try:
                return wasmtime.Module.deserialize_file(engine, cached)
            except wasmtime.WasmtimeError:
                pass
        module = wasmtime.Module.from_file(engine, path)
        os.makedirs(base, exist_ok=True)
        fd, temporary = tempfile.mkstemp(dir=base)
        with os.fdopen(fd, "wb") as f:
            f.write(module.serialize())
        os.replace(temporary, cached)
        return module

    def _read(self, pointer, size):
        return ctypes.string_at(ctypes.addressof(self.memory.data_ptr().contents) + pointer, size)

    def call(self, method, request, response):
        data = request.SerializeToString()
        pointer = self.exports["wasm_malloc"](self.store, max(len(data), 1))
        size = self.exports["wasm_malloc"](self.store, 4)
        ctypes.memmove(ctypes.addressof(self.memory.data_ptr().contents) + pointer, data, len(data))
        result = self.exports["ZetaSqlLocalService_" + method](self.store, pointer, len(data), size)
        if result == 0:
            length = self.exports["wasm_get_last_error_size"](self.store)
            raise SqlError(self._read(self.exports["wasm_get_last_error"](self.store), length).decode(errors="replace"))
        if response is not None:
            return response.FromString(self._read(result, int.from_bytes(self._read(size, 4), "little")))

    def analyze(self, sql, catalog):
        return self.call("Analyze", self._request(sql, catalog), service.AnalyzeResponse).resolved_statement

    def accept(self, sql, catalog):
        """Fails where the statement is refused. What it resolves to is not read: it may be deeper than this library takes."""
        self.call("Analyze", self._request(sql, catalog), None)

    def _request(self, sql, catalog):
        request = service.AnalyzeRequest(options=self.options, simple_catalog=catalog, sql_statement=sql)
        request.descriptor_pool_list.definitions.add().builtin.SetInParent()
        return request

    def empty_catalog(self):
        catalog = simple_catalog_pb2.SimpleCatalogProto(name="root")
        catalog.builtin_function_options.language_options.CopyFrom(self.language)
        return catalog

    def type_of(self, name):
        statement = self.analyze(f"SELECT CAST(NULL AS {name}) AS c", self.empty_catalog())
        return statement.resolved_query_stmt_node.output_column_list[0].column.type

    def check(self, text):
        catalog = self.empty_catalog()
        for name, columns in re.findall(r"^-- table (\S+): (.*)$", text, re.M):
            # BigQuery splits `p.d.t`; the engine takes the quoted whole as one name, so that is the table's.
            table = catalog.table.add(name=name)
            for column in columns.split(", "):
                column_name, type_name = column.rsplit(" ", 1)
                table.column.add(name=column_name).type.CopyFrom(self.type_of(type_name))
        sql = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
        self.accept(sql, catalog)


def main(files):
    engine = Engine()
    try:
        engine.check("-- table p.d.t: id INT64\nMERGE `p.d.t` AS T USING `p.d.t` AS S ON T.nope = S.id WHEN MATCHED THEN DELETE")
    except SqlError:
        pass
    else:
        sys.exit("the analyzer accepts what it should not: this check checks nothing")
    bad = 0
    for path in files:
        with open(path, encoding="utf-8") as f:
            text = f.read()
        try:
            engine.check(text)
        except SqlError as e:
            bad += 1
            print(f"{path}: {e}")
    print(f"{len(files) - bad} statements accepted, {bad} refused")
    sys.exit(1 if bad or not files else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
