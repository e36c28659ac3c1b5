"""Trials: what programs say of their settings when they are asked to test them, and to do nothing else.

Only tests that leave no trace are asked: `nginx -t` opens and may create its log files, Debian's `apache2ctl -t` makes
its run directories, and so neither is here.
"""

from __future__ import annotations

import re

from diagkit.frozen import frozen
from diagkit.model import Reply, Run, Silence
from diagkit.probes import Absent, Garbled, perhaps, probe

OPENS = "log in as root, or allow this user `sudo -n`: they are tested as the program itself would read them"


@frozen(kw_only=True)
class Tested:
    """One program's test: its command, the units that run the program (none: it is no service), its main file.

    content: what it prints where it is content, as a pattern; warnings go to standard error.
    """

    command: Run
    units: tuple[str, ...]
    file: str
    content: str


SSHD = Tested(
    command=Run(("sshd", "-t"), root=True),
    units=("ssh.service", "sshd.service"),
    file="/etc/ssh/sshd_config",
    content="",
)
SUDO = Tested(
    command=Run(("visudo", "-c"), root=True),
    units=(),
    file="/etc/sudoers",
    content=r"(.+: parsed OK\n)+",
)
NAMED = Tested(
    command=Run(("named-checkconf",), root=True),
    units=("named.service", "bind9.service"),
    file="/etc/bind/named.conf",
    content=r"(\S+:\d+: .+\n)*",
)
HAPROXY = Tested(
    command=Run(("haproxy", "-c", "-f", "/etc/haproxy/haproxy.cfg"), root=True),
    units=("haproxy.service",),
    file="/etc/haproxy/haproxy.cfg",
    content=r"(Warnings were found\.\n|Configuration file is valid\n)*",
)
ALL = (SSHD, SUDO, NAMED, HAPROXY)

# The tester is installed, and there is nothing to test.
_NO_SETTINGS = re.compile(r"Cannot open configuration file|named\.conf: file not found")
# sshd reads its keys first, and comes to this only when it has accepted its settings; the unit makes that directory.
_NO_FAULT = re.compile(r"Missing privilege separation directory")
_MAY_NOT = re.compile(r"no hostkeys available|[Pp]ermission denied")
_ASIDE = re.compile(r"\[(NOTICE|WARNING)\]|.*: parsed OK$|\s*$")


@frozen(kw_only=True)
class Trial:
    """How one test came out. complaint: the first thing it found wrong; empty where it accepts everything."""

    test: Tested
    complaint: str


@frozen(kw_only=True)
class Trials:
    """Every test that could be made, and those that we were not allowed to make."""

    all: tuple[Trial, ...]
    denied: tuple[Tested, ...] = ()


@probe(*(perhaps(test.command) for test in ALL), opens=OPENS)
def trials(sshd: Reply, sudo: Reply, named: Reply, haproxy: Reply) -> Trials:
    """What sshd, sudo, named and haproxy say of their settings as they are on disk now."""
    found, denied = [], []
    for test, reply in zip(ALL, (sshd, sudo, named, haproxy), strict=True):
        first = _first(reply)
        if reply.silence is Silence.MISSING or _NO_SETTINGS.search(first):
            continue
        if reply.silence or (reply.code and _MAY_NOT.search(first)):
            denied.append(test)
        elif not reply.code and not re.fullmatch(test.content, reply.text):
            raise Garbled(f"{test.command}: {reply.text[:60]!r}")
        else:
            accepted = not reply.code or _NO_FAULT.search(first)
            found.append(Trial(test=test, complaint="" if accepted else first or f"exit status {reply.code}"))
    if not found and not denied:
        raise Absent("none of sshd, sudo, named and haproxy is here")
    return Trials(all=tuple(found), denied=tuple(denied))


def _first(reply: Reply) -> str:
    """The first line that is about a fault."""
    said = [*reply.complaint.split("\n"), *reply.lines]
    return next((line.strip() for line in said if not _ASIDE.match(line)), "")
