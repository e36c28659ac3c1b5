"""Shards: the parts of an errand that are carried out elsewhere, and the task that carries one out.

A shard is data alone (see `parcels`): the keys, agents and ssh configuration are those of whoever carries it out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import field
from itertools import pairwise

from diagkit import __version__
from diagkit.conclusions import Conclusion, conclude
from diagkit.fleet.crew import Halt, Visit, visits
from diagkit.fleet.errand import Errand
from diagkit.fleet.parallel import at_once
from diagkit.fleet.parcels import Unreadable, pack, unpack
from diagkit.fleet.ways import opener
from diagkit.frozen import frozen
from diagkit.model import Tape, Target

LARGEST = 64  # hosts; between the 50 and 100 at which a task costs little and its loss is soon made good
SITE = "site:"  # begins the tag that says from where a host is reached


@frozen(kw_only=True)
class Shard:
    """A part of an errand. lost: how many times its hosts have been lost with whoever asked them."""

    errand: Errand
    lost: int = 0

    @property
    def labels(self) -> tuple[str, ...]:
        """Its hosts."""
        return tuple(target.label for target in self.errand.targets)

    @property
    def site(self) -> str:
        """From where its hosts are reached; empty: from anywhere."""
        return site_of(self.errand.targets[0])

    @property
    def seconds(self) -> float:
        """How long its hosts may take, all their deadlines together."""
        hosts = len(self.errand.targets)
        return self.errand.timeout * math.ceil(hosts / at_once(hosts, self.errand.parallel))


def site_of(target: Target) -> str:
    """What the tag `site:NAME` says of this host; empty if it has none."""
    return next((tag.removeprefix(SITE) for tag in target.tags if tag.startswith(SITE)), "")


def shards(errand: Errand, places: int) -> list[Shard]:
    """The errand in parts of like size, each of one site, and enough of them to keep all `places` busy."""
    by_site: dict[str, list[Target]] = {}
    for target in errand.targets:
        by_site.setdefault(site_of(target), []).append(target)
    size = max(1, min(LARGEST, math.ceil(len(errand.targets) / max(places, 1))))
    return [Shard(errand=part) for targets in by_site.values() for part in _parts(errand, targets, size)]


def smaller(shard: Shard, without: Collection[str]) -> list[Shard]:
    """What becomes of a shard that was lost, but for the hosts that answered in time: asked once more, in small parts.

    The first time in parts of the square root of its size, then host by host. So a host that takes down whoever asks
    it is alone at its third loss, and all others have cost few tasks.
    """
    left = [target for target in shard.errand.targets if target.label not in without]
    size = 1 if shard.lost else math.isqrt(max(len(left) - 1, 0)) + 1
    return [Shard(errand=part, lost=shard.lost + 1) for part in _parts(shard.errand, left, size)]


def _parts(errand: Errand, targets: Sequence[Target], size: int) -> Iterator[Errand]:
    count = math.ceil(len(targets) / size)
    for start, end in pairwise(len(targets) * cut // max(count, 1) for cut in range(count + 1)):
        yield errand.of(*targets[start:end])


@frozen(kw_only=True)
class Task:
    """What a worker is given. version: of the diagkit that packed it. known: what its hosts said before, by label.

    tapes: return the tapes, for who wants to make something of them; else what they tell, which is made there.
    """

    version: str
    errand: Errand
    known: Mapping[str, Tape] = field(default_factory=dict)
    tapes: bool = False


@frozen(kw_only=True)
class Outcome:
    """What a worker returns. refused: why it would not begin. failed: the bug of ours that ended it."""

    visits: tuple[Visit[Tape | Conclusion], ...] = ()
    refused: str = ""
    failed: str = ""


class Unstopped:
    """For where no signal reaches: the hosts' own deadlines end the task."""

    number = 0
    wake: Callable[[], None] = staticmethod(lambda: None)


def carry_out(parcel: bytes, stop: Halt | None = None) -> bytes:
    """Carry out a packed `Task` here; the packed `Outcome`. It is the one function that workers are asked to call."""
    try:
        task = unpack(parcel)
    except Unreadable as error:
        return pack(Outcome(refused=str(error)))
    if not isinstance(task, Task) or task.version != __version__:
        return pack(Outcome(refused=f"it has diagkit {__version__}"))
    try:
        return pack(Outcome(visits=tuple(_visits(task, stop or Unstopped()))))
    except Exception as error:  # noqa: BLE001 - the sender asks these hosts again, and tells which of them it was
        return pack(Outcome(failed=f"{type(error).__name__}: {error}"))


def _visits(task: Task, stop: Halt) -> Iterator[Visit[Tape | Conclusion]]:
    from diagkit.transports.ssh.switchboard import Switchboard

    def made(tape: Tape) -> Tape | Conclusion:
        return tape if task.tapes else conclude(tape, task.errand.settings)

    with closing(Switchboard(transport=task.errand.transport)) as switchboard:
        switchboard.passphrases.close()  # nobody is there to type one
        yield from visits(task.errand, opener(task.errand, switchboard), made, stop, known=task.known)
