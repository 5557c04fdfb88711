#!/usr/bin/env python3
"""The module in a real nginx on loopback: `run.py MODULE.so [--full] [--only NAME]`. `cargo xtask nginx` builds the module and runs this.

Needs nginx and curl. The module is linked to a library with the feature `test-panic`, so that one of the tests can make it fail.
Each test is a function `test_...`; a failed `check` is told and the others go on.
"""

import argparse
import contextlib
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ATTACK = "1'+or+'1'='1"
PLAIN = "1' or '1'='1"
SCRIPT = b'{"text": "<script>alert(1)</script>"}'

POLICY = """\
mode: block
limits: {body_bytes: 4194304}
schemas:
  order: {type: object, properties: {quantity: {type: integer, minimum: 1}}}
routes:
  - {path: /api/orders, methods: [POST], body: order}
"""

CONFIG = """\
load_module {module}; {modules}
worker_processes 1; {user}
pid {dir}/nginx.pid; error_log {dir}/error.log info;
events {{ worker_connections 512; }}
http {{
  client_body_temp_path {dir}/tmp/body; proxy_temp_path {dir}/tmp/proxy; fastcgi_temp_path {dir}/tmp/f;
  uwsgi_temp_path {dir}/tmp/u; scgi_temp_path {dir}/tmp/s;
  client_max_body_size 20m; client_body_buffer_size 16k; default_type text/plain;
  log_format verdicts '$request_id $uri $status $abatis_action $abatis_score $abatis_rule $abatis_class';
  access_log {dir}/access.log verdicts;
  set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP;
  proxy_http_version 1.1;
  abatis_policy policy.yaml; abatis_log {dir}/abatis.log;
  server {{
    listen 127.0.0.1:{port}; listen 127.0.0.1:{h2} http2; root {dir}/html; server_name shop.test;
    location / {{ abatis on; }}
    location /off/ {{ alias {dir}/html/; }}
    location /offapi/ {{ proxy_pass http://127.0.0.1:{up}; }}
    location /api/ {{ abatis on; proxy_pass http://127.0.0.1:{up}; proxy_set_header X-Score $abatis_score; }}
    location /detect/ {{ abatis detect; proxy_pass http://127.0.0.1:{up}; }}
    location /stream/ {{ abatis on; abatis_body stream; proxy_request_buffering off; proxy_pass http://127.0.0.1:{up}; }}
    location /streamfile/ {{ abatis on; abatis_body stream; alias {dir}/html/; }}
    location /nobody/ {{ abatis on; abatis_body off; proxy_pass http://127.0.0.1:{up}; }}
    location /teapot/ {{ abatis on; abatis_block_status 418; proxy_pass http://127.0.0.1:{up}; }}
    location /limit/ {{ abatis on; abatis_body_limit 1k; proxy_pass http://127.0.0.1:{up}; }}
    location /limitpass/ {{ abatis on; abatis_body_limit 1k pass; proxy_pass http://127.0.0.1:{up}; }}
    location /limitdetect/ {{ abatis detect; abatis_body_limit 1k; proxy_pass http://127.0.0.1:{up}; }}
    location /errorpass/ {{ abatis on; abatis_on_error pass; proxy_pass http://127.0.0.1:{up}; }}
    location /redirect/ {{ abatis on; rewrite ^/redirect/(.*)$ /api/$1 last; }}
    location /try/ {{ abatis on; try_files $uri @fallback; }}
    location /trydetect/ {{ abatis detect; try_files $uri @fallback; }}
    location /tryoff/ {{ abatis off; try_files $uri @fallback; }}
    location @fallback {{ abatis on; proxy_pass http://127.0.0.1:{up}; }}
    location /page/ {{ abatis on; error_page 403 = @blocked; proxy_pass http://127.0.0.1:{up}; }}
    location @blocked {{ return 403 "because $abatis_class $abatis_rule\\n"; }}
    location /pageup/ {{ abatis on; error_page 403 = @apology; proxy_pass http://127.0.0.1:{up}; }}
    location @apology {{ proxy_pass http://127.0.0.1:{up}; }}
    location /pagefile/ {{ abatis on; error_page 403 /sorry.html; proxy_pass http://127.0.0.1:{up}; }}
    location = /sorry.html {{ }}
    location /satisfy/ {{ abatis on; satisfy any; allow all; deny all; proxy_pass http://127.0.0.1:{up}; }}
    location /auth/ {{ abatis on; auth_request /authcheck/; mirror /mirror/; proxy_pass http://127.0.0.1:{up}; }}
    location /authcheck/ {{ internal; abatis on; proxy_pass http://127.0.0.1:{up}; proxy_pass_request_body off; proxy_set_header Content-Length ""; }}
    location /mirror/ {{ internal; abatis on; proxy_pass http://127.0.0.1:{up}; }}
    location /ws/ {{ abatis on; proxy_pass http://127.0.0.1:{up}; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }}
    location /noted/ {{ abatis on; abatis_log off; proxy_pass http://127.0.0.1:{up}; }}
    location /syslog/ {{ abatis on; abatis_log syslog:server=127.0.0.1:{syslog},tag=abatis; proxy_pass http://127.0.0.1:{up}; }}
    location /strict/ {{ abatis on; abatis_policy strict; proxy_pass http://127.0.0.1:{up}; }}
  }}
  {more}
}}
"""


