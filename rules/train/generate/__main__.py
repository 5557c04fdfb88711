"""Writes `values.jsonl`: attacks by grammar and innocent values, labelled as `cargo xtask quality` reads them."""

import argparse
import itertools
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from . import attacks, disguise
from .grammar import Grammar
from .innocents import neighbours, packages

Line = dict[str, object]
# Innocent values of one kind, at most, at scale 1.
KIND_SIZE = 30_000


def attack_lines(grammar: Grammar, seed: int, count: int, share: float) -> Iterator[Line]:
    """The values of one class, and of a share of them a disguised copy."""
    chance = random.Random(f"{seed}/{grammar.name}/disguise")
    known: set[str] = set()
    for value in grammar.values(seed, count):
        production = f"{grammar.name}/{value.family}"
        kind = "ambiguous" if "needs-sink" in value.tags else "attack"
        name = next((tag.removeprefix("class-") for tag in value.tags if tag.startswith("class-")), grammar.name)
        made: Line = {"value": value.text, "production": production, "template": value.template, "tags": value.tags}
        line = {"class": name, "label": kind} | made
        known.add(value.text)
        yield line
        if chance.random() < share:
            name = chance.choice(sorted(disguise.ALL))
            text = disguise.ALL[name](value.text, chance)
            if text not in known:
                known.add(text)
                yield line | {"value": text, "disguise": name}


def innocent_lines(seed: int, scale: float) -> Iterator[Line]:
    """Ordinary and technical values, each once."""
    sources = {
        "faker": packages.faker_values(seed, max(1, int(80 * scale))),
        "locales": packages.locale_values(seed),
        "fortunes": packages.fortunes(),
        "debian": packages.debian(),
        "translations": packages.translations(seed, int(1500 * scale)),
        "words": packages.words(seed, int(12000 * scale)),
        "made": packages.made(seed, int(3000 * scale)),
    }
    known: set[str] = set()
    for source, values in sources.items():
        kinds: dict[tuple[str, str], list[str]] = defaultdict(list)
        for kind, tier, text in values:
            if text and text not in known:
                known.add(text)
                kinds[kind, tier].append(text)
        for (kind, tier), texts in kinds.items():
            # No kind rules the others by its number.
            most = int(KIND_SIZE * scale)
            chosen = random.Random(f"{seed}/{kind}").sample(texts, most) if len(texts) > most else texts
            for text in chosen:
                yield {"class": f"benign-{kind}", "label": "benign", "value": text, "tier": tier, "production": f"{source}/{kind}"}
    for grammar in neighbours.grammars():
        tier = "ordinary" if grammar.name == "near" else "technical"
        for value in grammar.values(seed, int(1500 * scale)):
            if value.text not in known:
                known.add(value.text)
                made: Line = {"value": value.text, "tier": tier, "production": value.family, "template": value.template}
                yield {"class": f"benign-{value.family}", "label": "benign"} | made


def main() -> None:
    parser = argparse.ArgumentParser(prog="generate", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for values.jsonl")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-family", type=int, default=200, help="attacks of each technique")
    parser.add_argument("--disguised", type=float, default=0.15, help="share of attacks that also come in a coding")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the innocent part")
    parser.add_argument("--only", choices=["attacks", "innocents"])
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    counts: Counter[str] = Counter()
    with (arguments.out / "values.jsonl").open("w", encoding="utf-8") as out:
        for number, line in enumerate(lines(arguments)):
            out.write(json.dumps({"id": f"g{number:07}", "cluster": cluster(line, number)} | line, ensure_ascii=False) + "\n")
            counts[f"{line['label']} {line['class']}"] += 1
    for name, count in sorted(counts.items()):
        print(f"{count:8} {name}", file=sys.stderr)


def lines(arguments: argparse.Namespace) -> Iterator[Line]:
    """All lines that were asked for, their texts in Unicode."""
    parts: list[Iterator[Line]] = []
    if arguments.only != "innocents":
        parts += [attack_lines(grammar, arguments.seed, arguments.per_family, arguments.disguised) for grammar in attacks.grammars()]
    if arguments.only != "attacks":
        parts.append(innocent_lines(arguments.seed, arguments.scale))
    for line in itertools.chain.from_iterable(parts):
        source = str(line["production"]).partition("/")[0]
        yield {"source": f"generated:{source}"} | line | {"value": str(line["value"]).encode("utf-8", "replace").decode()}


def cluster(line: Line, number: int) -> str:
    """What counts once: the fillings of a template in one coding; of what packages hold, each value."""
    template = line.get("template", f"#{number}")
    return "/".join(map(str, [line["production"], template, *([line["disguise"]] if "disguise" in line else [])]))


if __name__ == "__main__":
    main()
