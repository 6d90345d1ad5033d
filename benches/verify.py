#!/usr/bin/env python3
"""`make bench`: what a comparison of a table with its target costs, and what the source's side of reladiff costs.

    python3 verify.py --plimsoll BINARY --venv DIR [--rows 2000000]

A table of --rows rows and 16 columns, loaded once into the BigQuery emulator; then, alternating, COPY of the table, `plimsoll verify` and
reladiff, the least of several rounds. reladiff compares the table with itself, by hashes as it does between two databases: what it asks PostgreSQL for is asked twice, so half of
the server's CPU is one side's. The targets: the server's CPU of a verify at most 4 times that of COPY, goal 3; memory under 64 MiB.
"""

import json
import re
import subprocess
import sys
import urllib.request

from digest import least
from harness import CONFIG, TABLE, Source, arguments, environment, measure, project, stack
from peers import environment_of

ROUNDS = 3
RELADIFF = ("reladiff[postgresql]==0.6.0", "psycopg2-binary", "setuptools<81")


def reladiff(url):
    """Its command over every column that it can compare."""
    folder = environment_of("reladiff", *RELADIFF)
    url = re.sub(r"\?.*", "", url.replace("postgres://", "postgresql://"))
    return [f"{folder}/bin/reladiff", url, "bench", url, "bench", "-k", "id", "-c", "%", "--stats", "--algorithm", "hashdiff"]


def main():
    args = arguments(__doc__).parse_args()
    with stack(args.venv, "pg,gcs,bq") as info, project(CONFIG) as folder:
        source = Source(info)
        print(f"making {args.rows:,} rows", flush=True)
        source.sql(TABLE.format(rows=args.rows))
        env = environment(source, info["gcs"]["url"], info["bq"]["url"])

        def plimsoll(*command):
            return measure(source, [args.plimsoll, *command, "--json"], env=env, cwd=folder)

        def copy():
            return measure(source, ["sh", "-c", 'exec psql -qAt "$0" -c "COPY bench TO STDOUT" >/dev/null', source.url])

        create = urllib.request.Request(info["gcs"]["url"] + "/storage/v1/b?project=demo", b'{"name": "bench"}', {"Content-Type": "application/json"})
        urllib.request.urlopen(create).close()
        load = plimsoll("run")
        print(f"loaded in {load.wall:.0f} s", flush=True)
        copies, verified, peers = [], [], []
        for _ in range(ROUNDS):
            copies.append(copy())
            verified.append(plimsoll("verify"))
            peers.append(measure(source, reladiff(source.url), stderr=subprocess.DEVNULL))
        found = json.loads(verified[0].out)["runs"][0]["verified"][0]
        if found["state"] != "equal" or found["source_rows"] != args.rows:
            sys.exit(f"not equal: {found}")
        one = least(copies, lambda m: m.server)
        print(f"\n{args.rows:,} rows, the least of {ROUNDS} rounds\n")
        print("| | wall s | client CPU µs/row | server CPU µs/row | server CPU of COPY's | peak MiB |")
        print("| --- | --- | --- | --- | --- | --- |")
        for name, m, sides in [("psql COPY, thrown away", one, 1), ("plimsoll verify", least(verified, lambda m: m.server), 1),
                               ("reladiff 0.6.0, one side of two", least(peers, lambda m: m.server), 2)]:
            server = m.server / sides
            print(f"| {name} | {m.wall / sides:.1f} | {1e6 * m.client / sides / args.rows:.2f} | {1e6 * server / args.rows:.2f} | {server / one.server:.2f} | {m.rss:.0f} |")
        print(peers[0].out.decode()[-600:])


if __name__ == "__main__":
    main()
