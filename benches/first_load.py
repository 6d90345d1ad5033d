#!/usr/bin/env python3
"""`make bench`: memory and CPU of a first load, beside the script people write by hand.

    python3 first_load.py --plimsoll BINARY --venv DIR [--rows 1000000]

A private PostgreSQL gets a table of 16 columns of mixed types, about 600 bytes of NDJSON a row. In one run, one after the
other: `psql -c "COPY (SELECT row_to_json …)" | gzip -1`, and `plimsoll run` as a first load into the emulators. For each: wall
seconds, CPU of the client a row, peak memory. Ends non-zero where plimsoll's peak is over the bound of 128 MiB.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
BOUND = 128 * 1024  # KiB

TABLE = """
CREATE TABLE bench (
  id bigint PRIMARY KEY, account integer NOT NULL, active boolean NOT NULL, score double precision, amount numeric(12, 2),
  rate numeric, title varchar(80), body text, token uuid, payload bytea, day date, at_time time, local timestamp,
  created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, doc jsonb);
INSERT INTO bench
SELECT g, g % 5000, g % 3 = 0, g / 7.0, g / 100.0, g * 1.000001, 'title of row ' || g,
       repeat(md5(g::text), 5) || E' "quoted" \\t and a tab', md5(g::text)::uuid, decode(md5(g::text), 'hex'),
       date '2020-01-01' + g % 1500, time '00:00' + make_interval(secs => g % 86400), timestamp '2020-01-01' + make_interval(secs => g),
       timestamptz '2020-01-01' + make_interval(secs => g), now(),
       jsonb_build_object('kind', 'order', 'n', g, 'tags', jsonb_build_array('a', 'b'), 'total', g / 4.0)
  FROM generate_series(1, {rows}) g;
ANALYZE bench;
"""

CONFIG = """
[source]
url = "${{DATABASE_URL}}"
[storage]
url = "gs://bench/p"
[bigquery]
project = "demo"
dataset = "bench"
[run]
budget = "60m"
[[table]]
source = "bench"
cursor = "updated_at"
"""


def measure(argv, **kwargs):
    """Runs a command: (wall seconds, CPU seconds, peak KiB, standard output)."""
    began = time.time()
    proc = subprocess.Popen(argv, stdout=subprocess.PIPE, **kwargs)
    out = proc.stdout.read()
    _, status, usage = os.wait4(proc.pid, 0)
    wall = time.time() - began
    if status != 0:
        sys.exit(f"{argv[0]} ended with {os.waitstatus_to_exitcode(status)}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, out


def with_stack(doc, bench):
    """Runs a benchmark beside a stack of its own."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plimsoll", required=True)
    parser.add_argument("--venv", required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    args = parser.parse_args()
    stack = subprocess.Popen([sys.executable, f"{HERE}/../tests/support/stack.py", "--venv", args.venv, "--only", "gcs,bq,pg"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        info = json.loads(stack.stdout.readline())
        bench(args, info)
    finally:
        stack.stdin.close()
        stack.wait()


def bench(args, info):
    pg, rows = info["pg"], args.rows
    url = f"postgres://postgres:{pg['password']}@127.0.0.1:{pg['port']}/postgres?sslmode=disable"
    print(f"making {rows:,} rows", flush=True)
    subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", url, "-c", TABLE.format(rows=rows)], check=True)
    sample = "SELECT round(avg(length(row_to_json(b)::text))) FROM (SELECT * FROM bench LIMIT 10000) b"
    width = subprocess.run(["psql", "-qAt", url, "-c", sample], check=True, capture_output=True, text=True).stdout.strip()
    request = urllib.request.Request(info["gcs"]["url"] + "/storage/v1/b?project=demo", b'{"name":"bench"}',
                                     {"Content-Type": "application/json"})
    urllib.request.urlopen(request).read()
    script = f"psql -qAt '{url}' -c 'COPY (SELECT row_to_json(b) FROM bench b) TO STDOUT' | gzip -1 | wc -c"
    s_wall, s_cpu, s_rss, _ = measure(["bash", "-c", script])
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/plimsoll.toml", "w") as f:
            f.write(CONFIG.format())
        env = {**os.environ, "DATABASE_URL": url, "STORAGE_EMULATOR_HOST": info["gcs"]["url"], "RUST_LOG": "warn",
               "BIGQUERY_EMULATOR_HOST": info["bq"]["url"]}
        print("first load (most of the wall time is the BigQuery emulator's)", flush=True)
        p_wall, p_cpu, p_rss, out = measure([args.plimsoll, "run", "--json"], env=env, cwd=folder)
    table = json.loads(out)["runs"][0]["tables"][0]
    assert table["rows_inserted"] == rows, table
    print(f"{table['upserts']:,} rows of about {width} bytes as JSON, {table['parts']} parts, {table['staged_bytes'] / rows:.0f} bytes a row as stored\n")
    print(f"{'':<34}{'wall s':>8}{'client CPU µs/row':>19}{'peak MiB':>10}")
    print(f"{'psql row_to_json | gzip -1':<34}{s_wall:>8.1f}{s_cpu / rows * 1e6:>19.2f}{'':>10}")
    print(f"{'plimsoll, capture to commit':<34}{p_wall:>8.1f}{p_cpu / rows * 1e6:>19.2f}{p_rss / 1024:>10.1f}")
    print(f"client CPU against the script: {p_cpu / s_cpu:.2f}×")
    if p_rss > BOUND:
        sys.exit(f"peak memory {p_rss / 1024:.1f} MiB is over the bound of {BOUND // 1024} MiB")
    print(f"peak memory is within the bound of {BOUND // 1024} MiB")


if __name__ == "__main__":
    with_stack(__doc__, bench)
