"""Learns corrections to the weights of the detectors and judges them on sources, techniques and kinds that were left out."""

import argparse
import json
from pathlib import Path

from .data import CLASSES, read, rows
from .fit import Settings, fit
from .judge import BUDGETS, Judgement, calibrated, heaviest
from .model import Model


def main() -> None:
    parser = argparse.ArgumentParser(prog="learn", description=__doc__)
    parser.add_argument("--streams", type=Path, nargs="+", required=True, help="written by the example `tokens`")
    parser.add_argument("--weights", type=Path, required=True, help="folder of the weights set by hand")
    parser.add_argument(
        "--out", type=Path, help="folder for the weights that are better than those by hand; left out, they are only judged"
    )
    parser.add_argument("--record", type=Path, help="file for the tables, which are printed as well")
    parser.add_argument("--only", choices=sorted(CLASSES), action="append", help="only this language")
    arguments = parser.parse_args()
    values = read(arguments.streams)
    hand = {name: Model.load(arguments.weights / f"{name}.json") for name in CLASSES}
    scores = {name: [model.score(value.streams.get(name, [])) for value in values] for name, model in hand.items()}
    sizes = {
        tier: len({value.cluster for value in values if not value.attack and value.tier == tier})
        for tier in ("ordinary", "technical", "hard")
    }
    settings = Settings()
    parts = [f"# Weights, judged\n\n`cargo xtask train`: {len(values)} values. {settings}. Budgets of one language, in per cent of the "]
    parts[0] += f"ordinary and the technical innocents: {json.dumps(BUDGETS)}."
    print(parts[0])
    for name in arguments.only or CLASSES:
        # What is acted on without this language is no reason to change its weights.
        otherwise = [
            value.ruled or any(scores[other][at] >= hand[other].levels["default"] for other in CLASSES if other != name)
            for at, value in enumerate(values)
        ]
        found = rows(values, name, otherwise)
        judgement = Judgement(hand[name], found, settings, sizes)
        model = fit(hand[name], found, settings)
        model.levels = calibrated(found, [model.score(row.streams) for row in found], sizes)
        better = judgement.is_better()
        verdict = "Better than by hand on what was left out." if better else "Not better than by hand: the weights stay."
        part = "\n".join([judgement.table(), "", f"{verdict} {heaviest(hand[name], model)}"])
        print(part, flush=True)
        parts.append(part)
        if arguments.out and better:
            model.origin = f"by hand, corrected by `cargo xtask train` on {len(values)} values"
            model.save(arguments.out / f"{name}.json")
        if arguments.record:
            arguments.record.write_text("\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
