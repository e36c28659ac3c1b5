"""What the host's own past and the other hosts tell: what will run out, what is unusual, what sets a host apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import partial

from diagkit.differences.alike import impersonal
from diagkit.model import Finding, Forecast, Found, Outlier, Report, Status, Untrusted
from diagkit.outputs.overview import who, who_listed
from diagkit.outputs.page import Page
from diagkit.outputs.rendering import Form, render
from diagkit.outputs.shared import together
from diagkit.outputs.wording import Say, bad, fold

SAY = partial(render, form=Form.MARKDOWN)
SOON = timedelta(days=2)  # a forecast of something later is in the JSON report alone, unless it is a warning
TELLING = 5.0  # the least likelihood ratio of what is called unusual
AT_MOST = 8  # lines of each part, in the terminal
LISTED = 40  # the same, in Markdown


def outlook(page: Page, report: Report) -> None:
    """The three parts, each only if it has something to say."""
    several = len(report.targets) > 1
    name = partial(who, page)
    _part(
        page,
        "FORECAST",
        "if it goes on like this",
        [_foretold(same, page.say, name if several else None) for same in _soonest(report)],
    )
    lines = [_stranger(f, page.say, several=several) for f in unusual(report)]
    _part(page, "UNUSUAL HERE", "against earlier runs on the same host; evidence, no verdict", lines)
    odd = apart(report)
    hosts = list(dict.fromkeys(outlier.target for outlier in odd))
    if len(hosts) == 1:
        _part(page, "ODD ONE OUT", f"what sets {page.say(hosts[0])} apart", [_apart(o, page.say) for o in odd])
    else:
        lines = [f"{name(o.target for o in same)}: {_apart(same[0], page.say)}" for same in _alike(odd)]
        _part(page, "ODD ONES OUT", "what sets them apart from the others", lines)


def listed_outlook(report: Report) -> Iterator[str]:
    """The same as Markdown."""
    several = len(report.targets) > 1
    name = partial(who_listed, say=SAY)
    for title, lines in (
        ("Forecast", [_foretold(same, SAY, name if several else None) for same in _soonest(report)]),
        ("Unusual here", [_stranger(f, SAY, several=several) for f in unusual(report)]),
        ("Odd one out", [f"{name(o.target for o in same)}: {_apart(same[0], SAY)}" for same in _alike(apart(report))]),
    ):
        if lines:
            yield from ("", f"## {title}", "")
            shown, more = fold(lines, LISTED)
            yield from (f"- {line}" for line in shown)
            if more:
                yield f"- and {more} more"


def _soonest(report: Report) -> list[list[Forecast]]:
    """What ends soon, the same on several targets together, by the first of them."""
    return together(soon(report), lambda f: (f.check, impersonal(f.subject, f.target)))


def _alike(odd: list[Outlier]) -> list[list[Outlier]]:
    """Those that differ from the others in the same way."""
    return together(odd, lambda o: (o.what, o.value, o.usual))


def soon(report: Report) -> list[Forecast]:
    """What ends soon, and whatever is a warning."""
    warned = {(f.target, f.check, f.subject) for f in bad(report.findings)}
    return [f for f in report.forecasts if f.at - report.run.until < SOON or (f.target, f.check, f.subject) in warned]


def unusual(report: Report) -> list[Finding]:
    """Graded evidence that something is wrong, the strongest first."""
    graded = Found.over(report.findings).where(lambda f: (f.likelihood_ratio or 0.0) >= TELLING)
    return sorted(graded, key=lambda f: -(f.likelihood_ratio or 0.0))


def apart(report: Report) -> list[Outlier]:
    """What sets those hosts apart on which something is wrong."""
    sick = {t.name for t in report.targets if t.status in (Status.WARN, Status.FAIL)}
    return [outlier for outlier in report.outliers if outlier.target in sick]


def _part(page: Page, title: str, rest: str, lines: list[str]) -> None:
    if not lines:
        return
    page.heading(title, rest)
    shown, more = fold(lines, len(lines) if page.view.everything else AT_MOST)
    for line in shown:
        page.line(line, lead=("   - ",))
    if more:
        page.line((f"and {more} more (--all shows them)", "dim"), lead=("     ",))


def _foretold(same: list[Forecast], say: Say, name: Callable[[Iterable[Untrusted]], str] | None) -> str:
    """The first of them; `name` says on which targets, where there are several."""
    forecast = same[0]
    on = f" on {name(f.target for f in same)}" if name else ""
    about = say(forecast.subject) or forecast.check
    return f"{forecast.at:%Y-%m-%d %H:%M} UTC{on}, {about}: {say(forecast.summary)}"


def _stranger(finding: Finding, say: Say, *, several: bool) -> str:
    on = f" on {say(finding.target)}" if several else ""
    subject = f" {say(finding.subject)}".rstrip()
    return f"{finding.check.rpartition('.')[2]}{subject}{on}: {say(finding.summary)}"


def _apart(outlier: Outlier, say: Say) -> str:
    return f"{say(outlier.what)}: {say(outlier.value)}; {outlier.agreeing} of {outlier.of} have {say(outlier.usual)}"
