"""Is what is in force what the files on disk say?"""

from __future__ import annotations

from diagkit.checks import Findings, check, ok, warn
from diagkit.probes.drift import RebootRequired, Setting, Sysctls


@check(noise=(0.003, 0.001), vital=False)
def sysctl(settings: Sysctls) -> Findings:
    """Every kernel setting that /etc/sysctl.d names has the value that is written there.

    Why: a value set by hand is lost at the next reboot, and one that was only written to the file is not in force yet.
    Limits: /etc/sysctl.conf and /etc/sysctl.d, not the distribution's own defaults.
    """
    differ = [one for one in settings.all if not _same(one)]
    for one in differ:
        yield warn(f"sysctl drift: {one.key} is {one.live}, but {one.file} says {one.wanted}", one.key)
    if not differ:
        yield ok(f"{len(settings.all)} kernel settings are as written in /etc/sysctl.d")


def _same(one: Setting) -> bool:
    """Whether they are the same, in whatever base they are written."""
    return one.live == one.wanted or _number(one.live) == _number(one.wanted) != ""


def _number(text: str) -> str:
    try:
        return " ".join(str(int(word, 0)) for word in text.split())
    except ValueError:
        return ""


@check(noise=(0.05, 0.001), vital=False)
def reboot(required: RebootRequired) -> Findings:
    """No update waits for a reboot.

    Why: the old kernel or library still runs, with its known defects; a half-updated machine is a trap for the next
    restart.
    Limits: Debian and its kin.
    """
    names = ", ".join(required.packages[:5])
    yield warn(f"reboot required by {names}") if names else ok("no update waits for a reboot")
