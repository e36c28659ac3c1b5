"""Tapes of earlier versions: what they say of questions that are asked in other words today."""

from dataclasses import replace

import pytest

from diagkit.model import Again, Ask, Read, Reply, Run, Silence
from diagkit.transports.former import FORMER, in_words_of_today

REBOOT = Run(("ls", "-d", "/run/reboot-required", "/var/lib/dpkg"))
WANTED, DEBIAN = Read("/run/reboot-required", cap=1), Read("/etc/debian_version")


@pytest.mark.parametrize(
    ("said", "complaint", "wanted", "debian"),
    [
        (b"/var/lib/dpkg\n", b"ls: cannot access '/run/reboot-required': No such file or directory", False, True),
        (b"/run/reboot-required\n/var/lib/dpkg\n", b"", True, True),
        (b"", b"ls: /run/reboot-required: No such file or directory\nls: /var/lib/dpkg: No such file", False, False),
    ],
)
def test_what_ls_named_is_there(said: bytes, complaint: bytes, *, wanted: bool, debian: bool) -> None:
    told = in_words_of_today({REBOOT: Reply(out=said, err=complaint, at=5.0)})
    there = {ask: told[ask].silence is None for ask in (WANTED, DEBIAN)}
    assert there == {WANTED: wanted, DEBIAN: debian}
    assert all(told[ask].silence in (None, Silence.MISSING) for ask in told)
    assert told[WANTED].at == 5.0


def test_what_was_not_for_us_was_not_missing() -> None:
    asked = next(ask for ask in FORMER if "/etc/crontab" in str(ask))
    err = b"ls: cannot access '/var/spool/cron/crontabs/root': Permission denied\nls: /etc/crontab: No such file"
    told = in_words_of_today({asked: Reply(err=err, code=2)})
    assert told[Read("/var/spool/cron/crontabs/root", cap=1)].silence is Silence.DENIED
    assert told[Read("/etc/crontab", cap=1)].silence is Silence.MISSING


@pytest.mark.parametrize("ask", FORMER, ids=str)
def test_a_question_that_was_not_answered_is_not_answered_today(ask: Ask) -> None:
    told = in_words_of_today({ask: Reply(silence=Silence.TIMEOUT)})
    assert {reply.silence for reply in told.values()} == {Silence.TIMEOUT}


def test_an_answer_of_today_stays() -> None:
    status = Read("/proc/self/status")
    both: dict[Ask, Reply] = {Run(("id", "-u")): Reply(out=b"0\n"), status: Reply(out=b"Uid:\t7\t7\t7\t7\n")}
    assert in_words_of_today(both) == both


def test_the_table_of_sockets_was_read_beside_ss() -> None:
    table = Read("/proc/net/tcp", cap=131_072)
    told = in_words_of_today({table: Reply(out=b"one"), Again(table): Reply(out=b"two")})
    today = replace(table, unless="ss")
    assert (told[today].out, told[Again(today)].out) == (b"one", b"two")
