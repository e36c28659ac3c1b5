"""Does the host slow its own packets down?"""

from __future__ import annotations

from diagkit.checks import Findings, check, fail, ok, warn
from diagkit.frozen import frozen
from diagkit.probes.filters import Shaping


@frozen(kw_only=True)
class Rate:
    """Rate limit of an interface, in bits per second, at or below which we speak up.

    Source: our choice; below 10 Mbit/s a page of 2 MB takes longer than 1.6 s, below 1 Mbit/s longer than 16 s.
    """

    warn: float = 10e6
    fail: float = 1e6


@check(limits=Rate(), noise=(0.005, 0.0005), vital=False)
def limits(shaping: Shaping, limits: Rate) -> Findings:
    """No interface is slowed down on purpose (tbf, netem).

    Why: a shaper left over from a test looks like a slow service, a slow network: like anything but itself.
    """
    for shaper in shaping.all:
        subject = shaper.device
        if shaper.kind == "netem":
            yield warn(f"{subject} emulates a bad network on purpose: {shaper.text}", subject, quote=shaper.text)
            continue
        verdict = fail if shaper.rate <= limits.fail else warn if shaper.rate <= limits.warn else ok
        say = f"{subject} {shaper.kind} rate {shaper.rate / 1000:.0f} kbit/s: bandwidth limited by traffic shaping"
        yield verdict(say, subject, quote=shaper.text, measured={"rate_bits_per_second": shaper.rate})
    if not shaping.all:
        yield ok("no interface is shaped")
