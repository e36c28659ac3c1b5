"""Licences that end."""

from dataclasses import dataclass
from datetime import timedelta

from diagkit.checks import Findings, check, fail, ok, warn
from diagkit.model import Moment
from diagkit.probes.licence import FILE, Licence


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Days before the end from which on it is worth a warning. Source: how long our purchasing takes."""

    days: int = 14


@check(limits=Notice(), noise=(0.02, 0.001), vital=False)
def valid(licence: Licence, moment: Moment, limits: Notice) -> Findings:
    """The licence of the shop is valid.

    Why: from the day after, the shop answers every request with 503.
    """
    left = licence.until - moment.now
    if left < timedelta():
        yield fail(f"licence expired on {licence.until:%Y-%m-%d}", FILE, measured={"days_left": left.days})
    elif left < timedelta(days=limits.days):
        yield warn(f"licence expires in {left.days} days", FILE, measured={"days_left": left.days})
    else:
        yield ok(f"licence valid until {licence.until:%Y-%m-%d}", FILE, measured={"days_left": left.days})
