#!/usr/bin/env python3
"""`make bench`: what a tick costs after the first load.

    python3 incremental.py --plimsoll BINARY --venv DIR [--rows 2000000]

A table of --rows rows with an index on its cursor, loaded once; then ticks of 20,000 changed rows and of none, each from the start of the
process to its end, against a stub that throws the parts away (sink.py). Printed: wall seconds, CPU, peak memory, how often the cursor's
index was used and the table scanned, and the time from the start of the process to its first question to the source. The targets: 0.5 s and
64 MiB for 20,000 rows, 50 ms to the first question.
"""

import contextlib
import re
import socket
import threading
import time

from harness import TABLE, Source, arguments, environment, measure, project, sink, stack

CHANGED = 20_000


class Wire:
    """Passes one connection on, and notes when the first query goes by."""

    def __init__(self, port):
        self.first, self.port = None, port
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            server = socket.create_connection(("127.0.0.1", self.port))
            threading.Thread(target=self._pass, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, False), daemon=True).start()

    def _pass(self, source, target, is_client):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if is_client and self.first is None and data[:1] == b"Q":
                    self.first = time.time()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


def scans(source):
    index = source.sql("SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'bench_updated_at_idx'")
    table = source.sql("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'bench'")
    return int(index or 0), int(table or 0)


def main():
    args = arguments(__doc__).parse_args()
    with stack(args.venv, "pg") as info, sink() as stub, project() as folder:
        source = Source(info)
        print(f"making {args.rows:,} rows", flush=True)
        source.sql(TABLE.format(rows=args.rows))
        env = environment(source, stub, stub)

        def tick(url=None):
            return measure(source, [args.plimsoll, "run", "--json"], env={**env, **({"DATABASE_URL": url} if url else {})}, cwd=folder)

        print("first load", flush=True)
        tick()
        print("\n| tick | wall s | client CPU ms | server CPU ms | peak MiB | index scans | table scans |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for changed in (CHANGED, CHANGED, 0):
            if changed:
                source.sql(f"UPDATE bench SET title = 'changed', updated_at = (SELECT max(updated_at) FROM bench) + interval '1 s' "
                           f"WHERE id % {args.rows // changed} = 0; CHECKPOINT")
            before = scans(source)
            m = tick()
            time.sleep(1)
            after = scans(source)
            print(f"| {changed:,} changed rows | {m.wall:.2f} | {m.client * 1000:.0f} | {m.server * 1000:.0f} | {m.rss:.0f} "
                  f"| {after[0] - before[0]} | {after[1] - before[1]} |")
        port = int(re.search(r":(\d+)/", source.url).group(1))
        times = []
        for _ in range(5):
            wire = Wire(port)
            began = time.time()
            tick(source.url.replace(f":{port}/", f":{wire.listener.getsockname()[1]}/"))
            times.append((wire.first - began) * 1000)
        print(f"\nprocess start to first question: {min(times):.0f} ms (of five, the slowest {max(times):.0f} ms)")


if __name__ == "__main__":
    main()
