"""The model of `core/src/detect/segment.rs`: weights of n-grams, and the run of tokens with the highest sum."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

LEVELS = ["paranoid", "high", "default", "low"]
Ngram = tuple[str, ...]
Stream = tuple[str, ...]


@dataclass
class Model:
    """A weight file."""

    detector: str
    origin: str
    levels: dict[str, int]
    weights: dict[Ngram, float]

    @staticmethod
    def load(path: Path) -> "Model":
        data = json.loads(path.read_text(encoding="utf-8"))
        weights = {tuple(name.split()): weight for name, weight in data["weights"].items()}
        return Model(data["detector"], data["origin"], data["levels"], weights)

    def save(self, path: Path) -> None:
        """Writes the file: single tokens first, then longer n-grams by their first token, a line each."""
        by_first: dict[tuple[int, str], list[str]] = {}
        for ngram, weight in sorted(self.weights.items()):
            line = (0, "") if len(ngram) == 1 else (1, ngram[0])
            by_first.setdefault(line, []).append(f"{json.dumps(' '.join(ngram))}: {round(weight)}")
        lines = ",\n".join("    " + ", ".join(entries) for _, entries in sorted(by_first.items()))
        head = {"detector": self.detector, "origin": self.origin, "levels": self.levels}
        inner = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in head.items())
        path.write_text(f'{{\n{inner},\n  "weights": {{\n{lines}\n  }}\n}}\n', encoding="utf-8")

    def best(self, stream: Stream) -> tuple[float, int, int]:
        """The highest sum of a run of tokens, and where the run stands. Must stay what `Scorer::token` does."""
        weights = self.weights
        current = best = 0.0
        start = best_start = best_end = run = 0
        for at, token in enumerate(stream):
            alone = weights.get((token,), 0)
            if run:
                joined = alone + weights.get((stream[at - 1], token), 0)
                if run > 1:
                    joined += weights.get((stream[at - 2], stream[at - 1], token), 0)
                if current + joined >= alone:
                    current += joined
                    run = 2
                else:
                    current, start, run = alone, at, 1
            else:
                current, start, run = alone, at, 1
            if current > best:
                best, best_start, best_end = current, start, at + 1
        return best, best_start, best_end

    def score(self, streams: list[Stream]) -> float:
        return max((self.best(stream)[0] for stream in streams), default=0.0)

    def segment(self, streams: list[Stream]) -> Stream:
        """The tokens of the best run of all streams."""
        found: tuple[float, Stream] = (-1.0, ())
        for stream in streams:
            score, start, end = self.best(stream)
            if score > found[0]:
                found = (score, stream[start:end])
        return found[1]


def ngrams(segment: Stream) -> Counter[Ngram]:
    """How often each n-gram of one to three tokens occurs in a run."""
    found: Counter[Ngram] = Counter()
    for at in range(len(segment)):
        for size in (1, 2, 3):
            if at + 1 >= size:
                found[segment[at + 1 - size : at + 1]] += 1
    return found
