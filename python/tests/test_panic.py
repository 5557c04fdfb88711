"""A panic in the native part is a `DefectError` wherever it comes, never PyO3's exception, which `except Exception` does not catch.

Needs a build with the feature `test-panic`: `cargo xtask python` makes one for this file, and it is no wheel that is shipped.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from abatis import AbatisError, Action, DefectError, Engine, EngineHandle, Progress, _abatis
from abatis.asgi import AbatisMiddleware

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ATTACK = "1' or '1'='1"
SCHEMA = "schemas: {age: {type: integer, minimum: 0}}"
LARGE = b"tea " * 10_000
ROWS = pa.array([f"name {number}" for number in range(40_000)])


@pytest.fixture(autouse=True)
def nothing_is_left_due() -> Iterator[None]:
    yield
    _abatis.panic_is_due()


def panics(call: Callable[[], object], point: str = "call") -> None:
    """`call` panics at this point, and Python gets the package's own exception, which tells nothing of the panic."""
    _abatis.panic_at(point)
    with pytest.raises(DefectError) as raised:
        call()
    assert not _abatis.panic_is_due()
    assert isinstance(raised.value, (Exception, AbatisError))
    assert str(raised.value) == "the engine failed; please report it"
    call()


@pytest.fixture(scope="module")
def shop() -> Engine:
    return Engine.from_yaml(SCHEMA)


CALLS: dict[str, Callable[[Engine], object]] = {
    "Engine": lambda _: Engine(),
    "Engine of a dict": lambda _: Engine({"mode": "detect"}),
    "Engine.builtin": lambda _: Engine.builtin("strict"),
    "Engine.from_yaml": lambda _: Engine.from_yaml(SCHEMA),
    "Engine.inspect": lambda e: e.inspect(target="/?q=tea"),
    "Engine.inspect, large": lambda e: e.inspect(target="/", body=LARGE),
    "Engine.inspect_value": lambda e: e.inspect_value("tea"),
    "Engine.inspect_value, large": lambda e: e.inspect_value(LARGE),
    "Engine.validate": lambda e: e.validate("age", "42"),
    "Engine.scan_arrow": lambda e: e.scan_arrow(ROWS, threads=1),
    "Engine.session": lambda e: e.session(),
    "Engine repr": repr,
    "EngineHandle": EngineHandle,
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_calls(shop: Engine, call: Callable[[Engine], object]) -> None:
    panics(lambda: call(shop))


def test_files(tmp_path: Any) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(SCHEMA)
    panics(lambda: Engine.from_file(policy))


@pytest.mark.parametrize("name", ["Engine.inspect", "Engine.inspect, large", "Engine.inspect_value", "Engine.inspect_value, large"])
def test_with_a_scratch_in_use(shop: Engine, name: str) -> None:
    panics(lambda: CALLS[name](shop), "scratch")
    assert shop.inspect_value(ATTACK).class_ == "sqli"


def test_what_comes_out(shop: Engine) -> None:
    verdict, scan = shop.inspect_value(ATTACK), shop.scan_arrow(ROWS)
    finding = verdict.findings[0]
    for told in (verdict, finding):
        for call in (told.to_json, told.to_dict, told.__hash__, told.__repr__):
            panics(call)
    for call in (lambda: verdict.findings, lambda: finding.decoded, lambda: finding.evidence):
        panics(call)
    for call in (lambda: finding.span.part, finding.span.__repr__, finding.evidence[0].__repr__):
        panics(call)
    panics(scan.__repr__)


def test_handle(shop: Engine) -> None:
    handle = EngineHandle(shop)
    for call in (handle.load, lambda: handle.swap(shop), handle.__repr__):
        panics(call)
    assert handle.load() is shop


STEPS: dict[str, Callable[[Any], object]] = {
    "request_line": lambda s: s.request_line("GET", "/"),
    "head": lambda s: s.head("GET", "/", {"Host": "shop.example"}),
    "header": lambda s: s.header("Host", "shop.example"),
    "body": lambda s: s.body("tea"),
    "body, large": lambda s: s.body(LARGE),
    "finish": lambda s: s.finish(),
    "stop": lambda s: s.stop(),
    "verdict": lambda s: s.verdict,
}


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS.keys())
@pytest.mark.parametrize("point", ["call", "scratch"])
def test_sessions_go_on_after_a_panic_outside_of_them(shop: Engine, step: Callable[[Any], object], point: str) -> None:
    session = shop.session()
    panics(lambda: step(session), point)


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS.keys())
def test_a_session_that_panicked_gives_no_verdict_any_more(shop: Engine, step: Callable[[Any], object]) -> None:
    session = shop.session()
    session.head("POST", "/", {"Content-Type": "text/plain"})
    _abatis.panic_at("session")
    with pytest.raises(DefectError):
        step(session)
    for later in STEPS.values():
        with pytest.raises(DefectError):
            later(session)
    assert shop.session().head("GET", "/?q=tea") is Progress.CONTINUE, "others are not touched"


@pytest.mark.parametrize(("point", "threads"), [("row", 1), ("row", 2), ("row", 8), ("thread", 2), ("thread", 8)])
def test_threads_of_a_scan(shop: Engine, point: str, threads: int) -> None:
    for data in (ROWS, pa.table({"v": pa.chunked_array([ROWS] * 3)})):
        panics(lambda data=data: shop.scan_arrow(data, threads=threads), point)
    assert shop.scan_arrow(ROWS, threads=threads).counts["allow"] == len(ROWS)


def test_the_command() -> None:
    panics(lambda: _abatis.run_command(["validate", "--help"]))
    program = "from abatis import __main__, _abatis; _abatis.panic_at('call'); __main__.main()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "DefectError: the engine failed" in done.stderr
    assert "PanicException" not in done.stderr


@pytest.mark.parametrize("point", ["call", "scratch", "session"])
def test_a_service_fails_closed(shop: Engine, point: str) -> None:
    """The server answers 500, as it does for every exception; the handler is not called, and the next request is served."""
    called, sent = [], []

    async def app(_: Any, __: Any, send: Any) -> None:
        called.append(True)
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> Any:
        return {"type": "http.request", "body": json.dumps({"v": "tea"}).encode(), "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message["status"])

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/", "raw_path": b"/", "query_string": b"", "headers": headers}
    guarded = AbatisMiddleware(app, engine=shop)
    _abatis.panic_at(point)
    with pytest.raises(DefectError):
        asyncio.run(guarded(scope, receive, send))
    assert not called
    asyncio.run(guarded(scope, receive, send))
    assert (len(called), sent) == (1, [200])
    assert shop.inspect_value(ATTACK).action is Action.BLOCK
