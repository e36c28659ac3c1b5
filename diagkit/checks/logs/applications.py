"""Do applications log more errors than they used to, and do web servers fail requests?"""

from __future__ import annotations

from dataclasses import replace

from diagkit.checks import Findings, check, fail, ok, skip, unknown, warn
from diagkit.checks.logs import times, unread
from diagkit.frozen import frozen
from diagkit.logs.errors import ErrorLine
from diagkit.model import Evidence, Untrusted
from diagkit.probes.log_files import OPENS
from diagkit.probes.logs import AccessLogs, ErrorLines, LogTexts

GATEWAY_TIMEOUT = 504


@frozen(kw_only=True)
class Burst:
    """What makes error lines of one kind a burst: so many, so much more often than before, so unlikely by chance.

    Or, whatever was before: so large a share of all that the log says, if it says other things as well.
    Source: our choice, not measured on healthy hosts yet: three times as often, and one in a million by chance if lines
    came independently (Poisson), which lines of one fault do not.
    """

    least: int = 5
    ratio: float = 3.0
    surprise: float = -6.0  # log10 of the probability
    share: float = 0.15
    only_errors: float = 0.9  # a log with a larger share has nothing but errors to say, however few
    shown: int = 3


@check(limits=Burst(), noise=(0.05, 0.01), vital=False)
def errors(error_lines: ErrorLines, texts: LogTexts, limits: Burst) -> Findings:
    """No application logs a new kind of error, or one far more often than before.

    Why: an error that was not there before a deployment or change is where to look first.
    Limits: compared with earlier lines of the same log; an error as old as the log's oldest line is not new.
    Look-alikes: an error that always comes in bursts, such as from a nightly job.
    """
    bursts = [e for e in error_lines.all if e.count >= limits.least and _stands_out(e, limits)]
    for burst in bursts[: limits.shown]:
        finding = warn(
            f"{burst.program} logs {_how(burst)}: {times(burst.count, burst.first, burst.last)}",
            burst.template,
            measured={"count": burst.count, "before": burst.before},
            at=burst.last,
        )
        yield replace(finding, evidence=(Evidence(Untrusted(f"scan {burst.source}"), Untrusted(burst.sample)),))
    if bursts:
        return
    if why_not := unread(texts):
        yield unknown(why_not, hint=OPENS)
    else:
        yield ok(f"{sum(e.count for e in error_lines.all)} lines of unknown errors, none of them a burst")


def _how(burst: ErrorLine) -> str:
    if burst.new:
        return "a new kind of error"
    if burst.before:
        return f"an error {burst.rise:.0f} times as often as before"
    return f"an error in {burst.share:.0%} of its lines"


def _stands_out(line: ErrorLine, limits: Burst) -> bool:
    far_more = line.before > 0 and line.rise >= limits.ratio and line.surprise() <= limits.surprise
    return line.new or far_more or limits.share <= line.share <= limits.only_errors


@frozen(kw_only=True)
class Failing:
    """Share of requests answered with 5xx, at or above which we speak up, and how many it must be at least.

    A page that has not been answered well since counts however small its share is: from `stuck` failures in a row on,
    and from `late` ones where each was a 504, which takes too long to be a restart seen by chance.

    Source: our choice: 1 % uses up an error budget of 99 %; from one in ten on, users see it.
    """

    warn: float = 0.01
    fail: float = 0.10
    least: int = 5
    stuck: int = 3
    late: int = 2


@check(limits=Failing(), noise=(0.005, 0.003), vital=False)
def timeouts(access_logs: AccessLogs, texts: LogTexts, limits: Failing) -> Findings:
    """No page of a web server only ever times out any more (504 Gateway Timeout).

    Why: the application behind takes the request and hangs in it; other pages may be answered well meanwhile.
    Look-alikes: a page that was answered since was slow for a while, and is not counted.
    """
    hanging = False
    for log in access_logs.all:
        path, status, number = log.stuck
        if status == GATEWAY_TIMEOUT and number >= limits.late:
            hanging = True
            say = f"{path} times out: its last {number} requests were answered 504 Gateway Timeout"
            yield fail(say, log.source, measured={"timeouts": number}, at=log.last_failed)
    if access_logs.refused:
        yield unknown(texts.why_not("files"), hint=OPENS)
    elif not access_logs.all:
        yield skip("no access log was written to in the window")
    elif not hanging:
        yield ok("every page that timed out was answered since")


@check(limits=Failing(), noise=(0.04, 0.01), vital=False)
def http_errors(access_logs: AccessLogs, texts: LogTexts, limits: Failing) -> Findings:
    """Web servers answer requests without server errors (5xx).

    Why: it is what users see; 502 and 504 blame the server behind, 500 the application, 503 a limit.
    Limits: the end of each access log, within the window, in the common or combined format.
    """
    for log in access_logs.all:
        path, status, number = log.worst
        share = log.failed / log.count if log.count else 0.0
        say = f"{log.failed} of {log.count} requests failed with 5xx"
        broken = log.stuck[2] >= (limits.late if log.stuck[1] == GATEWAY_TIMEOUT else limits.stuck)
        often = log.failed >= limits.least and share >= limits.warn
        if not (often or broken) or not log.first_failed or not log.last_failed:
            yield ok(say, log.source)
            continue
        if broken and not often:
            path, status, number = log.stuck
        verdict = fail if broken or share >= limits.fail else warn
        when = times(log.failed, log.first_failed, log.last_failed)
        finding = verdict(
            f"{say} ({share:.0%}), mostly {status} on {path} ({number}): {when}",
            log.source,
            measured={"failed": log.failed, "requests": log.count},
            at=log.last_failed,
        )
        yield replace(finding, evidence=(Evidence(Untrusted(f"scan {log.source}"), Untrusted(log.sample)),))
    if access_logs.refused:
        yield unknown(texts.why_not("files"), hint=OPENS)
    elif not access_logs.all:
        yield skip("no access log was written to in the window")
