"""PySpark: a column judged where its partitions are.

    scanned = scan(spark.read.text("access.log"), "value", place="target")
    scanned.where("action != 'allow'").groupBy("class").count().show()

The engine runs in the Python workers, on Arrow batches, without a copy; abatis and pyarrow must be installed there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pyarrow

from abatis._abatis import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import DataFrame

    from abatis._model import RowPlace

__all__ = ["RESULT", "scan"]

RESULT = "action string, score smallint, class string, rule string, partial string, verdict string"
"""The columns that `scan` adds, as a Spark schema."""


def scan(
    df: DataFrame,
    column: str,
    *,
    place: RowPlace = "query",
    policy: dict[str, Any] | str | None = None,
    prefix: str = "",
) -> DataFrame:
    """Add verdicts on the text in a column.

    Args:
        df: The data.
        column: The column to judge, of strings or binaries. Null is not judged, and null in all new columns.
        place: What a row is taken for, as in `Engine.scan_arrow`.
        policy: The policy, as a dict or as YAML text; it travels to the workers. The built-in policy if left out.
        prefix: What the names of the new columns begin with, should `action` or `class` be taken.

    Returns:
        The data with the columns `action`, `score`, `class`, `rule`, `partial` and `verdict` behind its own.

    Raises:
        PolicyError: The policy cannot be used.
        ValueError: A new column would have the name of an old one, or there is no such column.
    """
    # Here, for drivers that have a session; workers need only the engine.
    from pyspark.sql.types import StructField, StructType

    _engine(policy)
    plain = cast("StructType", StructType.fromDDL(RESULT))
    added = [StructField(prefix + field.name, field.dataType) for field in plain.fields]
    if taken := set(df.columns) & {field.name for field in added}:
        raise ValueError(f"the data has columns called {', '.join(sorted(taken))}: choose a `prefix`")
    if column not in df.columns:
        raise ValueError(f"there is no column {column!r}; there are {', '.join(df.columns)}")

    def judge(batches: Iterator[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
        engine = _engine(policy)
        for batch in batches:
            # Spark runs a task on each core already.
            verdicts = pyarrow.table(engine.scan_arrow(batch.column(column), place=place, threads=1))
            columns = [_as_spark(verdicts.column(name)) for name in verdicts.column_names]
            names = [prefix + name for name in verdicts.column_names]
            yield pyarrow.RecordBatch.from_arrays([*batch.columns, *columns], [*batch.schema.names, *names])

    return df.mapInArrow(judge, StructType([*df.schema.fields, *added]))


def _engine(policy: dict[str, Any] | str | None) -> Engine:
    if policy is None:
        return Engine.default()
    return Engine(policy) if isinstance(policy, dict) else Engine.from_yaml(policy)


def _as_spark(column: pyarrow.ChunkedArray) -> pyarrow.Array:
    """One chunk, of the type that Spark asks for."""
    if pyarrow.types.is_large_string(column.type):
        column = column.cast(pyarrow.string())
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
