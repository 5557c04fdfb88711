#!/usr/bin/env python3
"""The module in a real nginx on loopback: `run.py MODULE.so [--full] [--only NAME]`. `cargo xtask nginx` builds the module and runs this.

Needs nginx and curl; libnginx-mod-http-lua and grpcio where they are there. The module is linked to a library with the feature
`test-panic`, so that one of the tests can make it fail.
Each test is a function `test_...`; a failed `check` is told and the others go on.
"""

import argparse
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

import load
from bodies import (test_failure_in_a_thread, test_given_up_in_a_thread, test_large_bodies, test_large_bodies_in_a_row,
                    test_large_bodies_over_limit, test_others_do_not_wait)
from harness import ATTACK, PLAIN, SCRIPT, POLICY, Upstream, Nginx, answers, check, curl, has_lua, receive
from rpc import test_grpc


def test_attacks(nginx, up, _):
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


def test_modes(nginx, up, _):
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


def test_variables_and_log(nginx, up, _):
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


def test_reopen(nginx, up, _):
    os.rename(f"{nginx.dir}/abatis.log", f"{nginx.dir}/abatis.log.1")
    nginx.process.send_signal(signal.SIGUSR1)
    time.sleep(0.5)
    curl(f"http://127.0.0.1:{nginx.port}/api/?id={ATTACK}")
    check(len(nginx.lines()) == 1, "USR1 opens the log again")
    nginx.write("abatis.log.1", "")


def test_early_block(nginx, up, _):
    client = socket.create_connection(("127.0.0.1", nginx.port))
    client.sendall(b"POST /api/early HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n" + SCRIPT[:-1] + b', "')
    check(answers(receive(client, 5, b"\r\n\r\n")) == ["403"], "a body is blocked while it still comes")
    client.close()
    # Far into a large one, too, whose strings are short.
    client = socket.create_connection(("127.0.0.1", nginx.port))
    client.sendall(b"POST /api/early HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n{"
                   + b"".join(b'"fill%d": "lorem ipsum", ' % number for number in range(3000)))
    check(receive(client, 0.3, b"\r\n\r\n") == b"", "a large body is waited for")
    client.sendall(SCRIPT[1:-1] + b', "')
    check(answers(receive(client, 5, b"\r\n\r\n")) == ["403"], "a large body is blocked while it still comes")
    client.close()
    before = up.count()
    # More than the buffer of nginx, which goes to a file.
    data = b'{"fill": "' + b"lorem ipsum " * 60000 + b'", "text": "<script>alert(1)</script>"}'
    status, _ = curl(f"http://127.0.0.1:{nginx.port}/api/", "-H", "Content-Type: application/json", data=data)
    check(status == 403 and up.count() == before, "an attack at the end of a large body is blocked")
    data = data.replace(b"<script>alert(1)</script>", b"dolor")
    status, text = curl(f"http://127.0.0.1:{nginx.port}/api/", "-H", "Content-Type: application/json", data=data)
    check(status == 200 and up.last()[1] == data, "a large body arrives whole", status, text)


def test_stream(nginx, up, _):
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


def test_one_answer(nginx, up, _):
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


def test_redirects(nginx, up, _):
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


def test_subrequests(nginx, up, _):
    lines = len(nginx.lines())
    base = f"http://127.0.0.1:{nginx.port}"
    check(curl(f"{base}/auth/?id={ATTACK}")[0] == 403, "subrequests: attack")
    check(len(nginx.lines()) == lines + 1, "subrequests: one line")
    before = up.count()
    status, text = curl(f"{base}/auth/", "-H", "Content-Type: application/json", data=b'{"a": 1}')
    check(status == 200, "subrequests: benign", status, text)
    time.sleep(0.2)
    check(up.count() == before + 3, "subrequests: authorization, mirror and request", up.count() - before)


def test_http2(nginx, up, _):
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


def test_expect(nginx, up, _):
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


def test_websocket(nginx, up, _):
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


def test_limits(nginx, up, _):
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


def test_read_before(nginx, up, _):
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


def test_engine_failure(nginx, up, _):
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


def test_bad_configuration(nginx, up, _):
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


def test_shared_policy(nginx, up, _):
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


def test_reload(nginx, up, options):
    load.reload(nginx, 1000 if options.full else 200)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("module")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--soak", type=int, default=0, metavar="SECONDS", help="only this: wrk with a reload each second")
    options = parser.parse_args()
    tests = {name: test for name, test in globals().items() if name.startswith("test_")}
    chosen = {name: test for name, test in tests.items() if options.only in name and not options.soak}
    if not chosen and not options.soak:
        parser.error(f"no test is called {options.only!r}; there are {', '.join(tests)}")
    upstream = Upstream()
    upstream.start()
    nginx = Nginx(os.path.abspath(options.module), upstream)
    nginx.start()
    try:
        for name, test in chosen.items():
            start = time.time()
            test(nginx, upstream, options)
            print(f"{name}: {time.time() - start:.1f} s", flush=True)
        if options.soak:
            load.soak(nginx, options.soak)
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
