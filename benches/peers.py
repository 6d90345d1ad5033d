#!/usr/bin/env python3
"""`make bench-peers`: the table of first_load.py, read by other tools into files on this machine.

    python3 peers.py --plimsoll BINARY --venv DIR [--rows 200000]

Each tool gets a virtual environment of its own below ~/.cache/plimsoll. They do different things with what they read (dlt normalizes it, duckdb
reads in parallel), so this says what a row costs with them, not which is better at the same. A tool that can't be installed or does not end well is
named with its reason.
"""

import os
import subprocess
import sys
import tempfile

from harness import TABLE, Source, arguments, environment, measure, project, sink, stack

CACHE = os.path.expanduser("~/.cache/plimsoll")

DLT = """
import sys, dlt
from dlt.sources.sql_database import sql_table
pipeline = dlt.pipeline("bench", destination=dlt.destinations.filesystem("file://" + sys.argv[2]), dataset_name="d", pipelines_dir=sys.argv[2])
pipeline.run(sql_table(credentials=sys.argv[1], table="bench"), loader_file_format="jsonl")
"""

DUCKDB = """
import sys, duckdb
duckdb.sql("INSTALL postgres; LOAD postgres")
duckdb.sql(f"ATTACH '{sys.argv[1]}' AS pg (TYPE postgres, READ_ONLY)")
duckdb.sql(f"COPY pg.bench TO '{sys.argv[2]}/out.ndjson.gz' (FORMAT json, COMPRESSION gzip)")
"""


def environment_of(name, *packages):
    """A virtual environment with the packages; its folder."""
    folder = f"{CACHE}/peer-{name}"
    if not os.path.exists(f"{folder}/ready"):
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([f"{folder}/bin/pip", "install", "-q", *packages], check=True)
        open(f"{folder}/ready", "w").close()
    return folder


def sling(url, out):
    folder = environment_of("sling", "sling-linux-amd64==1.4.11")
    binary = subprocess.run([f"{folder}/bin/python", "-c", "import sling_linux_amd64 as s; print(s.__path__[0])"], check=True,
                            capture_output=True, text=True).stdout.strip() + "/bin/sling-linux-amd64"
    os.chmod(binary, 0o755)
    return [binary, "run", "--src-conn", url, "--src-stream", "public.bench", "--tgt-object", f"file://{out}/out.jsonl.gz"]


def ingestr(url, out):
    folder = environment_of("ingestr", "ingestr==1.1.3")
    return [f"{folder}/bin/ingestr", "ingest", "--source-uri", url.replace("postgres://", "postgresql://"), "--source-table", "public.bench",
            "--dest-uri", f"csv://{out}/out.csv", "--dest-table", "d.bench", "--yes", "--progress", "log"]


def dlt(url, out):
    folder = environment_of("dlt", "dlt[filesystem]", "sqlalchemy", "psycopg2-binary")
    return [f"{folder}/bin/python", "-c", DLT, url.replace("postgres://", "postgresql+psycopg2://"), out]


def duckdb(url, out):
    folder = environment_of("duckdb", "duckdb")
    return [f"{folder}/bin/python", "-c", DUCKDB, url, out]


def main():
    args = arguments(__doc__, rows=200_000).parse_args()
    quiet = {**os.environ, "DLT_TELEMETRY": "0", "RUNTIME__DLTHUB_TELEMETRY": "false", "SLING_DISABLE_TELEMETRY": "TRUE", "DISABLE_TELEMETRY": "true"}
    with stack(args.venv, "pg") as info, sink() as stub:
        source = Source(info)
        source.sql(TABLE.format(rows=args.rows))
        print("| | wall s | client CPU µs/row | server CPU µs/row | peak MiB |\n| --- | --- | --- | --- | --- |", flush=True)

        def row(name, m):
            print(f"| {name} | {m.wall:.1f} | {m.client / args.rows * 1e6:.1f} | {m.server / args.rows * 1e6:.1f} | {m.rss:.0f} |", flush=True)

        with project() as folder:
            row("plimsoll", measure(source, [args.plimsoll, "resync", "--table", "bench", "--json"],
                                    env=environment(source, stub, stub), cwd=folder))
        for tool in (sling, ingestr, dlt, duckdb):
            with tempfile.TemporaryDirectory() as out:
                try:
                    m = measure(source, tool(source.url, out), env={**quiet, "HOME": out}, cwd=out, stderr=subprocess.STDOUT)
                    size = sum(os.path.getsize(os.path.join(d, f)) for d, _, files in os.walk(out) for f in files)
                    if size < args.rows * 20:
                        raise SystemExit(f"it wrote {size} bytes only: {m.out.decode()[-300:]}")
                    row(tool.__name__, m)
                except (SystemExit, subprocess.CalledProcessError) as e:
                    print(f"| {tool.__name__} | left out: {' '.join(str(e).split())[-300:]} | | | |", flush=True)


if __name__ == "__main__":
    main()
