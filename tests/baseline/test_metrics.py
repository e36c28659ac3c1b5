"""What is kept of a run, on recorded hosts."""

from pathlib import Path

import pytest

from diagkit import catalog
from diagkit.baseline import metrics
from diagkit.baseline.metrics import measure
from diagkit.cli.histories import LINE_BYTES, read, write
from diagkit.model import Sample
from diagkit.probes import Facts
from diagkit.transports.replay import read_tape

TAPES = sorted((Path(__file__).parents[1] / "hosts/healthy").glob("*.tape.gz"))


@pytest.mark.parametrize("path", TAPES, ids=lambda path: path.name.partition(".")[0])
def test_a_healthy_host_is_measured_in_a_kilobyte(path, tmp_path):
    tape = read_tape(path)
    found = measure(Facts(catalog.all_probes().values(), tape))
    assert {"memory", "load", "file_handles", "tasks", "sockets", "space /", "inodes /"} <= set(found)
    assert found["errors"] >= 0
    assert found[metrics.WATCHED] == (tape.moment.until - tape.moment.since).total_seconds()
    write(tmp_path / "h.jsonl", [Sample(at=tape.moment.now, measured=found)])
    (kept,) = read(tmp_path / "h.jsonl").history.samples
    assert set(kept.measured) == set(found), "nothing had to be left out"
    assert kept.measured["memory"] == pytest.approx(found["memory"], rel=1e-6)
    assert (tmp_path / "h.jsonl").stat().st_size <= LINE_BYTES + 100


def test_what_was_not_asked_is_not_measured():
    tape = read_tape(TAPES[0])
    probes = catalog.probes_for([catalog.all_checks()["resources.files.system_limit"]])
    assert set(measure(Facts(probes, tape))) == {"file_handles"}
