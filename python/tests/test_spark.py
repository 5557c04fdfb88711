"""PySpark: the counts of the command, on a local cluster of two executors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from abatis import PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

ROWS = 5_000_000
#: One in a thousand is an attack, one in a thousand an innocent neighbour.
ATTACK, NEIGHBOUR = "{} UNION SELECT password FROM users", "a union of {} select members"


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    session = pytest.importorskip("pyspark.sql", reason="pip install pyspark").SparkSession
    os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    builder = session.builder.master("local-cluster[2,1,1024]").appName("abatis")
    options = {"spark.ui.enabled": "false", "spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
    for name, value in options.items():
        builder = builder.config(name, value)
    running = builder.getOrCreate()
    running.sparkContext.setLogLevel("ERROR")
    yield running
    running.stop()


def value(number: int) -> str:
    kind = {7: ATTACK, 8: NEIGHBOUR}.get(number % 1000, "page {} of the list")
    return kind.format(number)


def of_the_command(rows: int) -> Counter[str]:
    command = os.environ.get("ABATIS_COMMAND")
    if not command:
        pytest.skip("ABATIS_COMMAND names no `abatis` to compare with: cargo xtask python --full sets it")
    process = subprocess.Popen([command, "scan", "--values", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def feed() -> None:
        assert process.stdin is not None
        with process.stdin as lines:
            for number in range(rows):
                lines.write(json.dumps({"id": number, "value": value(number)}) + "\n")

    feeder = threading.Thread(target=feed)
    feeder.start()
    assert process.stdout is not None
    with process.stdout as lines:
        counts = Counter(line.split('"action":"', 1)[1].split('"', 1)[0] for line in lines)
    feeder.join()
    assert process.wait() == 0
    return counts


def test_counts_are_those_of_the_command(spark: Any) -> None:
    from abatis.spark import scan

    kinds = [
        f"when id % 1000 = {rest} then concat('{before}', id, '{after}')"
        for rest, (before, after) in ((7, ATTACK.split("{}")), (8, NEIGHBOUR.split("{}")))
    ]
    data = spark.range(ROWS).selectExpr("id", f"case {' '.join(kinds)} else concat('page ', id, ' of the list') end as v")
    scanned = scan(data.repartition(8), "v")
    assert scanned.columns == ["id", "v", "action", "score", "class", "rule", "partial", "verdict"]
    counts = {row["action"]: row["count"] for row in scanned.groupBy("action").count().collect()}
    assert counts == of_the_command(ROWS)
    assert counts["block"] == ROWS // 1000


def test_nulls_policies_and_names(spark: Any) -> None:
    from abatis.spark import scan

    data = spark.createDataFrame([(1, "1' or '1'='1"), (2, None)], "action int, v string")
    with pytest.raises(ValueError, match="columns called action: choose a `prefix`"):
        scan(data, "v")
    with pytest.raises(ValueError, match="no column 'w'; there are action, v"):
        scan(data, "w", prefix="abatis_")
    with pytest.raises(PolicyError, match="did you mean `mode`"):
        scan(data, "v", prefix="abatis_", policy={"mod": "detect"})
    found = scan(data, "v", prefix="abatis_", policy="mode: detect").orderBy("action").collect()
    assert [row["abatis_action"] for row in found] == ["flag", None]
    assert found[0]["abatis_class"] == "sqli"
