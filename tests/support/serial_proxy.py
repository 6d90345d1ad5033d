"""A small HTTP proxy in front of local-bigquery that lets one write through at a time.

The emulator fails when two writes of one table meet ("write-write conflict"). BigQuery takes such writes. So tests, the demo and
`make stack` all reach the emulator through this proxy, and the product knows nothing of it. Reads pass side by side.

The stand-in for the Storage Write API (tests/support/storage_write_standin) tells it what the readers of a table are to see from now on:
POST /standin/changes. That is put into the emulator before the next request that names the table's dataset and looks at rows, so that a
client that appends much and reads little does not wait for the emulator.
"""

import collections
import http.client
import http.server
import json
import socket
import threading
from urllib.parse import urlsplit

CHANGES = "/standin/changes"
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-connection", "host", "content-length"}


def is_read(method, path, body):
    """Whether a request leaves the catalog alone: a GET, or a short query that only selects."""
    if method in ("GET", "HEAD"):
        return True
    if method != "POST" or not urlsplit(path).path.endswith("/queries"):
        return False
    try:
        query = json.loads(body)["query"]
    except (ValueError, KeyError, TypeError):
        return False
    return isinstance(query, str) and query.lstrip().upper().startswith(("SELECT", "WITH"))


def read_chunks(stream):
    parts = []
    while size := int(stream.readline().split(b";")[0], 16):
        parts.append(stream.read(size))
        stream.readline()
    while stream.readline().strip():
        pass
    return b"".join(parts)


class Unseen:
    """What readers of the emulator's tables have not been shown yet: bodies of requests, in their order, by dataset."""

    def __init__(self):
        self.lock = threading.Lock()
        self.by_dataset = {}

    def add(self, body):
        dataset = json.loads(body)["dataset"]
        with self.lock:
            self.by_dataset.setdefault(dataset, collections.deque()).append(body)

    def for_request(self, method, path, body):
        """The queues of the datasets that a request names. A description of a table has no row in it."""
        if method in ("GET", "HEAD") and not urlsplit(path).path.endswith("/data"):
            return []
        with self.lock:
            waiting = [(dataset, queue) for dataset, queue in self.by_dataset.items() if queue]
        return [queue for dataset, queue in waiting if dataset in path or dataset.encode() in body]


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def start(find):
    """Serves in threads of this process; returns the address. `find` tells where the emulator is, with the first request."""
    one_at_a_time, finding = threading.Lock(), threading.Lock()
    found = []
    unseen = Unseen()

    def address():
        with finding:
            if not found:
                backend = urlsplit(find())
                found.append((backend.hostname, backend.port))
            return found[0]

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body leave in one packet
        backend = None

        def pass_on(self):
            if "chunked" in self.headers.get("Transfer-Encoding", ""):
                body = read_chunks(self.rfile)
            else:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path == CHANGES:
                unseen.add(body)
                self.send_response_only(204)
                self.end_headers()
                return
            queues = unseen.for_request(self.command, self.path, body)
            if is_read(self.command, self.path, body) and not queues:
                answer, content = self.ask(self.command, self.path, body, self.own_headers())
            else:
                with one_at_a_time:
                    # An answer that is an error is given to who asked: the tables are not what they should be.
                    failed = self.show(queues)
                    answer, content = failed or self.ask(self.command, self.path, body, self.own_headers())
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = pass_on

        def own_headers(self):
            return {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}

        def show(self, queues):
            """Puts what waits into the emulator; what fails stays, and is returned."""
            for queue in queues:
                while queue:
                    answer, content = self.ask("POST", CHANGES, queue[0], {"Content-Type": "application/json"})
                    if answer.status >= 300:
                        return answer, content
                    queue.popleft()

        def ask(self, method, path, body, headers):
            """Over the connection that this caller's requests share. One that the emulator has closed meanwhile is opened
            again; a request whose answer was lost on the way is not repeated."""
            if self.backend is not None and is_closed(self.backend.sock):
                self.backend.close()
                self.backend = None
            if self.backend is None:
                self.backend = http.client.HTTPConnection(*address())
                self.backend.connect()
                self.backend.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.backend.request(method, path, body or None, headers)
            answer = self.backend.getresponse()
            return answer, answer.read()

        def finish(self):
            if self.backend is not None:
                self.backend.close()
            super().finish()

        def log_message(self, *_):
            pass

    class Quiet(Server):
        def handle_error(self, *_):
            pass  # the emulator went away, or the caller did: either sees its connection end

    server = Quiet(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def is_closed(sock):
    """Between two answers the emulator has nothing to say, so anything readable is the end."""
    if sock is None:
        return True
    sock.setblocking(False)
    try:
        sock.recv(1, socket.MSG_PEEK)
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        sock.setblocking(True)
