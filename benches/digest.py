#!/usr/bin/env python3
"""`make bench`: what a tick costs that compares all rows by hash.

    python3 digest.py --plimsoll BINARY --venv DIR [--rows 2000000]

A table of --rows rows under capture = "digest", loaded once; then, alternating with COPY of the same table, ticks of which nothing has
changed and ticks with 1 % of the rows changed, all over the table. Each is from the start of the process to its end, against a stub that
throws the parts away and keeps the lists (sink.py); the least CPU of several rounds counts. The targets: the server's CPU with nothing
changed at most 2 times that of COPY, goal 1.5; with 1 % changed at most 1.3 times that with nothing; the client under 0.4 µs a row.
"""

import json
import subprocess

from harness import CONFIG, TABLE, Source, arguments, environment, measure, project, sink, stack

ROUNDS = 3
DIGEST = CONFIG.replace('cursor = "updated_at"', 'capture = "digest"')
# Settings that a run makes for itself.
SETTINGS = "SET datestyle = 'ISO, YMD'; SET timezone = 'UTC'; SET jit = off; SET work_mem = '64MB'; SET max_parallel_workers_per_gather = 0"


def least(rounds, cpu):
    return min(rounds, key=cpu)


def main():
    args = arguments(__doc__).parse_args()
    with stack(args.venv, "pg") as info, sink() as stub, project(DIGEST) as folder:
        source = Source(info)
        print(f"making {args.rows:,} rows", flush=True)
        source.sql(TABLE.format(rows=args.rows))
        env = environment(source, stub, stub)

        def plimsoll(*command):
            return measure(source, [args.plimsoll, *command, "--json"], env=env, cwd=folder)

        def psql(sql):
            null = {"stderr": subprocess.DEVNULL}
            return measure(source, ["sh", "-c", f'exec psql -qAt "$0" -c "{SETTINGS}" -f - >/dev/null', source.url], stdin=statement(sql), **null)

        def statement(sql):
            read = subprocess.Popen(["printf", "%s", sql], stdout=subprocess.PIPE)
            return read.stdout

        load = plimsoll("run")
        copies, unchanged, changed = [], [], []
        for n in range(ROUNDS):
            copies.append(psql("COPY bench TO STDOUT"))
            unchanged.append(plimsoll("run"))
            source.sql(f"UPDATE bench SET title = 'changed {n}' WHERE id % 100 = {n}; VACUUM bench; CHECKPOINT")
            changed.append(plimsoll("run"))
        print(f"\n{args.rows:,} rows, the least of {ROUNDS} rounds\n")
        print("| | wall s | client CPU µs/row | server CPU µs/row | server CPU of COPY's | of an unchanged tick's | peak MiB |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        copy, quiet = least(copies, lambda m: m.server), least(unchanged, lambda m: m.server)
        rows = [("psql COPY, thrown away", copy), ("nothing changed", quiet),
                ("1 % changed", least(changed, lambda m: m.server)), ("first load, with its lists", load)]
        for name, m in rows:
            per_row = [1e6 * cpu / args.rows for cpu in (m.client, m.server)]
            print(f"| {name} | {m.wall:.1f} | {per_row[0]:.2f} | {per_row[1]:.2f} | {m.server / copy.server:.2f} | {m.server / quiet.server:.2f} | {m.rss:.0f} |")
        plan = json.loads(plimsoll("plan").out)[0]["source_sql"]
        print("\nwhere the server's CPU goes, of COPY's:")
        key = "SELECT sum(b) FROM (SELECT pg_catalog.hashtext(t.id::text COLLATE \"C\") & 131071 AS b FROM bench AS t OFFSET 0) AS s"
        for name, sql in [("reading the rows", "SELECT count(*) FROM bench"), ("and their buckets", key), ("and hashes, added up by bucket", plan[0]),
                          ("hashes of all rows, listed by bucket", f"SELECT count(s) FROM ({plan[1]}) AS s")]:
            print(f"  {psql(sql).server / copy.server:.2f}  {name}")
        for name, m in [("nothing changed", quiet), ("1 % changed", rows[2][1])]:
            run = json.loads(m.out)["runs"][0]
            print(f"{name}: seconds of each verb {json.dumps(run['verb_seconds'])}, objects written {run['storage_writes']}")


if __name__ == "__main__":
    main()
