"""`python -m abatis`: the contracts of the command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

import shared
from abatis import Engine

COMMAND = [sys.executable, "-m", "abatis"]
ATTACK = "1' or '1'='1"


def run(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], input=given, capture_output=True, text=True, timeout=60, check=False)


def test_scan_of_values(engine: Engine) -> None:
    lines = [{"id": at, "value": value} for at, value in enumerate(["tea", ATTACK])]
    done = run("scan", "--values", "-", given="\n".join(map(json.dumps, lines)) + "\nnonsense\n")
    assert done.returncode == 0
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert told[:2] == [{"id": line["id"]} | engine.inspect_value(line["value"]).to_dict() for line in lines]
    assert told[2]["line"] == 3
    assert "1 line could not be read" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["scan", "--values", "-", "--fail-on", "block"], 1),
        (["scan", "--values", "nowhere.jsonl"], 2),
        (["scan"], 2),
        (["no-such-thing"], 2),
        (["--help"], 0),
        (["scan", "--values", "-", "--policy", "nowhere.yaml"], 2),
    ],
)
def test_exit_codes(arguments: list[str], code: int) -> None:
    done = run(*arguments, given=json.dumps({"id": 1, "value": ATTACK}))
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert "panicked" not in done.stderr


def test_all_of_the_command_is_there() -> None:
    request = shared.ROOT / "examples" / "requests"
    assert run("inspect", str(request)).returncode == 0
    assert json.loads(run("explain", "--value", ATTACK, "--json").stdout)["class"] == "sqli"


def test_a_reader_that_goes_away_is_no_error() -> None:
    lines = json.dumps({"id": 1, "value": "tea"}) + "\n"
    process = subprocess.Popen([*COMMAND, "scan", "--values", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    _, stderr = process.communicate((lines * 20_000).encode())
    assert process.returncode == 0, stderr


def test_control_c_ends_it() -> None:
    process = subprocess.Popen([*COMMAND, "scan", "--values", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b'{"id": 1, "value": "tea"}\n')
    process.stdin.flush()
    assert process.stdout.readline()
    os.kill(process.pid, signal.SIGINT)
    start = time.monotonic()
    assert process.wait(10) == -signal.SIGINT
    assert time.monotonic() - start < 5
    process.stdin.close()
    process.stdout.close()
