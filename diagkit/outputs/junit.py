"""The report as test results: JUnit XML in the dialect of Jenkins' junit-10.xsd, which GitLab and Azure read too.

GitLab shows only the text inside an element, and takes tests of the same class and name for one: so the message stands
in the attribute and in the text, and names are unique.
"""

from __future__ import annotations

from collections import Counter
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
def junit(report: Report, view: View) -> str:
    """For CI: JUnit XML, a suite for each target, a test for each finding."""
    root = ET.Element("testsuites", name="diagkit")
    verdict = "".join(verdict_line(report, SAY))
    found = by_target(report)
    for target in report.targets:
        root.append(_suite(report, target, found[target.name], verdict, view.fail_on))
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(
    report: Report, target: TargetResult, found: list[Finding], verdict: str, fail_on: Status | None
) -> ET.Element:
    name = SAY(target.name)
    suite = ET.Element("testsuite", name=name, hostname=name, timestamp=f"{report.run.started_at:%Y-%m-%dT%H:%M:%S}")
    properties = ET.SubElement(suite, "properties")
    for key, value in _properties(report, target, verdict):
        ET.SubElement(properties, "property", name=f"diagkit.{key}", value=value)
    names: Counter[str] = Counter()
    for finding in found:
        suite.append(_test(finding, name, names, fail_on))
    for count, tag in {"tests": "", "failures": "/failure", "errors": "/error", "skipped": "/skipped"}.items():
        suite.set(count, str(len(suite.findall(f"testcase{tag}"))))
    return suite


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
    if finding.status in OUTCOMES and not (finding.status is Status.WARN and fail_on is not Status.WARN):
        tag, kind = OUTCOMES[finding.status]
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
