"""The cases of `testdata/`: attacks, and lookalikes that must pass. Their format stands in `testdata/README.md`."""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
TESTDATA = ROOT / "testdata"


def files(folder: str) -> list[Path]:
    found = sorted((TESTDATA / folder).glob("*.toml"))
    assert found, folder
    return found


def read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text())


def content(case: dict[str, Any], key: str) -> bytes:
    """The bytes under `key`, or in Base64 under `key_b64`."""
    assert not (key in case and f"{key}_b64" in case), case
    if key in case:
        return case[key].encode()
    return base64.b64decode(case.get(f"{key}_b64", ""))


def values() -> Iterator[tuple[bytes, str]]:
    """Each value of `detect/`, with its place."""
    for path in files("detect"):
        cases = read(path)
        for case in cases.get("hit", []) + cases.get("pass", []):
            yield content(case, "value"), case.get("place", "query")


def requests() -> Iterator[dict[str, Any]]:
    """Each case of `request/`, its body as bytes."""
    for path in files("request"):
        for case in read(path)["case"]:
            yield case | {"body": content(case, "body")}
