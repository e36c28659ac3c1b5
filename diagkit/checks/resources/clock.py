"""Is the clock right, and is it kept right?"""

from __future__ import annotations

from diagkit.checks import Findings, check, fail, ok, warn
from diagkit.frozen import frozen
from diagkit.probes.clock import Clock, TimeSync


@frozen(kw_only=True)
class Skew:
    """Seconds between the machine's clock and ours, beyond what the way there may account for.

    Source: an NTP client keeps it within milliseconds, so a second is wrong already; one-time passwords change every
    30 s (RFC 6238); Kerberos gives up at 300 s.
    """

    warn: float = 1.0
    fail: float = 30.0


@check(limits=Skew(), noise=(0.01, 0.0003))
def offset(clock: Clock, limits: Skew) -> Findings:
    """The clock agrees with the clock of the machine that asks.

    Why: a wrong clock makes certificates "not yet valid", tickets and tokens void, and logs of several hosts hard to
    compare.
    Look-alikes: if every target is off by the same, the clock of this workstation is the wrong one.
    """
    certain = max(0.0, abs(clock.offset) - clock.uncertainty)
    measured = {"offset_s": round(clock.offset, 3), "uncertainty_s": round(clock.uncertainty, 3)}
    if certain < limits.warn:
        yield ok(f"within {abs(clock.offset) + clock.uncertainty:.1f} s of ours", measured=measured)
        return
    side = "ahead of" if clock.offset > 0 else "behind"
    verdict = fail if certain >= limits.fail else warn
    yield verdict(f"clock skew: {abs(clock.offset):.1f} s {side} this workstation", measured=measured)


@check(noise=(0.02, 0.001), vital=False)
def synchronised(sync: TimeSync) -> Findings:
    """The NTP client has a time source it trusts.

    Why: a clock nobody keeps drifts until certificates, tokens and the order of log lines are wrong.
    Limits: where no client is known or switched on (many containers and virtual machines) this is skipped.
    """
    if sync.synchronised:
        yield ok(f"{sync.client}: synchronised", measured={"offset_s": sync.offset})
    else:
        yield warn(f"{sync.client}: the clock is not synchronised, no time source can be selected")
