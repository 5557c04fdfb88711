"""Retro-hunting: tells which requests of an access log, in combined format, look like attacks.

    python examples/access_log.py access.log [--plot summary.png] [--block-size 32] [--top 20]

The log is read by pyarrow in blocks and judged on all cores, in flat memory: targets as requests, referers and user agents as header
values. Prints a line of progress for each block, then the counts by class and day, and the most frequent findings. Targets are shown
only with --show-payload: they hold what the attackers sent.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow
import pyarrow.compute as pc

from abatis import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator

COMBINED = (
    r'^(?P<host>\S+) \S+ \S+ \[(?P<day>[^:\]]+)[^\]]*\] "(?P<method>\S+) (?P<target>\S+)[^"]*" (?P<status>\d+) \S+'
    r'(?: "(?P<referer>[^"]*)" "(?P<agent>[^"]*)")?'
)
#: Column, and what its text is.
PLACES = (("target", "target"), ("referer", "header"), ("agent", "header"))


def blocks(path: Path, size: int) -> Iterator[tuple[pyarrow.Array, int]]:
    """Give the lines of a file, block by block, and how many bytes have been read."""
    with pyarrow.OSFile(str(path)) as file:
        rest, done = b"", 0
        while piece := file.read(size):
            done += len(piece)
            whole, _, rest = (rest + piece).rpartition(b"\n")
            if whole:
                yield pyarrow.array(whole.decode("utf-8", "replace").split("\n")), done
        if rest:
            yield pyarrow.array([rest.decode("utf-8", "replace")]), done


class Summary:
    """What was found so far."""

    def __init__(self, *, show_payload: bool) -> None:
        self.show_payload = show_payload
        self.lines = 0
        self.unreadable = 0
        self.by_day: Counter[tuple[str, str]] = Counter()
        self.by_rule: Counter[tuple[str, ...]] = Counter()

    def add(self, engine: Engine, lines: pyarrow.Array) -> None:
        """Judge the lines of a block."""
        matched = pc.extract_regex(lines, COMBINED)
        # Flattened, so that the fields of lines that did not match are null.
        fields = dict(zip((field.name for field in matched.type), matched.flatten(), strict=True))
        self.lines += len(lines)
        self.unreadable += matched.null_count
        day = fields["day"]
        for name, place in PLACES:
            scan = engine.scan_arrow(fields[name], place=place)
            if scan.counts["allow"] == len(scan):
                continue
            found = pyarrow.table(scan).append_column("day", day).append_column("text", fields[name])
            found = found.filter(pc.is_in(found["action"], pyarrow.array(["flag", "block"], pyarrow.large_string())))
            self.by_day.update(zip(found["day"].to_pylist(), found["class"].to_pylist(), strict=True))
            texts = map(ascii, found["text"].to_pylist())
            rules = zip(found["rule"].to_pylist(), texts, strict=True)
            self.by_rule.update((rule, name, text) if self.show_payload else (rule, name) for rule, text in rules)

    def show(self, top: int) -> None:
        """Print what was found."""
        print(f"\n{self.lines} lines, {self.unreadable} of them not in combined format")
        classes: Counter[str] = Counter()
        for (_, class_), count in self.by_day.items():
            classes[class_] += count
        for class_, count in classes.most_common():
            print(f"{count:>10}  {class_}")
        print("\nmost frequent:")
        for what, count in self.by_rule.most_common(top):
            print(f"{count:>10}  {'  '.join(what)}")

    def plot(self, path: Path) -> None:
        """Draw findings by day and class."""
        import matplotlib as mpl

        mpl.use("Agg")
        from matplotlib import pyplot

        days = sorted({day for day, _ in self.by_day}, key=lambda day: time.strptime(day, "%d/%b/%Y"))
        bottom = [0] * len(days)
        figure, axes = pyplot.subplots(figsize=(10, 4), layout="constrained")
        for class_ in sorted({class_ for _, class_ in self.by_day}):
            heights = [self.by_day[day, class_] for day in days]
            axes.bar(days, heights, bottom=bottom, label=class_)
            bottom = [low + height for low, height in zip(bottom, heights, strict=True)]
        axes.set_ylabel("findings")
        axes.tick_params(axis="x", rotation=45)
        axes.legend()
        figure.savefig(path)


def main() -> int:
    """Scan a log."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("log", type=Path)
    parser.add_argument("--policy", type=Path, help="a policy file; the built-in policy if left out")
    parser.add_argument("--plot", type=Path, metavar="PNG", help="where to draw a summary (needs matplotlib)")
    parser.add_argument("--block-size", type=int, default=32, metavar="MIB")
    parser.add_argument("--top", type=int, default=20)
    parser.add_argument("--show-payload", action="store_true")
    options = parser.parse_args()
    engine = Engine.from_file(options.policy) if options.policy else Engine.default()
    summary, size, start = Summary(show_payload=options.show_payload), options.log.stat().st_size, time.monotonic()
    for lines, done in blocks(options.log, options.block_size << 20):
        summary.add(engine, lines)
        rate = summary.lines / (time.monotonic() - start)
        print(f"{done * 100 // max(size, 1):>3} %  {summary.lines:>10} lines  {rate:,.0f} a second", file=sys.stderr)
    summary.show(options.top)
    if options.plot:
        summary.plot(options.plot)
    return 0


if __name__ == "__main__":
    sys.exit(main())
