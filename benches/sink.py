#!/usr/bin/env python3
"""A stub of Cloud Storage and BigQuery for benchmarks: parts are read and thrown away, jobs are done at once.

    python3 sink.py [--keep-parts]        prints its URL; ends with its standard input

What a run costs by itself is then all that is measured: no emulator's loading, no disk. State objects and row hashes are kept, so
that a second run is one for changes; with --keep-parts the parts too, for a sink that reads them back. A table that CREATE OR REPLACE TABLE
makes is known from then on, with its columns.
"""

import json
import re
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEPT = {}
TABLES = {}
FOLDERS = ["/state/", "/digests/"] + (["/batches/"] if "--keep-parts" in sys.argv else [])
LOCK = threading.Lock()


def made_anew(sql):
    """Notes a table that a statement makes."""
    made = re.match(r"CREATE OR REPLACE TABLE `[^`]*\.([^`.]+)`", sql)
    if made:
        columns = re.findall(r"^  `([^`]+)` (\w+)( NOT NULL)?", sql, re.M)
        fields = [{"name": name, "type": of, "mode": "REQUIRED" if required else "NULLABLE"} for name, of, required in columns]
        key = re.findall(r"`([^`]+)`", (re.search(r"PRIMARY KEY \(([^)]*)\)", sql) or ["", ""])[1])
        TABLES[made.group(1)] = {"type": "TABLE", "schema": {"fields": fields}, "tableConstraints": {"primaryKey": {"columns": key}},
                                 "clustering": {"fields": key}, "numRows": "1", "numBytes": "1", "creationTime": "1"}


class Sink(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def log_message(self, *_):
        pass

    def answer(self, status, body=None, headers=()):
        content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def body(self, keep):
        """The request's body, or nothing of it."""
        kept, buffer = b"", bytearray(1 << 20)
        if self.headers.get("transfer-encoding") == "chunked":
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                left = size
                while left:
                    n = self.rfile.readinto(memoryview(buffer)[: min(left, len(buffer))])
                    kept += bytes(buffer[:n]) if keep else b""
                    left -= n
                self.rfile.readline()
                if size == 0:
                    return kept
        left = int(self.headers.get("content-length") or 0)
        while left:
            n = self.rfile.readinto(memoryview(buffer)[: min(left, len(buffer))])
            kept += bytes(buffer[:n]) if keep else b""
            left -= n
        return kept

    def do_POST(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path.startswith("/upload/"):
            name = urllib.parse.parse_qs(url.query)["name"][0]
            content = self.body(any(folder in f"/{name}" for folder in FOLDERS))
            with LOCK:
                generation = KEPT.get(name, (None, 0))[1] + 1
                # The second part of the multipart body, between its blank line and the closing boundary.
                parts = content.split(b"\r\n\r\n", 2)
                KEPT[name] = (parts[-1].rsplit(b"\r\n--", 1)[0] if content else None, generation)
            return self.answer(200, {"name": name, "bucket": "bench", "generation": str(generation), "metageneration": "1"})
        content = json.loads(self.body(True) or b"{}")
        if url.path.endswith("/jobs"):
            made_anew(content["configuration"].get("query", {}).get("query", ""))
            statistics = {"creationTime": "0", "load": {"outputRows": "0"}, "query": {"dmlStats": {}}}
            return self.answer(200, {"jobReference": content["jobReference"], "status": {"state": "DONE"}, "statistics": statistics})
        if url.path.endswith("/tables"):
            TABLES[content["tableReference"]["tableId"]] = {**content, "numRows": "0", "numBytes": "0"}
        return self.answer(200, content)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        found = re.search(r"/o/(.+)$", url.path)
        if found:
            content, generation = KEPT.get(urllib.parse.unquote(found.group(1)), (None, 0))
            if content is None:
                return self.answer(404, {"error": {"code": 404}})
            return self.answer(200, content, [("x-goog-generation", str(generation))])
        found = re.search(r"/tables/(.+)$", url.path)
        if found:
            table = TABLES.get(found.group(1))
            return self.answer(200, table) if table else self.answer(404, {"error": {"code": 404}})
        return self.answer(200, {"datasetReference": {"projectId": "demo", "datasetId": "bench"}, "location": "US"})

    def do_PATCH(self):
        self.body(True)
        self.answer(200)

    def do_DELETE(self):
        self.answer(204)


class Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """A client that has ended in mid-answer is none."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main():
    server = Server(("127.0.0.1", 0), Sink)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
