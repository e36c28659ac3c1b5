"""The report as test results: JUnit XML in the dialect of Jenkins' junit-10.xsd, which GitLab and Azure read too.

GitLab shows only the text inside an element, and takes tests of the same class and name for one: so the message stands
in the attribute and in the text, and names are unique.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from xml.etree import ElementTree as ET

from diagkit.model import Finding, Report, Status, TargetResult
from diagkit.outputs import View, output
from diagkit.outputs.overview import by_target
from diagkit.outputs.rendering import Form, render, render_lines
from diagkit.outputs.verdict import verdict_line
from diagkit.outputs.wording import broken_layer, percent, title

SAY = partial(render, form=Form.XML)

# status -> the element that says so and its type; a passed test has none
OUTCOMES = {
    Status.FAIL: ("failure", "critical"),
    Status.WARN: ("failure", "warning"),
    Status.UNKNOWN: ("error", "unknown"),
    Status.SKIP: ("skipped", "skipped"),
}


@output
def junit(report: Report, view: View) -> Iterator[str]:
    """For CI: JUnit XML, a suite for each target, a test for each finding."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    counts = _counts(report.findings, view.fail_on)
    yield '<testsuites name="diagkit" tests="{tests}" failures="{failures}" errors="{errors}">\n'.format(**counts)
    verdict = "".join(verdict_line(report, SAY))
    found = by_target(report)
    for target in report.targets:
        suite = _suite(report, target, found[target.name], verdict, view.fail_on)
        ET.indent(suite, level=1)
        yield f"  {ET.tostring(suite, encoding='unicode')}\n"
    yield "</testsuites>\n"


def _suite(
    report: Report, target: TargetResult, found: Iterable[Finding], verdict: str, fail_on: Status | None
) -> ET.Element:
    name = SAY(target.name)
    suite = ET.Element("testsuite", name=name, hostname=name, timestamp=f"{report.run.started_at:%Y-%m-%dT%H:%M:%S}")
    properties = ET.SubElement(suite, "properties")
    for key, value in _properties(report, target, verdict):
        ET.SubElement(properties, "property", name=f"diagkit.{key}", value=value)
    names: Counter[str] = Counter()
    for finding in found:
        suite.append(_test(finding, name, names, fail_on))
    for name, count in _counts(found, fail_on).items():
        suite.set(name, str(count))
    return suite


def _counts(found: Iterable[Finding], fail_on: Status | None) -> dict[str, int]:
    """How many tests there are, and how many of them have each outcome."""
    outcomes = Counter(_outcome(finding, fail_on) for finding in found)
    return {
        "tests": outcomes.total(),
        "failures": outcomes["failure"],
        "errors": outcomes["error"],
        "skipped": outcomes["skipped"],
    }


def _outcome(finding: Finding, fail_on: Status | None) -> str:
    """The element that says how a test ended; empty: it passed."""
    if finding.status not in OUTCOMES or (finding.status is Status.WARN and fail_on is not Status.WARN):
        return ""
    return OUTCOMES[finding.status][0]


def _properties(report: Report, target: TargetResult, verdict: str) -> list[tuple[str, str]]:
    """What a suite has no test for: the verdict, the likely causes, why the target was not reached."""
    causes = [c for c in report.diagnosis.causes if c.target == target.name]
    return [
        ("verdict", verdict),
        *((f"cause.{n}", f"{title(c, SAY)}: {c.verdict.value}, {percent(c)}") for n, c in enumerate(causes, 1)),
        *(("began", f"{d.began:%Y-%m-%dT%H:%M:%SZ}") for d in report.logs if d.began and d.target == target.name),
        *([] if target.reached else [("not_reached", broken_layer(target, SAY))]),
    ]


def _test(finding: Finding, target: str, names: Counter[str], fail_on: Status | None) -> ET.Element:
    phase, _, rest = finding.check.partition(".")
    name = f"{rest} {SAY(finding.subject)}".rstrip()
    names[name] += 1
    unique = name if names[name] == 1 else f"{name} #{names[name]}"
    test = ET.Element("testcase", classname=f"diagkit.{target}.{phase}", name=unique)
    says = SAY(finding.summary)
    if tag := _outcome(finding, fail_on):
        kind = OUTCOMES[finding.status][1]
        ET.SubElement(test, tag, type=kind, message=says).text = "\n".join([says, *_proof(finding)])
    elif finding.status is Status.WARN:
        ET.SubElement(test, "system-out").text = f"warning: {says}"
    return test


def _proof(finding: Finding) -> list[str]:
    """What was asked and what was said, a line each."""
    lines = []
    for evidence in finding.evidence:
        lines.append(f"asked: {SAY(evidence.ask)}")
        lines += [f"| {line}" for line in render_lines(evidence.excerpt, Form.XML) if line]
    return lines
