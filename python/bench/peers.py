"""The same JSON POST through the ASGI middlewares and bindings that Python has, answers shown before times are taken.

pip install abatis fastapi-guard==8.1.2 ddtrace==4.16.0    # in an environment of its own
python bench/peers.py
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from pathlib import Path
from typing import Any

import speed

from abatis import Engine
from abatis.asgi import AbatisMiddleware

ROUNDS, REQUESTS = 5, 200
#: Of those that take the better part of a second for each.
FEW = 4
ATTACK = json.dumps({"user": "admin' union select password from users--"}).encode()


async def app(_: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


async def post(application: Any, body: bytes) -> int:
    """Calls an application; gives the status of its answer."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/orders",
        "raw_path": b"/orders",
        "root_path": "",
        "query_string": b"",
        "headers": [*speed.HEADERS, (b"content-length", b"%d" % len(body))],
        "client": ("203.0.113.7", 4711),
        "server": ("127.0.0.1", 80),
    }
    statuses = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if "status" in message:
            statuses.append(message["status"])

    await application(scope, receive, send)
    return statuses[0]


def guarded_by_fastapi_guard() -> Any:
    """What it has against attacks, and nothing else: no rate limits, no lists of addresses, nothing kept elsewhere."""
    from guard import SecurityConfig
    from guard.asgi import PureASGISecurityMiddleware

    config = SecurityConfig(enable_redis=False, enable_rate_limiting=False, enable_ip_banning=False, enforce_https=False)
    return PureASGISecurityMiddleware(app, config=config)


def measured(name: str, application: Any, requests: int = REQUESTS) -> None:
    async def all_of_it() -> None:
        statuses = await post(application, speed.BODY), await post(application, ATTACK)
        times = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            for _ in range(requests):
                await post(application, speed.BODY)
            times.append(time.perf_counter() - start)
        print(f"{name:28} {min(times) / requests * 1e6:10.1f} us   an order: {statuses[0]}, an attack: {statuses[1]}")

    asyncio.run(all_of_it())


def libddwaf() -> None:
    """The binding alone, with the rules that it ships: what a tracer adds for spans and reports is left out."""
    from ddtrace.appsec import _ddwaf

    rules = (Path(_ddwaf.__file__).parent.parent / "rules.json").read_bytes()
    waf = _ddwaf.DDWaf(rules, b"", b"")
    headers = {name.decode(): value.decode() for name, value in speed.HEADERS}
    cookies = dict(part.split("=", 1) for part in headers.pop("cookie").split("; "))

    def run(body: bytes) -> bool:
        given = {
            "server.request.method": "POST",
            "server.request.uri.raw": "/orders",
            "server.request.headers.no_cookies": headers,
            "server.request.cookies": cookies,
            "server.request.body": json.loads(body),
        }
        return bool(waf.run(waf._at_request_start(), given, 1e6).data)

    answers = run(speed.BODY), run(ATTACK)
    cost = speed.best(lambda: run(speed.BODY), REQUESTS) / 1e3
    print(f"{'ddtrace, libddwaf alone':28} {cost:10.1f} us   an order: {answers[0]}, an attack: {answers[1]}")


def main() -> None:
    logging.disable()
    engine = Engine.default()
    print(f"a JSON POST of {len(speed.BODY)} bytes")
    measured("no middleware", app)
    measured("abatis.asgi", AbatisMiddleware(app, engine=engine))
    given = {"method": "POST", "target": "/orders", "headers": speed.HEADERS}
    answers = [str(engine.inspect(**given, body=body).action) for body in (speed.BODY, ATTACK)]
    cost = speed.best(lambda: engine.inspect(**given, body=speed.BODY), REQUESTS) / 1e3
    print(f"{'abatis, engine alone':28} {cost:10.1f} us   an order: {answers[0]}, an attack: {answers[1]}")
    libddwaf()
    measured("fastapi-guard", guarded_by_fastapi_guard(), FEW)


if __name__ == "__main__":
    main()
