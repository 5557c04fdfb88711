"""`scan_arrow`: every layout of text, slices, nulls, streams; the same verdicts as one by one."""

from __future__ import annotations

import gc
import json
from typing import Any

import duckdb
import pandas
import polars
import pyarrow as pa
import pytest

import shared
from abatis import Engine

ATTACK = "1' or '1'='1"
ROWS = ["tea", ATTACK, None, "", "Conan O'Brien, who has a long name", "x; cat /etc/passwd and some more text"]
CLASSES = [None, "sqli", None, None, None, "cmdi"]
ACTIONS = ["allow", "block", None, "allow", "allow", "block"]


def classes(engine: Engine, data: Any, **options: Any) -> list[str | None]:
    return pa.table(engine.scan_arrow(data, **options))["class"].to_pylist()


STRINGS = pa.array(ROWS)
LAYOUTS = {
    "string": STRINGS,
    "large_string": STRINGS.cast(pa.large_string()),
    "string_view": STRINGS.cast(pa.string_view()),
    "binary": STRINGS.cast(pa.binary()),
    "large_binary": STRINGS.cast(pa.large_binary()),
    "binary_view": STRINGS.cast(pa.binary()).cast(pa.binary_view()),
    "dictionary": STRINGS.dictionary_encode(),
    "dictionary of small indices": STRINGS.dictionary_encode().cast(pa.dictionary(pa.int8(), pa.string())),
    "chunks": pa.chunked_array([STRINGS[:2], STRINGS[2:2], STRINGS[2:]]),
    "slice": pa.array(["<script>alert(1)</script>", *ROWS, ATTACK]).slice(1, len(ROWS)),
    "slice of dictionary": pa.array([ATTACK, *ROWS]).dictionary_encode().slice(1),
    "batch": pa.record_batch({"v": STRINGS}),
    "slice of batch": pa.record_batch({"v": pa.array([ATTACK, *ROWS, ATTACK])}).slice(1, len(ROWS)),
    "table": pa.table({"v": STRINGS}),
    "reader": pa.RecordBatchReader.from_batches(pa.schema({"v": pa.string()}), [pa.record_batch({"v": STRINGS})]),
    "polars series": polars.Series(ROWS),
    "polars frame": polars.DataFrame({"v": ROWS}),
    "polars categories": polars.Series(ROWS, dtype=polars.Categorical),
    "pandas frame": pandas.DataFrame({"v": pandas.Series(ROWS, dtype="string[pyarrow]")}),
    "duckdb": duckdb.sql("select * from (values " + ", ".join(f"({duckdb.ConstantExpression(row)})" for row in ROWS) + ") as rows(v)"),
}


