"""The way to the host, looked at for longer: a little loss, and delay that comes and goes."""

from __future__ import annotations

from statistics import quantiles

from diagkit.checks import Findings, check, fail, ok, skip, warn
from diagkit.frozen import frozen
from diagkit.probes.path import ManyEchoes

TOO_FEW = 100  # pings that must come back for a tenth of them to be more than a few


@frozen(kw_only=True)
class LittleLoss:
    """Share of the pings lost, and at least how many, for one or two are chance.

    Source: TCP throughput falls with the root of the loss (Mathis 1997): 1 % halves what a busy connection gets.
    """

    warn: float = 0.01
    fail: float = 0.05
    at_least: int = 3


@check(limits=LittleLoss(), noise=(0.01, 0.0005), vital=False, deep=True, cost=9.5, group="connectivity.path.loss")
def loss(echoes: ManyEchoes, limits: LittleLoss) -> Findings:
    """Of two hundred pings as good as all come back.

    Why: at one lost packet in fifty, every other look of forty pings sees none, and TCP is slow already.
    Look-alikes: a host that answers only so many pings a second loses them evenly, and no other packet.
    """
    if unanswered := _unanswered(echoes):
        yield skip(unanswered)
        return
    lost = echoes.sent - len(echoes.rtts_ms)
    counts = lost >= limits.at_least
    verdict = fail if counts and echoes.loss >= limits.fail else warn if counts and echoes.loss >= limits.warn else ok
    say = f"{echoes.loss:.1%} packet loss: {lost} of {echoes.sent} to {echoes.address} (by {echoes.method})"
    yield verdict(say, echoes.address, measured={"loss": echoes.loss, "sent": echoes.sent})


@frozen(kw_only=True)
class Spread:
    """Milliseconds between the middle round trip and that which nine of ten do not exceed.

    Source: RFC 5481 measures delay variation by such quantiles; ITU-T Y.1541 allows interactive traffic 50 ms.
    """

    warn: float = 25.0
    fail: float = 50.0


@check(limits=Spread(), noise=(0.03, 0.001), vital=False, deep=True, cost=9.5, group="connectivity.path.jitter")
def jitter(echoes: ManyEchoes, limits: Spread) -> Findings:
    """Nine of ten pings come back about as soon as the middle one.

    Why: on a link that is full at times a queue fills and drains; packets are then late in bouts.
    Look-alikes: where all packets are late alike it is the distance, or a delay: `connectivity.path.latency`.
    """
    if unanswered := _unanswered(echoes):
        yield skip(unanswered)
    elif len(echoes.rtts_ms) < TOO_FEW:
        yield skip(f"{len(echoes.rtts_ms)} pings came back: too few to tell bouts of delay")
    else:
        late = quantiles(echoes.rtts_ms, n=10)[-1] - echoes.median_ms
        verdict = fail if late >= limits.fail else warn if late >= limits.warn else ok
        say = (
            f"jitter in bouts: one ping of ten takes {late:.1f} ms longer than the middle one"
            if verdict is not ok
            else ""
        )
        say = say or f"nine of ten pings take at most {late:.1f} ms longer than the middle one"
        yield verdict(f"{say} (to {echoes.address})", echoes.address, measured={"late_ms": late})


def _unanswered(echoes: ManyEchoes) -> str:
    """Why nothing can be told from the pings; empty where some came back."""
    if not echoes.address:
        return "there is no address to ping"
    return "" if echoes.rtts_ms else f"no ping came back (by {echoes.method})"
