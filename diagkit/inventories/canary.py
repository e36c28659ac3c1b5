"""A few of many: spread over their groups, and the same few when asked again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from hashlib import sha256
from itertools import zip_longest

from diagkit.model import Target


def how_many(text: str, of: int) -> int:
    """How many `5` or `5%` are; of a share at least one. Raises ValueError with one sentence."""
    number = text.removesuffix("%")
    if not (number.isascii() and number.isdigit() and len(number) < 10) or int(number) == 0:
        raise ValueError(f"{text!r} is not a number of targets, such as 5, nor a share of them, such as 5%")
    if not text.endswith("%"):
        return int(number)
    if int(number) > 100:
        raise ValueError(f"{text!r} is more than all of them")
    return max(1, math.ceil(of * int(number) / 100))


def sample(targets: Sequence[Target], count: int) -> list[Target]:
    """So many of the targets, in their order.

    Which ones follows from a hash of their labels: a target that comes or goes changes the choice by little. Targets
    that are in the same groups stand for one another, so every such set gives one before any gives two, the largest
    sets first.
    """
    alike: dict[tuple[str, ...], list[Target]] = {}
    for target in sorted(targets, key=lambda target: sha256(target.label.encode("utf-8", "surrogatepass")).digest()):
        alike.setdefault(target.tags, []).append(target)
    largest_first = sorted(alike.values(), key=len, reverse=True)
    dealt = [target for row in zip_longest(*largest_first) for target in row if target is not None]
    chosen = {target.label for target in dealt[:count]}
    return [target for target in targets if target.label in chosen]
