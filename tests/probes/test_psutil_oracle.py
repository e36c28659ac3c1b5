"""psutil reads this machine by ways of its own; what our parsers make of the same machine must agree with it.

Figures that stand still agree exactly, those that move within a tolerance. So psutil is the oracle of the parsers that
read machines where there is no psutil.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass

import pytest

from diagkit import catalog
from diagkit.model import Again, Ask, Moment, Native, Reply, Silence, Tape, Target, epoch
from diagkit.probes import Facts
from diagkit.probes.cpu import Cpu
from diagkit.probes.disk import Mounts
from diagkit.probes.interfaces import Interfaces
from diagkit.probes.memory import Memory
from diagkit.probes.processes import Processes
from diagkit.transports.local import Local

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere psutil is the only source")
NAMES = ("cpu.cpu", "disk.mounts", "mounts.table", "interfaces.interfaces", "memory.memory", "processes.processes")
MIB = 1 << 20


@dataclass(frozen=True)
class Both:
    """The facts of the same moments, by our parsers and by psutil."""

    ours: Facts
    theirs: Facts


def _native(ask: Ask) -> bool:
    return isinstance(ask.first if isinstance(ask, Again) else ask, Native)


@pytest.fixture(scope="module")
def both() -> Both:
    probes = [catalog.all_probes()[name] for name in NAMES]
    now = time.time()
    moment = Moment(epoch(now), epoch(now - 3600), epoch(now))
    replies: dict[Ask, Reply] = {}
    here = Local(deadline=time.monotonic() + 30)
    every = {ask for probe in probes for ask in probe.asks()}
    every |= {ask.first for ask in every if isinstance(ask, Again)}
    replies.update(here.ask(every, moment))
    tape = Tape(target=Target("local"), moment=moment, replies=replies)
    replies.update(here.ask(Facts(probes, tape).wants(), moment))
    here.close()
    without = {ask: reply if _native(ask) else Reply(silence=Silence.MISSING) for ask, reply in replies.items()}
    return Both(Facts(probes, tape), Facts(probes, Tape(target=tape.target, moment=moment, replies=without)))


def test_memory(both: Both) -> None:
    ours, theirs = both.ours[Memory], both.theirs[Memory]
    assert isinstance(ours, Memory)
    assert isinstance(theirs, Memory)
    assert (ours.total, ours.swap_total) == (theirs.total, theirs.swap_total)
    assert ours.available == pytest.approx(theirs.available, abs=ours.total // 20)
    assert ours.swap_free == pytest.approx(theirs.swap_free, abs=64 * MIB)
    assert ours.shared == pytest.approx(theirs.shared, abs=64 * MIB)


def test_filesystems(both: Both) -> None:
    ours, theirs = both.ours[Mounts], both.theirs[Mounts]
    assert isinstance(ours, Mounts)
    assert isinstance(theirs, Mounts)
    known = {mount.path: mount for mount in ours.all}
    shared = [mount for mount in theirs.all if mount.path in known]
    assert "/" in {mount.path for mount in shared}
    for mount in shared:
        assert (mount.size, mount.type) == (known[mount.path].size, known[mount.path].type)
        assert mount.available == pytest.approx(known[mount.path].available, abs=256 * MIB)


def test_processors(both: Both) -> None:
    ours, theirs = both.ours[Cpu], both.theirs[Cpu]
    assert isinstance(ours, Cpu)
    assert isinstance(theirs, Cpu)
    assert len(ours.each) == len(theirs.each)
    assert ours.total.idle == pytest.approx(
        theirs.total.idle, abs=0.35
    )  # two seconds that overlap, on a moving machine


def test_interfaces(both: Both) -> None:
    ours, theirs = both.ours[Interfaces], both.theirs[Interfaces]
    assert isinstance(ours, Interfaces)
    assert isinstance(theirs, Interfaces)
    assert {i.name for i in ours.all} == {i.name for i in theirs.all}
    assert all(i.packets >= 0 and i.received_rate >= 0 for i in (*ours.all, *theirs.all))


def test_processes(both: Both) -> None:
    ours, theirs = both.ours[Processes], both.theirs[Processes]
    assert isinstance(ours, Processes)
    assert isinstance(theirs, Processes)
    known = {process.pid: process for process in ours.all}
    (me,) = [process for process in theirs.all if process.pid == os.getpid()]
    mine = known[me.pid]
    assert (mine.parent, mine.name) == (me.parent, me.name)
    assert mine.uid == os.getuid()
    assert mine.rss == pytest.approx(me.rss, rel=0.2)
    assert mine.age == pytest.approx(me.age, abs=5)
    assert mine.lifetime_cpu * mine.age == pytest.approx(me.lifetime_cpu * me.age, abs=5)  # seconds of CPU time
