"""Asking one target until nobody wants more: the one impure step, of which thinking needs nothing but the tape."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from diagkit.model import Ask, Moment, Reach, Reply, Silence, Site, Tape, Target, Transport
from diagkit.probes import Facts
from diagkit.probes.recall import LEARNED
from diagkit.redact import redact

if TYPE_CHECKING:
    from diagkit.conclusions import Settings

ROUNDS = 2  # of questions to a target; a budget, not a tuning knob
GRACE = 0.15  # seconds past the deadline in which the reach tests may still hand in what they have
AGAIN = (Silence.TIMEOUT, Silence.NOT_RUN)  # answers that a second try may bring
TOO_LATE = Reply(silence=Silence.NOT_RUN, err=b"the deadline passed")
Wire = Callable[[Iterable[Reach], Transport, float], Mapping[Ask, Reply]]


def gather(
    target: Target,
    site: Site,
    moment: Moment,
    settings: Settings,
    transport: Transport,
    wire: Wire,
    deadline: float,
    stopped: threading.Event | None = None,
    known: Tape | None = None,
) -> Tape:
    """Ask until nobody wants more: at most two rounds to the machine, with the reach tests beside them.

    known: what it said before; only what is new, or was too late then, is asked.

    deadline: on the monotonic clock. What was not answered by then, or when `stopped` was set, is `not_run`. Secrets
    are redacted here, before anything is kept or shown.
    """
    stopped = stopped or threading.Event()
    target = transport.located(target)
    probes = settings.probes()
    replies = {ask: reply for ask, reply in known.replies.items() if reply.silence not in AGAIN} if known else {}
    tape = Tape(target=target, moment=moment, replies=replies, site=site)
    facts = Facts(probes, tape)
    for _ in range(ROUNDS):
        wanted = facts.wants()
        if not wanted or stopped.is_set() or time.monotonic() >= deadline:
            break
        reaches = [a for a in wanted if isinstance(a, Reach)]
        others = [a for a in wanted if not isinstance(a, Reach)]
        answered: dict[Ask, Reply] = {}
        walk = threading.Thread(target=_walk, args=(wire, reaches, transport, deadline, answered), daemon=True)
        if reaches:
            walk.start()
        if others:
            answered.update(transport.ask(others, moment))
        while walk.is_alive() and time.monotonic() < deadline + GRACE and not stopped.is_set():
            walk.join(0.05)
        for ask in wanted:
            replies[ask] = _clean(answered.get(ask, TOO_LATE))
        tape = replace(tape, replies=replies, unreached=transport.unreached)
        facts = facts.further(tape)
    LEARNED.put((id(tape), *probes), facts, alive=tape)
    return tape


def _walk(wire: Wire, asks: list[Reach], transport: Transport, deadline: float, into: dict[Ask, Reply]) -> None:
    into.update(wire(asks, transport, deadline))


def _clean(reply: Reply) -> Reply:
    out, err = redact(reply.out), redact(reply.err)
    return reply if (out, err) == (reply.out, reply.err) else replace(reply, out=out, err=err)
