"""A tape as text: JSON lines. The first says what was asked and when, each other one holds a question and its answer.

{"diagkit_tape": 1, "target": {…}, "moment": {…}, "site": {…}, "unreached": null}
{"ask": {"is": "Read", "path": "/proc/uptime"}, "reply": {"out": "2576.77 4822.33", "at": 1795300119.39}}

Values equal to their default are left out. Bytes that are UTF-8 are text, others {"base64": "…"}: nothing is lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from diagkit import codec
from diagkit.model import Reply, Tape


def dumps(tape: Tape) -> str:
    """The tape as text, ASCII only; questions in an order of their own, so that two tapes can be laid side by side."""
    return "".join(f"{line}\n" for line in _lines(tape))


def _lines(tape: Tape) -> Iterator[str]:
    header = {
        "diagkit_tape": tape.version,
        "target": codec.dump(tape.target),
        "moment": codec.dump(tape.moment),
        "site": codec.dump(tape.site),
        "unreached": codec.dump(tape.unreached),
    }
    if tape.history:
        header["history"] = codec.dump(tape.history)
    yield json.dumps(header)
    for ask in sorted(tape.replies, key=repr):
        yield json.dumps({"ask": codec.tagged(ask), "reply": _without_defaults(tape.replies[ask])})


def _without_defaults(reply: Reply) -> codec.Json:
    said = codec.tagged(reply)
    del said["is"]
    return said
