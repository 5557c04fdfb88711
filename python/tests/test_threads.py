"""Many at once: threads, tasks, and memory that stays flat."""

from __future__ import annotations

import asyncio
import gc
import json
import resource
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import shared
from abatis import Action, Engine, EngineHandle

THREADS = 8


def test_threads_get_the_verdicts_of_one(engine: Engine) -> None:
    cases = list(shared.values())
    alone = [engine.inspect_value(value, place) for value, place in cases]

    def work(number: int) -> None:
        turned = range(number * 100, number * 100 + len(cases))
        for at in turned:
            value, place = cases[at % len(cases)]
            assert engine.inspect_value(value, place) == alone[at % len(cases)]

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))


def test_large_bodies_run_beside_small_values(engine: Engine) -> None:
    large = b"a plain text of a page, " * 20_000 + b"<script>alert(1)</script>"
    headers = {"Content-Type": "text/plain"}

    def work(number: int) -> Action:
        if number % 2:
            return engine.inspect(method="POST", target="/", headers=headers, body=large).action
        for _ in range(500):
            assert engine.inspect_value("Conan O'Brien").action == Action.ALLOW
        return Action.ALLOW

    with ThreadPoolExecutor(THREADS) as pool:
        counts = Counter(pool.map(work, range(THREADS * 4)))
    assert counts == {Action.ALLOW: THREADS * 2, Action.BLOCK: THREADS * 2}


def test_a_session_may_be_used_by_threads_in_turn_or_at_once(engine: Engine) -> None:
    for _ in range(20):
        session = engine.session()
        session.head("POST", "/", {"Content-Type": "text/plain"})
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(session.body, [b"0123456789" * 1000] * 40))
        verdict = session.finish()
        assert (verdict.action, verdict.partial) == (Action.ALLOW, None)


def test_engines_are_swapped_under_load(engine: Engine) -> None:
    handle, detect = EngineHandle(engine), Engine({"mode": "detect"})
    stop = False

    def judge(_: int) -> Counter[Action]:
        seen: Counter[Action] = Counter()
        while not stop:
            session = handle.load().session()
            session.head("GET", "/?id=1'+or+'1'='1")
            seen[session.finish().action] += 1
        return seen

    with ThreadPoolExecutor(THREADS) as pool:
        judges = [pool.submit(judge, at) for at in range(THREADS - 1)]
        for at in range(2000):
            handle.swap(detect if at % 2 else engine)
        stop = True
        seen = sum((judge.result() for judge in judges), Counter())
    assert seen.keys() <= {Action.FLAG, Action.BLOCK}
    assert seen.total() > 0


def test_tasks_do_not_mix(engine: Engine) -> None:
    async def one(number: int) -> None:
        session = engine.session()
        session.head("POST", f"/{number}", {"Content-Type": "application/json"})
        value = "<script>alert(1)</script>" if number % 3 == 0 else "plain"
        body = json.dumps({"n": number, "v": value})
        for at in range(0, len(body), 7):
            session.body(body[at : at + 7])
            await asyncio.sleep(0)
        assert session.finish().action == (Action.BLOCK if number % 3 == 0 else Action.ALLOW)

    async def all_of_them() -> None:
        await asyncio.gather(*(one(number) for number in range(1000)))

    asyncio.run(all_of_them())


def resident() -> int:
    """Bytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def inspections(engine: Engine, count: int) -> None:
    headers = [("Content-Type", "application/json"), ("Host", "shop.example")]
    for number in range(count // 4):
        engine.inspect_value(f"name {number}")
        engine.inspect_value(f"{number}' or '1'='1").to_dict()
        engine.inspect(method="POST", target=f"/{number}", headers=headers, body=b'{"a": [1, 2]}')
        session = engine.session()
        session.head("GET", f"/?q={number}", headers)
        session.finish()


@pytest.mark.parametrize("count", [40_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_memory_stays_flat(engine: Engine, count: int) -> None:
    inspections(engine, 20_000)
    gc.collect()
    before = resident()
    inspections(engine, count)
    gc.collect()
    grown = resident() - before
    # One leaked verdict for each inspection would be hundreds of bytes.
    assert grown < max(count * 4, 1 << 20), f"{grown} bytes more"
