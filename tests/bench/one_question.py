"""`one_question.py SSH_CONFIG HOST...`: `uname -s` of each host, by the way that `diagkit check` goes. See fleet.py.

With no host it is what all of this costs before the first is asked.
"""

from __future__ import annotations

import gc
import sys

from diagkit.__main__ import YOUNG

gc.set_threshold(YOUNG)  # as at diagkit's own door, before all that makes objects; see also the end

# ruff: noqa: E402
from datetime import UTC, datetime
from types import SimpleNamespace

from diagkit.fleet.crew import visits
from diagkit.fleet.errand import Errand
from diagkit.fleet.ways import opener
from diagkit.model import Moment, Reply, Run, Target
from diagkit.probes import Probe, probe
from diagkit.transports.ssh.by_paramiko.lazy_paramiko import load
from diagkit.transports.ssh.switchboard import Switchboard


@probe(Run(("uname", "-s")))
def system(reply: Reply) -> str:
    """The name of the kernel."""
    return reply.text


class OneQuestion:
    """The settings of a checklist of one question."""

    @staticmethod
    def probes() -> list[Probe]:
        """Its one probe."""
        return [system]


def main(config: str, *hosts: str) -> None:
    """Ask them all, and name those that answered; the first that does not ends it."""
    load()
    now = datetime.now(UTC)
    errand = Errand(
        targets=tuple(Target(scheme="ssh", host=host, label=host) for host in hosts),
        settings=OneQuestion(),
        moment=Moment(now=now, since=now, until=now),
        timeout=120.0,
        ssh_config=config,
    )
    board = Switchboard()
    halt = SimpleNamespace(number=0, wake=lambda: None)
    for visit in visits(errand, opener(errand, board), lambda tape: tape.replies, halt):
        if [reply.text for reply in visit.result.values()] != ["Linux\n"]:
            sys.exit(f"{visit.target.label}: {visit.missed or visit.fault}")
        print(visit.target.label)
    board.close()


if __name__ == "__main__" and sys.argv[1:]:
    main(*sys.argv[1:])
    gc.freeze()
