"""What is found under a path, and what is said of the rest."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from diagkit.logs import sources
from diagkit.logs.sources import About, Lost, discovery, walking
from tests.logs.sources.making import TEXT, only, read, run, written


def said(path: Path | str) -> dict[str, str]:
    """What is said, by the name of the file it is said of."""
    return {Path(note.path.raw).name: note.says for note in sources.find([str(path)])[1]}


def found(path: Path | str) -> list[str]:
    """The names of what is found."""
    return [part.name for one in sources.find([str(path)])[0] for part in one.parts]


def test_special_files_are_refused_and_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "log"))
        (tmp_path / "app.log").write_bytes(TEXT)
        assert found(tmp_path) == [str(tmp_path / "app.log")]
        assert said(tmp_path) == {"pipe": "It was not read: it is a FIFO.", "log": "It was not read: it is a socket."}
    assert "a FIFO" in said(tmp_path / "pipe")["pipe"]
    assert "a device" in said("/dev/zero")["zero"]


def test_what_is_not_there_or_closed_is_said(tmp_path: Path) -> None:
    assert said(tmp_path / "gone.log") == {"gone.log": "It could not be read: no such file or directory."}
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert "too many levels" in said(tmp_path / "loop")["loop"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_directory_that_may_not_be_entered_is_said(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    (tmp_path / "closed.log").touch(mode=0)
    assert set(said(tmp_path)) == {"closed", "closed.log"}


def test_links_are_followed_within_the_directory_only_and_never_in_circles(tmp_path: Path) -> None:
    logs, other = tmp_path / "logs", tmp_path / "other"
    (logs / "pods").mkdir(parents=True)
    other.mkdir()
    (other / "id_rsa").write_text("-----BEGIN\n")
    (logs / "pods" / "0.log").write_bytes(TEXT)
    (logs / "current.log").symlink_to("pods/0.log")
    (logs / "pods" / "up").symlink_to("..")
    (logs / "again").symlink_to("pods")
    (logs / "secret.log").symlink_to(other / "id_rsa")
    (logs / "gone.log").symlink_to("nowhere")
    assert len(found(logs)) == 1
    assert said(logs) == {
        "up": "A link to a directory above it; it was not followed.",
        "secret.log": "A link that leads out of the directory; it was not followed.",
        "gone.log": "It could not be read: no such file or directory.",
    }


def test_the_links_of_the_kubelet_lead_out_of_a_live_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    containers, pods = tmp_path / "log" / "containers", tmp_path / "lib"
    containers.mkdir(parents=True)
    pods.mkdir()
    (pods / "0.log").write_bytes(b"2026-11-20T12:00:00.123456789Z stdout F started\n")
    (containers / "shop_default_shop-1.log").symlink_to(pods / "0.log")
    monkeypatch.setattr(walking, "LIVE", str(tmp_path / "log"))
    assert found(containers) == [str(containers / "shop_default_shop-1.log")]


def test_what_is_no_log_is_skipped_and_counted(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_bytes(TEXT)
    (tmp_path / "shot.log").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (tmp_path / "wtmp").write_bytes((b"\x07\0\0\0\xd2\x04\0\0pts/0" + bytes(27) + b"ops" + bytes(345)) * 20)
    (tmp_path / "state.db").write_bytes(b"SQLite format 3\0" + bytes(100))
    (tmp_path / "old.log.Z").write_bytes(b"\x1f\x9d\x90" + bytes(100))
    (tmp_path / "nginx.conf").write_text("error_log /var/log/nginx/error.log;\n")
    assert found(tmp_path) == [str(tmp_path / "app.log")]
    (note,) = sources.find([str(tmp_path)])[1]
    assert note.about is About.SKIPPED
    assert note.says == (
        "Skipped in it: 1 a database, 1 an image, 1 binary data, 1 compress (.Z), which is not read, 1 no log by its name."
    )
    assert found(tmp_path / "nginx.conf") == [str(tmp_path / "nginx.conf")]  # named, it is read
    assert said(tmp_path / "shot.log") == {"shot.log": "It was not read: it is an image."}


def test_a_journal_in_binary_form_is_left_to_journalctl(tmp_path: Path) -> None:
    (tmp_path / "system.journal").write_bytes(b"LPKSHHRH" + bytes(248))
    (note,) = sources.find([str(tmp_path)])[1]
    assert note.about is About.JOURNAL
    assert note.path.raw == str(tmp_path / "system.journal")


def test_one_file_under_two_names_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_bytes(TEXT)
    os.link(tmp_path / "app.log", tmp_path / "same.log")
    assert len(found(tmp_path)) == 1
    assert len(sources.find([str(tmp_path / "app.log"), str(tmp_path)])[0]) == 1


def test_an_unpacked_sosreport_gives_its_logs_and_not_what_quotes_them(tmp_path: Path) -> None:
    for name in (
        "var/log/messages", "var/log/audit/audit.log", "sos_commands/logs/journalctl_--no-pager_--catalog_--boot",
        "sos_commands/logs/journalctl_--disk-usage", "sos_commands/kernel/dmesg", "sos_commands/process/ps_auxwww",
        "etc/motd", "sos_logs/sos.log", "sos_commands/podman/containers/podman_logs_-t_shop",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(TEXT[:1000])
    assert {Path(name).relative_to(tmp_path).as_posix() for name in found(tmp_path)} == {
        "var/log/messages", "var/log/audit/audit.log", "sos_commands/logs/journalctl_--no-pager_--catalog_--boot",
        "sos_commands/kernel/dmesg", "sos_commands/podman/containers/podman_logs_-t_shop",
    }  # fmt: skip


def test_a_file_that_shrinks_grows_or_is_replaced_gives_what_there_is_and_a_word(tmp_path: Path) -> None:
    part = written(tmp_path, TEXT)
    blocks = part.blocks()
    first = next(blocks)
    os.truncate(tmp_path / "app.log", len(first) + 10)
    assert TEXT.startswith(first + b"".join(blocks).removesuffix(b"\n"))
    assert "shorter" in part.notes[0]
    assert isinstance(part.notes[0], Lost)

    part = written(tmp_path, TEXT, "grows.log")
    blocks = part.blocks()
    first = next(blocks)
    with (tmp_path / "grows.log").open("ab") as file:
        file.write(b"more\n")
    assert first + b"".join(blocks) == TEXT
    assert "grew" in part.notes[0]
    assert not isinstance(part.notes[0], Lost)

    part = written(tmp_path, TEXT, "rotates.log")
    (tmp_path / "rotates.log").rename(tmp_path / "rotates.log.1")
    (tmp_path / "rotates.log").write_bytes(b"new\n")
    assert read(part) == b"new\n"
    assert "Another file" in part.notes[0]

    part = written(tmp_path, TEXT, "goes.log")
    (tmp_path / "goes.log").unlink()
    assert read(part) == b""
    assert "no such file" in part.notes[0]
    os.mkfifo(tmp_path / "goes.log")
    assert read(part) == b""
    assert "no regular file" in part.notes[1]


def test_reading_may_stop_anywhere(tmp_path: Path) -> None:
    before = set(Path("/proc/self/fd").iterdir())
    for part in (written(tmp_path, TEXT), written(tmp_path, run("gzip", "-c", given=TEXT), "b.log")):
        blocks = part.blocks()
        next(blocks)
        del blocks
    assert set(Path("/proc/self/fd").iterdir()) == before


READ_STDIN = """
import sys
from diagkit.logs import sources
found, notes = sources.find(sys.argv[1:])
for part in (part for one in found for part in one.parts):
    sys.stdout.buffer.write(b"".join(part.blocks()))
    sys.stderr.write(f"{part.name} {part.form.value}{part.notes}")
    assert b"".join(part.blocks()) == b"" or part.name != "-"