@pytest.mark.parametrize("data", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_every_layout_is_read(engine: Engine, data: Any) -> None:
    scan = engine.scan_arrow(data)
    table = pa.table(scan)
    table.validate(full=True)
    assert table["class"].to_pylist() == CLASSES
    assert table["action"].to_pylist() == ACTIONS
    assert len(scan) == len(ROWS)
    assert scan.counts == {"allow": 3, "flag": 0, "sanitize": 0, "block": 2}


def test_columns_of_the_result(engine: Engine) -> None:
    scan = engine.scan_arrow(STRINGS)
    table = pa.table(scan)
    types = dict(zip(table.schema.names, map(str, table.schema.types), strict=True))
    text = "large_string"
    assert types == {"action": text, "score": "int16", "class": text, "rule": text, "partial": text, "verdict": text}
    verdict = engine.inspect_value(ATTACK)
    row = table.slice(1, 1).to_pylist()[0]
    assert row == {
        "action": "block",
        "score": verdict.score,
        "class": "sqli",
        "rule": "sql.injection",
        "partial": None,
        "verdict": verdict.to_json(),
    }
    assert table["score"].to_pylist()[2] is None
    assert repr(scan) == "<abatis.Scan 6 rows: 3 allow, 0 flag, 0 sanitize, 2 block>"
    assert pa.table(scan) == table, "it can be read as often as one likes"
    assert polars.DataFrame(scan)["class"].to_list() == CLASSES
    assert pandas.DataFrame.from_arrow(scan)["action"].dropna().tolist() == [action for action in ACTIONS if action]
    assert duckdb.sql("select count(*) from scan where action = 'block'").fetchall() == [(2,)]


def test_results_outlive_what_they_came_from(engine: Engine) -> None:
    table = pa.table(engine.scan_arrow(pa.array([f"name {number}" for number in range(50_000)])))
    column = table["action"].slice(40_000, 3)
    del table
    gc.collect()
    assert column.to_pylist() == ["allow"] * 3
    engine.scan_arrow(STRINGS).__arrow_c_stream__()
    gc.collect()


def test_the_verdicts_are_those_of_single_values(engine: Engine) -> None:
    cases = list(shared.values())
    for place in ("query", "json", "header"):
        values = [value for value, _ in cases] * 10
        expected = [engine.inspect_value(value, place) for value, _ in cases] * 10
        for threads in (1, 3, None):
            table = pa.table(engine.scan_arrow(pa.array(values), place=place, threads=threads))
            assert table["action"].to_pylist() == [str(verdict.action) for verdict in expected]
            assert table["score"].to_pylist() == [verdict.score for verdict in expected]
            told = [json.loads(text) if text else None for text in table["verdict"].to_pylist()]
            assert told == [verdict.to_dict() if verdict.findings else None for verdict in expected]


def test_targets_are_judged_as_requests(engine: Engine) -> None:
    targets = ["/search?q=oak+table", "/item?id=1'+or+'1'%3D'1", "/static/..%2f..%2fetc/passwd"]
    table = pa.table(engine.scan_arrow(pa.array(targets), place="target"))
    assert table["class"].to_pylist() == [None, "sqli", "lfi"]
    assert json.loads(table["verdict"][1].as_py()) == engine.inspect(target=targets[1]).to_dict()


def test_a_column_is_chosen_by_name(engine: Engine) -> None:
    table = pa.table({"id": [1, 2], "a": ["tea", "milk"], "b": ["tea", ATTACK]})
    assert classes(engine, table, column="b") == [None, "sqli"]
    assert classes(engine, table, column="a") == [None, None]
    with pytest.raises(ValueError, match="several columns: say which; there are id, a, b"):
        engine.scan_arrow(table)
    with pytest.raises(ValueError, match='no column "c"; there are id, a, b'):
        engine.scan_arrow(table, column="c")
    with pytest.raises(ValueError, match="Arrow format `l`"):
        engine.scan_arrow(table, column="id")
    with pytest.raises(ValueError, match="there are no columns"):
        engine.scan_arrow(STRINGS, column="b")


def test_empty_data(engine: Engine) -> None:
    for data in (pa.array([], pa.string()), pa.chunked_array([], pa.string()), pa.array([None, None], pa.string())):
        scan = engine.scan_arrow(data)
        assert len(scan) == len(data)
        table = pa.table(scan)
        table.validate(full=True)
        assert table["action"].null_count == len(data)


def test_wrong_arguments_are_told(engine: Engine) -> None:
    with pytest.raises(TypeError, match="Arrow C interface, as of pyarrow, polars, pandas or duckdb, not list"):
        engine.scan_arrow(["tea"])
    with pytest.raises(ValueError, match="unknown place"):
        engine.scan_arrow(STRINGS, place="trailer")
    for threads in (0, -1, 1025, 1_000_000_000):
        with pytest.raises(ValueError, match=f"threads: expected 1 to 1024, not {threads}"):
            engine.scan_arrow(STRINGS, threads=threads)


def test_errors_of_a_stream_come_through(engine: Engine) -> None:
    def batches() -> Any:
        yield pa.record_batch({"v": STRINGS})
        raise OSError("the disk is gone")

    reader = pa.RecordBatchReader.from_batches(pa.schema({"v": pa.string()}), batches())
    with pytest.raises(ValueError, match="the disk is gone"):
        engine.scan_arrow(reader)


def test_nothing_is_left_behind(engine: Engine) -> None:
    pool = pa.default_memory_pool()
    data = [pa.table({"v": pa.array([f"name {number}" for number in range(1000)])}) for _ in range(3)]
    gc.collect()
    before = pool.bytes_allocated()
    for _ in range(200):
        for table in data:
            pa.table(engine.scan_arrow(table))
        engine.scan_arrow(pa.array(ROWS))
    gc.collect()
    assert pool.bytes_allocated() == before
