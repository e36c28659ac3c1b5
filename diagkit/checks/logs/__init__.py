"""Logs: what the machine and its services said in the incident window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from diagkit.logs.occurrences import Occurrence
from diagkit.model import Evidence, Finding, Untrusted
from diagkit.probes.logs import LogTexts

ABOUT = ("unit", "process", "device", "mount", "interface", "path", "peer", "user")  # fields that name what it is about


def heard(verdict: Callable[..., Finding], say: str, subject: str, what: Occurrence) -> Finding:
    """A finding about lines of a log: how often, when, from whom, with the youngest of them as evidence."""
    names = next((what.fields[field] for field in ABOUT if field in what.fields), what.programs)
    about = f" ({', '.join(names[:3])})" if names and names != (subject,) else ""
    finding = verdict(
        f"{say}{about}: {times(what.count, what.first, what.last)}",
        subject,
        measured={"count": what.count, "seconds": (what.last - what.first).total_seconds()},
        at=what.last,
    )
    return replace(finding, evidence=(Evidence(Untrusted(f"scan {what.source}"), Untrusted(what.sample)),))


def unread(texts: LogTexts) -> str:
    """What kept us from what applications write; empty if nothing did."""
    if texts.unread_files:
        return texts.why_not("files")
    return "" if texts.logs else texts.why_not("journal")


def times(count: int, first: datetime, last: datetime) -> str:
    """How often and when, in UTC: `3 times from 14:03:11 to 14:05:20 UTC`."""
    if count == 1:
        return f"once, at {last:%H:%M:%S} UTC"
    return f"{count} times from {first:%H:%M:%S} to {last:%H:%M:%S} UTC"
