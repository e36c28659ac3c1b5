"""Records of more than one line: a stack trace belongs to the line before it, and one line of it says what happened."""

from __future__ import annotations

import json
import re

_CONTINUES = re.compile(
    rb"""\s+\S                                     # indented: frames of Java, .NET, Node, Go, bodies of anything
    |Caused\ by:|Suppressed:|\.\.\.\ \d+\ more      # Java
    |Traceback\ \(most\ recent\ call\ last\):        # Python, whose last line is not indented either:
    |(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Interrupt|Exit|Warning)\b(?::\ |$)
    |During\ handling\ of\ the\ above\ exception|The\ above\ exception\ was\ the\ direct\ cause
    |goroutine\ \d+\ \[|created\ by\ [\w./]+|exit\ status\ \d+$      # Go
    |\#\d+\s+[/{\w]                                  # PHP, gdb
    |stack\ backtrace:|---\ End\ of\ """,
    re.VERBOSE,
)
_CAUSE = re.compile(rb"^\s*Caused by: (?P<said>.+)$", re.MULTILINE)
_RAISED = re.compile(
    rb"^(?P<said>(?:[A-Za-z_][\w$]*\.)*[A-Z][\w$]*(?:Error|Exception|Throwable|Failure|Interrupt|Exit)\b.*)$",
    re.MULTILINE,
)
_PANIC = re.compile(rb"^(?P<said>(?:panic|fatal error): .+)$", re.MULTILINE)

_MESSAGE_KEYS = ("message", "msg", "MESSAGE", "@message", "log", "event", "error", "err")


def is_continuation(line: bytes) -> bool:
    """Whether this line, which has no time of its own, goes on with the record of the line before it."""
    return not line.strip() or bool(_CONTINUES.match(line))


def essential(record: bytes) -> bytes:
    """The one line of a record that says what happened.

    Of JSON the message. Of a stack trace the innermost cause: the last `Caused by` of Java, the last exception of
    Python, the panic of Go. Of anything else its first line.
    """
    if record[:1] == b"{":
        record = _message_of_json(record)
    if b"\n" not in record:
        return record
    for pattern in (_CAUSE, _RAISED, _PANIC):
        if found := pattern.findall(record):
            return bytes(found[-1]).rstrip()
    return record.lstrip().split(b"\n", 1)[0].rstrip()


def _message_of_json(record: bytes) -> bytes:
    try:
        said = json.loads(record)
    except (ValueError, RecursionError):
        return record
    if isinstance(said, dict):
        for key in _MESSAGE_KEYS:
            value = said.get(key)
            if isinstance(value, dict):  # ECS and others: {"error": {"message": …}}
                value = value.get("message")
            if isinstance(value, str) and value:
                return value.encode("utf-8", "replace")
    return record
