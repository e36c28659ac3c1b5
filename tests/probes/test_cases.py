"""Recorded answers of real machines, and the fact each must parse to.

One case is one file, `tests/probes/<probe name>/<case>.toml`:

    recorded = "Debian 12, Linux 6.1, coreutils 9.1"   # where the answers come from

    [replies."df -PkT"]                                # str(ask), as `diagkit explain` prints it
    out = '''
    Filesystem     Type 1024-blocks    Used Available Capacity Mounted on
    '''
    code = 1                                           # also: err, at, took, cut, silence = "denied"

    [expect]
    fact = '''
    {"Mounts": {...}}
    '''

What has no reply in the case was missing on that machine. `[site]` and `[moment]` give those facts where a parser wants
them. Write a new case without `[expect]`, run `pytest tests/probes --update -k <probe name>`, and read what it put there: the recorded
fact is right only when you have compared it with the answers above it.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from diagkit import catalog, codec
from diagkit.model import Ask, Moment, Reply, Silence, Site, Tape, Target
from diagkit.probes import Facts

HERE = Path(__file__).parent
CASES = sorted(HERE.glob("*/*.toml"))
NOON = datetime(2025, 11, 21, 12, tzinfo=UTC)
WIDTH = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The fact, as JSON under the name of its type."""

    fact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One recorded case."""

    recorded: str
    replies: Mapping[str, Reply] = field(default_factory=dict)
    site: Site = field(default_factory=Site)
    moment: Moment = field(default_factory=lambda: Moment(NOON, NOON.replace(hour=11), NOON))
    expect: Expected = field(default_factory=lambda: Expected(fact=""))


class Recorded(Mapping[Ask, Reply]):
    """The replies of a case, found by the ask's text; remembers which were wanted."""

    def __init__(self, replies: Mapping[str, Reply]) -> None:
        self.replies = replies
        self.wanted: set[str] = set()

    def __getitem__(self, ask: Ask) -> Reply:
        self.wanted.add(str(ask))
        return self.replies.get(str(ask), Reply(silence=Silence.MISSING))

    def __iter__(self) -> Iterator[Ask]:
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self.replies)


def learn(probe: str, case: Case) -> tuple[object, Recorded, list[tuple[str, Exception]]]:
    """The fact this probe reads in the case, the replies it wanted, and the bugs that were met."""
    probes = catalog.all_probes()
    replies = Recorded(case.replies)
    tape = Tape(target=Target("local", label="case"), moment=case.moment, replies=replies, site=case.site)
    facts = Facts(probes.values(), tape)
    return facts[probes[probe].fact], replies, facts.faults


def layout(value: Any, indent: int = 0) -> str:
    """JSON with each value on one line where it fits, so that a list of mounts reads as a table."""
    flat = json.dumps(value)
    if len(flat) + indent <= WIDTH or not isinstance(value, dict | list):
        return flat
    pad = " " * (indent + 2)
    if isinstance(value, dict):
        items = [f"{pad}{json.dumps(key)}: {layout(item, indent + 2)}" for key, item in value.items()]
        return "{\n" + ",\n".join(items) + "\n" + " " * indent + "}"
    return "[\n" + ",\n".join(pad + layout(item, indent + 2) for item in value) + "\n" + " " * indent + "]"


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_recorded(path: Path, request: pytest.FixtureRequest) -> None:
    text = path.read_text()
    case = codec.load(Case, tomllib.loads(text), path.name)
    fact, replies, faults = learn(path.parent.name, case)
    assert not faults
    assert set(case.replies) <= replies.wanted, "the case answers questions that this probe does not ask"
    got = {type(fact).__name__: codec.dump(fact)}
    known = json.loads(case.expect.fact or "null")
    if got != known and request.config.getoption("update"):
        body = text.partition("\n[expect]\n")[0].rstrip("\n")
        path.write_text(f"{body}\n\n[expect]\nfact = '''\n{layout(got)}\n'''\n")
    else:
        assert got == known


def test_every_folder_is_named_after_a_probe() -> None:
    assert {path.parent.name for path in CASES} <= set(catalog.all_probes())
