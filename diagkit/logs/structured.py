r"""Structured log lines, JSON and logfmt, put as their program would print them: the message, the error, then the rest.

    {"level":"error","msg":"cannot save","err":{"message":"disk full"},"user":7}     cannot save: disk full user=7

So a signature that knows how a message begins meets it in any envelope. A stack trace keeps its lines, after the rest.
What says when and how grave is no part of it. Nothing here but the level can tell one digit from another, save for
characters written as `\u003c` (see `verdicts`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from diagkit.frozen import frozen
from diagkit.logs.templates.records import essential

_STRING = r'[^"\\]*(?:\\.[^"\\]*)*'
_STEP = re.compile(
    rf"""\s*(?:"(?P<key>{_STRING})"\s*:\s*)?
    (?:"(?P<text>{_STRING})"|(?P<word>[^\s"{{}}\[\],:]+)|(?P<opens>[{{\[])|(?P<closes>[}}\]])|,)""",
    re.VERBOSE,
)
_BROKEN_OFF = re.compile(rf'\s*:?\s*(?:"{_STRING}\\?)?')
_PAIR = re.compile(rf'(?P<key>[A-Za-z_@][\w.@/-]*)=(?:"(?P<text>{_STRING})"|(?P<word>[^\s"]*))(?: +|$)', re.ASCII)
_ESCAPED = re.compile(r"\\u[0-9A-Fa-f]{4}")
_ALIKE = str.maketrans("123456789", "0" * 9)

# Names of keys in lower case, with those of the objects around them. Of the first group the first one that is there
# counts. From zap, logrus, zerolog, slog, pino, bunyan, winston, structlog, python-json-logger, logback's and log4j's
# encoders, Serilog, Monolog, MongoDB, GELF, ECS, OpenTelemetry, and the clouds.
_MESSAGE = (
    *("msg", "message", "@message", "@m", "renderedmessage", "@mt", "messagetemplate", "short_message", "textpayload"),
    *("jsonpayload.message", "jsonpayload.msg", "fields.message", "body", "log", "event", "text"),
)
_LEVEL = {
    *("level", "severity", "log.level", "levelname", "level_name", "loglevel", "log_level", "lvl", "priority", "s"),
    *("@l", "severitytext", "severity_text", "jsonpayload.level"),
}
_TIME = {
    *("@timestamp", "timestamp", "time", "ts", "t", "t.$date", "eventtime", "datetime", "asctime", "@t", "date"),
    *("observedtimestamp", "created", "timemillis", "instant.epochsecond", "instant.nanoofsecond"),
}
_PROGRAM = {"service", "service.name", "service_name", "servicename", "app", "application", "app_name", "program"}
# The last parts of keys, wherever they stand.
_ERROR = {"error", "err", "exception", "errmsg", "error_message", "errormessage", "cause", "reason"}
_OF_AN_ERROR = tuple(f"{of}.{part}" for of in ("error", "err", "exception") for part in ("message", "msg", "errmsg"))
_TRACE = {
    *("stack", "stack_trace", "stacktrace", "traceback", "exc_info", "exc_text", "@x", "full_message"),
    *("errorverbose", "error_verbose", "backtrace"),
}


class Value(NamedTuple):
    """A value, and where it stands in the line. key: with those of the objects around it, in lower case."""

    key: str
    start: int
    end: int
    raw: str
    quoted: bool

    @property
    def is_number(self) -> bool:
        """Whether it has digits alone."""
        return self.raw.isascii() and self.raw.isdigit()

    @property
    def text(self) -> str:
        """What it stands for."""
        if not self.quoted or "\\" not in self.raw:
            return self.raw
        try:
            return str(json.loads(f'"{self.raw}"', strict=False))
        except ValueError:  # an escape that JSON does not have
            return self.raw


@frozen(kw_only=True)
class Record:
    """A line as its program would print it.

    summary: the message without the rest, which is about whom. program: who says to have said it; empty where nobody
    does. level: what says how grave it is. fragile: it has characters written as numbers. pieces: where each value
    begins in the message, and the value.
    """

    message: str
    summary: str
    program: str
    level: Value | None
    fragile: bool
    pieces: tuple[tuple[int, Value], ...]

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """Where in the line these characters of the message stand as they are; None where they do not."""
        for begins, value in self.pieces:
            if begins <= start and end <= begins + len(value.raw) and "\\" not in value.raw:
                return value.start + start - begins, value.start + end - begins
        return None


def record(text: str) -> Record | None:
    """What a structured line says; None of any other, of invalid JSON, and where no key says what happened.

    JSON that breaks off, because something on its way has cut the line, says what it says up to there.
    """
    if text[:1] == "{":
        found = _json(text)
    elif "=" in text[:40] and ("msg=" in text or "message=" in text):
        found = _logfmt(text)
    else:
        return None
    return _record(found) if found else None


def _json(text: str) -> list[Value] | None:
    """The values of one object, at any depth."""
    found: list[Value] = []
    around: list[str] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        step = _STEP.match(text, at)
        if step is None:
            return [value for value in found if value.key] if _BROKEN_OFF.fullmatch(text, at, end) else None
        key = (step["key"] or "").lower()
        path = f"{around[-1]}.{key}" if around and around[-1] and key else key or (around[-1] if around else "")
        if step["opens"]:
            around.append(path)
        elif step["closes"]:
            if around:
                around.pop()
            if not around:
                return found if step.end() == end else None
        else:
            kind = "word" if step["text"] is None else "text"
            if step[kind] is not None:
                found.append(Value(path, *step.span(kind), step[kind], kind == "text"))
        at = step.end()
    return found


def _logfmt(text: str) -> list[Value] | None:
    found: list[Value] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        pair = _PAIR.match(text, at, end)
        if pair is None:
            return None
        kind = "word" if pair["text"] is None else "text"
        found.append(Value(pair["key"].lower(), *pair.span(kind), pair[kind], kind == "text"))
        at = pair.end()
    return found


def _record(values: list[Value]) -> Record | None:
    by_key = {value.key: value for value in reversed(values)}
    said = next((by_key[key] for key in _MESSAGE if key in by_key and by_key[key].raw), None)
    errors = [value for value in values if value is not said and value.raw and _is_error(value)]
    if said is None and not errors:
        return None
    levels = [value for value in values if value.key in _LEVEL and (value.key != "s" or len(value.raw) == 1)]
    traces = [value for value in values if value is not said and _is_trace(value)]
    apart = {id(value) for value in (*errors, *levels, *traces)} | {id(said)}
    rest = [value for value in values if id(value) not in apart and value.key not in _TIME and value.raw != "null"]
    parts = list(_unlike(([said] if said else []) + [error for error in errors if error not in traces]))
    message, pieces = "", []
    for value in parts:
        message += ": " if message else ""
        pieces.append((len(message), value))
        message += value.text.rstrip("\n")
    summary = message
    if traces and len(parts) < 2:  # nothing else says what went wrong
        summary += f"{': ' if summary else ''}{_essential(traces[0].text)}"
    for value in rest:
        message += f" {value.key}="
        pieces.append((len(message), value))
        message += value.text
    for value in traces:
        message += "\n" if message else ""
        pieces.append((len(message), value))
        message += value.text
    return Record(
        message=message,
        summary=summary,
        program=next((value.text for value in values if value.key in _PROGRAM), ""),
        level=next((value for value in levels if not value.is_number), levels[0] if levels else None),
        fragile=any("\\u" in value.raw and _ESCAPED.search(value.raw) for _, value in pieces),
        pieces=tuple(pieces),
    )


def _essential(trace: str) -> str:
    return essential(trace.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def _is_error(value: Value) -> bool:
    if value.key.rpartition(".")[2] not in _ERROR and not value.key.endswith(_OF_AN_ERROR):
        return False
    return not value.raw.isdigit() and value.raw not in {"null", "false", "true"}


def _is_trace(value: Value) -> bool:
    last = value.key.rpartition(".")[2]
    return value.quoted and (last in _TRACE or (last in _ERROR and "\\n" in value.raw))


def _unlike(values: list[Value]) -> Iterator[Value]:
    """Those that do not say, but for digits, what one before has said already."""
    before = ""
    for value in values:
        alike = value.raw.translate(_ALIKE)
        if alike not in before:
            before += f"{alike}\n"
            yield value
