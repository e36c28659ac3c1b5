"""The nouns. Everything here is frozen data; nothing here acts.

target --open--> transport --ask--> Tape --learn--> facts --judge--> findings --weigh--> diagnosis --say--> report

A `Tape` is every question put to one machine with every answer. All that follows it is pure, so a live host, a
replayed capture and a test are the same thing.
"""

from diagkit.model.asks import (
    Again,
    Ask,
    Glob,
    Native,
    Reach,
    Read,
    Run,
    Scan,
)
from diagkit.model.history import History, Sample
from diagkit.model.report import (
    SCHEMA_VERSION,
    Coverage,
    Diagnosis,
    Evidence,
    Fault,
    Finding,
    Report,
    RunInfo,
    SilenceNote,
    Summary,
    Suspect,
    TargetResult,
    Weighed,
)
from diagkit.model.tape import (
    TAPE_VERSION,
    Connection,
    Deploy,
    Moment,
    Reply,
    Service,
    Site,
    Tape,
    Target,
    Transport,
    Unknown,
    Unreached,
)
from diagkit.model.words import (
    NO_TEXT,
    Layer,
    Silence,
    Status,
    Untrusted,
    Vantage,
    Verdict,
    epoch,
)

__all__ = [
    "NO_TEXT",
    "SCHEMA_VERSION",
    "TAPE_VERSION",
    "Again",
    "Ask",
    "Connection",
    "Coverage",
    "Deploy",
    "Diagnosis",
    "Evidence",
    "Fault",
    "Finding",
    "Glob",
    "History",
    "Layer",
    "Moment",
    "Native",
    "Reach",
    "Read",
    "Reply",
    "Report",
    "Run",
    "RunInfo",
    "Sample",
    "Scan",
    "Service",
    "Silence",
    "SilenceNote",
    "Site",
    "Status",
    "Summary",
    "Suspect",
    "Tape",
    "Target",
    "TargetResult",
    "Transport",
    "Unknown",
    "Unreached",
    "Untrusted",
    "Vantage",
    "Verdict",
    "Weighed",
    "epoch",
]
