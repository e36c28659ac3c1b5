"""All that one host has to tell, learned from its facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from diagkit.frozen import frozen
from diagkit.model import Fault, Moment, Unknown, Untrusted
from diagkit.probes import Facts
from diagkit.probes.clock import Clock
from diagkit.probes.cpu import Load
from diagkit.probes.host import Identity
from diagkit.probes.pressure import Pressure
from diagkit.timeline import Happening, Teller


@frozen(kw_only=True)
class Gauges:
    """What tells how the host's clock stands, and since when it hurts. None: not known."""

    clock: Clock | None
    load: Load | None
    identity: Identity | None
    pressure: Pressure | None

    needs: ClassVar[Mapping[str, Any]] = {"clock": Clock, "load": Load, "identity": Identity, "pressure": Pressure}


@frozen(kw_only=True)
class Story:
    """What happened on one host by its own clock, which tellers said nothing for want of which fact, and our bugs."""

    target: Untrusted
    moment: Moment
    gauges: Gauges
    happenings: tuple[Happening, ...]
    untold: Mapping[Unknown, tuple[str, ...]]
    faults: tuple[Fault, ...]


def story(target: Untrusted, moment: Moment, facts: Facts, tellers: Iterable[Teller]) -> Story:
    """Let every teller speak."""
    met = len(facts.faults)
    read = {name: facts[kind] for name, kind in Gauges.needs.items()}
    gauges: Any = {name: fact if isinstance(fact, Gauges.needs[name]) else None for name, fact in read.items()}
    happenings: list[Happening] = []
    untold: dict[Unknown, tuple[str, ...]] = {}
    faults: list[Fault] = []
    for teller in tellers:
        try:
            said = teller(facts)
        except Exception as error:  # noqa: BLE001 - one broken teller must not silence the others; it is reported
            faults.append(Fault(where=teller.name, error=Untrusted(f"{type(error).__name__}: {error}")))
            continue
        if isinstance(said, Unknown):
            untold[said] = (*untold.get(said, ()), teller.name)
        else:
            happenings += said
    faults += [Fault(where=w, error=Untrusted(f"{type(e).__name__}: {e}")) for w, e in facts.faults[met:]]
    return Story(
        target=target,
        moment=moment,
        gauges=Gauges(**gauges),
        happenings=tuple(happenings),
        untold=untold,
        faults=tuple(faults),
    )
