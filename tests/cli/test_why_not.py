"""`explain --why-not`: what spoke against a cause, in a report and in a tape."""

import json
from pathlib import Path

import pytest

from tests.cli import tapes

HOSTS = Path(__file__).parents[1] / "hosts"
TAPE = HOSTS / "service_stopped/web.tape.gz"


@pytest.fixture
def report(diagkit, home: Path) -> Path:
    """The report of the host on that tape, as JSON."""
    path = home / "report.json"
    path.write_text(diagkit("check", f"replay:{TAPE}", "--format", "json").stdout)
    return path


def test_a_report_says_what_spoke_against_a_cause(diagkit, report):
    answer = diagkit("explain", "--why-not", "disk_full", str(report))
    assert answer.returncode == 0
    assert answer.stdout.startswith("disk_full: ")
    assert "its own signs give it -" in answer.stdout
    against = answer.stdout.partition("against it:")[2].partition("for it:")[0]
    assert "[resources.disk.space]" in against
    assert "what was found is explained by:\n  Service down: stopped" in answer.stdout


def test_a_tape_says_the_same_as_its_report(diagkit, report):
    by_report, by_tape = (
        diagkit("explain", "--why-not", "disk_full", str(path)).stdout.splitlines()[3:] for path in (report, TAPE)
    )
    assert by_tape == by_report
    assert diagkit("explain", "--why-not", "disk_full", f"replay:{TAPE}").stdout.splitlines()[3:] == by_tape


def test_what_cannot_be_is_said_to_be_no_candidate(diagkit, report):
    answer = diagkit("explain", "--why-not", "raid_degraded", str(report))
    assert "it was no candidate: resources.raid.members does not apply" in answer.stdout


def test_on_a_healthy_host_nothing_is_a_candidate(diagkit, home):
    tapes.keep(tapes.host(50), home / "well.tape")
    answer = diagkit("explain", "--why-not", "disk_full", "well.tape")
    assert "it was no candidate: no check found anything wrong" in answer.stdout


def test_each_target_of_a_report_is_told_apart(diagkit, home):
    for name, used in (("web1", 99), ("web2", 50)):
        tapes.keep(tapes.host(used, name), home / f"{name}.tape")
    both = diagkit("check", "replay:web1.tape", "replay:web2.tape", "--only", tapes.CHECK, "--format", "json")
    (home / "both.json").write_text(both.stdout)
    said = diagkit("explain", "--why-not", "disk_full", "both.json").stdout
    assert [line for line in said.splitlines() if line.endswith(":") and not line.startswith(" ")] == ["web1:", "web2:"]
    assert len(json.loads(both.stdout)["targets"]) == 2


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["disk_ful", "x.json"], 64, "no cause is called 'disk_ful'; did you mean disk_full?"),
        (["disk_full", "nothing.json"], 66, "nothing.json: No such file or directory; --why-not wants the report"),
        (["disk_full", "."], 66, ".: Is a directory"),
        (["disk_full", "other.json"], 65, "other.json: no report of diagkit; it is written with --report json=FILE"),
        (["disk_full", "half.json"], 65, "half.json: "),
        (["disk_full", "prose.txt"], 65, "'prose.txt' is not a tape"),
        (["disk_full"], 64, ""),
    ],
)
def test_what_is_no_cause_or_no_report_is_refused(diagkit, home, words, code, said):
    (home / "other.json").write_text('{"some": "thing"}')
    (home / "half.json").write_text('{"findings": 3}')
    (home / "prose.txt").write_text("nothing of ours\n")
    answer = diagkit("explain", "--why-not", *words)
    assert (answer.returncode, answer.stdout) == (code, "")
    assert said in answer.stderr
    assert answer.stderr.count("\n") == 1
