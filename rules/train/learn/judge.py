"""Levels by what innocents score, and how corrected weights compare with those set by hand on what they were not learned from."""

import json

from .data import FOLDS, Row
from .fit import Settings, fit
from .model import LEVELS, Model

# Innocents that one language may flag at each level, in per cent of all ordinary and of all technical ones. The sum over the languages is
# below the bars of the project; those of `paranoid` are to no bar.
BUDGETS = {"paranoid": (0.3, 3.0), "high": (0.03, 0.8), "default": (0.004, 0.15), "low": (0.001, 0.04)}
# The highest level that is tried.
TOP = 400
Sizes = dict[str, int]


def flagged(found: list[Row], scores: list[float], tier: str, level: float) -> float:
    """How many clusters of innocents of a tier stand at or above a level."""
    return sum(row.mass for row, score in zip(found, scores, strict=True) if not row.attack and row.tier == tier and score >= level)


def caught(found: list[Row], scores: list[float], level: float, source: str = "") -> float:
    """Per cent of the clusters of attacks, of a source or of all, that this language or something else acts on."""
    part = [(row, score) for row, score in zip(found, scores, strict=True) if row.attack and source in ("", row.source)]
    total = sum(row.mass for row, _ in part)
    return 100 * sum(row.mass * (1 if score >= level else row.otherwise) for row, score in part) / total if total else 0.0


def calibrated(found: list[Row], scores: list[float], sizes: Sizes) -> dict[str, int]:
    """The lowest levels that keep the budgets, each above the one before."""
    levels: dict[str, int] = {}
    level = 1
    for name in LEVELS:
        ordinary, technical = BUDGETS[name]
        while level < TOP and (
            100 * flagged(found, scores, "ordinary", level) > ordinary * sizes["ordinary"]
            or 100 * flagged(found, scores, "technical", level) > technical * sizes["technical"]
        ):
            level += 1
        levels[name] = level
        level += 1
    return levels


def left_out(hand: Model, found: list[Row], settings: Settings) -> list[float]:
    """The score of each row by weights that were learned without its fold."""
    scores = [0.0] * len(found)
    for fold in range(FOLDS):
        model = fit(hand, [row for row in found if row.fold != fold], settings)
        for at, row in enumerate(found):
            if row.fold == fold:
                scores[at] = model.score(row.streams)
    return scores


class Judgement:
    """One language: by hand at the levels of its file, by hand at levels by budget, corrected and left out at levels by budget."""

    def __init__(self, hand: Model, found: list[Row], settings: Settings, sizes: Sizes):
        self.hand, self.found, self.sizes = hand, found, sizes
        by_hand = [hand.score(row.streams) for row in found]
        learned = left_out(hand, found, settings)
        self.ways = {
            "by hand": (by_hand, hand.levels),
            "by hand, levels by budget": (by_hand, calibrated(found, by_hand, sizes)),
            "learned, left out": (learned, calibrated(found, learned, sizes)),
        }

    def is_better(self) -> bool:
        """Whether corrections catch more than weights by hand at the same budget: at no level less, at one by half a per cent more."""
        gains = []
        for name in LEVELS[1:]:
            rates = [caught(self.found, scores, levels[name]) for scores, levels in list(self.ways.values())[1:]]
            gains.append(rates[1] - rates[0])
        return min(gains) >= 0 and max(gains) >= 0.5

    def table(self) -> str:
        """Rates of the three ways side by side."""
        shown = LEVELS[1:]
        lines = [f"\n## {self.hand.detector}\n"]
        lines += [f"Levels {way}: {json.dumps(levels)}." for way, (_, levels) in self.ways.items()]
        head = [f"{way}: {level}" for way in self.ways for level in shown]
        lines += ["", "| caught, by cluster | clusters | " + " | ".join(head) + " |", "|---|---:|" + "---:|" * len(head)]
        for source in ["", *sorted({row.source for row in self.found if row.attack})]:
            size = sum(row.mass for row in self.found if row.attack and source in ("", row.source))
            cells = [f"{caught(self.found, scores, levels[level], source):.2f}" for scores, levels in self.ways.values() for level in shown]
            lines.append(f"| {source or '**all**'} | {size:.0f} | " + " | ".join(cells) + " |")
        for tier, size in self.sizes.items():
            cells = [
                f"{100 * flagged(self.found, scores, tier, levels[level]) / max(1, size):.4f}"
                for scores, levels in self.ways.values()
                for level in shown
            ]
            lines.append(f"| flagged, {tier} | {size} | " + " | ".join(cells) + " |")
        return "\n".join(lines)


def heaviest(hand: Model, model: Model, count: int = 25) -> str:
    """The corrections that move most."""
    names = set(hand.weights) | set(model.weights)
    moves = {name: model.weights.get(name, 0) - hand.weights.get(name, 0) for name in names}
    moved = sorted((name for name in names if moves[name]), key=lambda name: (-abs(moves[name]), name))
    shown = ", ".join(f"`{' '.join(name)}` {hand.weights.get(name, 0):g} → {model.weights.get(name, 0):g}" for name in moved[:count])
    return f"{len(moved)} of {len(names)} weights corrected when learned of all; most: {shown}."
