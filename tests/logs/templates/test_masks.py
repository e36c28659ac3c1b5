"""What varies by its looks. The lines are of the programs named, with documentation addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagkit.logs.templates.masks import MOST_TOKENS, mask, tokens


@pytest.mark.parametrize(
    ("line", "template"),
    [
        ("Failed password for root from 192.0.2.7 port 38926 ssh2", "Failed password for # from # port # ssh#"),  # sshd
        ("session opened for user cyrus by (uid=0)", "session opened for user # by (uid=#)"),  # pam_unix
        ("check pass; user unknown", "check pass; user unknown"),
        ("connection from 192.0.2.7 () at Fri Jul  8 13:11:11 2005", "connection from # (#) at #"),  # ftpd
        ("db.example.com:80 close, 1190 bytes (1.16 KB) sent, lifetime <1 sec", "# close, # bytes sent, lifetime #"),
        ("link fe80::1%eth0 up, ::1 kept, at foo::bar", "link # up, # kept, at foo::bar"),
        ("Interface 52:54:00:12:34:56 left", "Interface # left"),
        ('open() "/srv/a b" failed (2: No such file), host: "shop"', 'open() "#" failed (#: No such file), host: "#"'),
        ('level=error msg="dial tcp 192.0.2.7:53" err="EOF"', 'level=error msg="dial tcp #" err="EOF"'),  # logfmt
        ('192.0.2.7 "GET /a?b=c HTTP/1.1" 502', '# "GET #" #'),
        ('tag="View Lock", ws=null', 'tag="#", ws=null'),
        ("attempt_17_m_3 gave container_e01_2 back", "attempt_# gave container_# back"),
        ("blk_17 blk_5 blk_76 deleted, blk_9 kept", "blk_# blk_# deleted, blk_# kept"),
        ("took 1m3.5s, then 250 ms, 3 seconds", "took #, then #, #"),
        (r"Core: C:\Windows\winsxs\amd64_x_31bf\cbscore.dll", "Core: #"),
        ("result 0x80070005, object {25336920-03f9-11cf-8fd0-00aa00686f13}", "result #, object #"),
        ("unit 'shop@3.service' failed with result 'exit-code'", "unit '#' failed with result 'exit-code'"),
        ("Can't open it, don't know why", "Can't open it, don't know why"),
        ("ReplicaSet shop-7d4b9c8f6d created", "ReplicaSet shop-# created"),
        ("java.net.ConnectException: refused", "java.net.ConnectException: refused"),
        ("i/o error in read/write", "i/o error in read/write"),
    ],
)
def test_a_line_is_masked(line: str, template: str) -> None:
    assert " ".join(tokens(mask(line))) == template


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300))
def test_a_masked_line_has_no_digits_and_few_words(line: str) -> None:
    masked = tokens(mask(line))
    assert len(masked) <= MOST_TOKENS
    assert not any(digit in word for word in masked for digit in "0123456789")


@given(st.text(alphabet="ab0 :./-_\"'=()[]{}<>@#\\", max_size=200))
def test_masking_takes_no_time_to_speak_of_whatever_the_punctuation(line: str) -> None:
    mask(line * 10)
