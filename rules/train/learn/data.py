"""Token streams of labelled values, as the example `tokens` of `abatis-benches` writes them, by language."""

import json
import math
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from .model import Stream

# Whose attacks each language is there for.
CLASSES = {"sql": {"sqli"}, "shell": {"cmdi"}, "html": {"xss"}, "script": {"xss"}, "path": {"lfi"}}
# Kinds of innocents made to look like attacks, and technical ones, where a data set does not say so itself.
HARD = {"benign-libinjection-fp", "benign-naughty"}
TECHNICAL = {"benign-sql-prose", "benign-security-prose", "benign-man", "benign-man-i18n", "benign-markdown"}
# Sources that copied from each other are left out together.
KIN = {
    "httpparams": "kaggle",
    "modseclearn-sqli_kaggle": "kaggle",
    "modseclearn-sqlmap": "sqlmap",
    "sqlmap-tamper": "sqlmap",
    "wafamole": "sqlmap",
}
FOLDS = 5


@dataclass
class Row:
    """Values with the same streams in one language, from one fold."""

    attack: bool
    tier: str
    fold: int
    source: str
    streams: list[Stream]
    # Clusters that the values come from, and of each the share that they are.
    clusters: Counter[str]
    # Share of them that something else acts on anyway.
    otherwise: float = 0.0
    # How many values.
    size: int = 0

    @property
    def mass(self) -> float:
        """How many clusters they are worth."""
        return sum(self.clusters.values())

    @property
    def weight(self) -> float:
        """What they count in training: twice as many of the same are one more."""
        return 1 + math.log2(self.mass) if self.mass > 1 else self.mass


@dataclass
class Value:
    """One labelled line."""

    attack: bool
    name: str
    source: str
    cluster: str
    tier: str
    production: str
    ruled: bool
    streams: dict[str, list[Stream]]


def read(files: list[Path]) -> list[Value]:
    """All values, the silent ones too: rates are of all."""
    values = []
    for file in files:
        with file.open(encoding="utf-8") as lines:
            for text in lines:
                line = json.loads(text)
                streams: dict[str, list[Stream]] = {}
                for language, _, tokens in line["streams"]:
                    stream = tuple(tokens.split())
                    if stream not in streams.setdefault(language, []):
                        streams[language].append(stream)
                name = line["class"]
                told = line["tier"] or ("hard" if name in HARD else "technical" if name in TECHNICAL else "ordinary")
                source = KIN.get(line["source"], line["source"])
                source = "generated" if source.startswith("generated:") else source
                values.append(
                    Value(line["label"] == "attack", name, source, line["cluster"], told, line["production"] or "", line["ruled"], streams)
                )
    return values


def folds(values: list[Value]) -> dict[str, int]:
    """The fold of each source of attacks and each kind of innocents: whole ones, the largest first to the emptiest fold."""
    sizes: Counter[str] = Counter()
    for value in values:
        sizes[part(value)] += 1
    filled = {True: [0] * FOLDS, False: [0] * FOLDS}
    chosen: dict[str, int] = {}
    for name, size in sorted(sizes.items(), key=lambda item: (-item[1], zlib.crc32(item[0].encode()))):
        room = filled[name.startswith("attack ")]
        chosen[name] = room.index(min(room))
        room[chosen[name]] += size
    return chosen


def part(value: Value) -> str:
    """What is left out as a whole: a source of attacks, a technique of generated ones, a kind of innocents."""
    return f"attack {value.source} {value.production}" if value.attack else f"innocent {value.source} {value.name}"


def rows(values: list[Value], language: str, otherwise: list[bool]) -> list[Row]:
    """The rows of one language; values that say nothing in it are left out. `otherwise`: what is acted on without it."""
    sizes = Counter(value.cluster for value in values)
    fold_of = folds(values)
    found: dict[tuple, Row] = {}
    for value, caught in zip(values, otherwise, strict=True):
        streams = value.streams.get(language)
        if not streams or (value.attack and value.name not in CLASSES[language]):
            continue
        fold = fold_of[part(value)]
        key = (value.attack, value.tier, fold, value.source if value.attack else "", tuple(streams))
        row = found.setdefault(key, Row(value.attack, value.tier, fold, value.source, streams, Counter()))
        row.clusters[value.cluster] += 1 / sizes[value.cluster]
        row.otherwise = (row.otherwise * row.size + caught) / (row.size + 1)
        row.size += 1
    return list(found.values())
