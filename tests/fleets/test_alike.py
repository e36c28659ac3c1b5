"""Recorded hosts as a fleet: those with the same incident are told once, and the odd ones by name."""

from dataclasses import replace
from pathlib import Path

import pytest

from diagkit import catalog
from diagkit.cases import replay
from diagkit.conclusions import Settings
from diagkit.model import Layer, Report, Silence, Tape, Unreached
from diagkit.outputs import View, all_outputs
from diagkit.transports.replay import read_tape

HOSTS = Path(__file__).parent.parent / "hosts"
HEALTHY, FULL, STOPPED = "healthy/web", "disk_full/web", "service_stopped/web"


def host(name: str, like: str) -> Tape:
    tape = read_tape(HOSTS / f"{like}.tape.gz")
    return replace(tape, target=replace(tape.target, label=name))


def lost(name: str, address: str) -> Tape:
    why = Unreached(Layer.TCP, Silence.REFUSED, f"Connection refused by {address} port 22: nothing listens there")
    return replace(host(name, HEALTHY), replies={}, unreached=why)


@pytest.fixture(scope="module")
def fleet() -> Report:
    kinds = {3: FULL, 5: FULL, 9: FULL, 7: STOPPED}
    tapes = [host(f"web-{n}", kinds.get(n, HEALTHY)) for n in range(1, 13)]
    tapes += [lost("web-20", "10.0.3.20"), lost("web-21", "10.0.3.21")]
    settings = Settings(checks=tuple(catalog.all_checks().values()))
    return replay(tapes, settings)


def test_the_same_incident_makes_one_group_and_the_healthy_another(fleet: Report):
    assert [(group.like.raw, len(group.targets), group.status.value, group.causes) for group in fleet.alike] == [
        ("web-3", 3, "fail", ("disk_full",)),
        ("web-7", 1, "fail", ("service_stopped",)),
        ("web-20", 2, "unknown", ()),
        ("web-1", 8, "ok", ()),
    ]
    lost = fleet.alike[2]
    assert (lost.layer, lost.detail.raw) == (
        Layer.TCP,
        "Connection refused by (target) port 22: nothing listens there",
    )


def test_every_target_is_in_one_group_whatever_the_order(fleet: Report):
    names = [name for group in fleet.alike for name in group.targets]
    assert sorted(n.raw for n in names) == sorted(t.name.raw for t in fleet.targets)


def test_the_text_says_it_at_a_glance(fleet: Report):
    said = all_outputs()["text"].render(fleet, View(width=120))
    assert said.startswith("CONFIRMED: 8 of 14 healthy; 3 like web-3: Disk full")
    assert said.count("because") == 2, "each cause is told once"
    assert said.count("CHECKLIST") == 2
    assert "web-1, web-2, web-4, web-6, web-8, web-10..web-12" in said
    assert len(said.splitlines()) < 100
