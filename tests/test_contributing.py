"""The check that CONTRIBUTING.md adds is added here, word for word, and works."""

import re
from datetime import UTC, datetime
from pathlib import Path

from diagkit.checks import Check
from diagkit.model import Moment, Read, Reply, Status, Tape, Target
from diagkit.probes import Facts, Probe

BLOCKS = re.findall(r"```python\n(.*?)```", (Path(__file__).parent.parent / "CONTRIBUTING.md").read_text(), re.DOTALL)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def added() -> tuple[Probe, Check]:
    names: dict[str, object] = {"__name__": "diagkit.checks.resources.kernel"}
    for block in BLOCKS:
        exec(compile(block, "CONTRIBUTING.md", "exec", dont_inherit=True), names)
    probe, check = names["taint"], names["crash"]
    assert isinstance(probe, Probe)
    assert isinstance(check, Check)
    return probe, check


def status(answer: bytes) -> Status:
    probe, check = added()
    tape = Tape(
        target=Target("local"),
        moment=Moment(NOON, NOON, NOON),
        replies={Read("/proc/sys/kernel/tainted"): Reply(answer)},
    )
    return check(Facts([probe], tape))[0].status


def test_the_added_check_judges_every_way() -> None:
    assert status(b"0\n") is Status.OK
    assert status(b"4224\n") is Status.FAIL
    assert status(b"") is Status.UNKNOWN


def test_it_has_the_name_of_its_place() -> None:
    _, check = added()
    assert (check.name, check.phase) == ("resources.kernel.crash", "resources")
