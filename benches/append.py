#!/usr/bin/env python3
"""`make bench`: what the client pays for a row that goes through the Storage Write API, from a staged part to its acknowledgement.

    python3 append.py --plimsoll BINARY --venv DIR [--rows 1000000] [--rounds 3]

The table of 16 columns, all of whose rows have changed, is staged and sealed; nobody takes the rows, so the batch stays. Then the same sealed batch is
brought in again and again, against stand-ins that count rows and throw them away (storage_write_standin, sink.py): parts read back, inflated, parsed,
written as protocol buffers, sent, acknowledged. What an idle tick costs is taken off. Beside it stands the same batch by load and MERGE, where BigQuery
does the work. The least of several rounds. Ends non-zero where the peak is over the bound of 64 MiB.
"""

import contextlib
import os
import subprocess
import sys
import urllib.parse
import urllib.request

from digest import least
from harness import CONFIG, TABLE, Source, arguments, child, environment, measure, project, sink, stack

BOUND = 64
STATE = "p/state/bench.json"


def get(stub):
    with urllib.request.urlopen(f"{stub}/storage/v1/b/bench/o/{urllib.parse.quote(STATE, safe='')}?alt=media") as answer:
        return answer.read()


def put(stub, content):
    body = b"--x\r\n\r\n{}\r\n--x\r\n\r\n" + content + b"\r\n--x--"
    urllib.request.urlopen(urllib.request.Request(f"{stub}/upload/storage/v1/b/bench/o?name={urllib.parse.quote(STATE)}", data=body)).close()


def config(apply, compression):
    text = CONFIG.replace('[storage]\n', f'[storage]\ncompression = "{compression}"\n')
    return text + f'apply = "{apply}"\n'


def sealed(args, source, stub, apply, compression):
    """A batch of all rows that nobody has taken."""
    nowhere = {"BIGQUERY_WRITE_EMULATOR_HOST": "http://127.0.0.1:1"}
    with project(config(apply, compression)) as folder:
        env = {**environment(source, stub, stub), **nowhere}
        subprocess.run([args.plimsoll, "resync", "--table", "bench"], env=env, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        source.sql("UPDATE bench SET updated_at = now()")
        if apply == "merge":
            # The MERGE is what fails: the stub of BigQuery is out of reach for it.
            env["BIGQUERY_EMULATOR_HOST"] = "http://127.0.0.1:1"
        failed = subprocess.run([args.plimsoll, "run", "--json"], env=env, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if failed.returncode != 1:
            sys.exit(f"the batch was taken: {failed.stdout.decode()[:2000]}")
    return get(stub)


def main():
    parser = arguments(__doc__, rows=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    rows = args.rows
    standin = os.path.join(os.path.dirname(args.plimsoll), "storage-write-standin")
    with stack(args.venv, "pg") as info, sink("--keep-parts") as stub, child([standin, "--count"]) as write:
        source = Source(info)
        print(f"making {rows:,} rows", flush=True)
        source.sql(TABLE.format(rows=rows))
        env = {**environment(source, stub, stub), "BIGQUERY_WRITE_EMULATOR_HOST": write}
        found = {}
        for compression in ["gzip", "none"]:
            print(f"sealing a batch ({compression})", flush=True)
            state = sealed(args, source, stub, "append", compression)
            with project(config("append", compression)) as folder:
                def tick():
                    return measure(source, [args.plimsoll, "run", "--json"], env=env, cwd=folder)

                runs, idle = [], []
                for _ in range(args.rounds):
                    put(stub, state)
                    runs.append(tick())
                    idle.append(tick())
                found[compression] = least(runs, lambda m: m.client), least(idle, lambda m: m.client)
    print(f"\n{rows:,} rows of 16 columns, from a staged part to acknowledged, the least of {args.rounds} rounds\n")
    print("| parts | client CPU µs/row | rows/s | peak MiB |")
    print("| --- | --- | --- | --- |")
    peak = 0
    for compression, (run, idle) in found.items():
        peak = max(peak, run.rss)
        print(f"| {compression} | {(run.client - idle.client) / rows * 1e6:.2f} | {rows / (run.wall - idle.wall):,.0f} | {run.rss:.0f} |")
    if peak > BOUND:
        sys.exit(f"the peak of {peak:.0f} MiB is over the bound of {BOUND} MiB")


if __name__ == "__main__":
    main()
