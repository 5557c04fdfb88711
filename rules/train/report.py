"""Rates of `abatis scan` on labelled values, by class and by production, and the wrong ones with examples.

python report.py --values DIR/values.jsonl --abatis target/quick/abatis [--misses FILE] [--alarms FILE]
"""

import argparse
import json
import subprocess
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

LEVELS = ["low", "default", "high"]


@dataclass
class Group:
    """Records of one class or production: how many, and how many of them `scan` spoke of at each level."""

    size: int = 0
    spoke: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LEVELS, 0))
    # Values judged wrong at `default`, with what was found in them.
    wrong: list[tuple[str, str]] = field(default_factory=list)

    def rate(self, level: str) -> float:
        return 100 * self.spoke[level] / self.size


def scan(command: Path, values: Path, level: str) -> list[dict]:
    """One verdict a line, in the order of the values."""
    out = subprocess.run([command, "scan", "--sensitivity", level, "--values", values], capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def groups(records: list[dict], verdicts: dict[str, list[dict]], key: str) -> dict[str, Group]:
    """The records by a key, in the order of its values."""
    found: dict[str, Group] = defaultdict(Group)
    for at, record in enumerate(records):
        group = found[str(record.get(key, record["class"]))]
        group.size += 1
        for level in LEVELS:
            group.spoke[level] += verdicts[level][at]["action"] != "allow"
        verdict = verdicts["default"][at]
        if (verdict["action"] == "allow") == (record["label"] == "attack"):
            shown = ", ".join(f"{finding['rule']} {finding['score']}" for finding in verdict["findings"][:2])
            group.wrong.append((record.get("value", "(bytes)"), shown or f"score {verdict['score']}"))
    return dict(sorted(found.items()))


def table(title: str, found: dict[str, Group]) -> str:
    lines = [f"| {title} | n | " + " | ".join(LEVELS) + " |", "|---|---:|" + "---:|" * len(LEVELS)]
    lines += [
        f"| {name} | {group.size} | " + " | ".join(f"{group.rate(level):.2f}" for level in LEVELS) + " |" for name, group in found.items()
    ]
    return "\n".join(lines)


def examples(found: dict[str, Group], count: int) -> str:
    """The groups with the most wrong ones first, each with examples spread over it."""
    parts = []
    for name, group in sorted(found.items(), key=lambda item: -len(item[1].wrong) / item[1].size):
        if not group.wrong:
            continue
        parts.append(f"\n## {name}: {len(group.wrong)} of {group.size} wrong at default\n")
        step = max(1, len(group.wrong) // count)
        parts += [f"- {value[:300]!r} ({shown})" for value, shown in group.wrong[::step][:count]]
    return "\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--values", type=Path, required=True)
    parser.add_argument("--abatis", type=Path, required=True, help="the command")
    parser.add_argument("--report", type=Path, help="where the tables go; else they are printed")
    parser.add_argument("--misses", type=Path, help="where missed attacks are told, by production")
    parser.add_argument("--alarms", type=Path, help="where flagged innocents are told, by production")
    parser.add_argument("--examples", type=int, default=6)
    arguments = parser.parse_args()
    records = [json.loads(line) for line in arguments.values.open(encoding="utf-8")]
    verdicts = {level: scan(arguments.abatis, arguments.values, level) for level in LEVELS}
    parts = []
    for label, file in (("attack", arguments.misses), ("benign", arguments.alarms)):
        chosen = [at for at, record in enumerate(records) if record["label"] == label]
        if not chosen:
            continue
        part = [records[at] | {"disguise": records[at].get("disguise", "none")} for at in chosen]
        answers = {level: [verdicts[level][at] for at in chosen] for level in LEVELS}
        keys = ["label", "class", "production", "disguise"] if label == "attack" else ["label", "tier", "class"]
        parts += [table(key, groups(part, answers, key)) for key in keys]
        if file:
            file.write_text(examples(groups(part, answers, "production"), arguments.examples) + "\n", encoding="utf-8")
    text = "\n\n".join(parts)
    if arguments.report:
        arguments.report.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
