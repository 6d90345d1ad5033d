#!/usr/bin/env python3
"""`make bench`: a window of very many changed keys, read by a change log.

    python3 changelog.py --plimsoll BINARY --venv DIR [--rows 1000000]

A private PostgreSQL gets a view of a table and a log in the shape of django-models-logging. After the first load every row is
changed or deleted and logged, so one tick has as many keys as there are rows. Printed: keys a second, CPU of the client and of
the server a key, peak memory. Ends non-zero where the peak is over the bound of 128 MiB.
"""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request

from first_load import BOUND, measure, with_stack

SOURCE = """
CREATE TABLE django_content_type (id serial PRIMARY KEY, app_label text, model text);
INSERT INTO django_content_type VALUES (7, 'app', 'thing');
CREATE TABLE models_logging_change (id serial PRIMARY KEY, date_created timestamptz NOT NULL DEFAULT now(), object_id text NOT NULL,
  action varchar(7) NOT NULL, changed_data jsonb, content_type_id integer NOT NULL, revision_id integer, extras jsonb);
CREATE TABLE brand (id int PRIMARY KEY, name text); INSERT INTO brand SELECT g, 'brand ' || g FROM generate_series(1, 100) g;
CREATE TABLE app_thing (id bigint PRIMARY KEY, name text, brand_id int, price numeric(10, 2), doc jsonb, hidden boolean NOT NULL DEFAULT false);
INSERT INTO app_thing SELECT g, 'thing ' || g, 1 + g % 100, g / 100.0, jsonb_build_object('n', g) FROM generate_series(1, {rows}) g;
CREATE VIEW thing AS SELECT t.id AS thing_id, t.name, b.name AS brand, t.price, t.doc FROM app_thing t
  LEFT JOIN brand b ON b.id = t.brand_id WHERE NOT t.hidden;
ANALYZE;
"""

CHANGES = """
UPDATE app_thing SET name = name || '!', hidden = id % 50 = 0;
INSERT INTO models_logging_change (object_id, action, content_type_id) SELECT id::text, 'changed', 7 FROM app_thing;
ANALYZE;
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
budget = "60m"
[changelog]
preset = "django-models-logging"
[[table]]
source = "thing"
key = ["thing_id"]
capture = "changelog"
log_types = ["app.thing"]
"""


def server_cpu(pid):
    """CPU seconds of the server and of all it has forked and seen end."""
    ticks = os.sysconf("SC_CLK_TCK")
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return sum(int(fields[n]) for n in (11, 12, 13, 14)) / ticks


def bench(args, info):
    pg, rows = info["pg"], args.rows
    url = f"postgres://postgres:{pg['password']}@127.0.0.1:{pg['port']}/postgres?sslmode=disable"
    psql = ["psql", "-q", "-v", "ON_ERROR_STOP=1", url, "-c"]
    request = urllib.request.Request(info["gcs"]["url"] + "/storage/v1/b?project=demo", b'{"name":"bench"}',
                                     {"Content-Type": "application/json"})
    urllib.request.urlopen(request).read()
    print(f"making {rows:,} rows, loading them, and changing every one", flush=True)
    subprocess.run(psql + [SOURCE.format(rows=rows)], check=True)
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/plimsoll.toml", "w") as f:
            f.write(CONFIG)
        env = {**os.environ, "DATABASE_URL": url, "STORAGE_EMULATOR_HOST": info["gcs"]["url"], "RUST_LOG": "warn",
               "BIGQUERY_EMULATOR_HOST": info["bq"]["url"]}
        measure([args.plimsoll, "run", "--json"], env=env, cwd=folder)
        subprocess.run(psql + [CHANGES], check=True)
        before = server_cpu(pg["pid"])
        wall, cpu, rss, out = measure([args.plimsoll, "run", "--allow-deletes", "--json"], env=env, cwd=folder)
        server = server_cpu(pg["pid"]) - before
    table = json.loads(out)["runs"][0]["tables"][0]
    assert table["upserts"] + table["deletes"] == rows, table
    print(f"{rows:,} changed keys in one window: {table['upserts']:,} upserts, {table['deletes']:,} deletes, {table['parts']} parts")
    print(f"wall {wall:.1f} s (most of it the BigQuery emulator's), client {cpu / rows * 1e6:.2f} µs of CPU a key, "
          f"server {server / rows * 1e6:.2f}, peak {rss / 1024:.1f} MiB")
    if rss > BOUND:
        sys.exit(f"peak memory {rss / 1024:.1f} MiB is over the bound of {BOUND // 1024} MiB")
    print(f"peak memory is within the bound of {BOUND // 1024} MiB")


if __name__ == "__main__":
    with_stack(__doc__, bench)
