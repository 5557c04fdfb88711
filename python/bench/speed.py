"""What inspecting costs from Python. Answers are checked before times are taken; figures are the best of several rounds.

python bench/speed.py [--command target/release/abatis]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import tempfile
import time
import timeit
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from abatis import Action, Engine
from abatis.asgi import AbatisMiddleware

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 7
#: As of a browser's fetch.
HEADERS = [
    (b"host", b"shop.example"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    (b"accept", b"application/json, text/plain, */*"),
    (b"accept-language", b"en-GB,en;q=0.7,de;q=0.3"),
    (b"accept-encoding", b"gzip, deflate, br"),
    (b"content-type", b"application/json"),
    (b"origin", b"https://shop.example"),
    (b"referer", b"https://shop.example/checkout?step=2"),
    (b"cookie", b"session=Zm9sZGVyLXdhbGwtbW9ybmluZw; theme=dark; consent=all"),
]
BODY = json.dumps(
    {
        "customer": {"name": "Conan O'Brien", "email": "conan@mail.example", "phone": "+44 20 7946 0958"},
        "items": [{"sku": f"OT-{number:04}", "quantity": number, "note": "please wrap it well"} for number in range(12)],
        "coupon": "AUTUMN-2026",
        "remarks": "Ring twice; the dog is friendly & old.",
    }
).encode()


def best(call: Callable[[], object], number: int) -> float:
    """Nanoseconds of one call."""
    return min(timeit.repeat(call, number=number, repeat=ROUNDS)) / number * 1e9


def values(engine: Engine) -> None:
    inspect = engine.inspect_value
    name, quoted, text, attack = b"Ada Lovelace", b"Conan O'Brien", b"A paragraph of plain text. " * 20, b"1' or '1'='1"
    assert inspect(name).action == inspect(quoted).action == inspect(text).action == Action.ALLOW
    assert inspect(attack).action == Action.BLOCK
    empty = best(lambda: len(name), 200_000)
    for what, value in (
        ("a name, bytes", name),
        ("a name, str", name.decode()),
        ("a name with a quote", quoted),
        ("540 bytes of text", text),
        ("an attack", attack),
    ):
        cost = best(lambda value=value: inspect(value), 100_000)
        print(f"inspect_value, {what:20} {cost - empty:8.0f} ns  (beside an empty call, {empty:.0f} ns)")
    request = {"method": "POST", "target": "/orders", "headers": HEADERS, "body": BODY}
    assert engine.inspect(**request).action == Action.ALLOW
    print(f"inspect, JSON POST of {len(BODY)} bytes   {best(lambda: engine.inspect(**request), 5_000):8.0f} ns")


def middleware(engine: Engine) -> None:
    """What the middleware adds to a request, without a server: the same application with it and without it."""
    sent: list[Any] = []

    async def app(_: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body[:2]})

    async def call(application: Any, body: bytes) -> None:
        scope = {"type": "http", "method": "POST", "path": "/orders", "raw_path": b"/orders", "query_string": b"", "headers": HEADERS}

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await application(scope, receive, send)

    guarded = AbatisMiddleware(app, engine=engine)
    for application, body, status in ((app, BODY, 200), (guarded, BODY, 200), (guarded, b"{\"v\": \"1' or '1'='1\"}", 403)):
        sent.clear()
        asyncio.run(call(application, body))
        assert sent[0]["status"] == status

    def cost(application: Any) -> float:
        async def many() -> float:
            start = time.perf_counter()
            for _ in range(3000):
                await call(application, BODY)
            sent.clear()
            return time.perf_counter() - start

        return min(asyncio.run(many()) for _ in range(ROUNDS)) / 3000 * 1e6

    bare, inspected = cost(app), cost(guarded)
    print(f"ASGI middleware adds to a JSON POST of {len(BODY)} bytes  {inspected - bare:.1f} us  ({inspected:.1f} beside {bare:.1f})")


def columns(engine: Engine, command: Path | None) -> None:
    kinds = ("Conan O'Brien {}", "q=oak table&page={}", "order {} of last week", "https://shop.example/item/{}?ref=mail", "{}")
    rows = [kinds[at % len(kinds)].format(at) for at in range(500_000)]
    rows[1000] = "1' or '1'='1"
    array, inspect = pa.array(rows), engine.inspect_value

    def loop() -> int:
        return sum(inspect(item).action > Action.ALLOW for item in array.to_pylist())

    def with_table() -> list[dict[str, Any]]:
        return [inspect(item).to_dict() for item in array.to_pylist()]

    def scan(threads: int | None) -> int:
        return engine.scan_arrow(array, threads=threads).counts["block"]

    assert loop() == scan(1) == scan(None) == 1

    def per_row(call: Callable[[], object], number: int = 5) -> float:
        return min(timeit.repeat(call, number=1, repeat=number)) / len(rows) * 1e9

    one, all_cores, looped, dicts = per_row(lambda: scan(1)), per_row(lambda: scan(None)), per_row(loop), per_row(with_table, 1)
    print(f"scan_arrow, one thread   {one:7.0f} ns a row")
    print(f"scan_arrow, all cores    {all_cores:7.0f} ns a row")
    print(f"Python loop, action      {looped:7.0f} ns a row, {looped / one:.1f} and {looped / all_cores:.1f} times as much")
    print(f"Python loop, to_dict     {dicts:7.0f} ns a row, {dicts / one:.1f} and {dicts / all_cores:.1f} times as much")
    if command is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "values.jsonl"
        lines.write_text("\n".join(json.dumps({"id": at, "value": value}) for at, value in enumerate(rows)))

        def run() -> None:
            arguments = [command, "scan", "--values", lines, "--jobs", "1"]
            subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        told = per_row(run, 3)
        timed = [command, "scan", "--values", lines, "--timing"]
        done = subprocess.run(timed, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        alone = json.loads(done.stderr)["ns_per_item_median"]
    print(f"the command, --jobs 1    {told:7.0f} ns a row, reading and writing lines: {told / one:.1f} times as much as scan_arrow on one")
    print(f"the command, --timing    {alone:7.0f} ns median for the inspection alone")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--command", type=Path, help="the `abatis` to compare scan_arrow with")
    options = parser.parse_args()
    engine = Engine.default()
    values(engine)
    middleware(engine)
    columns(engine, options.command)


if __name__ == "__main__":
    main()
