"""The constitution: what must hold of every probe, check, cause and runbook, whoever adds one."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from diagkit import catalog
from diagkit.causes.lint import lint
from diagkit.checks import PHASES, Check
from diagkit.cli.lint import known
from diagkit.model import Again, Run
from diagkit.probes import Probe
from diagkit.transports.allowed import refuse_unless_allowed

ROOT = Path(__file__).parent.parent
CHECKS = catalog.all_checks()
PROBES = catalog.all_probes()
CAUSES = catalog.all_causes()


def test_there_is_something_to_hold() -> None:
    assert len(CHECKS) > 40
    assert len(CAUSES) >= 30
    assert {c.phase for c in CHECKS.values()} == set(PHASES)


@pytest.mark.parametrize("probe", PROBES.values(), ids=lambda p: p.name)
def test_a_probe_is_named_by_where_it_lives_and_says_what_it_learns(probe: Probe) -> None:
    place, _, name = probe.name.rpartition(".")
    assert getattr(import_module(f"diagkit.probes.{place}"), name) is probe
    assert len(probe.doc) > 20


@pytest.mark.parametrize("probe", PROBES.values(), ids=lambda p: p.name)
def test_a_probe_asks_only_what_may_be_asked_of_a_host_in_production(probe: Probe) -> None:
    for ask in probe.asks():
        bare = ask.first if isinstance(ask, Again) else ask
        if isinstance(bare, Run):
            refuse_unless_allowed(bare.argv)
            assert bare.timeout <= 10


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda c: c.name)
def test_a_check_is_named_by_where_it_lives_and_documented_in_the_fixed_form(check: Check) -> None:
    place, _, name = check.name.rpartition(".")
    assert getattr(import_module(f"diagkit.checks.{place}"), name) is check
    first, _, rest = check.doc.partition("\n")
    assert first.endswith("."), "the first line says what holds when the check passes"
    assert "Why:" in rest, "then why it matters"
    assert all(0 < p < 0.5 for p in check.noise)


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda c: c.name)
def test_every_threshold_says_where_it_comes_from(check: Check) -> None:
    if type(check.limits).__name__ != "NoLimits":
        assert "ource:" in (type(check.limits).__doc__ or ""), type(check.limits).__name__


def test_the_lint_has_nothing_to_say_of_what_is_known() -> None:
    assert lint(known()) == []


def test_every_cause_has_a_runbook_and_every_runbook_a_cause() -> None:
    wanted = {f"{catalog.families()[name]}/{name}" for name in CAUSES} | {f"phases/{phase}" for phase in PHASES}
    there = {str(p.relative_to(ROOT / "runbooks").with_suffix("")) for p in (ROOT / "runbooks").glob("*/*.md")}
    assert there == wanted


def test_the_project_speaks_of_itself_alone() -> None:
    """No machine paths of ours, no registry hosts, in anything that is shipped."""
    foreign = re.compile(r"/work/|/root/\.|pythonhosted|index-url|\blab\.test\b")
    shipped = [p for d in ("diagkit", "runbooks") for p in (ROOT / d).rglob("*") if p.suffix in {".py", ".md", ".toml"}]
    for path in [*shipped, ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "pyproject.toml"]:
        assert not foreign.search(path.read_text()), path


def test_files_are_small() -> None:
    long = {p.name: n for p in (ROOT / "diagkit").rglob("*.py") if (n := len(p.read_text().splitlines())) > 330}
    assert not long


def test_logs_know_enough() -> None:
    assert len(catalog.voices()) >= 80
