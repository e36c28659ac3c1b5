"""--deep, on a machine of our own: a pump with eight parts, each of which may leak, and a test for each part.

The pump, its causes and its tests are a user's own knowledge; the files that it is read from lie in the home of the run.
"""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from diagkit.model import Target
from diagkit.transports.replay import read_tape
from tests.cli import tapes
from tests.transports.sshd import running

PARTS = range(1, 9)
FLOW = "functional.pump.flow"

PROBES = '''
from dataclasses import dataclass

from diagkit.model import Read, Reply
from diagkit.probes import probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What the meter says."""

    text: str


@probe(Read("{home}/flow"))
def flow(reply: Reply) -> Flow:
    """The meter behind the pump."""
    return Flow(text=reply.text.strip())
'''
PROBE_OF_A_PART = '''

@dataclass(frozen=True, slots=True, kw_only=True)
class Part{n}:
    """What part {n} looks like."""

    text: str


@probe(Read("{home}/part{n}"))
def part{n}(reply: Reply) -> Part{n}:
    """Part {n}, looked at from near by."""
    return Part{n}(text=reply.text.strip())
'''
CHECKS = '''
from diagkit.checks import Findings, check, fail, ok
from diagkit.probes import pump


@check(noise=(0.001, 0.001))
def flow(flow: pump.Flow) -> Findings:
    """Water flows."""
    yield ok("it flows") if flow.text == "full" else fail("little flows")
'''
CHECK_OF_A_PART = '''

@check(noise=(0.001, 0.001), vital=False, deep=True, cost={n})
def part{n}(part: pump.Part{n}) -> Findings:
    """Part {n} is tight."""
    yield ok("tight") if part.text == "tight" else fail("it leaks")
'''
CAUSES = """
from diagkit.causes import Cause, often, usually
from diagkit.checks.functional import pump

"""
CAUSE = """
part{n}_leaks = Cause(
    title="Part {n} leaks", prior=0.03, shows=(usually(pump.part{n}), usually(pump.flow)),
    verify="look", act="mend", roll_back="none", source="the makers",
)
"""


@pytest.fixture
def pump(home: Path) -> Path:
    """The home, with the knowledge in it and a pump that gives little."""
    own = home / ".config/diagkit"
    texts = {
        "probes/pump.py": PROBES + "".join(PROBE_OF_A_PART.replace("{n}", str(n)) for n in PARTS),
        "checks/functional/pump.py": CHECKS + "".join(CHECK_OF_A_PART.format(n=n) for n in PARTS),
        "causes/pump.py": CAUSES + "".join(CAUSE.format(n=n) for n in PARTS),
    }
    for name, text in texts.items():
        (own / name).parent.mkdir(parents=True, exist_ok=True)
        (own / name).write_text(text.replace("{home}", str(home)))
    (home / "flow").write_text("little\n")
    return home


def parts(home: Path, leak: int, *, among: range = PARTS) -> None:
    for n in among:
        (home / f"part{n}").write_text("leaks\n" if n == leak else "tight\n")


def asked(stderr: str) -> list[list[str]]:
    """The checks that each further visit asked."""
    return [line.split(", ") for line in re.findall(r"not settled yet: asking (.*)", stderr)]


def named(report: dict) -> tuple[str, str]:
    return report["diagnosis"]["verdict"], next((c["id"] for c in report["diagnosis"]["causes"]), "")


def test_without_it_the_report_ends_with_what_would_settle_it(diagkit, pump):
    parts(pump, 2)
    answer = diagkit("check", "local", "--only", FLOW)
    assert asked(answer.stderr) == []
    assert re.search(r"^NEXT  to settle .*--deep", answer.stdout, re.MULTILINE)
    assert "diagkit functional local --only functional.pump.part1 -v" in " ".join(answer.stdout.split())


@pytest.mark.parametrize("leak", [2, 5])
def test_what_would_settle_it_is_asked_until_it_is_settled(diagkit, pump, leak):
    parts(pump, leak)
    answer = diagkit("check", "local", "--only", FLOW, "--deep", "--format", "json")
    report = json.loads(answer.stdout)
    assert named(report) == ("confirmed", f"part{leak}_leaks")
    visits = asked(answer.stderr)
    assert f"functional.pump.part{leak}" in visits[-1], "the cheap ones first, and no more once one leaks"
    assert len(visits) == (1 if leak == 2 else 2)
    assert report["findings"].count(next(f for f in report["findings"] if f["check"] == FLOW)) == 1


def test_the_budget_is_kept_though_nothing_is_settled(diagkit, pump):
    parts(pump, 0)
    visits = asked(diagkit("check", "local", "--only", FLOW, "--deep").stderr)
    assert len(visits) == 2
    assert len({name for visit in visits for name in visit}) == sum(map(len, visits)), "no check is asked twice"


def test_what_is_not_there_is_not_asked_for_again(diagkit, pump):
    parts(pump, 4, among=range(4, 9))  # the cheapest three cannot be seen
    answer = diagkit("check", "local", "--only", FLOW, "--deep", "--format", "json")
    assert named(json.loads(answer.stdout)) == ("confirmed", "part4_leaks")


def test_what_is_settled_is_left_alone(diagkit, pump):
    parts(pump, 2)
    settled = diagkit("check", "local", "--only", f"{FLOW},functional.pump.part2", "--deep", "--format", "json")
    assert named(json.loads(settled.stdout)) == ("confirmed", "part2_leaks")
    assert asked(settled.stderr) == []
    (pump / "flow").write_text("full\n")
    assert asked(diagkit("check", "local", "--only", FLOW, "--deep").stderr) == []


def test_a_recording_says_no_more_than_it_holds(diagkit, pump):
    parts(pump, 2)
    diagkit("capture", "local", "--only", FLOW, "-o", "pump.tape")
    answer = diagkit("check", "replay:pump.tape", "--only", FLOW, "--deep", "--format", "json")
    assert asked(answer.stderr) == []
    assert named(json.loads(answer.stdout))[0] == "inconclusive"


def test_only_those_targets_are_told_of_a_check_that_were_asked(diagkit, pump):
    parts(pump, 2)
    diagkit("capture", "local", "--only", FLOW, "-o", "pump.tape")
    elsewhere = Target("ssh", host="web2", label="web2")
    tapes.keep(replace(read_tape(str(pump / "pump.tape")), target=elsewhere), pump / "web2.tape")
    words = ["check", "local", "replay:web2.tape", "--only", FLOW, "--deep", "--format", "json"]
    report = json.loads(diagkit(*words).stdout)
    told = {f["target"] for f in report["findings"] if f["check"] == "functional.pump.part2"}
    assert {f["target"] for f in report["findings"] if f["check"] == FLOW} == {"local", "web2"}
    assert told == {"local"}


def test_over_ssh_the_second_visit_is_a_session_of_its_own(diagkit, pump, tmp_path):
    parts(pump, 2)
    with running(tmp_path / "sshd") as server:
        words = ["check", "box", "--only", FLOW, "--deep", "--format", "json", "--ssh-config", server.client_config()]
        answer = diagkit(*words)
        visits = server.log().count("Accepted publickey")
    assert named(json.loads(answer.stdout)) == ("confirmed", "part2_leaks")
    assert (len(asked(answer.stderr)), visits) == (1, 2)
