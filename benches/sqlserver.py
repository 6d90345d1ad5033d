#!/usr/bin/env python3
"""`make bench`: what a first load from a SQL Server costs the client, beside the same load from PostgreSQL.

    python3 sqlserver.py --plimsoll BINARY --venv DIR [--rows 1000000] [--rounds 3]

The table of 16 columns, in the types of either source, read from capture to commit against a stub that throws the parts away (sink.py). SQL Server
is the stand-in of the tests, beside the binary: it makes rows as they are read, so nothing here says what a real server costs. Alternating, the
least of several rounds. Ends non-zero where the peak is over the bound of 128 MiB.
"""

import os
import sys

from digest import least
from harness import CONFIG, TABLE, Source, arguments, child, environment, measure, project, sink, stack

BOUND = 128


class StandIn:
    """What stands in for a SQL Server. Its CPU is nobody's."""

    def __init__(self, url):
        self.url = url

    def cpu(self):
        return 0.0


def main():
    parser = arguments(__doc__, rows=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    rows = args.rows
    standin = os.path.join(os.path.dirname(args.plimsoll), "sqlserver-standin")
    with stack(args.venv, "gcs,pg") as info, sink() as stub, child([standin, "--bench", str(rows)]) as url:
        postgres = Source(info)
        print(f"making {rows:,} rows", flush=True)
        postgres.sql(TABLE.format(rows=rows))

        def load(source, table):
            with project(CONFIG.replace('source = "bench"', f'source = "{table}"')) as folder:
                # `resync` reads all rows whatever the state says.
                command = [args.plimsoll, "resync", "--table", table, "--json"]
                return measure(source, command, env=environment(source, stub, stub), cwd=folder)

        ways = {
            "PostgreSQL": lambda: load(postgres, "bench"),
            "SQL Server (stand-in)": lambda: load(StandIn(url), "dbo.bench"),
        }
        found = {name: [] for name in ways}
        for number in range(args.rounds):
            for name, way in ways.items():
                print(f"round {number + 1}: {name}", flush=True)
                found[name].append(way())
        found = {name: least(runs, lambda m: m.client) for name, runs in found.items()}
    print(f"\na first load of {rows:,} rows, the least of {args.rounds} rounds\n")
    print("| | wall s | client CPU µs/row | of PostgreSQL's | peak MiB |")
    print("| --- | --- | --- | --- | --- |")
    for name, m in found.items():
        print(f"| {name} | {m.wall:.1f} | {m.client / rows * 1e6:.2f} | {m.client / found['PostgreSQL'].client:.2f} | {m.rss:.0f} |")
    worst = max(m.rss for m in found.values())
    if worst > BOUND:
        sys.exit(f"peak memory {worst:.0f} MiB is over the bound of {BOUND} MiB")


if __name__ == "__main__":
    main()
