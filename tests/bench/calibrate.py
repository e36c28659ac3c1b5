#!/usr/bin/env python3
"""Fit the calibration layer to recorded hosts: `python tests/bench/calibrate.py [--write] [FOLDER OF CASES …]`.

Every first cause of every trial is one point: what the net says of it, and whether it is right. The curve is judged on
classes it was not fitted on: all the trials of one cause are left out, and predicted from the others. Prints the
expected calibration error and the Brier score before and after; with --write, puts the numbers into the source.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from trials import Trial, effects, trials

from diagkit import catalog
from diagkit.cases import find
from diagkit.causes import Cause, calibration
from diagkit.causes.weighing import Weighing, sick, weigh_one

HOSTS = Path(__file__).parent.parent / "hosts"
SOURCE = Path(calibration.__file__)
STEPS = 50  # of Newton's method; it settles in about ten
RIDGE = 0.05  # pulls towards what the net says: few points must not bend the curve far
BELIEVED = (0.0, 1.0, 0.0, 0.0)  # the numbers that change nothing
BINS = 10

Point = tuple[str, tuple[float, ...], bool]  # class, features, right


def main(words: Sequence[str]) -> None:
    """Fit, and say how good it is."""
    folders = [Path(word) for word in words if not word.startswith("-")] or [HOSTS]
    points = [point for folder in folders for point in _points(trials(find(folder, catalog.all_causes())))]
    classes = sorted({name for name, _, _ in points})
    fair = []
    for left_out in classes:
        weights = fit([p for p in points if p[0] != left_out])
        fair += [(predict(weights, x), right) for name, x, right in points if name == left_out]
    raw = [(predict(BELIEVED, x), right) for _, x, right in points]
    print(f"{len(points)} first causes of {len(classes)} classes, {sum(right for _, _, right in points)} right")
    for title, forecasts in (("as the net says", raw), ("calibrated, each class left out", fair)):
        print(f"{title:34} ECE {_ece(forecasts):.3f}  Brier {_brier(forecasts):.3f}")
    weights = fit(points)
    print("INTERCEPT, TRUST, DIRECT, UNEXPLAINED = " + ", ".join(f"{w:.2f}" for w in weights))
    if "--write" in words:
        numbers = ", ".join(f"{w:.2f}" for w in weights)
        line = f"INTERCEPT, TRUST, DIRECT, UNEXPLAINED = {numbers}"
        SOURCE.write_text(re.sub(r"^INTERCEPT, .*$", line, SOURCE.read_text(), flags=re.MULTILINE))


def _points(every: Iterator[Trial]) -> Iterator[Point]:
    known = catalog.knowledge()
    for trial in every:
        if not sick(trial.findings):
            continue
        weighing = weigh_one(trial.name, trial.findings, trial.knowledge, {})
        first = _first(weighing)
        if first is None:
            continue
        name = weighing.nodes[first].id
        right = name in trial.true or (trial.condition == "cause unknown" and name in effects(known, trial.true))
        x = calibration.features(weighing.probability(first), weighing.direct(first), len(weighing.unexplained))
        yield trial.true[0] if trial.true else f"healthy {trial.case.name}", x, right


def _first(weighing: Weighing) -> int | None:
    """The likeliest cause."""
    causes = [n for n in weighing.found.marginal if isinstance(weighing.nodes[n].state, Cause)]
    return max(causes, key=weighing.probability, default=None)


def predict(weights: Sequence[float], x: Sequence[float]) -> float:
    """The curve."""
    return 1 / (1 + math.exp(-sum(w * v for w, v in zip(weights, x, strict=True))))


def fit(points: Sequence[Point]) -> list[float]:
    """Logistic regression by Newton's method, with a ridge around the numbers that change nothing."""
    weights, size = list(BELIEVED), len(BELIEVED)
    for _ in range(STEPS):
        slope = [-RIDGE * (w - b) for w, b in zip(weights, BELIEVED, strict=True)]
        bend = [[RIDGE if i == j else 0.0 for j in range(size)] for i in range(size)]
        for _, x, right in points:
            p = predict(weights, x)
            for i in range(size):
                slope[i] += (right - p) * x[i]
                for j in range(size):
                    bend[i][j] += p * (1 - p) * x[i] * x[j]
        step = _solve(bend, slope)
        weights = [w + s for w, s in zip(weights, step, strict=True)]
    return weights


def _solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Gaussian elimination; the ridge keeps the matrix regular."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for i, pivot in enumerate(rows):
        for row in rows[:i] + rows[i + 1 :]:
            factor = row[i] / pivot[i]
            row[:] = [a - factor * b for a, b in zip(row, pivot, strict=True)]
    return [row[-1] / row[i] for i, row in enumerate(rows)]


def _ece(forecasts: Sequence[tuple[float, bool]]) -> float:
    gaps = 0.0
    for n in range(BINS):
        inside = [(p, right) for p, right in forecasts if min(int(p * BINS), BINS - 1) == n]
        gaps += abs(sum(p - right for p, right in inside))
    return gaps / len(forecasts)


def _brier(forecasts: Sequence[tuple[float, bool]]) -> float:
    return sum((p - right) ** 2 for p, right in forecasts) / len(forecasts)


if __name__ == "__main__":
    main(sys.argv[1:])
