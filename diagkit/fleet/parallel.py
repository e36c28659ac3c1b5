"""How many targets are asked at the same time."""

from __future__ import annotations

from diagkit.transports.ssh.pacing import most_at_once

USUAL = 48  # on a local network: a visit waits two seconds, most of all for a second look
MOST = 256  # threads of one process: they share one lock
FAR = 0.05  # seconds of round trip that make a visit twice as long as it is next door: it takes some sixty of them


def at_once(targets: int, wanted: int = 0, round_trip: float = 0.0) -> int:
    """As many as were wanted, or as suit so many targets that far away (seconds there and back).

    Who waits costs nothing: the farther they are, the more of them keep us as busy. No more than there are file
    descriptors for.
    """
    suited = wanted or min(MOST, round(USUAL * (1 + round_trip / FAR)))
    return max(1, min(targets, suited, most_at_once()))
