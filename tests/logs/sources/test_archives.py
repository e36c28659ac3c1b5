"""Archives: every kind that people send, members in members, tricks and damage."""

import io
import tarfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagkit.logs import sources
from diagkit.logs.sources import archives, discovery, held
from diagkit.logs.sources.streams import Pull
from tests.logs.sources.making import TEXT, read, run

KINDS = {
    "plain": ("tar", "-c"), "gzip": ("tar", "-cz"), "xz": ("tar", "-cJ"), "bzip2": ("tar", "-cj"), "zstd": ("tar", "-c", "--zstd"),
    "pax": ("tar", "-c", "--format=pax"), "ustar": ("tar", "-c", "--format=ustar"),
}  # fmt: skip
LONG = "a" * 90 + "/" + "b" * 120 + ".log"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A directory of logs: a rotated set, its oldest compressed, and one with a long name."""
    folder = tmp_path / "logs"
    (folder / LONG).parent.mkdir(parents=True)
    (folder / "app.log").write_bytes(b"2026-11-20 12:00:00 youngest\n")
    (folder / "app.log.1").write_bytes(b"2026-11-19 12:00:00 older\n" + TEXT)
    (folder / "app.log.2.gz").write_bytes(run("gzip", "-c", given=b"2026-11-18 12:00:00 oldest\n"))
    (folder / LONG).write_bytes(TEXT)
    return folder


def lines(path: Path) -> dict[str, bytes]:
    """What each log in an archive says, by its name within it."""
    series, notes = sources.find([str(path)])
    assert not notes
    return {one.name.partition(":")[2]: b"".join(map(read, one.parts)) for one in series}


WANTED = b"2026-11-18 12:00:00 oldest\n2026-11-19 12:00:00 older\n" + TEXT + b"2026-11-20 12:00:00 youngest\n"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_tar_is_read(kind: str, logs: Path, tmp_path: Path) -> None:
    names = ["app.log", "app.log.1", "app.log.2.gz"] + ([] if kind == "ustar" else [LONG])
    (tmp_path / "sent").write_bytes(run(*KINDS[kind], *names, cwd=logs))
    wanted = {"app.log": WANTED} | ({} if kind == "ustar" else {LONG: TEXT})
    assert lines(tmp_path / "sent") == wanted
    part = sources.find([str(tmp_path / "sent")])[0][0].parts[0]
    assert not part.plain
    assert part.path == str(tmp_path / "sent")


def test_a_compressed_archive_that_memory_cannot_hold_is_read_again(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held.Room, "__init__", lambda self: setattr(self, "left", 1000))
    (tmp_path / "sent.tar.xz").write_bytes(run("tar", "-cJ", ".", cwd=logs))
    assert lines(tmp_path / "sent.tar.xz") == {"app.log": WANTED, LONG: TEXT}


def test_a_zip_is_read_and_what_cannot_be_is_said(logs: Path, tmp_path: Path) -> None:
    run("zip", "-q", "-r", tmp_path / "sent.zip", ".", cwd=logs)
    assert lines(tmp_path / "sent.zip") == {"app.log": WANTED, LONG: TEXT}
    with zipfile.ZipFile(tmp_path / "rare.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("app.log", TEXT)
    assert sources.find([str(tmp_path / "rare.zip")])[0] == []
    assert "rare way" in sources.find([str(tmp_path / "rare.zip")])[1][0].says


def tarred(*members: tuple[str, bytes, bytes]) -> bytes:
    """A tar of members with name, kind and content."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, kind, content in members:
            info = tarfile.TarInfo(name)
            info.type, info.size, info.linkname = kind, len(content), "/etc/shadow"
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def test_names_are_labels_and_links_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "evil.tar").write_bytes(
        tarred(
            ("../../../../tmp/evil.log", tarfile.REGTYPE, b"one\n"),
            ("/etc/cron.d/evil", tarfile.REGTYPE, b"two\n"),
            ("link.log", tarfile.SYMTYPE, b""),
            ("hard.log", tarfile.LNKTYPE, b""),
            ("pipe", tarfile.FIFOTYPE, b""),
            ("null", tarfile.CHRTYPE, b""),
        )
    )
    before = sorted(tmp_path.rglob("*"))
    assert sorted(lines(tmp_path / "evil.tar").values()) == [b"one\n", b"two\n"]
    assert sorted(tmp_path.rglob("*")) == before


