"""A tape gives the report that the live run gave, byte for byte but for the run itself."""

import json as decoder
from dataclasses import replace
from datetime import UTC, datetime

from diagkit.cli.asking import tapes
from diagkit.cli.plan import Order, plan
from diagkit.cli.stop import Stop
from diagkit.model import RunInfo
from diagkit.outputs import View
from diagkit.outputs.json import json
from diagkit.session import diagnose
from diagkit.transports.record import dumps
from diagkit.transports.replay import loads


def test_the_report_of_this_machine_and_of_its_tape_are_the_same(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    intended = plan(Order(targets=["local"], timeout=30))
    with Stop() as stop:
        (live,) = tapes(intended, stop, quiet=True)
    now = datetime.now(UTC)
    run = RunInfo(id="0", version="0", started_at=now, finished_at=now, since=now, until=now)
    replayed = loads(dumps(live))
    assert replayed == replace(live, replies=dict(live.replies))
    reports = [json.render(diagnose([tape], intended.settings, run), View()) for tape in (live, replayed)]
    assert reports[0] == reports[1]


def test_two_tapes_of_one_host_are_told_apart(diagkit, home):
    for name in ("before", "after"):
        diagkit("capture", "local", "--only", "resources.memory.*", "-o", f"{name}.tape", "-q")
    words = ("resources", "replay:before.tape", "replay:after.tape", "--only", "resources.memory.*", "--format", "json")
    report = decoder.loads(diagkit(*words).stdout)
    assert [target["name"] for target in report["targets"]] == ["local (before.tape)", "local (after.tape)"]
    assert {finding["target"] for finding in report["findings"]} == {"local (before.tape)", "local (after.tape)"}
