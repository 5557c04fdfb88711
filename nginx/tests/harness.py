"""What the tests of the module stand on: nginx with a location for each case, a server behind it, clients, and checks."""

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
  proxy_http_version 1.1; keepalive_requests 1000000;
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
    location /limitthread/ {{ abatis on; abatis_body_limit 20k; proxy_pass http://127.0.0.1:{up}; }}
    location /limitthreadpass/ {{ abatis on; abatis_body_limit 20k pass; proxy_pass http://127.0.0.1:{up}; }}
    location /inline/ {{ abatis on; abatis_thread_pool off; proxy_pass http://127.0.0.1:{up}; }}
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
