"""Commands that are run as one: each has the answer it would have had by itself."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from pathlib import Path

from diagkit import catalog
from diagkit.model import Reply, Run
from diagkit.probes.abandoned import WAITING
from diagkit.probes.deleted import LINKS
from diagkit.probes.log_files import OPEN
from diagkit.transports import shortcuts
from diagkit.transports.allowed import refuse_unless_allowed
from diagkit.transports.joint import CLOCK, ZONE, Joint, joints

LISTENERS = Run(("ss", "-ltnp"), root=True)


def said(argv: tuple[str, ...]) -> Reply:
    done = subprocess.run(argv, capture_output=True, check=False)
    return Reply(done.stdout, done.stderr, done.returncode)


def words(reply: Reply) -> list[list[str]]:
    return [line.split() for line in reply.lines]


def test_what_is_asked_of_every_host_is_joined_where_it_can_be_and_is_allowed() -> None:
    runs = {ask for p in catalog.probes_for(catalog.all_checks().values()) for ask in p.asks() if isinstance(ask, Run)}
    found = list(joints(sorted((run for run in runs if run.root), key=repr)))
    found += joints(sorted((run for run in runs if not run.root), key=repr))
    assert [len(joint.cuts) for joint in found] == [2, 2, 2, 2]
    for joint in found:
        refuse_unless_allowed(joint.argv)


def test_every_socket_is_looked_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()[:2]) as kept:
        server.accept()[0].close()  # what is kept is in CLOSE-WAIT now
        (joint,) = joints([LISTENERS, WAITING])
        whole = said(joint.argv)
        serving, waiting = (joint.cuts[run](whole) for run in (LISTENERS, WAITING))
        ends = f":{server.getsockname()[1]}", f":{kept.getsockname()[1]}"
        for run, mine in ((LISTENERS, serving), (WAITING, waiting)):
            alone = words(said(run.argv))
            assert words(mine)[0][:3] == alone[0][:3]
            about = [row for row in alone if row[2 + (run is LISTENERS)].endswith(ends)]
            assert about
            assert all(row in words(mine) for row in about)
    assert {row[0] for row in words(serving)[1:]} == {"LISTEN"}


def test_the_clock_and_its_zone_come_from_one_look() -> None:
    runs = Run(CLOCK), Run(ZONE)
    (joint,) = joints(runs)
    clock, zone = (joint.cuts[run](said(joint.argv)).text for run in runs)
    assert re.fullmatch(r"\d{10,}\.\d{9}\n", clock)
    assert re.fullmatch(r"[+-]\d{4}\n", zone)


def test_files_are_found_once_for_what_is_looked_for_in_them(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("Host = db\n[section]\nname = x:1\n # host = no\nport: 5\nserver\t= A\n")
    (tmp_path / "b.conf").write_text("host: web\nnothing\n")
    (tmp_path / "c.txt").write_text("host: no\n")
    (tmp_path / "gone.conf").symlink_to("nowhere")
    find = ("find", str(tmp_path), "(", "-name", "*.conf", ")", "-exec", "grep")
    named = Run((*find, "-HiE", r"^([^#;=:]*(host|port|server)[^[:alnum:]]*[=:]|\[[a-z])", "{}", "+"), root=True)
    bare = Run((*find, "-hsiE", "^[^#;=:]*(host|server)[^[:alnum:]]*[=:][^[:alnum:]]*[a-z]", "{}", "+"), root=True)
    (joint,) = joints([bare, named])
    whole = said(joint.argv)
    for run in (named, bare):
        alone = said(run.argv)
        assert alone.lines
        assert joint.cuts[run](whole) == alone


def test_a_tree_is_walked_once_for_what_it_says_and_for_what_has_changed(tmp_path: Path) -> None:
    tree, beside = tmp_path / "etc", tmp_path / "cron"
    for place in (tree, beside, tree / "deeper"):
        place.mkdir()
    for path in (tree / "a.conf", tree / "deeper/b.conf", beside / "c.conf", tree / "old.conf"):
        path.write_text("host = db\n1763726400 /host=1\n")
    os.utime(tree / "old.conf", (0, 0))
    find = ("find", str(tree), "-type", "f", "(", "-name", "*.conf", ")", "-exec", "grep")
    recent = ("-xdev", "-type", "f", "-mmin", "-5", "-exec", "stat", "-c", "%Y %n", "{}", "+")
    named = Run((*find, "-HiE", "^(host)", "{}", "+"), root=True)
    bare = Run((*find, "-hsiE", "^[a-z]+ = ", "{}", "+"), root=True)
    changes = Run(("find", str(tree), str(beside), str(tmp_path / "gone"), *recent), root=True)
    (joint,) = joints([bare, changes, named])
    refuse_unless_allowed(joint.argv)
    for shell in ((), ("busybox",)):
        whole = said((*shell, *joint.argv))
        for run, count in ((named, 3), (bare, 3), (changes, 3)):
            alone = said((*shell, *run.argv))
            assert len(alone.lines) == count
            assert sorted(joint.cuts[run](whole).lines) == sorted(alone.lines)
            assert joint.cuts[run](whole).complaint == alone.complaint


def test_descriptors_are_walked_once_for_what_is_deleted_and_for_what_is_logged(tmp_path: Path) -> None:
    own, logged, lost = f"/proc/{os.getpid()}/fd/", tmp_path / "kept.log", tmp_path / "lost.log"
    with logged.open("w") as one, lost.open("w") as other:
        lost.unlink()
        (joint,) = joints([OPEN, LINKS])
        refuse_unless_allowed(joint.argv)
        whole, *alone = (said(("sh", "-c", shortcuts.words(argv))) for argv in (joint.argv, LINKS.argv, OPEN.argv))
        expected = f"{own}{other.fileno()} {lost} (deleted)", f"'{own}{one.fileno()}' -> '{logged}'"
        for run, line, by_itself in zip((LINKS, OPEN), expected, alone, strict=True):
            found = joint.cuts[run](whole).lines
            assert line in found
            assert sorted(row for row in found if own in row) == sorted(row for row in by_itself.lines if own in row)
    assert joint.cuts[LINKS](whole).lines[0] == "/proc"


def test_one_alone_and_all_others_are_left_as_they_are() -> None:
    assert not list[Joint](
        joints([LISTENERS, Run(ZONE), Run(("find", "/etc", "-exec", "grep", "-HiE", "x", "{}", "+"))])
    )
