"""The stages between us and an answering shell: each has a budget of time, and the first that fails ends the way up."""

from __future__ import annotations

import time

from diagkit.model import Layer, Silence, Unreached, WrongKey

BUDGET = {  # seconds; paramiko's own would be 15, 15, 30 and an hour. A machine that starves does all of it late.
    Layer.NAME: 5.0,
    Layer.TCP: 8.0,
    Layer.BANNER: 10.0,  # a server with UseDNS and a dead resolver needs five
    Layer.HOST_KEY: 10.0,
    Layer.AUTHENTICATION: 15.0,
    Layer.SHELL: 20.0,
}


class Stopped(Exception):
    """The way to the machine ended at a layer. Caught at the edge of the transport, where it becomes `unreached`."""

    def __init__(self, layer: Layer | None, silence: Silence, detail: str, wrong_key: WrongKey | None = None) -> None:
        super().__init__(detail)
        self.why = Unreached(layer, silence, detail, wrong_key)


def seconds_for(layer: Layer, deadline: float) -> float:
    """Seconds this stage may take, given the end of the whole (monotonic clock). Raises Stopped when that is past."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise Stopped(layer, Silence.NOT_RUN, "the time for this machine was over before this could be tried")
    return min(BUDGET[layer], left)
