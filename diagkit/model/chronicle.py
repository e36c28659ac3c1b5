"""What `diagkit timeline` has to say: no findings and no verdict, only what happened when."""

from __future__ import annotations

from diagkit.frozen import frozen
from diagkit.model.report import SCHEMA_VERSION, Fault, RunInfo, SilenceNote
from diagkit.model.timeline import Timeline
from diagkit.model.words import Untrusted


@frozen(kw_only=True)
class Chronicle:
    """The timeline of these targets. Everything but `run` is a pure function of the tapes and the configuration."""

    run: RunInfo
    targets: tuple[Untrusted, ...]
    timeline: Timeline
    silences: tuple[SilenceNote, ...] = ()
    faults: tuple[Fault, ...] = ()
    schema_version: str = SCHEMA_VERSION
