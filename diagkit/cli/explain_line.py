"""`diagkit logs --explain-line LINE`: what is read in one line of a log, and why."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from diagkit import codec
from diagkit.cli import streams
from diagkit.cli.exits import USAGE, Refusal
from diagkit.cli.log_window import clock_of, zone_of
from diagkit.frozen import frozen
from diagkit.logs.lines import Line, Log, line_at
from diagkit.logs.signatures import SEVERITIES as STATUSES
from diagkit.logs.signatures import Signature, catalogue, harmless
from diagkit.logs.sources import forms
from diagkit.logs.templates import Miner
from diagkit.logs.timestamps import read_stamp
from diagkit.model import NO_TEXT, Untrusted
from diagkit.outputs.rendering import Form, render
from diagkit.outputs.wording import listed
from diagkit.redact import redact

SPEAKERS = re.compile(r"(?P<program>[\w./-]+)(?:\[\d+\])?: (?P<message>.+)", re.ASCII | re.DOTALL)
LEVEL = re.compile(
    r"\b(emerg(?:ency)?|alert|crit(?:ical)?|fatal|panic|severe|err(?:or)?|warn(?:ing)?|notice|info|debug|trace)\b",
    re.IGNORECASE,
)
SEVERITIES = list(STATUSES)
UNNAMED = "line"  # the source of a line that does not say who wrote it
LEVEL_WITHIN = 80  # characters of the message


@frozen(kw_only=True)
class Fires:
    """A signature that this line has. literal: what of it was searched for. fields: whom the line is about."""

    id: str
    title: str
    severity: str
    family: str
    causes: Mapping[str, str]
    literal: str
    fields: Mapping[str, Untrusted]


@frozen(kw_only=True)
class Explained:
    """What is read in one line. at: None where it has no stamp of a known form. harmless: why it is passed over.

    near: signatures of which it holds the literal, but does not fit the pattern, or was said by another program.
    """

    at: datetime | None
    zone: str
    assumed: tuple[str, ...]
    form: str
    program: Untrusted
    message: Untrusted
    level: str
    signatures: tuple[Fires, ...]
    near: tuple[str, ...]
    harmless: str
    template: Untrusted
    template_id: str


def explain(text: str, zone: str, form: str) -> int:
    """Say it; the exit code."""
    if form not in ("text", "json"):
        raise Refusal(USAGE, f"--explain-line speaks text or json, not {form}")
    lines = [line for line in redact(text.encode("utf-8", "surrogateescape")).splitlines() if line.strip()]
    if not lines:
        raise Refusal(USAGE, "--explain-line wants a line of a log")
    explained = explained_line(lines[0], zone)
    if form == "json":
        return streams.say(json.dumps(codec.dump(explained, partial(render, form=Form.JSON)), indent=2))
    return streams.say("\n".join(_told(explained)))


def explained_line(raw: bytes, zone_word: str) -> Explained:
    """What is read in this line, by itself: what the lines before it in its file would settle is not known."""
    zone, called = zone_of(zone_word)
    clock = clock_of(zone, called, datetime.now(UTC))
    text = raw.decode("utf-8", "surrogateescape")
    stamp = read_stamp(text, clock)
    form = forms.form(raw + b"\n")
    source = "journal" if form.enveloped else "kernel" if form is forms.Form.KERNEL else UNNAMED
    line = line_at(Log(source, raw), 0, clock) or _pasted(text)
    lines = [line, *_spoken(line)]
    held = {s.id: (s, read) for read in reversed(lines) for s in catalogue().values() if s.fields(read) is not None}
    fires = [_fires(signature, read) for signature, read in held.values() if _literal(signature, read)]
    near = [s.id for s in catalogue().values() if s.id not in held and any(_literal(s, read) for read in lines)]
    covering = next((rule for rule in harmless() for read in lines if rule.covers(read)), None)
    template = Miner().learn(line.message)
    return Explained(
        at=stamp.at if stamp else None,
        zone=called if stamp and "zone" in stamp.assumed else "",
        assumed=stamp.assumed if stamp else (),
        form=form.value,
        program=Untrusted("" if line.program == UNNAMED else line.program),
        message=Untrusted(line.message),
        level=next((found[1].lower() for found in [LEVEL.search(line.message[:LEVEL_WITHIN])] if found), ""),
        signatures=tuple(sorted(fires, key=lambda fired: (SEVERITIES.index(fired.severity), fired.id))),
        near=tuple(near),
        harmless=covering.reason if covering else "",
        template=Untrusted(template.text),
        template_id=template.id,
    )


def _pasted(text: str) -> Line:
    """A message without a stamp."""
    return Line(source=UNNAMED, at=datetime.fromtimestamp(0, UTC), program=UNNAMED, message=text.strip())


def _spoken(line: Line) -> Iterator[Line]:
    """The same where the message begins with who says it, as people paste it: `sshd[812]: Accepted …`."""
    if line.program == UNNAMED and (match := SPEAKERS.match(line.message)):
        yield replace(line, program=match["program"], message=match["message"])


def _literal(signature: Signature, line: Line) -> str:
    """What of the signature is searched for and is in the line; empty where nothing is."""
    lower = line.message.lower()
    return next((literal for literal in signature.literals if literal in lower), "")


def _fires(signature: Signature, line: Line) -> Fires:
    fields = signature.fields(line) or {}
    return Fires(
        id=signature.id,
        title=signature.title,
        severity=next(word for word, status in STATUSES.items() if status is signature.severity),
        family=signature.family,
        causes=signature.causes,
        literal=_literal(signature, line),
        fields={name: Untrusted(value) for name, value in fields.items()},
    )


def _told(line: Explained) -> Iterator[str]:
    """The same for a person."""
    say = partial(render, form=Form.TERMINAL)
    filled = f"; {' and '.join(line.assumed)} not said by it" if line.assumed else ""
    zone = f", taken as {line.zone}" if line.zone else ""
    yield (
        f"when      {line.at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f} UTC{filled}{zone}"
        if line.at
        else ("when      no time stamp of a form that we know")
    )
    yield f"form      {line.form}"
    if line.program != NO_TEXT:
        yield f"program   {say(line.program)}"
    yield f"message   {say(line.message)}"
    yield f"level     {line.level or 'none is named'}"
    yield f"template  {line.template_id}  {say(line.template)}"
    if line.harmless:
        yield f"harmless  {line.harmless}: it is passed over"
    for fired in line.signatures:
        yield ""
        yield f"{fired.severity:<9} {fired.title}"
        yield f"          {fired.id}, of {fired.family}; it has {fired.literal!r}"
        for name, value in fired.fields.items():
            yield f"          {name}: {say(value)}"
        if fired.causes:
            yield f"          speaks for {', '.join(f'{cause} ({weight})' for cause, weight in fired.causes.items())}"
    if not line.signatures:
        yield ""
        yield "no signature fires on it"
    if line.near:
        yield f"          the words are there, the pattern or the program is not: {listed(line.near, 5)}"
