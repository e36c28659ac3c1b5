"""What kind of log a text is, told by its first lines."""

from __future__ import annotations

import json
import re
from enum import Enum

LINES = 20  # lines looked at


class Form(Enum):
    """How the lines of a log are made. What is wrapped is delivered unwrapped, as `STAMP message`."""

    TEXT = "text"
    SYSLOG = "syslog"  # `STAMP host program[pid]: message`, as syslog daemons and journalctl write it
    KERNEL = "kernel"  # dmesg: `[12345.678901] message`, or with the time of day
    JSON = "json"  # one object a line, left as it is
    DOCKER = "docker"  # json-file: unwrapped
    CRI = "cri"  # containerd, CRI-O: unwrapped
    JOURNAL_EXPORT = "journal-export"  # these three come out as SYSLOG with seconds since the epoch
    JOURNAL_JSON = "journal-json"
    JOURNAL_VERBOSE = "journal-verbose"

    @property
    def enveloped(self) -> bool:
        """Whether each line delivered says host and program before its message."""
        return self is Form.SYSLOG or self.value.startswith("journal-")


_STAMP = (
    r"(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*|\d{10}\.\d{1,6}"
    r"|[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? \S+|\[ *\d+\.\d{6}\])"
)
_UPTIME = r"(?:<\d{1,2}>)?\[(?: *\d+\.\d{6}|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})\]"
_LOGREAD = (
    r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4} [a-z]+\d?\.[a-z]+ [^\s:\[\]]+(?:\[\d+\])?: "  # OpenWrt
)
# In this order: each may also look like one that follows.
_LOOKS: tuple[tuple[Form, re.Pattern[bytes]], ...] = tuple(
    (form, re.compile(pattern.encode(), re.ASCII))
    for form, pattern in (
        (Form.DOCKER, r'\{"log":".*"time":"\d{4}-'),
        (Form.CRI, r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(?:Z|[+-]\d\d:\d\d) (?:stdout|stderr) [FP](?::\S+)? "),
        (Form.JOURNAL_EXPORT, r"__(?:CURSOR|REALTIME_TIMESTAMP)="),
        (Form.JOURNAL_JSON, r'(?:data: |\x1e)?\{.*"__REALTIME_TIMESTAMP" ?:'),
        (Form.JOURNAL_VERBOSE, r"[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} \S+ \[s=[0-9a-f]{32};"),
        (Form.SYSLOG, _UPTIME + r" \S+ (?:kernel|[^\s:\[\]]+\[\d+\]): "),  # journalctl -o short-monotonic
        (Form.KERNEL, _UPTIME + " "),
        (Form.SYSLOG, _LOGREAD),
        (Form.SYSLOG, _STAMP + r" \S+ (?:[a-z]+\.[a-z]+ )?[^\s:\[\]]+(?:\[\d+\])?: "),
    )
)  # fmt: skip
# Forms whose records take many lines: one that looks like a record's first is enough.
_SPREAD = {Form.JOURNAL_EXPORT, Form.JOURNAL_VERBOSE}


def form(head: bytes) -> Form:
    """The form of the text that begins so: that of at least half of its first lines."""
    lines = [line for line in head.split(b"\n", LINES + 1)[:LINES] if line.strip() and not line.startswith(b"-- ")]
    for kind, looks in _LOOKS:
        alike = sum(1 for line in lines if looks.match(line))
        if alike and (alike * 2 >= len(lines) or kind in _SPREAD):
            return kind
    return Form.JSON if lines and sum(map(_is_object, lines)) * 2 >= len(lines) else Form.TEXT


def _is_object(line: bytes) -> bool:
    try:
        return line.startswith(b"{") and isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
