"""Does any log grow faster than anybody can read, or keep?"""

from __future__ import annotations

from collections import Counter

from diagkit.checks import Findings, check, fail, ok, skip, unknown, warn
from diagkit.checks.resources import size
from diagkit.checks.resources.disk import home
from diagkit.frozen import frozen
from diagkit.logs.lines import line_at, starts
from diagkit.model import Silence, Unknown
from diagkit.probes import Inapplicable
from diagkit.probes.disk import Mounts
from diagkit.probes.log_files import OPENS
from diagkit.probes.log_growth import LogGrowth
from diagkit.probes.logs import LogTexts

MIB = 1 << 20


@frozen(kw_only=True)
class Flood:
    """Bytes a second that one log grows, and seconds in which it would fill its disk, from which on it fails.

    Source: our own. 1 MiB/s is some 5,000 requests a second in an access log, and 84 GiB a day.
    """

    warn: float = 1.0 * MIB
    fail: float = 5.0 * MIB
    full_in: float = 3600.0


@check(limits=Flood(), noise=(0.005, 0.0005), vital=False)
def files(growth: LogGrowth, mounts: Mounts | Unknown | Inapplicable, limits: Flood) -> Findings:
    """No log file grows by megabytes a second.

    Why: a program that repeats itself without pause fills the disk, and drowns the lines that matter.
    Look-alikes: a debug level that somebody left on; an access log under real load. Both are as large an hour later.
    """
    flooding = [log for log in growth.all if log.rate >= limits.warn]
    for log in flooding[:1]:  # a syslog daemon writes the same lines to several
        disk = home(log.path, mounts) if isinstance(mounts, Mounts) else None
        left = disk.available / log.rate if disk else float("inf")
        others = f" (and {len(flooding) - 1} more)" if flooding[1:] else ""
        text = f"log flood: {log.path}{others} grows {size(log.rate)}/s, {size(log.size)} so far"
        if disk and left <= limits.full_in:
            text += f"; at that rate {disk.path} is full in {_span(left)}" if left else f"; {disk.path} is full"
        verdict = fail if left <= limits.full_in or log.rate >= limits.fail else warn
        yield verdict(text, log.path, measured={"bytes_per_second": log.rate, "bytes": log.size})
    if not flooding and growth.closed:
        yield unknown(f"{growth.closed} directories of logs could not be entered", hint=OPENS)
    elif not flooding:
        fastest = growth.all[:1]
        yield ok(f"fastest: {fastest[0].path}, {size(fastest[0].rate)}/s" if fastest else "no log file grew")


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


@frozen(kw_only=True)
class Chatter:
    """Lines a second in the journal, in the mean since the oldest line that was read.

    Source: journald.conf(5): a service may write RateLimitBurst=10000 in RateLimitIntervalSec=30s, 333 a second; what
    comes in bursts is half of that in the mean.
    """

    warn: float = 150.0
    fail: float = 333.0


@check(limits=Chatter(), noise=(0.003, 0.0005), vital=False)
def journal(texts: LogTexts, limits: Chatter) -> Findings:
    """No program writes more lines to the journal than journald lets through by default.

    Why: from there on lines are dropped, and the disk and the processor are busy with lines nobody will read.
    Limits: judged by the newest part of the journal; where all of the window fits into that, there is no flood.
    """
    log = next((log for log in texts.logs if log.source == "journal"), None)
    reading = next((reading for reading in texts.readings if reading.source == "journal"), None)
    if reading is None or reading.silence in (Silence.MISSING, Silence.UNSUPPORTED):
        yield skip("no journal is kept here")
    elif reading.silence and not log:
        yield unknown(texts.why_not("journal"), hint=OPENS)
    elif log is None or not log.cut or not reading.first:
        yield ok("no flood in the journal")
    else:
        seconds = max((texts.clock.latest - reading.first).total_seconds(), 1.0)
        rate = log.raw.count(b"\n") / seconds
        if rate < limits.warn:
            yield ok(f"{rate:.0f} lines a second")
            return
        lines = (line_at(log, start, texts.clock) for start in starts(log.raw))
        program, count = Counter(line.program for line in lines if line).most_common(1)[0]
        text = f"log flood: {program} writes {count / seconds:.0f} lines a second to the journal"
        yield (fail if rate >= limits.fail else warn)(text, program, measured={"lines_per_second": count / seconds})