class Upstream(threading.Thread):
    """A server that says what it got, and notes when."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.heads, self.bodies, self.lock = [], [], threading.Lock()

    def run(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        data = b""
        with contextlib.suppress(OSError), client:
            while b"\r\n\r\n" not in data:
                piece = client.recv(65536)
                if not piece:
                    return
                data += piece
            head, body = data.split(b"\r\n\r\n", 1)
            got = bytearray(body)
            with self.lock:
                self.heads.append(head)
                self.bodies.append(got)
            lower = head.lower()
            if b"upgrade: websocket" in lower:
                client.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
                while piece := client.recv(65536):
                    client.sendall(piece.upper())
                return
            length = re.search(rb"\r\ncontent-length: (\d+)", lower)
            chunked = b"\r\ntransfer-encoding: chunked" in lower
            while len(got) < int(length[1]) if length else chunked and not got.endswith(b"0\r\n\r\n"):
                piece = client.recv(65536)
                if not piece:
                    return
                got += piece
            text = b"upstream got %d bytes\n" % len(got)
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(text), text))

    def last(self):
        with self.lock:
            return (self.heads[-1], bytes(self.bodies[-1])) if self.heads else (b"", b"")

    def count(self):
        with self.lock:
            return len(self.heads)


# libnginx-mod-http-lua, for a test of bodies that another module reads first.
LUA = ("/usr/lib/nginx/modules/ndk_http_module.so", "/usr/lib/nginx/modules/ngx_http_lua_module.so")


def has_lua():
    return all(os.path.exists(path) for path in LUA)


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Nginx:
    def __init__(self, module, upstream):
        self.dir = tempfile.mkdtemp(prefix="abatis-nginx-")
        os.chmod(self.dir, 0o755)
        for folder in ("html", "tmp"):
            os.mkdir(f"{self.dir}/{folder}")
        os.chmod(f"{self.dir}/tmp", 0o777)
        for name, text in (("index.html", "index\n"), ("sorry.html", "sorry\n"), ("file", "a file\n")):
            self.write(f"html/{name}", text)
        self.module, self.up = module, upstream.port
        self.port, self.h2, self.syslog = free_ports(3)
        self.configure()
        self.write("policy.yaml", POLICY)
        self.process = None

    def write(self, name, text):
        with open(f"{self.dir}/{name}", "w") as file:
            file.write(text)

    def read(self, name):
        """A file of nginx. It writes its logs after the answer is out."""
        if name.endswith(".log"):
            time.sleep(0.2)
        with contextlib.suppress(FileNotFoundError), open(f"{self.dir}/{name}") as file:
            return file.read()
        return ""

    def configure(self, more=""):
        user = "user root;" if os.geteuid() == 0 else ""
        modules = "".join(f"load_module {path}; " for path in LUA) if has_lua() else ""
        self.write("nginx.conf", CONFIG.format(module=self.module, modules=modules, user=user, dir=self.dir, port=self.port, h2=self.h2,
                                               up=self.up, syslog=self.syslog, more=more))

    def command(self, *arguments):
        return ["nginx", "-p", self.dir, "-c", f"{self.dir}/nginx.conf", "-e", "stderr", *arguments]

    def test(self):
        done = subprocess.run(self.command("-t"), capture_output=True, text=True)
        return done.returncode, done.stderr

    def start(self):
        code, said = self.test()
        if code:
            sys.exit(f"nginx does not take the configuration:\n{said}")
        self.process = subprocess.Popen(self.command("-g", "daemon off;"), stderr=subprocess.DEVNULL)
        for _ in range(100):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            time.sleep(0.05)
        sys.exit(f"nginx does not start:\n{self.read('error.log')}")

    def stop(self):
        self.process.send_signal(signal.SIGQUIT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        shutil.rmtree(self.dir, ignore_errors=True)

    def workers(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as file:
            return [int(pid) for pid in file.read().split()]

    def reload(self):
        """HUP, and waits until the workers are new ones."""
        before = set(self.workers())
        self.process.send_signal(signal.SIGHUP)
        for _ in range(400):
            time.sleep(0.01)
            now = set(self.workers())
            if now - before:
                return True
        return False

    def rss(self):
        """Resident memory of the master in KiB."""
        return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{self.process.pid}/status").read())[1])

    def lines(self):
        """What abatis logged."""
        return [json.loads(line) for line in self.read("abatis.log").splitlines()]


class Checks:
    def __init__(self):
        self.count, self.failures = 0, []

    def __call__(self, holds, what, *seen):
        self.count += 1
        if not holds:
            self.failures.append(what)
            print(f"FAILED {what}", *seen, sep="\n  ", flush=True)


check = Checks()


def curl(url, *arguments, data=None):
    """Status and text of the answer."""
    command = ["curl", "-sS", "-m", "20", "-w", "\n%{http_code}", *([] if any(a.startswith("Host:") for a in arguments) else ["-H", "Host: shop.test"]), *arguments, url]
    if data is not None:
        command[1:1] = ["--data-binary", "@-"]
    done = subprocess.run(command, input=data, capture_output=True)
    text, _, code = done.stdout.decode(errors="replace").rpartition("\n")
    return int(code or 0), text


def answers(raw):
    """The statuses in what came; an answer may begin right after the body of another."""
    return [status.decode() for status in re.findall(rb"HTTP/1\.1 (\d+)", raw)]


def receive(client, seconds=2.0, until=None):
    """All that comes until the connection ends, the text `until` comes, or the time is over."""
    data, end = b"", time.time() + seconds
    while (left := end - time.time()) > 0:
        if not select.select([client], [], [], left)[0]:
            break
        try:
            piece = client.recv(65536)
        except OSError:
            break
        if not piece:
            break
        data += piece
        if until and until in data:
            break
    return data


# --- the tests

def test_attacks(nginx, up):
    api = f"http://127.0.0.1:{nginx.port}/api/x"
    form, js = ("-H", "Content-Type: application/x-www-form-urlencoded"), ("-H", "Content-Type: application/json")
    attacks = {
        "query": (f"{api}?id={ATTACK}", (), None),
        "header": (api, ("-H", f"X-Name: {PLAIN}"), None),
        "cookie": (api, ("-H", f"Cookie: a=b; id={PLAIN}"), None),
        "form": (api, form, f"a=b&id={ATTACK}".encode()),
        "json": (api, js, SCRIPT),
        "chunked": (api, (*js, "-H", "Transfer-Encoding: chunked"), SCRIPT),
        "text": (api, ("-H", "Content-Type: text/plain"), b"<script>alert(1)</script>"),
        "schema": (api.replace("/x", "/orders"), js, b'{"quantity": 0}'),
        "static file": (f"http://127.0.0.1:{nginx.port}/file?id={ATTACK}", (), None),
        "satisfy any": (f"http://127.0.0.1:{nginx.port}/satisfy/?id={ATTACK}", (), None),
        "built-in policy": (f"http://127.0.0.1:{nginx.port}/strict/?id={ATTACK}", (), None),
    }
    for name, (url, arguments, data) in attacks.items():
        before = up.count()
        check(curl(url, *arguments, data=data)[0] == 403, f"attack in {name} is blocked")
        check(up.count() == before, f"attack in {name} does not reach the upstream")
    benign = {
        "query": (f"{api}?q=green+tea", (), None),
        "header": (api, ("-H", "X-Name: O'Neill"), None),
        "form": (api, form, b"a=b&name=O%27Neill"),
        "json": (api, js, b'{"text": "three little pigs"}'),
        "chunked": (api, (*js, "-H", "Transfer-Encoding: chunked"), b'{"text": "three little pigs"}'),
        "schema": (api.replace("/x", "/orders"), js, b'{"quantity": 1}'),
        "empty body": (api, js, b""),
        "static file": (f"http://127.0.0.1:{nginx.port}/file", (), None),
    }
    for name, (url, arguments, data) in benign.items():
        status, text = curl(url, *arguments, data=data)
        check(status == 200, f"benign {name} passes", status, text)
    curl(api, *js, data=b'{"text": "three little pigs"}')
    head, body = up.last()
    check(body == b'{"text": "three little pigs"}', "the upstream gets the body as it was sent", body)
    check(b"X-Score: 0" in head, "variables are there when the upstream is asked", head)
    check(curl(f"http://127.0.0.1:{nginx.port}/teapot/?id={ATTACK}")[0] == 418, "abatis_block_status")


def test_modes(nginx, up):
    base = f"http://127.0.0.1:{nginx.port}"
    status, _ = curl(f"{base}/detect/?id={ATTACK}", data=SCRIPT)
    line = nginx.lines()[-1]
    check(status == 200, "detect passes attacks")
    check(line["mode"] == "detect" and not line["blocked"] and line["action"] == "block", "detect logs them", line)
    places = {finding["place"] for finding in line["verdict"]["findings"]}
    check(len(places) > 1, "detect goes on after the first finding", line)
    before = len(nginx.lines())
    check(curl(f"{base}/off/file?id={ATTACK}")[0] == 200, "off passes")
    check(curl(f"{base}/offapi/?id={ATTACK}", data=SCRIPT)[0] == 200, "off passes bodies")
    check(len(nginx.lines()) == before, "off logs nothing")
    check(curl(f"{base}/nobody/", "-H", "Content-Type: application/json", data=SCRIPT)[0] == 200, "abatis_body off passes bodies")
    check(curl(f"{base}/nobody/?id={ATTACK}", data=b"{}")[0] == 403, "abatis_body off inspects the head")


def test_variables_and_log(nginx, up):
    base = f"http://127.0.0.1:{nginx.port}"
    curl(f"{base}/api/variables?id={ATTACK}", "-H", "X-Real-IP: 192.0.2.7")
    line, access = nginx.lines()[-1], nginx.read("access.log").splitlines()[-1].split()
    check(access[1:4] == ["/api/variables", "403", "block"], "$abatis_action in the access log", access)
    check(int(access[4]) >= 700 and access[5].startswith("sql.") and access[6] == "sqli", "score, rule and class", access)
    check(line["request_id"] == access[0], "the log line carries $request_id", line, access)
    check(line["client"] == "192.0.2.7", "the log line carries the real client", line)
    check(line["status"] == 403 and line["blocked"] and line["server"] == "shop.test", "the log line tells the answer", line)
    check(line["verdict"]["findings"][0]["class"] == "sqli", "the log line has the findings", line)
    check("or" not in json.dumps(line["verdict"]["findings"][0].get("pointer")), "payloads are masked", line)
    curl(f"{base}/off/file")
    access = nginx.read("access.log").splitlines()[-1].split()
    check(access[3:] == ["-"] * 4, "no verdict, no variables", access)
    curl(f"{base}/api/fine")
    access = nginx.read("access.log").splitlines()[-1].split()
    check(access[3:] == ["allow", "0", "-", "-"], "variables of what passes", access)
    curl(f"{base}/noted/?id={ATTACK}")
    check('abatis: blocked, rule "sql.' in nginx.read("error.log"), "without a log the error log tells")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as syslog:
        syslog.bind(("127.0.0.1", nginx.syslog))
        syslog.settimeout(2)
        curl(f"{base}/syslog/?id={ATTACK}")
        message = syslog.recv(65536).decode()
    check(json.loads(message.split("abatis: ", 1)[1])["blocked"], "syslog", message)
    many = "&".join(f"p{i}={ATTACK}" for i in range(100))
    status, _ = curl(f"{base}/detect/many?{many}")
    line = nginx.lines()[-1]
    check(status == 200 and line["verdict"]["dropped"] > 0, "long verdicts are logged whole", line)


def test_reopen(nginx, up):
    os.rename(f"{nginx.dir}/abatis.log", f"{nginx.dir}/abatis.log.1")
    nginx.process.send_signal(signal.SIGUSR1)
    time.sleep(0.5)
    curl(f"http://127.0.0.1:{nginx.port}/api/?id={ATTACK}")
    check(len(nginx.lines()) == 1, "USR1 opens the log again")
    nginx.write("abatis.log.1", "")


def test_early_block(nginx, up):
    client = socket.create_connection(("127.0.0.1", nginx.port))
    client.sendall(b"POST /api/early HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n" + SCRIPT[:-1] + b', "')
    check(answers(receive(client, 5, b"\r\n\r\n")) == ["403"], "a body is blocked while it still comes")
    client.close()
    before = up.count()
    # More than the buffer of nginx, which goes to a file.
    data = b'{"fill": "' + b"lorem ipsum " * 60000 + b'", "text": "<script>alert(1)</script>"}'
    status, _ = curl(f"http://127.0.0.1:{nginx.port}/api/", "-H", "Content-Type: application/json", data=data)
    check(status == 403 and up.count() == before, "an attack at the end of a large body is blocked")
    data = data.replace(b"<script>alert(1)</script>", b"dolor")
    status, text = curl(f"http://127.0.0.1:{nginx.port}/api/", "-H", "Content-Type: application/json", data=data)
    check(status == 200 and up.last()[1] == data, "a large body arrives whole", status, text)


def test_stream(nginx, up):
    head = b"POST /stream/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    first, last = b'{"a": "first piece", ', b'"b": "last piece"}'
    before = up.count()
    client = socket.create_connection(("127.0.0.1", nginx.port))
    client.sendall(head % len(first + last) + first)
    for _ in range(100):
        time.sleep(0.02)
        if up.count() > before and up.last()[1] == first:
            break
    check(up.count() > before and up.last()[1] == first, "stream: the upstream has the first piece before the last is sent")
    client.sendall(last)
    check(answers(receive(client, 5, b"bytes\n")) == ["200"], "stream: and answers when it has the last")
    client.close()
    check(up.last()[1] == first + last, "stream: the body is whole")

    evil = b'"b": "<script>alert(1)</script>", '
    client = socket.create_connection(("127.0.0.1", nginx.port))
    client.sendall(head % 500000 + first)
    time.sleep(0.3)
    client.sendall(evil)
    check(answers(receive(client, 5, b"\r\n\r\n")) == ["403"], "stream: an attack in a later piece is blocked at once")
    check(b"script" not in up.last()[1], "stream: the piece with the attack does not reach the upstream", up.last())
    client.close()

    status, _ = curl(f"http://127.0.0.1:{nginx.port}/stream/", "-H", "Content-Type: application/json",
                     "-H", "Transfer-Encoding: chunked", data=SCRIPT)
    check(status == 403, "stream: chunked")
    check(curl(f"http://127.0.0.1:{nginx.port}/stream/", "-H", "Content-Type: application/json", data=b'{"a": 1}')[0] == 200,
          "stream: benign")
    check(curl(f"http://127.0.0.1:{nginx.port}/stream/?id={ATTACK}")[0] == 403, "stream: the head is inspected")
    status, _ = curl(f"http://127.0.0.1:{nginx.port}/streamfile/file")
    check(status == 200, "stream: a location that reads no body", status)


def test_one_answer(nginx, up):
    """A refused body must not be read as the next request of the connection."""
    inner = b"GET /off/file?smuggled HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    for path in ("/api/", "/stream/", "/page/", "/pagefile/", "/limit/", "/teapot/"):
        for body, kind in ((SCRIPT[:-1] + b",", b"application/json"), (b"id=" + ATTACK.encode() + b"&", b"application/x-www-form-urlencoded")):
            for length in (len(body) + len(inner), 5000):
                client = socket.create_connection(("127.0.0.1", nginx.port))
                client.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s"
                               % (path.encode(), kind, length, body))
                got = receive(client, 1, b"\r\n\r\n")
                with contextlib.suppress(OSError):
                    client.sendall(inner)
                got += receive(client, 0.5)
                client.close()
                check(len(answers(got)) == 1, f"{path}: one request, one answer", answers(got), kind, length)
                # In one piece.
                client = socket.create_connection(("127.0.0.1", nginx.port))
                client.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s"
                               % (path.encode(), kind, length, body + inner))
                got = receive(client, 0.5)
                client.close()
                check(len(answers(got)) == 1, f"{path}: one request in one piece, one answer", answers(got), kind, length)
    for body in (b"%x\r\n%s\r\n" % (len(SCRIPT), SCRIPT), b"%x\r\n%s" % (len(SCRIPT) + len(inner), SCRIPT)):
        client = socket.create_connection(("127.0.0.1", nginx.port))
        client.sendall(b"POST /api/ HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain; x\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
        time.sleep(0.1)
        with contextlib.suppress(OSError):
            client.sendall(inner)
        check(len(answers(receive(client, 1))) <= 1, "chunked: one request, one answer at most")
        client.close()
    # Blocked in its head, with all of the body there: the connection may be kept, and then the next request is the next one.
    client = socket.create_connection(("127.0.0.1", nginx.port))
    request = b"POST /api/?id=%s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (ATTACK.encode(), len(inner)) + inner
    client.sendall(request + b"GET /off/file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    got = receive(client, 2)
    client.close()
    check(answers(got) in (["403"], ["403", "200"]), "blocked head, kept connection", answers(got))
    # Requests in a row on one connection.
    client = socket.create_connection(("127.0.0.1", nginx.port))
    body = b'{"a": "b"}'
    one = b"POST /api/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    client.sendall(one * 3 + b"GET /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    got = receive(client, 3)
    client.close()
    check(answers(got) == ["200"] * 4, "four requests in a row, four answers", answers(got))


def test_redirects(nginx, up):
    base = f"http://127.0.0.1:{nginx.port}"
    js = ("-H", "Content-Type: application/json")
    lines = len(nginx.lines())
    check(curl(f"{base}/redirect/a?id={ATTACK}")[0] == 403, "rewrite: head")
    check(curl(f"{base}/redirect/a", *js, data=SCRIPT)[0] == 403, "rewrite: body")
    check(curl(f"{base}/redirect/a", *js, data=b'{"a": 1}')[0] == 200, "rewrite: benign")
    check(curl(f"{base}/try/a", *js, data=SCRIPT)[0] == 403, "try_files: body")
    check(curl(f"{base}/try/a", *js, data=b'{"a": 1}')[0] == 200, "try_files: benign")
    check(up.last()[1] == b'{"a": 1}', "try_files: the body arrives")
    check(curl(f"{base}/trydetect/a", *js, data=SCRIPT)[0] == 403, "try_files: on after detect blocks")
    check(curl(f"{base}/tryoff/a", *js, data=SCRIPT)[0] == 403, "try_files: on after off inspects")
    status, text = curl(f"{base}/page/?id={ATTACK}")
    check((status, text.strip()) == (403, "because sqli sql.injection"), "error_page: variables of a blocked head", status, text)
    status, text = curl(f"{base}/page/", *js, data=SCRIPT)
    check(status == 403 and text.startswith("because xss "), "error_page: variables of a blocked body", status, text)
    status, text = curl(f"{base}/pagefile/", *js, data=SCRIPT)
    check((status, text.strip()) == (403, "sorry"), "error_page: a file", status, text)
    status, text = curl(f"{base}/pageup/", *js, data=SCRIPT)
    check((status, text.strip()) == (200, "upstream got 0 bytes"), "error_page: another server, which gets no body", status, text)
    client = socket.create_connection(("127.0.0.1", nginx.port))
    client.sendall(b"POST /pageup/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 90000\r\n\r\n" + SCRIPT[:-1])
    check(answers(receive(client, 5, b"bytes\n")) == ["200"], "error_page: another server, with a body that never comes")
    client.close()
    blocked = [line for line in nginx.lines()[lines:] if line["blocked"]]
    check(len(blocked) == 10, "each is logged once", len(blocked))


def test_subrequests(nginx, up):
    lines = len(nginx.lines())
    base = f"http://127.0.0.1:{nginx.port}"
    check(curl(f"{base}/auth/?id={ATTACK}")[0] == 403, "subrequests: attack")
    check(len(nginx.lines()) == lines + 1, "subrequests: one line")
    before = up.count()
    status, text = curl(f"{base}/auth/", "-H", "Content-Type: application/json", data=b'{"a": 1}')
    check(status == 200, "subrequests: benign", status, text)
    time.sleep(0.2)
    check(up.count() == before + 3, "subrequests: authorization, mirror and request", up.count() - before)


def test_http2(nginx, up):
    if "HTTP2" not in subprocess.run(["curl", "-V"], capture_output=True, text=True).stdout:
        print("curl has no HTTP/2: not tried")
        return
    base, h2 = f"http://127.0.0.1:{nginx.h2}", "--http2-prior-knowledge"
    js = ("-H", "Content-Type: application/json")
    check(curl(f"{base}/api/?id={ATTACK}", h2)[0] == 403, "HTTP/2: query")
    check(curl(f"{base}/api/", h2, "-H", f"Cookie: a={PLAIN}")[0] == 403, "HTTP/2: cookie")
    for path in ("/api/", "/stream/"):
        check(curl(base + path, h2, *js, data=SCRIPT)[0] == 403, f"HTTP/2: body to {path}")
        check(curl(base + path, h2, *js, data=b'{"a": 1}')[0] == 200, f"HTTP/2: benign body to {path}")
        # Without a length.
        status, text = curl(base + path, h2, *js, "-H", "Content-Length:", data=SCRIPT)
        check(status == 403, f"HTTP/2: body without a length to {path}", status, text)
    large = b'{"fill": "' + b"lorem ipsum " * 60000 + b'", "text": "<script>alert(1)</script>"}'
    check(curl(f"{base}/api/", h2, *js, data=large)[0] == 403, "HTTP/2: large body")
    check(curl(f"{base}/file", h2)[0] == 200, "HTTP/2: file")


def test_expect(nginx, up):
    head = b"POST /api/%s HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    client = socket.create_connection(("127.0.0.1", nginx.port))
    client.sendall(head % (b"", len(SCRIPT)))
    check(answers(receive(client, 3, b"\r\n\r\n")) == ["100"], "Expect: goes on")
    client.sendall(SCRIPT)
    check(answers(receive(client, 3, b"\r\n\r\n")) == ["403"], "Expect: and is blocked")
    client.close()
    client = socket.create_connection(("127.0.0.1", nginx.port))
    client.sendall(head % (b"?id=" + ATTACK.encode(), len(SCRIPT)))
    check(answers(receive(client, 3, b"\r\n\r\n")) == ["403"], "Expect: a blocked head is not asked for its body")
    client.close()


def test_websocket(nginx, up):
    client = socket.create_connection(("127.0.0.1", nginx.port))
    upgrade = b"GET /ws/%s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    client.sendall(upgrade % b"")
    check(answers(receive(client, 3, b"\r\n\r\n")) == ["101"], "WebSocket: upgrade")
    client.sendall(b"hello")
    check(receive(client, 3, b"HELLO") == b"HELLO", "WebSocket: goes through")
    client.close()
    client = socket.create_connection(("127.0.0.1", nginx.port))
    client.sendall(upgrade % (b"?id=" + ATTACK.encode()))
    check(answers(receive(client, 3, b"\r\n\r\n")) == ["403"], "WebSocket: an attack in the upgrade")
    client.close()


def test_limits(nginx, up):
    base, js = f"http://127.0.0.1:{nginx.port}", ("-H", "Content-Type: application/json")
    long = b'{"fill": "' + b"lorem ipsum " * 200 + b'", "text": "<script>alert(1)</script>"}'
    for chunked in ((), ("-H", "Transfer-Encoding: chunked")):
        check(curl(f"{base}/limit/", *js, *chunked, data=long)[0] == 413, "limit: a long body is refused")
        check(curl(f"{base}/limitpass/", *js, *chunked, data=long)[0] == 200, "limit: pass")
        check(curl(f"{base}/limitdetect/", *js, *chunked, data=long)[0] == 200, "limit: detect passes")
        check(curl(f"{base}/limitpass/", *js, *chunked, data=SCRIPT)[0] == 403, "limit: pass inspects what is within")
    check(nginx.lines()[-1]["reason"] == "verdict", "limit: reason", nginx.lines()[-1])
    curl(f"{base}/limit/", *js, data=long)
    check(nginx.lines()[-1]["reason"] == "body_limit", "limit: reason", nginx.lines()[-1])
    check(curl(f"{base}/limit/", *js, data=b'{"a": 1}')[0] == 200, "limit: a short one passes")
    huge = b'{"fill": "' + b"lorem ipsum " * 400000 + b'"}'
    status, text = curl(f"{base}/api/", *js, data=huge)
    check(status == 403, "limit: that of the policy", status, text)


def test_read_before(nginx, up):
    """Another module reads the body in the rewrite phase: it is inspected from memory, or from the file that it went to."""
    if not has_lua():
        print("libnginx-mod-http-lua is missing: not tried")
        return
    nginx.configure(f"""server {{
      listen 127.0.0.1:{nginx.port}; server_name lua.test;
      location / {{ rewrite_by_lua_block {{ ngx.req.read_body() }} abatis on; proxy_pass http://127.0.0.1:{up.port}; }}
      location /stream/ {{ rewrite_by_lua_block {{ ngx.req.read_body() }} abatis on; abatis_body stream; proxy_pass http://127.0.0.1:{up.port}; }}
    }}""")
    nginx.reload()
    time.sleep(0.5)
    js = ("-H", "Content-Type: application/json")
    large = b'{"fill": "' + b"lorem ipsum " * 60000 + b'", "text": "<script>alert(1)</script>"}'
    for path in ("/", "/stream/"):
        url = f"http://127.0.0.1:{nginx.port}{path}"
        for name, data in (("small", SCRIPT), ("large", large)):
            curl_ = lambda data: curl(url, "-H", "Host: lua.test", *js, data=data)
            check(curl_(data)[0] == 403, f"read before: {name} attack to {path}")
            check(curl_(data.replace(b"<script>alert(1)</script>", b"dolor"))[0] == 200, f"read before: {name} benign body to {path}")
    nginx.configure()
    nginx.reload()
    time.sleep(0.5)


def test_engine_failure(nginx, up):
    base, trigger = f"http://127.0.0.1:{nginx.port}", ("-H", "abatis-test-panic: 1")
    check(curl(f"{base}/api/", *trigger)[0] == 500, "failure: on answers 500")
    line = nginx.lines()[-1]
    check(line["reason"] == "error" and line["action"] == "error" and line["verdict"] is None, "failure: is logged", line)
    check(curl(f"{base}/detect/", *trigger)[0] == 200, "failure: detect passes")
    check(curl(f"{base}/errorpass/", *trigger)[0] == 200, "failure: abatis_on_error pass")
    check(curl(f"{base}/api/", *trigger, data=SCRIPT)[0] == 500, "failure: with a body")
    check("abatis: the request was not inspected" in nginx.read("error.log"), "failure: error log")
    check(curl(f"{base}/api/?id={ATTACK}")[0] == 403, "failure: the next request is inspected")
    check(curl(f"{base}/api/")[0] == 200, "failure: and passes")


def test_bad_configuration(nginx, up):
    def refused(policy, more, wanted):
        nginx.write("policy.yaml", policy)
        nginx.configure(more)
        code, said = nginx.test()
        check(code != 0 and re.search(wanted, said), f"nginx -t refuses: {wanted}", said)

    refused("mode: block\nmod: block\nsensitivity: nice\n", "", r"policy\.yaml:2:1: .*mod.* in .*nginx\.conf:\d+")
    refused("mode: block\nmod: block\nsensitivity: nice\n", "", r"policy\.yaml:3:14: .*nice")
    workers = nginx.workers()
    nginx.process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    check(nginx.workers() == workers, "HUP with a bad policy leaves the workers alone")
    check(curl(f"http://127.0.0.1:{nginx.port}/api/?id={ATTACK}")[0] == 403, "HUP with a bad policy: the old one goes on")
    refused(POLICY, "abatis maybe;", "invalid value")
    refused(POLICY, "abatis_block_status 200;", "must be")
    refused(POLICY, "abatis_body_limit 1k perhaps;", "pass")
    refused(POLICY, "abatis_body_limit big;", "invalid size")
    refused(POLICY, "server { abatis on; abatis_policy missing.yaml; }", "missing.yaml")
    refused(POLICY, "server { abatis on; abatis_policy nothing; }", "nothing")
    nginx.write("policy.yaml", POLICY)
    nginx.configure()
    check(nginx.test()[0] == 0, "the good configuration is taken again")


def test_shared_policy(nginx, up):
    start = time.time()
    nginx.test()
    one = time.time() - start
    nginx.configure("".join(f"server {{ listen 127.0.0.1:{nginx.port}; server_name s{i}; abatis on; abatis_policy policy.yaml; }}\n"
                            for i in range(1000)))
    start = time.time()
    code, said = nginx.test()
    many = time.time() - start
    print(f"1 server {one * 1e3:.0f} ms, 1,001 servers {many * 1e3:.0f} ms to test the configuration")
    check(code == 0 and many < one + 3, "1,000 servers with one policy compile it once", said, one, many)
    nginx.configure()


def test_reload(nginx, up, full=False):
    count, stop, wrong, served = 1000 if full else 200, threading.Event(), [], [0, 0]

    def load():
        base = f"http://127.0.0.1:{nginx.port}"
        while not stop.is_set():
            for path, right in (("/file", "200"), (f"/file?id={ATTACK}", "403"), ("/off/file", "200")):
                with contextlib.suppress(OSError):
                    client = socket.create_connection(("127.0.0.1", nginx.port), 5)
                    client.sendall(f"GET {path} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
                    got = receive(client, 5)
                    client.close()
                    status = got[9:12].decode()
                    if not status:
                        served[1] += 1
                    elif status != right:
                        wrong.append((path, status))
                    else:
                        served[0] += 1

    thread = threading.Thread(target=load)
    thread.start()
    first = None
    for i in range(count):
        if not nginx.reload():
            check(False, "HUP makes new workers")
            break
        if i == count // 20:
            first = nginx.rss()
    time.sleep(0.5)
    last = nginx.rss()
    stop.set()
    thread.join()
    print(f"{count} reloads under load: master {first} KiB after {count // 20}, {last} KiB at the end; "
          f"{served[0]} answers, {served[1]} connections without one, {len(wrong)} wrong")
    check(not wrong and served[0] > count, "no wrong answer while reloading", wrong[:5])
    check(last < first * 1.05, "the master does not grow with reloads", first, last)
    check("exited on signal" not in nginx.read("error.log"), "no worker crashed")
    check(curl(f"http://127.0.0.1:{nginx.port}/api/?id={ATTACK}")[0] == 403, "attacks are blocked after reloads")


SOAK = """\
local paths = {{"/file", 200}, {"/file?id=1'+or+'1'='1", 403}, {"/off/file?id=1'+or+'1'='1", 200}, {"/detect/?q=<script>alert(1)</script>", 200}}
local bodies = {{'{"text": "three little pigs"}', 200}, {'{"text": "<script>alert(1)</script>"}', 403}}
local sent, expected = 0, {}
request = function()
  sent = sent + 1
  local which = sent % 6 + 1
  local case = paths[which] or bodies[which - 4]
  local headers = {Host = "shop.test", ["X-Expected"] = tostring(case[2])}
  if paths[which] then return wrk.format("GET", case[1], headers) end
  headers["Content-Type"] = "application/json"
  return wrk.format("POST", "/echo/", headers, case[1])
end
response = function(status, headers)
  if headers["X-Expected"] ~= tostring(status) then
    wrong = (wrong or 0) + 1
    what = (what or "") .. " " .. status .. "/" .. tostring(headers["X-Expected"])
  end
  answered = (answered or 0) + 1
end
local threads = {}
setup = function(thread) table.insert(threads, thread) end
done = function(summary)
  for _, thread in ipairs(threads) do io.write("RESULT ", thread:get("answered") or 0, " ", thread:get("wrong") or 0, string.sub(thread:get("what") or "", 1, 200), "\\n") end
end
"""


def soak(nginx, seconds):
    """Attacks and ordinary requests from wrk, with a reload each second: each answer says what it was meant to be."""
    nginx.configure(f"""server {{
      listen 127.0.0.1:{nginx.port}; server_name soak.test; root {nginx.dir}/html; access_log off; abatis_log {nginx.dir}/soak.log;
      add_header X-Expected $http_x_expected always;
      location / {{ abatis on; }}
      location /off/ {{ alias {nginx.dir}/html/; }}
      location /detect/ {{ abatis detect; return 200; }}
      location /echo/ {{ abatis on; proxy_pass http://127.0.0.1:{nginx.port}/off/file; proxy_method GET; proxy_pass_request_body off; proxy_set_header Content-Length ""; proxy_hide_header X-Expected; }}
    }}""")
    nginx.write("soak.lua", SOAK.replace("shop.test", "soak.test"))
    nginx.reload()
    time.sleep(1)  # until the workers with the configuration before are gone
    wrk = subprocess.Popen(["wrk", "-t1", "-c8", f"-d{seconds}s", "-s", f"{nginx.dir}/soak.lua", f"http://127.0.0.1:{nginx.port}/"],
                           stdout=subprocess.PIPE, text=True)
    master, worker, reloads = [], [], 0
    while wrk.poll() is None:
        time.sleep(1)
        worker.append(int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{nginx.workers()[-1]}/status").read())[1]))
        nginx.reload()
        reloads += 1
        master.append(nginx.rss())
        os.truncate(f"{nginx.dir}/soak.log", 0)
    said = wrk.stdout.read()
    answered, wrong = map(int, re.search(r"RESULT (\d+) (\d+)", said).groups())
    print(said)
    print(f"soak: {seconds} s, {reloads} reloads, {answered} answers, {wrong} wrong; master {master[len(master) // 10]} KiB at a tenth, "
          f"{master[-1]} KiB at the end; workers up to {max(worker)} KiB")
    check(answered > 0 and wrong == 0, "soak: no wrong answer", said)
    check(master[-1] < master[len(master) // 10] * 1.05, "soak: the master does not grow", master[len(master) // 10], master[-1])
    check("exited on signal" not in nginx.read("error.log"), "soak: no worker crashed")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("module")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--soak", type=int, default=0, metavar="SECONDS", help="only this: wrk with a reload each second")
    options = parser.parse_args()
    upstream = Upstream()
    upstream.start()
    nginx = Nginx(os.path.abspath(options.module), upstream)
    nginx.start()
    try:
        for name, test in list(globals().items()):
            if name.startswith("test_") and not options.soak and options.only in name:
                start = time.time()
                test(nginx, upstream, **({"full": options.full} if name == "test_reload" else {}))
                print(f"{name}: {time.time() - start:.1f} s", flush=True)
        if options.soak:
            soak(nginx, options.soak)
        elif not options.only:
            check("exited on signal" not in nginx.read("error.log"), "no worker crashed")
            check("[alert]" not in nginx.read("error.log"), "no alert",
                  *[line for line in nginx.read("error.log").splitlines() if "[alert]" in line][:5])
    finally:
        if check.failures:
            print("--- the end of the error log", *nginx.read("error.log").splitlines()[-20:], sep="\n")
        nginx.stop()
    print(f"{check.count - len(check.failures)} of {check.count} checks hold")
    sys.exit(1 if check.failures else 0)


if __name__ == "__main__":
    main()
