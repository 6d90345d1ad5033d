"""What the benchmarks share: processes measured, a stack of emulators, the table."""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TICK = os.sysconf("SC_CLK_TCK")

TABLE = """
CREATE TABLE bench (
  id bigint PRIMARY KEY, account integer NOT NULL, active boolean NOT NULL, score double precision, amount numeric(12, 2),
  rate numeric, title varchar(80), body text, token uuid, payload bytea, day date, at_time time, local timestamp,
  created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, doc jsonb);
INSERT INTO bench
SELECT g, g % 5000, g % 3 = 0, g / 7.0, g / 100.0, g * 1.000001, 'title of row ' || g,
       repeat(md5(g::text), 5) || E' "quoted" \\t and a tab', md5(g::text)::uuid, decode(md5(g::text), 'hex'),
       date '2020-01-01' + g % 1500, time '00:00' + make_interval(secs => g % 86400), timestamp '2020-01-01' + make_interval(secs => g),
       timestamptz '2020-01-01' + make_interval(secs => g), timestamptz '2024-01-01' + make_interval(secs => g),
       jsonb_build_object('kind', 'order', 'n', g, 'tags', jsonb_build_array('a', 'b'), 'total', g / 4.0)
  FROM generate_series(1, {rows}) g;
CREATE INDEX ON bench (updated_at);
VACUUM (FREEZE, ANALYZE) bench;
CHECKPOINT;
"""

CONFIG = """
[source]
url = "${DATABASE_URL}"
[storage]
url = "gs://bench/p"
[bigquery]
project = "demo"
dataset = "bench"
[run]
budget = "9m"
chunk_rows = 1000000000
[[table]]
source = "bench"
cursor = "updated_at"
"""


class Source:
    """A PostgreSQL of the benchmark's own."""

    def __init__(self, info):
        self.pid = info["pg"]["pid"]
        self.url = f"postgres://postgres:{info['pg']['password']}@127.0.0.1:{info['pg']['port']}/postgres?sslmode=disable"

    def sql(self, text):
        done = subprocess.run(["psql", "-qAt", "-v", "ON_ERROR_STOP=1", self.url, "-f", "-"], input=text, check=True,
                              capture_output=True, text=True)
        return done.stdout.strip()

    def cpu(self):
        """CPU seconds of the server, of its processes, and of those that have ended."""
        total = 0
        pids = [self.pid] + [int(p) for p in _read(f"/proc/{self.pid}/task/{self.pid}/children").split()]
        for pid in pids:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                fields = _read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()
                total += sum(int(f) for f in fields[11:15])
        return total / TICK


def _read(path):
    with open(path) as f:
        return f.read()


class Measured:
    """What one process, with its children, has cost."""

    def __init__(self, wall, client, server, rss, out):
        self.wall, self.client, self.server, self.rss, self.out = wall, client, server, rss, out

    @property
    def total(self):
        return self.client + self.server


def measure(source, argv, **kwargs):
    """Runs a command. Its peak memory is that of the largest of its processes."""
    before, began = source.cpu(), time.time()
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, **kwargs)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.time() - began
    if status != 0:
        sys.exit(f"{argv[0]} ended with {os.waitstatus_to_exitcode(status)}: {out.decode()[:2000]}")
    # The server's process ends a moment after its client.
    time.sleep(0.3)
    return Measured(wall, usage.ru_utime + usage.ru_stime, source.cpu() - before, usage.ru_maxrss / 1024, out)


@contextlib.contextmanager
def child(argv):
    """A helper process that prints one line and ends with its standard input; the line."""
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait()


@contextlib.contextmanager
def stack(venv, only):
    command = [sys.executable, f"{HERE}/../tests/support/stack.py", "--venv", venv, "--only", only]
    with child(command) as line:
        yield json.loads(line)


@contextlib.contextmanager
def sink(*options):
    with child([sys.executable, f"{HERE}/sink.py", *options]) as url:
        yield url


@contextlib.contextmanager
def project(config=CONFIG):
    """A folder with a config."""
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/plimsoll.toml", "w") as f:
            f.write(config)
        yield folder


def environment(source, storage, bigquery):
    return {**os.environ, "DATABASE_URL": source.url, "STORAGE_EMULATOR_HOST": storage, "BIGQUERY_EMULATOR_HOST": bigquery,
            "RUST_LOG": "error"}


def arguments(doc, rows=2_000_000):
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plimsoll", required=True)
    parser.add_argument("--venv", required=True)
    parser.add_argument("--rows", type=int, default=rows)
    return parser
