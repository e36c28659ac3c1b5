"""From the net's probability to one that comes true as often as it says.

The net takes its findings for more independent than they are, and knows no fault that nobody wrote down; so it is too
sure. A logistic curve over what it says puts that right:

    logit p' = a + b logit p + c min(direct, 30) / 10 + d unexplained

`direct` is the evidence of a cause's own signs in decibans, `unexplained` the number of bad findings that nothing
explains. The four numbers come from recorded runs, also such whose true cause had been taken out of the knowledge;
`tests/bench/calibrate.py --write` fits them anew.
"""

from __future__ import annotations

import math

INTERCEPT, TRUST, DIRECT, UNEXPLAINED = -1.21, 0.39, 1.03, -0.54
MOST_DIRECT = 30.0  # decibans beyond which more make nobody surer
EDGE = 1e-4  # nothing is more certain than this


def features(probability: float, direct: float, unexplained: int) -> tuple[float, float, float, float]:
    """What the curve looks at."""
    bounded = min(max(probability, EDGE), 1 - EDGE)
    return 1.0, math.log(bounded / (1 - bounded)), min(direct, MOST_DIRECT) / 10, float(unexplained)


def calibrated(probability: float, direct: float, unexplained: int) -> float:
    """The probability, put right."""
    weights = (INTERCEPT, TRUST, DIRECT, UNEXPLAINED)
    z = sum(w * x for w, x in zip(weights, features(probability, direct, unexplained), strict=True))
    return 1 / (1 + math.exp(-z))
