"""Corrections to weights set by hand: logistic regression with an L1 penalty on what is changed.

The score of a value is that of its best run of tokens, which depends on the weights. So it goes in rounds: the best runs under the
weights so far, then the weights that tell these runs apart. Runs of innocents stay in the set once they were found; those of attacks
are found anew.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from .data import Row
from .model import Model, Ngram, Stream, ngrams


@dataclass(frozen=True)
class Settings:
    """What a fit depends on beside its data."""

    rounds: int = 4
    # Of the L1 norm of the corrections, in units of weight.
    penalty: float = 0.3
    # How much a flagged innocent counts against a missed attack.
    ordinary: float = 12.0
    technical: float = 3.0
    # Width of the logistic curve in units of weight.
    width: float = 8.0
    # Rows that an n-gram must be in, to be corrected.
    support: int = 3
    # No weight moves by more.
    reach: float = 30.0


def fit(hand: Model, rows: list[Row], settings: Settings) -> Model:
    """The hand-set weights, corrected on these rows."""
    model = Model(hand.detector, hand.origin, hand.levels, dict(hand.weights))
    attacks, innocents = clean(hand, rows)
    # Attacks should stand above the default level, innocents well below it.
    wanted = hand.levels["default"] + settings.width / 2
    borne = (hand.levels["default"] + hand.levels["high"]) / 2 - settings.width / 2
    negatives: dict[Stream, float] = {}
    for _ in range(settings.rounds):
        positives: Counter[Stream] = Counter()
        for row in attacks:
            if segment := model.segment(row.streams):
                positives[segment] += row.weight * (1 - 0.7 * row.otherwise)
        for row in innocents:
            if segment := model.segment(row.streams):
                share = settings.ordinary if row.tier == "ordinary" else settings.technical
                negatives[segment] = max(negatives.get(segment, 0.0), share * row.weight)
        model.weights = corrected(hand, positives, negatives, (wanted, borne), settings)
    model.weights = {ngram: weight for ngram, value in model.weights.items() if (weight := round(value))}
    return model


def clean(hand: Model, rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """Attacks and innocents without what is labelled wrongly by rule.

    An attack whose streams ordinary innocents have as well is none that tokens could tell; a technical or hard innocent that stands above
    the highest level is a quoted payload. Hard ones are made to look like attacks and are left to judgement.
    """
    known = {stream for row in rows if not row.attack and row.tier == "ordinary" for stream in row.streams}
    attacks = [row for row in rows if row.attack and not all(stream in known for stream in row.streams)]
    innocents = [
        row
        for row in rows
        if not row.attack and (row.tier == "ordinary" or (row.tier == "technical" and hand.score(row.streams) < hand.levels["low"]))
    ]
    return attacks, innocents


def corrected(
    hand: Model, positives: Counter[Stream], negatives: dict[Stream, float], levels: tuple[float, float], settings: Settings
) -> dict[Ngram, float]:
    """The weights that tell these runs apart best, near those set by hand."""
    segments = sorted(positives) + sorted(negatives)
    sign = np.array([1.0] * len(positives) + [-1.0] * len(negatives))
    mass = np.array([positives[s] for s in sorted(positives)] + [negatives[s] for s in sorted(negatives)])
    counts = [ngrams(segment) for segment in segments]
    base = np.array([sum(hand.weights.get(ngram, 0) * times for ngram, times in found.items()) for found in counts])
    support: Counter[Ngram] = Counter()
    for found in counts:
        support.update(found.keys())
    names = sorted(ngram for ngram, times in support.items() if times >= settings.support)
    index = {ngram: at for at, ngram in enumerate(names)}
    cells = [(row, index[ngram], times) for row, found in enumerate(counts) for ngram, times in found.items() if ngram in index]
    if not cells:
        return dict(hand.weights)
    at_row, at_column, times = (np.array(part) for part in zip(*cells, strict=True))
    matrix = csr_matrix((times.astype(float), (at_row, at_column)), shape=(len(segments), len(names)))
    level = np.where(sign > 0, levels[0], levels[1])
    size = len(names)

    # Changes up and changes down apart: so the penalty is linear and the bounds are boxes.
    def loss(parts: np.ndarray) -> tuple[float, np.ndarray]:
        change = parts[:size] - parts[size:]
        margin = sign * (base + matrix @ change - level) / settings.width
        value = float(mass @ np.logaddexp(0, -margin) + settings.penalty * parts.sum())
        slope = matrix.T @ (mass * -sign / (1 + np.exp(np.clip(margin, -50, 50))) / settings.width)
        return value, np.concatenate([slope + settings.penalty, -slope + settings.penalty])

    low, high = np.array([bounds(hand, ngram, settings.reach) for ngram in names]).T
    box = [(0, up) for up in high] + [(0, -down) for down in low]
    found = minimize(loss, np.zeros(2 * size), jac=True, method="L-BFGS-B", bounds=box, options={"maxiter": 300})
    change = found.x[:size] - found.x[size:]
    weights = dict(hand.weights)
    for ngram, by in zip(names, change, strict=True):
        if abs(by) >= 0.5:
            weights[ngram] = weights.get(ngram, 0) + float(by)
    return weights


def bounds(hand: Model, ngram: Ngram, reach: float) -> tuple[float, float]:
    """How far a weight may move.

    Evidence stays evidence: what is not negative by hand may become so only if it begins or ends in a token of prose, one that is negative
    by itself. What an attacker could add to an attack would else lower its score.
    """
    weight = hand.weights.get(ngram, 0)
    prose = any(hand.weights.get((token,), 0) < 0 for token in (ngram[0], ngram[-1]))
    lowest = -reach if weight < 0 or (prose and len(ngram) > 1) else -min(weight, reach)
    return lowest, reach
