"""Services that are enabled and do not run: read from files, for whoever may not read the system's journal."""

from __future__ import annotations

from diagkit.frozen import frozen
from diagkit.model import Ask, Glob, Reply
from diagkit.probes import Answers, Garbled, Withheld, perhaps, probe
from diagkit.probes.systemd import Unit, Units, parse_units, show

WANTS = "/etc/systemd/system/multi-user.target.wants/"
AT_MOST = 10


@frozen(kw_only=True)
class Wanted:
    """The names of the services that are to be started at boot."""

    all: tuple[str, ...]


@probe(perhaps(Glob(f"{WANTS}*.service", cap=131_072)))
def wanted(links: Reply) -> Wanted:
    """What `systemctl enable` has linked below multi-user.target."""
    paths = dict.fromkeys(line.partition(":")[0] for line in links.lines)
    if strange := next((path for path in paths if not path.startswith(WANTS)), None):
        raise Garbled(strange[:80])
    return Wanted(all=tuple(path.rpartition("/")[2] for path in paths))


@frozen(kw_only=True)
class Resting:
    """Services that are to be started at boot and are inactive."""

    all: tuple[Unit, ...]


def _inactive(units: Units, wanted: Wanted) -> list[Ask]:
    """A pattern matches active units only; by its name systemd tells of any."""
    names = [name for name in wanted.all if not units.named(name)]
    return [show(*sorted(names)[:AT_MOST])] if names else []


@probe(also=_inactive)
def resting(units: Units, wanted: Wanted, answers: Answers) -> Resting:
    """The state of those that `systemctl show` with a pattern leaves out."""
    found: list[Unit] = []
    for ask in _inactive(units, wanted):
        if silence := answers[ask].silence:
            raise Withheld(silence, answers[ask].complaint)
        found += parse_units(answers[ask])
    return Resting(all=tuple(found))