def test_a_sosreport_gives_its_logs_alone(tmp_path: Path) -> None:
    top = "sosreport-web1-2026-11-20-abcdefg"
    sent = tarred(
        (f"{top}/var/log/messages", tarfile.REGTYPE, TEXT),
        (f"{top}/sos_commands/kernel/dmesg", tarfile.REGTYPE, b"[    1.000000] Linux version 6.1.0\n"),
        (f"{top}/sos_commands/process/ps_auxwww", tarfile.REGTYPE, b"USER PID\n"),
        (f"{top}/etc/motd", tarfile.REGTYPE, b"error\n"),
        (f"{top}/var/log/journal/1/system.journal", tarfile.REGTYPE, b"LPKSHHRH" + bytes(300)),
    )
    (tmp_path / "sos.tar.xz").write_bytes(run("xz", "-c", given=sent))
    found, notes = sources.find([str(tmp_path / "sos.tar.xz")])
    assert {one.name.partition(f"{top}/")[2]: one.parts[0].form.value for one in found} == {
        "var/log/messages": "syslog",
        "sos_commands/kernel/dmesg": "kernel",
    }
    assert [note.about.value for note in notes] == ["journal", "skipped"]


def test_archives_in_archives_and_images_are_counted(tmp_path: Path) -> None:
    inner = run("gzip", "-c", given=tarred(("app.log", tarfile.REGTYPE, TEXT)))
    content = [
        ("inner.tgz", tarfile.REGTYPE, inner),
        ("a.png", tarfile.REGTYPE, b"\x89PNG"),
        ("a.log", tarfile.REGTYPE, TEXT),
    ]
    (tmp_path / "sent.tar").write_bytes(tarred(*content))
    found, notes = sources.find([str(tmp_path / "sent.tar")])
    assert len(found) == 1
    assert notes[0].says == "Skipped in it: 1 an archive within an archive, 1 an image."


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_a_damaged_archive_raises_nothing_and_spares_what_came_before(data: st.DataObject) -> None:
    raw = bytearray(tarred(("a.log", tarfile.REGTYPE, b"one\n" * 300), (LONG, tarfile.REGTYPE, b"two\n" * 300)))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at : at + data.draw(st.integers(0, 600))] = data.draw(st.binary(max_size=600))
    notes: list[str] = []
    pull = Pull(iter([bytes(raw)]))
    found = [(member.name, pull.read(member.size)) for member in archives.members(pull, notes)]
    if at >= 512 + 1536:
        assert found[0] == ("a.log", b"one\n" * 300)


def test_an_archive_that_breaks_off_gives_what_came_before_and_says_so(logs: Path, tmp_path: Path) -> None:
    whole = run("tar", "-cz", "app.log", "app.log.1", cwd=logs)
    (tmp_path / "sent.tgz").write_bytes(whole[: len(whole) // 2])
    found, notes = sources.find([str(tmp_path / "sent.tgz")])
    assert WANTED.endswith(read(found[0].parts[-1]))
    assert [note.says for note in notes if "end is missing" in note.says]


def test_a_header_that_promises_gigabytes_takes_no_memory(tmp_path: Path) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 1 << 40
    (tmp_path / "bomb.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(10_240))
    assert sources.find([str(tmp_path / "bomb.tar")])[0] == []


def test_times_that_are_none_do_no_harm(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("app.log", (1980, 0, 0, 0, 0, 0)), TEXT)
    found, _ = sources.find([str(tmp_path / "x.zip")])
    assert found[0].parts[0].modified == datetime(1970, 1, 1, tzinfo=UTC)


@given(junk=st.binary(max_size=2000))
@settings(max_examples=100, deadline=None)
def test_junk_is_no_archive(junk: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "junk"
    for head in (b"", b"PK\x03\x04", bytes(257) + b"ustar\0"):
        path.write_bytes(head + junk)
        for one in sources.find([str(path)])[0]:
            assert all(read(part) is not None for part in one.parts)


def test_a_damaged_member_of_a_zip_is_said(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app.log", TEXT)
        archive.writestr("stored.log", TEXT, zipfile.ZIP_STORED)
    raw = bytearray((tmp_path / "x.zip").read_bytes())
    raw[raw.index(TEXT) + 5000] ^= 1
    raw[raw.index(b"app.log") + 70_000] ^= 1
    (tmp_path / "x.zip").write_bytes(raw)
    for one in sources.find([str(tmp_path / "x.zip")])[0]:
        read(one.parts[0])
        assert "damaged" in one.parts[0].notes[0]


def test_names_without_end_cost_nothing(tmp_path: Path) -> None:
    names = ["a" * 60_000, "1." * 30_000, "-2026-11-20" * 5000, "/" * 60_000 + "x"]
    (tmp_path / "sent.tar").write_bytes(tarred(*((name, tarfile.REGTYPE, TEXT[:1000]) for name in names)))
    found, _ = sources.find([str(tmp_path / "sent.tar")])
    assert sum(len(one.parts) for one in found) == 4
    assert all(len(one.name) < 2000 for one in found)


def test_archives_of_very_many_files_have_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "MEMBERS", 10)
    (tmp_path / "sent.tar").write_bytes(tarred(*((f"app{n}x.log", tarfile.REGTYPE, b"one\n") for n in range(20))))
    found, notes = sources.find([str(tmp_path / "sent.tar")])
    assert len(found) == 10
    assert "more files" in notes[0].says
