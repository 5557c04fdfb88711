"""The shared cases through Python: the verdicts are those that the cases ask for, and those that the command gives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

import shared
from abatis import Action, Engine, Finding, Verdict


@cache
def engine(policy: str) -> Engine:
    return Engine.from_yaml(policy, name="case")


def of_sensitivity(case: dict[str, Any]) -> Engine:
    return engine(f"sensitivity: {case.get('sensitivity', 'default')}")


@pytest.mark.parametrize("path", shared.files("detect"), ids=lambda path: path.stem)
def test_hits_are_caught_and_passes_pass(path: shared.Path) -> None:
    cases = shared.read(path)
    wrong = []
    for kind in ("hit", "pass"):
        for case in cases.get(kind, []):
            value, place = shared.content(case, "value"), case.get("place", "query")
            verdict = of_sensitivity(case).inspect_value(value, place)
            class_ = case.get("class", cases["class"] if kind == "hit" else None)
            caught = any(finding.action > Action.ALLOW and class_ in (None, finding.class_) for finding in verdict.findings)
            if caught != (kind == "hit"):
                wrong.append((kind, value, verdict))
    assert not wrong


def is_wanted(finding: Finding, case: dict[str, Any], verdict: Verdict) -> bool:
    if finding.action != verdict.action:
        return False
    got = {"rule": finding.rule, "class": finding.class_, "pointer": finding.pointer}
    got |= {"pattern": finding.pattern, "decoded": finding.decoded}
    if any(case[key] != value for key, value in got.items() if key in case):
        return False
    if "span" not in case:
        return True
    part, text = case["span"]
    whole = {"target": case["target"].encode(), "body": case["body"]}[part]
    span = finding.span
    return span.part == part and whole[span.start : span.end] == text.encode()


@pytest.mark.parametrize("case", list(shared.requests()), ids=lambda case: case["why"])
def test_requests_are_judged_as_said_whole_and_in_pieces(case: dict[str, Any]) -> None:
    judge = engine(case.get("policy", "{}"))
    headers, body, trailers = case.get("headers", []), case["body"], case.get("trailers", [])
    method, target = case["method"], case["target"]

    def in_pieces(*pieces: bytes) -> Verdict:
        session = judge.session()
        session.head(method, target, headers)
        for piece in pieces:
            session.body(piece)
        for name, value in trailers:
            session.trailer(name, value)
        return session.finish()

    # Only sessions take trailers.
    whole = judge.inspect(method=method, target=target, headers=headers, body=body) if not trailers else in_pieces(body)
    assert str(whole.action) == case["action"]
    assert whole.partial == case.get("partial")
    if case.keys() & {"rule", "class", "pointer"}:
        assert any(is_wanted(finding, case, whole) for finding in whole.findings), whole.to_json()
    for at in range(len(body) + 1):
        assert in_pieces(body[:at], body[at:]) == whole


def test_verdicts_are_those_of_the_command() -> None:
    # The one in the package is as good: it asks nothing of Python.
    built = os.environ.get("ABATIS_COMMAND")
    command = [built] if built else [sys.executable, "-m", "abatis"]
    judge, lines, expected = Engine.default(), [], []
    for at, (value, place) in enumerate(shared.values()):
        coded = shared.base64.b64encode(value).decode()
        lines.append(json.dumps({"id": at, "value_b64": coded, "place": place}))
        expected.append({"id": at} | judge.inspect_value(value, place).to_dict())
    done = subprocess.run(
        [*command, "scan", "--values", "-"],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=True,
    )
    assert [json.loads(line) for line in done.stdout.splitlines()] == expected
    assert len(expected) > 1000
