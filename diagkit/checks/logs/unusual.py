"""Do the logs hold more errors than they used to on this very host? Never a verdict: evidence for one, graded."""

from __future__ import annotations

from dataclasses import replace

from diagkit.baseline import metrics
from diagkit.baseline.usual import LEAST, MORE, compared_counts
from diagkit.checks import Findings, check, ok, unknown
from diagkit.model import History, Moment
from diagkit.probes.logs import ErrorLines


@check(noise=(0.01, 0.001), vital=False)
def errors(history: History, lines: ErrorLines, moment: Moment) -> Findings:
    """Error lines are no more frequent than they usually are here.

    Why: every host has errors that nobody minds; it is their number that tells.
    """
    before = [
        (sample.measured[metrics.errors.name], sample.measured[metrics.WATCHED])
        for sample in history.samples
        if metrics.errors.name in sample.measured
        and sample.measured.get(metrics.WATCHED, 0) > 0
        and sample.at < moment.since
    ]
    if len(before) < LEAST:
        yield unknown(f"what is usual here takes {LEAST} runs over a day or more", hint=MORE)
        return
    count = sum(line.count for line in lines.all)
    found = compared_counts(count, (moment.until - moment.since).total_seconds(), before)
    word = "unusual here" if found.unusual else "as usual here"
    usual = f"{found.low:.3g} to {found.high:.3g} in {found.count} earlier runs"
    finding = ok(
        f"{word}: {found.now:.3g} error lines an hour; {usual}",
        measured={"now": found.now, "low": found.low, "high": found.high, "z": found.distance},
    )
    yield replace(finding, likelihood_ratio=round(found.likelihood_ratio, 3))
