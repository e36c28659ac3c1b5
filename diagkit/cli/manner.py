"""How the report is said: format, colour, width, files beside it, and the exit code."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from diagkit import __version__, config
from diagkit.checks.connectivity.identity import host_key
from diagkit.cli import exits, streams
from diagkit.conclusions import Conclusion, Settings, telling
from diagkit.frozen import frozen
from diagkit.model import Found, Report, Status
from diagkit.outputs import Output, Stream, View, all_outputs, output_named
from diagkit.outputs.files import Unwritable, write_report
from diagkit.spelling import nearest

FAILS = {config.FailOn.WARNING: Status.WARN, config.FailOn.CRITICAL: Status.FAIL, config.FailOn.NEVER: None}
CODES = {Status.OK: 0, Status.WARN: 1, Status.FAIL: 2, Status.UNKNOWN: 3}


@frozen(kw_only=True)
class Manner:
    """What was typed about the report. None: as configured."""

    format: str = "text"
    reports: Sequence[str] = ()
    everything: bool = False
    quiet: bool = False
    verbose: bool = False
    colour: str | None = None
    ascii: bool = False
    fail_on: str | None = None
    by_signature: bool = False

    def output(self) -> Output:
        """The output for stdout."""
        return _known(self.format, "--format")

    def files(self) -> tuple[tuple[Output, Path], ...]:
        """The outputs for `--report`, each with its file."""
        found = []
        for word in self.reports:
            name, equals, path = word.partition("=")
            if not equals or not path:
                raise exits.Refusal(exits.USAGE, f"--report wants FORMAT=PATH, as in junit=report.xml, not {word!r}")
            found.append((_known(name, "--report"), Path(path)))
        return tuple(found)

    def view(self, settled: config.Config) -> View:
        """How to show it on stdout. A file is shown the same, without colour."""
        encoding = (sys.stdout.encoding or "ascii").lower()
        return View(
            width=shutil.get_terminal_size().columns,
            colour=self._coloured(settled),
            ascii=self.ascii or settled.ascii or not encoding.startswith("utf"),
            everything=self.everything,
            quiet=self.quiet,
            verbose=self.verbose,
            fail_on=FAILS[self.tolerance(settled)],
            by_signature=self.by_signature,
        )

    def tolerance(self, settled: config.Config) -> config.FailOn:
        """What fails the run."""
        return config.FailOn(self.fail_on) if self.fail_on else settled.fail_on

    def _coloured(self, settled: config.Config) -> bool:
        """The flag, the setting, NO_COLOR, FORCE_COLOR, a terminal: whichever speaks first. See no-color.org."""
        wanted = config.Colour(self.colour) if self.colour else settled.color
        if wanted is not config.Colour.AUTO:
            return wanted is config.Colour.ALWAYS
        if os.environ.get("NO_COLOR"):
            return False
        return bool(os.environ.get("FORCE_COLOR")) or (sys.stdout.isatty() and os.environ.get("TERM") != "dumb")


def say(report: Report, view: View, output: Output, files: Sequence[tuple[Output, Path]]) -> int:
    """Write the files, then stdout. 0, or an exit code if the report did not arrive everywhere it was wanted."""
    code = write(report, view, files)
    return streams.pour(output.pieces(report, view)) or code


def write(report: Report, view: View, files: Sequence[tuple[Output, Path]]) -> int:
    """Write the files. 0, or an exit code if not all could be written."""
    code = 0
    for other, path in files:
        try:
            write_report(path, other.pieces(report, replace(view, colour=False)))
        except Unwritable as error:
            streams.note(f"diagkit: {error}")
            code = exits.CANNOT_WRITE
    return code


class Telling:
    """stdout of one run: piece by piece where the format has pieces, so that nobody waits for the slowest target."""

    def __init__(self, stream: Stream, run: str, started: datetime) -> None:
        self._stream = stream
        self._code = streams.say(stream.opening(run, __version__, started))

    def told(self, conclusion: Conclusion) -> None:
        """One target is known."""
        self._code = self._code or streams.say(self._stream.told(conclusion))

    @property
    def unread(self) -> bool:
        """Whether the reader has gone."""
        return self._code == streams.NOBODY_READS

    def close(self, report: Report) -> int:
        """What only all of them together tell. 0, or an exit code if not all of it arrived."""
        return self._code or streams.say(self._stream.closing(report))


def _known(name: str, option: str) -> Output:
    if found := output_named(name):
        return found
    raise exits.Refusal(exits.USAGE, f"{option}: there is no format {name!r}{nearest(name, all_outputs())}")


def verdict_code(report: Report, settings: Settings, fail_on: config.FailOn) -> int:
    """0 ok, 1 warning, 2 failure, 3 unknown; what is tolerated counts as ok. A wrong host key is never tolerated."""
    if any(f.check == host_key.name and f.status is Status.FAIL for f in Found.over(report.findings).said()):
        return exits.NO_PERMISSION
    if fail_on is config.FailOn.NEVER:
        return 0
    tolerated = {Status.WARN} if fail_on is config.FailOn.CRITICAL else set()
    statuses = [s for s in telling(report.findings, settings) if s not in tolerated]
    return CODES[Status.worst(statuses)] if statuses or not tolerated else 0
