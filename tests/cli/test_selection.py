"""--only and --skip."""

import pytest

from diagkit.checks import Findings, check, ok
from diagkit.cli.exits import Refusal
from diagkit.cli.selection import select


def made(name: str, *, deep: bool = False):
    def judge() -> Findings:
        yield ok("")

    judge.__module__, _, judge.__name__ = f"diagkit.checks.{name}".rpartition(".")
    return check(deep=deep)(judge)


NAMES = ["connectivity.tcp.ports", "resources.disk.inodes", "resources.disk.space", "resources.memory.swap"]
CHECKS = {name: made(name) for name in NAMES}


@pytest.mark.parametrize(
    ("phase", "only", "skip", "chosen"),
    [
        ("", [], [], NAMES),
        ("resources", [], [], NAMES[1:]),
        ("", ["resources.disk"], [], NAMES[1:3]),
        ("", ["*.space,resources.memory.*"], [], NAMES[2:]),
        ("", ["resources.disk.space", "connectivity"], [], [NAMES[0], NAMES[2]]),
        ("resources", [], ["resources.disk", "*.nothing.*,*swap"][:1], [NAMES[3]]),
        ("", ["resources"], ["*.inodes"], NAMES[2:]),
    ],
)
def test_names_beginnings_and_globs(phase, only, skip, chosen):
    assert [c.name for c in select(CHECKS, phase, only, skip)] == chosen


DEEP = "resources.disk.lasting"


@pytest.mark.parametrize(
    ("only", "skip", "runs"),
    [
        ([], [], False),
        (["resources"], [], False),
        (["resources.disk.*"], [], False),
        ([DEEP], [], True),
        (["connectivity", DEEP], [], True),
        ([f"resources.disk.space, {DEEP}"], [], True),
        ([DEEP, "connectivity"], [DEEP], False),
    ],
)
def test_a_deep_check_runs_only_where_it_is_named_in_full(only, skip, runs):
    chosen = select(CHECKS | {DEEP: made(DEEP, deep=True)}, "", only, skip)
    assert (DEEP in [c.name for c in chosen]) is runs


@pytest.mark.parametrize(
    ("phase", "only", "skip", "said"),
    [
        ("", ["resources.disk.spcae"], [], "--only: no check is called 'resources.disk.spcae'; did you mean resources.disk.space"),
        ("", ["space"], [], "did you mean resources.disk.space"),
        ("", [], ["nothing*"], "--skip: no check is called 'nothing*'"),
        ("", [""], [], "no check is called ''"),
        ("", ["resources"], ["resources"], "leave no check to run"),
        ("connectivity", ["resources.disk"], [], "leave no check of connectivity to run"),
    ],
)  # fmt: skip
def test_selecting_nothing_is_never_a_green_zero(phase, only, skip, said):
    with pytest.raises(Refusal) as refused:
        select(CHECKS, phase, only, skip)
    assert refused.value.code == 64
    assert said in refused.value.sentence
