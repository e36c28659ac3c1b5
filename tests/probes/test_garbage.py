"""No parser makes a fact of nonsense: an answer that is not what was asked for is unknown, never zeros or an empty list.

The answers here come with exit code 0 and nothing on standard error, as from a broken wrapper script or a FUSE file.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from diagkit import catalog, codec
from diagkit.model import Again, Ask, Moment, Reach, Reply, Site, Tape, Target, Unknown
from diagkit.probes import Facts, Inapplicable

sys.path.insert(0, str(Path(__file__).parent))
from test_cases import CASES, NOON, Case, learn

NONSENSE = {
    "empty": b"",
    "blank": b" \n\t\n\n",
    "prose": b"Last login: Fri Nov 21 11:58:02 2025 from 203.0.113.9\nWelcome to Ubuntu 22.04.5 LTS\n",
    "ls": b"total 8\ndrwxr-xr-x 2 root root 4096 Nov 21 21:48 .\n-rw-r----- 1 root root  174 Nov 21 21:48 shop.ini\n",
    "binary": bytes(range(256)) * 4,
    "numbers": b"1 2 3\n",
}
# Where anything is an answer, and why.
FREE_TEXT = {
    "drift.reboot_required": "the files say it by being there",
    "log_files.log_files": "a log may say anything",
    "names.hosts_file": "people write it; lines that are not understood are passed over, as the C library does",
    "scheduler.crontabs": "that a file is there is the answer",
    "names.resolver": "people write it; lines that are not understood are passed over, as the C library does",
}
# Where an empty answer is one.
MAY_BE_EMPTY = {
    "enabled.wanted": "nothing is enabled",
    "filters.packet_filter": "no rule is loaded",
    "network.neighbours": "nobody is known on the local networks yet",
}


class Same(Mapping[Ask, Reply]):
    """The same answer to every question, the second time two seconds later."""

    def __init__(self, out: bytes) -> None:
        self.out = out

    def __getitem__(self, ask: Ask) -> Reply:
        return Reply(out=self.out, at=1763726402.0 if isinstance(ask, Again) else 1763726400.0)

    def __iter__(self) -> Iterator[Ask]:
        raise NotImplementedError

    def __len__(self) -> int:
        return 1


@pytest.mark.parametrize("name", sorted(catalog.all_probes()))
@pytest.mark.parametrize("kind", NONSENSE)
def test_nonsense_is_no_fact(name: str, kind: str) -> None:
    if name in FREE_TEXT:
        pytest.skip(FREE_TEXT[name])
    if name in MAY_BE_EMPTY and not NONSENSE[kind].strip():
        pytest.skip(MAY_BE_EMPTY[name])
    probes = catalog.all_probes()
    if all(isinstance(ask, Reach) for ask in probes[name].asks()):
        pytest.skip(
            "it reads no answer of the machine: it rests on other facts, or on reach tests that we make ourselves"
        )
    moment = Moment(NOON, NOON, NOON)
    tape = Tape(target=Target("local"), moment=moment, replies=Same(NONSENSE[kind]), site=Site())
    facts = Facts(probes.values(), tape)
    fact = facts[probes[name].fact]
    assert isinstance(fact, Unknown | Inapplicable), fact
    assert not facts.faults


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_half_an_answer_breaks_no_parser(path: Path) -> None:
    case = codec.load(Case, tomllib.loads(path.read_text()), path.name)
    for ask, reply in case.replies.items():
        half = {**case.replies, ask: replace(reply, out=reply.out[: len(reply.out) // 2])}
        _, _, faults = learn(path.parent.name, replace(case, replies=half))
        assert not faults, ask
