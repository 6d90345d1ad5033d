#!/usr/bin/env python3
"""`make bench`: a window of very many changed keys, read by a change log.

    python3 changelog.py --plimsoll BINARY --venv DIR [--rows 1000000]

A private PostgreSQL gets a view of a table and a log in the shape of django-models-logging. After the first load every row is
changed or deleted and logged, so one tick has as many keys as there are rows. Printed: keys a second, CPU of the client and of
the server a key, peak memory. Ends non-zero where the peak is over the bound of 128 MiB.
"""

import json
import sys

from harness import Source, arguments, environment, measure, project, sink, stack

BOUND = 128

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
budget = "9m"
[changelog]
preset = "django-models-logging"
[[table]]
source = "thing"
key = ["thing_id"]
capture = "changelog"
log_types = ["app.thing"]
"""


def main():
    args = arguments(__doc__, rows=1_000_000).parse_args()
    rows = args.rows
    with stack(args.venv, "pg") as info, sink() as stub, project(CONFIG) as folder:
        source = Source(info)
        print(f"making {rows:,} rows, loading them, and changing every one", flush=True)
        source.sql(SOURCE.format(rows=rows))
        env = environment(source, stub, stub)
        measure(source, [args.plimsoll, "run", "--json"], env=env, cwd=folder)
        source.sql(CHANGES)
        m = measure(source, [args.plimsoll, "run", "--allow-deletes", "--json"], env=env, cwd=folder)
    table = json.loads(m.out)["runs"][0]["tables"][0]
    assert table["upserts"] + table["deletes"] == rows, table
    print(f"{rows:,} changed keys in one window: {table['upserts']:,} upserts, {table['deletes']:,} deletes, {table['parts']} parts")
    print(f"wall {m.wall:.1f} s, client {m.client / rows * 1e6:.2f} µs of CPU a key, server {m.server / rows * 1e6:.2f}, peak {m.rss:.0f} MiB")
    if m.rss > BOUND:
        sys.exit(f"peak memory {m.rss:.0f} MiB is over the bound of {BOUND} MiB")
    print(f"peak memory is within the bound of {BOUND} MiB")


if __name__ == "__main__":
    main()
