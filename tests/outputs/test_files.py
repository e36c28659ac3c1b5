"""A report on disk is whole or not there, and nobody else's."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from diagkit.outputs.files import Unwritable, write_report


def test_a_report_is_ours_alone_even_where_an_open_one_was(tmp_path: Path):
    path = tmp_path / "report.json"
    path.write_text("old")
    path.chmod(0o644)
    write_report(path, "{}\n")
    assert path.read_text() == "{}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_pieces_that_break_off_leave_the_old_report(tmp_path: Path):
    path = tmp_path / "report.json"
    write_report(path, iter(["[", "1", "]\n"]))

    def breaking_off() -> Iterator[str]:
        yield "["
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_report(path, breaking_off())
    assert path.read_text() == "[1]\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_keeps_pointing_where_it_does(tmp_path: Path):
    real, link = tmp_path / "real", tmp_path / "link"
    link.symlink_to(real)
    write_report(link, "x")
    assert link.is_symlink()
    assert real.read_text() == "x"


def test_a_pipe_is_written_to_and_stays(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_report(pipe, "through")
    reader.join(10)
    assert read == ["through"]
    assert pipe.is_fifo()


@pytest.mark.parametrize(
    ("place", "reason"), [("gone/report.json", "No such file or directory"), ("file/report.json", "Not a directory")]
)
def test_what_cannot_be_written_is_one_sentence(tmp_path: Path, place: str, reason: str):
    (tmp_path / "file").write_text("")
    with pytest.raises(Unwritable, match=f"^cannot write '.*report.json': {reason}$"):
        write_report(tmp_path / place, "x")


def test_a_full_disk_leaves_the_older_report_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "report.json"
    path.write_text("old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unwritable, match="No space left on device"):
        write_report(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
