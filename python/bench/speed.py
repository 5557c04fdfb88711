"""What inspecting costs from Python. Answers are checked before times are taken; figures are the best of several rounds, in time of the
processor, so that other work on the machine counts for less. Where all cores are at work it is time of the clock.

python bench/speed.py [--command target/release/abatis]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
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
    return min(timeit.repeat(call, timer=time.process_time, number=number, repeat=ROUNDS)) / number * 1e9


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
            start = time.process_time()
            for _ in range(3000):
                await call(application, BODY)
            sent.clear()
            return time.process_time() - start

        return min(asyncio.run(many()) for _ in range(ROUNDS)) / 3000 * 1e6

    bare, inspected = cost(app), cost(guarded)
    print(f"ASGI middleware adds to a JSON POST of {len(BODY)} bytes  {inspected - bare:.1f} us  ({inspected:.1f} beside {bare:.1f})")


#: Columns to scan: what most of a log is, and what an engine has to look at more closely.
KINDS = {
    "numbers": ("{}",),
    "names": ("Ada Lovelace {}",),
    "mixed": ("Conan O'Brien {}", "q=oak table&page={}", "order {} of last week", "https://shop.example/item/{}?ref=mail", "{}"),
}
ROWS = 500_000


def rows(kind: str) -> list[str]:
    texts = KINDS[kind]
    made = [texts[at % len(texts)].format(at) for at in range(ROWS)]
    made[1000] = "1' or '1'='1"
    return made


def barest(engine: Engine, array: pa.Array) -> int:
    """Counts, and keeps nothing."""
    inspect = engine.inspect_value
    return sum(inspect(item).action > Action.ALLOW for item in array.to_pylist())


def same_table(engine: Engine, array: pa.Array) -> int:
    """Makes the columns that `scan_arrow` makes."""
    inspect, made = engine.inspect_value, []
    for item in array.to_pylist():
        verdict = inspect(item)
        findings = verdict.findings
        told = (findings[0].rule, verdict.to_json()) if findings else (None, None)
        made.append((str(verdict.action), verdict.score, verdict.class_, verdict.partial, *told))
    names = ("action", "score", "class", "partial", "rule", "verdict")
    table = pa.table(dict(zip(names, map(list, zip(*made, strict=True)), strict=True)))
    return sum(action != "allow" for action in table["action"].to_pylist())


def scanned(engine: Engine, array: pa.Array, threads: int | None) -> int:
    return len(array) - engine.scan_arrow(array, threads=threads).counts["allow"]


def columns(engine: Engine, kind: str) -> None:
    array, encoded = pa.array(rows(kind)), [row.encode() for row in rows(kind)]
    inspect = engine.inspect_value

    def alone() -> int:
        for item in encoded:
            inspect(item)
        return 1

    calls = {
        "scan_arrow, one thread": lambda: scanned(engine, array, 1),
        "scan_arrow, all cores": lambda: scanned(engine, array, None),
        "inspect_value alone": alone,
        "loop, action alone": lambda: barest(engine, array),
        "loop, the same table": lambda: same_table(engine, array),
    }
    taken: dict[str, float] = {}
    by_the_clock: dict[str, float] = {}
    # In turns, so that other work on the machine takes from all alike.
    for _ in range(ROUNDS):
        for name, call in calls.items():
            start, clock = time.process_time(), time.perf_counter()
            assert call() == 1
            for times, took in ((taken, time.process_time() - start), (by_the_clock, time.perf_counter() - clock)):
                times[name] = min(times.get(name, 1e9), took / ROWS * 1e9)
    taken["scan_arrow, all cores"] = by_the_clock["scan_arrow, all cores"]
    for name, cost in taken.items():
        times = cost / taken["scan_arrow, one thread"]
        print(f"{kind:8} {name:24} {cost:7.0f} ns a row, {times:5.1f} times scan_arrow on one thread")


def command(engine: Engine, command: Path) -> None:
    """The command over the same rows, on one thread: it reads and writes lines of JSON."""
    array = pa.array(rows("mixed"))
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "values.jsonl"
        lines.write_text("\n".join(json.dumps({"id": at, "value": value}) for at, value in enumerate(rows("mixed"))))
        arguments = [command, "scan", "--values", lines]
        told, one = 1e9, 1e9
        for _ in range(ROUNDS):
            start = os.times()
            subprocess.run([*arguments, "--jobs", "1"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            between = os.times()
            assert scanned(engine, array, 1) == 1
            end = os.times()
            told = min(told, sum(between[2:4]) - sum(start[2:4]))
            one = min(one, sum(end[:2]) - sum(between[:2]))
        done = subprocess.run([*arguments, "--timing"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    timing = json.loads(done.stderr)
    print(f"mixed    abatis scan --jobs 1     {told / ROWS * 1e9:7.0f} ns a row, {told / one:5.1f} times scan_arrow on one")
    print(f"mixed    abatis scan --timing: {timing}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--command", type=Path, help="the `abatis` to compare scan_arrow with")
    options = parser.parse_args()
    engine = Engine.default()
    values(engine)
    middleware(engine)
    for kind in KINDS:
        columns(engine, kind)
    if options.command:
        command(engine, options.command)


if __name__ == "__main__":
    main()
