"""What is sent to those who ask elsewhere, and how an errand is cut."""

import os
import pickle
import pickletools
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagkit import __version__, catalog
from diagkit.cli.stop import Stop
from diagkit.conclusions import Settings, conclude
from diagkit.fleet.parcels import Unreadable, pack, unpack
from diagkit.fleet.shards import LARGEST, Outcome, Task, carry_out, shards, smaller
from diagkit.transports.replay import read_tape
from tests.fleet.conftest import errand_to, hosts

TAPES = sorted((Path(__file__).parents[1] / "hosts").glob("*/*.tape*"))


def names(count):
    return [f"web-{number}" for number in range(count)]


@given(st.integers(1, 700), st.integers(0, 20))
def test_every_host_is_in_one_shard_and_no_place_is_left_idle(count, places) -> None:
    cut = shards(errand_to(hosts(*names(count))), places)
    assert [label for shard in cut for label in shard.labels] == names(count)
    sizes = [len(shard.labels) for shard in cut]
    assert max(sizes) <= LARGEST
    assert max(sizes) - min(sizes) <= 1
    assert len(cut) >= min(count, places) / 2


def test_a_large_fleet_goes_in_shards_of_50_to_100() -> None:
    assert all(50 <= len(shard.labels) <= 100 for shard in shards(errand_to(hosts(*names(10_000))), 8))


def test_a_shard_is_of_one_site() -> None:
    targets = hosts("a", "b", tags=("site:fra", "web")) + hosts("c") + hosts("d", tags=("site:iad",))
    assert {(s.site, s.labels) for s in shards(errand_to(targets), 1)} == {
        ("fra", ("a", "b")),
        ("", ("c",)),
        ("iad", ("d",)),
    }


@pytest.mark.parametrize("count", [1, 2, 3, 50, 64])
def test_a_host_is_alone_at_its_third_loss_and_costs_the_others_few_tasks(count) -> None:
    (shard,) = shards(errand_to(hosts(*names(count))), 1)
    tasks = 1
    while shard.lost < 2:
        parts = smaller(shard, without=())
        assert [label for part in parts for label in part.labels] == list(shard.labels)
        tasks += len(parts)
        shard = parts[-1]
    assert len(shard.labels) == 1
    assert tasks <= 1 + 2 * (int(count**0.5) + 1)


def test_hosts_that_answered_are_not_asked_again() -> None:
    (shard,) = shards(errand_to(hosts("a", "b", "c")), 1)
    assert [part.labels for part in smaller(shard, without={"a", "c"})] == [("b",)]
    assert smaller(shard, without={"a", "b", "c"}) == []


# ---------------------------------------------------------------- what travels


def sent(monkeypatch) -> bytes:
    """A task with everything in it that a run of the whole checklist would send."""
    monkeypatch.setenv("SSH_AUTH_SOCK", "/tmp/agent-of-mine")
    monkeypatch.setenv("MY_TOKEN", "s3cr3t")
    checks = tuple(catalog.all_checks().values())
    limits = {check.name: check.limits for check in checks}
    everything = Settings(checks=checks, limits=limits, tellers=catalog.all_tellers(), set_up=True)
    tape = read_tape(TAPES[0])
    errand = errand_to(hosts(*names(64)))
    task = Task(
        version=__version__, errand=type(errand)(**vars_of(errand) | {"settings": everything}), known={"a": tape}
    )
    parcel = pack(task)
    assert unpack(parcel) == task
    return parcel


def vars_of(value):
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def test_a_task_is_plain_data_and_no_secret(monkeypatch) -> None:
    plain = zlib.decompress(sent(monkeypatch))
    named = {arg for op, arg, _ in pickletools.genops(plain) if op.name == "GLOBAL"}
    assert named == set(), "protocol 5 names classes by STACK_GLOBAL"
    texts = [arg for op, arg, _ in pickletools.genops(plain) if isinstance(arg, str)]
    modules = {text for text in texts if text.startswith(("diagkit.", "builtins", "datetime", "os", "threading"))}
    assert all(m == "datetime" or m.startswith("diagkit.") for m in modules)
    for secret in ("s3cr3t", "/tmp/agent-of-mine", "PRIVATE KEY", os.environ.get("HOME", "\0") + "/.ssh"):
        assert secret.encode() not in plain


def test_a_task_of_64_hosts_is_small(monkeypatch) -> None:
    checks = tuple(catalog.all_checks().values())
    errand = errand_to(hosts(*names(64)))
    task = Task(version=__version__, errand=type(errand)(**vars_of(errand) | {"settings": Settings(checks=checks)}))
    assert len(pack(task)) < 10_000


@pytest.mark.parametrize("path", TAPES[::12], ids=lambda path: path.parent.name)
def test_what_a_host_tells_comes_back_as_it_was(path) -> None:
    tape = read_tape(path)
    settings = Settings(checks=tuple(catalog.all_checks().values()), tellers=catalog.all_tellers(), set_up=True)
    told = conclude(tape, settings)
    assert unpack(pack(told)) == told
    assert unpack(pack(tape)) == tape


class Evil:
    def __init__(self, *call) -> None:
        self.call = call

    def __reduce__(self):
        return self.call[0], self.call[1:]


@pytest.mark.parametrize(
    "value",
    [Evil(os.system, "true"), Evil(eval, "1"), Evil(carry_out, b""), Evil(Stop), Evil(__import__, "os"), print, os],
)
def test_reading_a_parcel_runs_nobodys_code(value) -> None:
    try:
        parcel = zlib.compress(pickle.dumps(value))
    except TypeError:  # a module does not even travel
        return
    with pytest.raises(Unreadable, match="no data of ours"):
        unpack(parcel)


@given(st.binary(max_size=200))
def test_anything_else_is_no_parcel(data) -> None:
    for parcel in (data, zlib.compress(data), pack(Outcome())[: len(data) % 10]):
        with pytest.raises(Unreadable):
            unpack(parcel)


def test_a_check_that_is_not_known_there_is_named() -> None:
    check = catalog.all_checks()["resources.cpu.load"]
    unknown = type(check)(**vars_of(check) | {"name": "resources.mine.own"})
    parcel = pack(
        Task(
            version=__version__,
            errand=type(e := errand_to(hosts("a")))(**vars_of(e) | {"settings": Settings(checks=(unknown,))}),
        )
    )
    assert "resources.mine.own" in unpack(carry_out(parcel)).refused


def test_a_task_of_another_version_is_not_begun() -> None:
    parcel = pack(Task(version="0.0.1", errand=errand_to(hosts("a"))))
    assert unpack(carry_out(parcel)) == Outcome(refused=f"it has diagkit {__version__}")
