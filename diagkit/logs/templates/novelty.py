"""What a window's templates are beside a baseline: new, a burst, stopped, or as ever.

The baseline is the same log before the window, a file from a better day, or a healthy host's log. Nothing is called new
beside a baseline that had no chance to say it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from diagkit.frozen import frozen
from diagkit.logs.templates.miner import Miner
from diagkit.logs.templates.template import Template
from diagkit.model.digest import Novelty

# Source: our choice, after what users of anomaly alerts ask for: plain ratios that they can check (logtide#93), and no
# floor under what is new, because rare errors matter (DataDog/datadog-agent#48670).
RATIO = 3.0  # times as often as before
SURPRISE = -6.0  # log10 of how likely it would be by chance, if lines came as often as before (Poisson)
LEAST = 5  # lines of a burst
LEAST_LINES = 20  # lines of any kind that a log must have in its baseline to be one
STEADY = 0.9  # share of earlier stretches, as long as the window, that had a line of what comes steadily
STRETCHES = 3  # that there must have been


@frozen(kw_only=True)
class Watched:
    """A log watched for some time. lines: all it said, errors or not. since_us, until_us: from when to when."""

    miner: Miner
    lines: int
    since_us: int
    until_us: int

    @property
    def seconds(self) -> float:
        """How long it was watched."""
        return (self.until_us - self.since_us) / 1e6


@frozen(kw_only=True)
class Compared:
    """One template of the window, or that was in the baseline only, and how its two counts compare.

    template: with the lines of the window, or, where it has stopped, of the baseline. surprise: log10 of how likely so
    many lines are, or so few, if they come as often as in the baseline; 0 where nothing can be said.
    """

    template: Template
    novelty: Novelty
    count: int
    before: int
    surprise: float = 0.0


def compare(window: Watched, baseline: Watched | None) -> list[Compared]:
    """Every template of the window, and those that stopped: what is new first, then bursts, each by number of lines."""
    enough = baseline is not None and baseline.lines >= LEAST_LINES and baseline.seconds >= window.seconds
    if baseline is None or not enough:
        return _ordered(
            Compared(template=template, novelty=Novelty.UNKNOWN, count=template.count, before=0)
            for template in window.miner
        )
    both = Miner()
    now, before = both.merge(window.miner), both.merge(baseline.miner)
    united: dict[Template, tuple[list[Template], list[Template]]] = {}
    for side, pairs in enumerate((now, before)):
        for theirs, ours in pairs:
            united.setdefault(ours.resolved(), ([], []))[side].append(theirs)
    found = [
        _compared(_sum(ours, after), _sum(ours, earlier), window, baseline) for ours, (after, earlier) in united.items()
    ]
    return _ordered(one for one in found if one is not None)


def fewest(templates: Iterable[Template], share: float = 0.9) -> tuple[list[Template], float]:
    """As few templates as have at least this share of all lines, and the share that they have."""
    by_count = sorted(templates, key=lambda template: (-template.count, template.id))
    total = sum(template.count for template in by_count)
    taken: list[Template] = []
    lines = 0
    for template in by_count:
        if lines >= share * total:
            break
        taken.append(template)
        lines += template.count
    return taken, lines / total if total else 1.0


def _compared(now: Template, before: Template, window: Watched, baseline: Watched) -> Compared | None:
    bucket = window.miner.bucket_us / 1e6  # shorter than that is neither: lines of one moment are counted by it
    share = max(window.seconds, bucket) / max(baseline.seconds, bucket)
    if not now.count:
        surprise = -before.count * share / math.log(10)
        if surprise > SURPRISE or not _came_steadily(before, window, baseline):
            return None
        return Compared(template=before, novelty=Novelty.STOPPED, count=0, before=before.count, surprise=surprise)
    expected = (before.count + 0.5) * share
    surprise = poisson_tail(now.count, expected)
    novelty = Novelty.STEADY
    if not before.count:
        novelty = Novelty.NEW
    elif now.count >= max(LEAST, RATIO * expected) and surprise < SURPRISE:
        usual = _usual_burst(before, window, baseline)
        novelty = Novelty.BURST if now.count >= RATIO * usual else Novelty.STEADY
    return Compared(template=now, novelty=novelty, count=now.count, before=before.count, surprise=surprise)


def _sum(ours: Template, parts: list[Template]) -> Template:
    """These templates of one side as one, under the name that both sides share."""
    total = Template(ours.tokens, ours.parameters)
    for part in parts:
        total.count_in(part)
    return total


def _stretches(template: Template, length_us: int, bucket_us: int) -> list[int]:
    """How many lines came in each stretch of that length that begins with a line, one after the other."""
    sizes: list[int] = []
    end = -math.inf
    for bucket, count in sorted(template.over_time.items()):
        at = bucket * bucket_us
        if at >= end:
            sizes.append(0)
            end = at + length_us
        sizes[-1] += count
    return sizes


def _usual_burst(before: Template, window: Watched, baseline: Watched) -> int:
    """How many lines came at once before, in a time as long as the window; the one time with most does not count.

    What always comes in bursts, such as from a nightly job, is no news; what came in one earlier incident still is.
    """
    sizes = sorted(_stretches(before, window.until_us - window.since_us, baseline.miner.bucket_us))
    return sizes[-2] if len(sizes) > 1 else 0


def _came_steadily(before: Template, window: Watched, baseline: Watched) -> bool:
    length = window.until_us - window.since_us
    possible = (baseline.until_us - baseline.since_us) / length if length else 0.0
    lately = before.last is not None and before.last >= baseline.until_us - length
    stretches = len(_stretches(before, length, baseline.miner.bucket_us))
    return lately and possible >= STRETCHES and stretches >= STEADY * (possible - 1)


def poisson_tail(count: int, expected: float) -> float:
    """log10 P(at least `count` events when `expected` are), by the Chernoff bound; 0 where they are not more."""
    if count <= expected:
        return 0.0
    return (count - expected - count * math.log(count / expected)) / math.log(10)


def _ordered(found: Iterable[Compared]) -> list[Compared]:
    rank = list(Novelty)
    return sorted(found, key=lambda one: (rank.index(one.novelty), -max(one.count, one.before), one.template.id))
