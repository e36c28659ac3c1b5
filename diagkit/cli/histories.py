"""The files of what earlier runs measured: one for each host, on this workstation, and only where somebody chose it.

$XDG_STATE_HOME/diagkit/baseline/ssh/web-1.jsonl, mode 0600: a line that says what it is, then one for each run, no
longer than a kilobyte. It is replaced as a whole, so that a reader never meets half of it. Of two runs at the same time
one sample may get lost.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from diagkit import codec
from diagkit.baseline.metrics import measure
from diagkit.cli import streams
from diagkit.conclusions import Settings
from diagkit.frozen import frozen
from diagkit.model import History, Sample, Tape, Target
from diagkit.outputs.files import Unwritable, write_report
from diagkit.probes import Facts

HEADER = {"diagkit_history": 1}
RUNS = 500  # the last ones; hourly, three weeks
LINE_BYTES = 1024
LARGEST_FILE = 2 * RUNS * LINE_BYTES  # a larger one is not ours
DIGITS = 7  # that are kept of a figure


class Unreadable(Exception):
    """A file that is no history of ours. The message is one sentence for the user."""


@frozen(kw_only=True)
class Kept:
    """A history as it lies on disk; `damaged` counts lines that could not be read."""

    path: Path
    history: History
    damaged: int = 0


def root() -> Path:
    """Where they lie. A relative XDG_STATE_HOME does not count, as the specification has it."""
    state = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (state if state.is_absolute() else Path.home() / ".local/state") / "diagkit/baseline"


def place(target: Target) -> Path:
    """The file of a host: as whom we log in does not matter, the port does."""
    if target.scheme == "local":
        return root() / "local.jsonl"
    host = f"{target.host}:{target.port}" if target.port else target.host
    return root() / "ssh" / f"{quote(host, safe=':')}.jsonl"


def read(path: Path) -> Kept:
    """The history in a file; of a file that is not there, an empty one. Raises `Unreadable`."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        return Kept(path=path, history=History())
    except OSError as error:
        raise Unreadable(f"the history {str(path)!r} cannot be read: {error.strerror}") from error
    first, *lines = data.decode("utf-8", "replace").splitlines() or [""]
    if len(data) > LARGEST_FILE or _json(first) != HEADER:
        raise Unreadable(
            f"{str(path)!r} is no history that this diagkit can read; `diagkit baseline forget` removes it"
        )
    samples = [_sample(line) for line in lines]
    good = sorted((s for s in samples if s), key=lambda s: s.at)
    return Kept(path=path, history=History(samples=tuple(good[-RUNS:])), damaged=samples.count(None))


def keep(tape: Tape, settings: Settings, *, finished: bool) -> Tape:
    """The tape with what earlier runs measured on its host; this run is remembered too, if it came to its end.

    What cannot be read or written is said on stderr, and nobody's report fails for it.
    """
    try:
        kept = read(place(tape.target))
    except Unreadable as error:
        streams.note(f"diagkit: {error}")
        return tape
    if kept.damaged:
        streams.note(f"diagkit: {kept.damaged} lines of the history {str(kept.path)!r} are damaged and left out")
    measured = measure(Facts(settings.probes(), tape))
    if measured and finished:
        try:
            write(kept.path, (*kept.history.samples, Sample(at=tape.moment.now, measured=measured)))
        except (OSError, Unwritable) as error:
            streams.note(f"diagkit: this run is not remembered: {error}")
    return replace(tape, history=kept.history)


def write(path: Path, samples: Sequence[Sample]) -> None:
    """Replace the history in a file by the last of these samples. Raises OSError or `Unwritable`."""
    lines = [json.dumps(HEADER), *map(_line, samples[-RUNS:])]
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_report(path, "".join(f"{line}\n" for line in lines))


def all_kept() -> Iterator[Path]:
    """The file of every history."""
    yield from sorted(root().rglob("*.jsonl"))


def _line(sample: Sample) -> str:
    """One sample, without its last figures where it would be too long."""
    measured = {key: _short(value) for key, value in sample.measured.items()}
    while len(line := json.dumps({"at": codec.dump(sample.at), "measured": measured})) > LINE_BYTES:
        measured.popitem()
    return line


def _short(value: float) -> float:
    rounded = float(f"{value:.{DIGITS}g}")
    return int(rounded) if rounded.is_integer() else rounded


def _sample(line: str) -> Sample | None:
    try:
        sample: Sample = codec.load(Sample, _json(line))
    except codec.Malformed:
        return None
    return sample if sample.at.tzinfo else None


def _json(line: str) -> codec.Json:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
