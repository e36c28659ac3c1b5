#!/usr/bin/env python3
"""How often the true cause comes first: `python tests/bench/diagnosis.py [-v] [FOLDER OF CASES]`, beside simpler engines.

Every case is tried as recorded, with half of the checks off, beside another, and with its cause taken out. Where the
cause is unknown, right means: nothing wrong is said to be probable; naming what the unknown cause brings about is
right. Prints shares with their 95 % intervals (Wilson); with -v every miss as well.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from rivals import RIVALS
from trials import CONDITIONS, Trial, effects, trials

from diagkit import catalog
from diagkit.cases import find
from diagkit.cases.score import SAID, Share
from diagkit.causes.diagnosis import weigh
from diagkit.causes.grounding import ground
from diagkit.model import Diagnosis, Verdict

HOSTS = Path(__file__).parent.parent / "hosts"
VERBOSE = "-v" in sys.argv


def main(folder: Path) -> None:
    """Try every case, and print the table."""
    every = list(trials(find(folder, catalog.all_causes())))
    said = [weigh(t.findings, t.knowledge, t.now) for t in every]
    ranked = [_rivals(t) for t in every]
    for condition in CONDITIONS[:3]:
        _table(condition, [n for n, t in enumerate(every) if t.condition == condition], every, said, ranked)
    unknown = [n for n, t in enumerate(every) if t.condition == CONDITIONS[3]]
    print(f"{'cause unknown: nothing wrong said':44} {_share(_humble(every[n], said[n]) for n in unknown)}")
    for n in unknown if VERBOSE else ():
        if not _humble(every[n], said[n]):
            print(f"  {every[n].name}: without {every[n].true[0]} it says {_first(said[n])}")


def _table(
    condition: str, chosen: Sequence[int], every: Sequence[Trial], said: Sequence[Diagnosis], ranked: Sequence[Rivals]
) -> None:
    single = [n for n in chosen if len(every[n].true) == 1]
    double = [n for n in chosen if len(every[n].true) > 1]
    healthy = [n for n in chosen if not every[n].true]
    names = {n: [c.id for c in said[n].causes] for n in chosen}
    print(f"{condition}")
    for title, group, depth in (("one fault, top-1", single, 1), ("one fault, top-3", single, 3)) if single else ():
        print(f"  {title:42} {_share(every[n].true[0] in names[n][:depth] for n in group)}", end="")
        print(
            "".join(
                f"  {rival} {_short(every[n].true[0] in ranked[n][rival][:depth] for n in group)}" for rival in RIVALS
            )
        )
    if double:
        print(
            f"  {'two faults, both in three':42} {_share(set(every[n].true) <= set(names[n][:3]) for n in double)}",
            end="",
        )
        print("".join(f"  {r} {_short(set(every[n].true) <= set(ranked[n][r][:3]) for n in double)}" for r in RIVALS))
    confirmed = [n for n in chosen if said[n].causes and said[n].causes[0].verdict is Verdict.CONFIRMED]
    print(f"  {'confirmed, and right':42} {_share(names[n][0] in every[n].true for n in confirmed)}")
    if healthy:
        print(f"  {'healthy, and no cause said':42} {_share(not _alarm(said[n]) for n in healthy)}")
    for n in single if VERBOSE else ():
        if every[n].true[0] not in names[n][:1]:
            print(f"    {every[n].name}: {every[n].true[0]}, and it says {_first(said[n])}")
    for n in healthy:
        if _alarm(said[n]):
            print(f"    {every[n].name}: healthy, and it says {_first(said[n])}")


Rivals = dict[str, list[str]]


def _rivals(trial: Trial) -> Rivals:
    grounded = ground(trial.findings, trial.knowledge)
    return {name: rank(grounded) for name, rank in RIVALS.items()}


def _alarm(said: Diagnosis) -> bool:
    return any(cause.verdict in SAID for cause in said.causes)


def _humble(trial: Trial, said: Diagnosis) -> bool:
    """Whether nothing wrong is said of a fault that nobody wrote down."""
    fine = effects(catalog.knowledge(), trial.true)
    return all(cause.id in fine for cause in said.causes if cause.verdict in SAID)


def _first(said: Diagnosis) -> str:
    if not said.causes:
        return "nothing"
    first = said.causes[0]
    return f"{first.id}, {first.verdict.value} {first.confidence:.2f}"


def _share(of: Iterable[bool]) -> str:
    got = list(of)
    share = Share(len(got), sum(got))
    low, high = share.interval
    return f"{share.count:4} of {share.of:4}  {_percent(share)}  [{low:4.0%}-{high:4.0%}]"


def _short(of: Iterable[bool]) -> str:
    got = list(of)
    return _percent(Share(len(got), sum(got)))


def _percent(share: Share) -> str:
    return f"{share.value:4.0%}" if share.value is not None else "   -"


if __name__ == "__main__":
    main(next((Path(word) for word in sys.argv[1:] if word != "-v"), HOSTS))
