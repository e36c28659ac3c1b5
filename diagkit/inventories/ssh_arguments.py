"""What an inventory hands to ssh on its command line, as in `ansible_ssh_common_args`.

Jump hosts are taken over: that is what these arguments are mostly for. What would run a program or weaken the check of
host keys never is.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from diagkit.inventories.addresses import parse

HARMLESS = frozenset(  # they change nothing about which host is reached, as whom, or how far it is trusted
    (
        *("controlmaster", "controlpath", "controlpersist", "compression", "forwardagent", "loglevel", "batchmode"),
        *("serveraliveinterval", "serveralivecountmax", "tcpkeepalive", "connecttimeout", "connectionattempts"),
        *("preferredauthentications", "passwordauthentication", "kbdinteractiveauthentication", "requesttty"),
        *("gssapiauthentication", "visualhostkey", "updatehostkeys"),
    )
)
TRUST = frozenset({"stricthostkeychecking", "userknownhostsfile", "globalknownhostsfile", "checkhostip"})
HARMLESS_FLAGS = frozenset({"-C", "-q", "-A", "-a", "-T", "-tt", "-t", "-x", "-4", "-6", "-v", "-vv", "-vvv"})
WITH_VALUE = "oJWlpiFSbcDEeILmORw"
JUMPING = re.compile(
    r"ssh(?: -[qAaTx])* (?:-W '?\[?%h\]?:%p'? (?:-q )?([^-\s]\S*)|([^-\s]\S*) -W '?\[?%h\]?:%p'?)(?: -q)?"
)
"""The old way to name a jump host: `ProxyCommand ssh -W %h:%p bastion`."""


def understood(text: str) -> tuple[str, list[str]]:
    """The jump hosts, as ProxyJump has them, and the arguments that are not honoured. Raises ValueError."""
    jump, left = "", list[str]()
    for flag, value in _arguments(shlex.split(text)):
        key, _, setting = re.sub(r"\s*=\s*|\s+", "\0", value.strip(), count=1).partition("\0")
        key, setting = key.lower(), setting.strip("\"'") if flag == "-o" else setting
        if flag == "-J" or (flag == "-o" and key == "proxyjump"):
            jump = jump or _hops(value if flag == "-J" else setting)
        elif flag == "-o" and key == "proxycommand" and (old := JUMPING.fullmatch(setting)):
            jump = jump or _hops(old[1] or old[2])
        elif flag in HARMLESS_FLAGS or (flag == "-o" and key in HARMLESS):
            continue
        else:
            left.append(f"{flag} {value}".strip() + (" (host keys are always checked)" if key in TRUST else ""))
    return "" if jump == "none" else jump, left


def _hops(text: str) -> str:
    for hop in text.split(",") if text != "none" else ():
        if parse(hop).scheme != "ssh":
            raise ValueError(f"{hop!r} is no jump host")
    return text


def _arguments(words: list[str]) -> Iterator[tuple[str, str]]:
    """Each option with its value, whether the value is part of the word or the next one."""
    rest = iter(words)
    for word in rest:
        if word[0:1] == "-" and word[1:2] and word[1] in WITH_VALUE:
            yield word[:2], word[2:] or next(rest, "")
        else:
            yield word, ""
