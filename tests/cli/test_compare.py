"""What differs, in meaning."""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from diagkit.differences import differ, tree
from diagkit.model import Silence, Unknown
from diagkit.probes import Inapplicable
from tests.cli import tapes

HANDLES = ["--only", tapes.CHECK]


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    address: str
    port: int
    process: str = ""
    pid: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    kernel: str = "6.1"
    cpus: int = 4
    load: int = 0
    share: float = 0.0
    seen: datetime | None = None
    swap: bool = False
    resolvers: tuple[str, ...] = ()
    doors: tuple[Door, ...] = ()
    sizes: dict[str, int] = field(default_factory=dict)


def differences(a, b, own=("web1", "web2")):
    sides = [
        tree(fact, "house", re.compile(rf"\b{name}\b")) for fact, name in zip((a, b), own, strict=True)
    ]  # fmt: skip
    shown = lambda text: None if text is None else text.raw  # noqa: E731
    return [(d.field.raw, shown(d.a), shown(d.b)) for d in differ("house", *sides)]


@pytest.mark.parametrize(
    ("a", "b", "found"),
    [
        (House(), House(), []),
        (House(), House(kernel="6.6"), [("house.kernel", "6.1", "6.6")]),
        (House(), House(cpus=8, swap=True), [("house.cpus", "4", "8"), ("house.swap", "no", "yes")]),
        (House(), House(load=99, share=0.9, seen=datetime(2026, 11, 21, tzinfo=UTC)), []),
        (House(resolvers=("a", "b")), House(resolvers=("b", "a")), []),
        (House(resolvers=("a",)), House(resolvers=("a", "b")), [("house.resolvers", "a", "a, b")]),
        (House(sizes={"/": 1}), House(sizes={"/": 1, "/srv": 2}), [("house.sizes./srv", None, "2")]),
        (House(resolvers=("web1.example",)), House(resolvers=("web2.example",)), []),
        (House(kernel=""), House(), [("house.kernel", "none", "6.1")]),
    ],
)
def test_settings_differ_and_what_moves_does_not(a, b, found):
    assert differences(a, b) == found


def test_things_in_lists_go_by_name_and_not_by_position():
    ssh, http = Door(address="::", port=22, process="sshd", pid=7), Door(address="::", port=80, process="nginx")
    moved = Door(address="::", port=22, process="sshd", pid=9)
    assert differences(House(doors=(ssh, http)), House(doors=(http, moved))) == []
    assert differences(House(doors=(ssh, http)), House(doors=(ssh,))) == [
        ("house.doors.:: 80", "address=::, port=80, process=nginx", None)
    ]


def test_not_knowing_is_a_difference_and_is_told():
    unknown, without = Unknown("house", Silence.DENIED, "no"), Inapplicable("house", "no house")
    assert differences(unknown, House()) == [
        ("house", "unknown (denied)", "kernel=6.1, cpus=4")
    ]  # fmt: skip
    assert differences(unknown, without) == [("house", "unknown (denied)", "does not apply (no house)")]


@pytest.fixture
def both(diagkit, home):
    def compare(a, b, *words):
        for name, used in (("a", a), ("b", b)):
            tapes.keep(tapes.host(used, f"host-{name}"), home / f"{name}.tape")
        return diagkit("compare", "replay:a.tape", "replay:b.tape", *HANDLES, *words)

    return compare


def test_nothing_differs(both):
    answer = both(50, 50)
    assert answer.returncode == 0
    assert "Nothing differs in what could be seen." in answer.stdout


def test_a_finding_that_changed_is_told(both):
    answer = both(50, 95)
    assert answer.returncode == 1
    assert f"ok -> fail  {tapes.CHECK}: Too many open files in system" in answer.stdout


def test_for_programs(both):
    found = json.loads(both(50, 95, "--format", "json").stdout)
    assert [(change["a"], change["b"]) for change in found["findings"]] == [("ok", "fail")]


def test_to_see_nothing_is_not_to_see_no_difference(both):
    answer = both(None, None)
    assert answer.returncode == 3
    assert "Nothing differs" not in answer.stdout
    assert "Not seen on either: files.file_handles" in answer.stdout