sys.stderr.write("".join(note.says for note in notes))
"""


def piped(given: bytes, path: str = "-") -> tuple[bytes, str]:
    command = [sys.executable, "-W", "error", "-c", READ_STDIN, path]
    done = subprocess.run(command, input=given, capture_output=True, check=True, cwd=Path(__file__).parents[3])
    return done.stdout, done.stderr.decode()


@pytest.mark.parametrize("path", ["-", "/dev/stdin", "/dev/fd/0"])
def test_standard_input_is_a_log(path: str) -> None:
    assert piped(TEXT, path) == (TEXT, f"{path} syslog[]")


def test_standard_input_may_be_compressed_or_an_archive_or_nothing(tmp_path: Path) -> None:
    assert piped(run("xz", "-c", given=TEXT))[0] == TEXT
    (tmp_path / "app.log").write_bytes(TEXT)
    packed = run("tar", "-cz", "app.log", cwd=tmp_path)
    assert piped(packed) == (TEXT, "-:app.log syslog[]")
    assert piped(b"") == (b"", "- text[]")
    assert "an image" in piped(b"\x89PNG\r\n\x1a\n")[1]


def test_empty_files_are_logs_without_lines(tmp_path: Path) -> None:
    (tmp_path / "empty.log").touch()
    (tmp_path / "empty.gz").write_bytes(run("gzip", "-c", given=b""))
    for name in ("empty.log", "empty.gz"):
        part = only(tmp_path / name)
        assert read(part) == b""
        assert not part.notes


def test_directories_may_be_deep(tmp_path: Path) -> None:
    deep = tmp_path
    for _ in range(400):
        deep /= "d"
    deep.mkdir(parents=True)
    (deep / "app.log").write_bytes(TEXT)
    assert len(found(tmp_path)) == 1


def test_names_need_not_be_text(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/ger\xe4t\n.log", "wb") as file:  # noqa: PTH123  # pathlib takes text alone
        file.write(TEXT)
    assert read(only(found(tmp_path)[0])) == TEXT


def test_times_beyond_the_calendar_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_bytes(TEXT)
    os.utime(tmp_path / "app.log", (0, 2**40))
    assert read(only(tmp_path / "app.log")) == TEXT


def test_directories_of_very_many_files_have_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "PARTS", 3)
    for number in range(5):
        (tmp_path / f"app{number}x.log").write_bytes(TEXT)
    assert len(found(tmp_path)) == 3
    assert "more files" in said(tmp_path)[tmp_path.name]
