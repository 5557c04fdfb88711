"""The example job finds what stands in a log, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import shared

if TYPE_CHECKING:
    from pathlib import Path

LINE = '127.0.0.1 - - [{day}/Nov/2026:10:00:00 +0000] "GET {target} HTTP/1.1" 200 512 "https://shop.example/" "{agent}"'
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def test_the_access_log_job(tmp_path: Path) -> None:
    log, plot = tmp_path / "access.log", tmp_path / "summary.png"
    lines = [LINE.format(day=f"{1 + at % 9:02}", target=f"/item/{at}?q=oak+table", agent=BROWSER) for at in range(30_000)]
    lines[10_000] = LINE.format(day="03", target="/item?id=1'+or+'1'%3D'1", agent=BROWSER)
    lines[20_000] = LINE.format(day="05", target="/", agent="x; cat /etc/passwd")
    lines[25_000] = "no line of a log"
    log.write_text("\n".join(lines))
    command = [sys.executable, str(shared.ROOT / "python/examples/access_log.py"), str(log), "--block-size", "1"]
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        pass
    else:
        command += ["--plot", str(plot)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "30000 lines, 1 of them not in combined format" in done.stdout
    counts = [line.split() for line in done.stdout.splitlines() if line.startswith("   ")]
    assert ["1", "sqli"] in counts
    assert ["1", "cmdi"] in counts
    assert ["1", "sql.injection", "target"] in counts
    assert "passwd" not in done.stdout
    assert len(done.stderr.splitlines()) > 2
    assert plot.exists() == ("--plot" in command)
