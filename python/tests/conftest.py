"""What the tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from abatis import Engine, _abatis

if TYPE_CHECKING:
    from collections.abc import Iterable

#: It needs a build that can be made to panic.
collect_ignore = [] if hasattr(_abatis, "panic_at") else ["test_panic.py"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="also run the tests marked `slow`")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes minutes; run with --full")


def pytest_collection_modifyitems(config: pytest.Config, items: Iterable[pytest.Item]) -> None:
    if config.getoption("--full"):
        return
    skip = pytest.mark.skip(reason="takes minutes: --full")
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def engine() -> Engine:
    return Engine.default()
