"""Log files of real formats, made up: ordinary lines, and lines that have a signature, in any share.

Every format is one that a program really writes (which one is said beside it). Stamps advance, and what varies in
life varies here: ids, addresses, times, users, paths. The lines with a signature are those that the catalogue itself
is proved by, each kind as often as the others, with its longer numbers changed.
"""

import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from diagkit.logs.signatures import catalogue

START = datetime(2026, 11, 20, 6, 0, 0, tzinfo=UTC)
USERS = ("ops", "deploy", "anna", "carol", "git", "postgres", "www-data")
UNITS = ("nginx.service", "cron.service", "shop.service", "logrotate.service", "apt-daily.service", "fstrim.service")
WORDS = [
    "order",
    "cart",
    "user",
    "price",
    "stock",
    "search",
    "index",
    "login",
    "session",
    "cache",
    "basket",
    "invoice",
    "mail",
    "report",
    "export",
]
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
    "curl/8.5.0",
    "kube-probe/1.31",
)

Message = tuple[str, str]  # program, text


def _address(rng: random.Random) -> str:
    return f"10.{rng.randrange(4)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"


def _system(rng: random.Random) -> Message:
    """What daemons of a Debian 12 write all day."""
    pid, user = rng.randrange(300, 90000), rng.choice(USERS)
    return rng.choice(
        (
            (
                f"sshd[{pid}]",
                f"Accepted publickey for {user} from {_address(rng)} port {rng.randrange(1024, 65536)} ssh2",
            ),
            (f"sshd[{pid}]", f"pam_unix(sshd:session): session opened for user {user}(uid={pid % 2000}) by (uid=0)"),
            (f"sshd[{pid}]", f"Received disconnect from {_address(rng)} port {pid}:11: disconnected by user"),
            ("systemd[1]", f"Started {rng.choice(UNITS)} - run {pid}."),
            ("systemd[1]", f"{rng.choice(UNITS)}: Deactivated successfully."),
            (f"CRON[{pid}]", f"({user}) CMD (/usr/local/bin/{rng.choice(WORDS)} --quiet)"),
            (f"systemd-logind[{pid % 900}]", f"New session {pid} of user {user}."),
            (f"dhclient[{pid % 900}]", f"DHCPACK of {_address(rng)} from {_address(rng)} (xid=0x{pid:x})"),
            (
                "kernel",
                f"[{pid}.{rng.randrange(10**6):06}] IN=eth0 OUT= SRC={_address(rng)} DST=10.0.0.1 LEN=60 PROTO=TCP DPT=443",
            ),
            (
                f"postfix/qmgr[{pid % 900}]",
                f"{rng.randrange(16**10):010X}: from=<{user}@example.org>, size={pid}, nrcpt=1 (queue active)",
            ),
            (f"chronyd[{pid % 900}]", f"Selected source {_address(rng)} (ntp{pid % 9}.example.org)"),
            (
                f"dockerd[{pid % 900}]",
                f'time="2026-11-20T06:00:00Z" level=info msg="image pulled" digest="sha256:{rng.randrange(16**16):016x}"',
            ),
        )
    )


def _java(rng: random.Random) -> Message:
    """What a web shop on Logback says."""
    word, thread = rng.choice(WORDS), rng.randrange(1, 200)
    return rng.choice(
        (
            (
                "",
                f"INFO  [http-nio-8080-exec-{thread}] c.example.shop.{word.title()}Controller : GET /{word}/{rng.randrange(10**6)} -> 200 in {rng.randrange(400)} ms",
            ),
            (
                "",
                f"DEBUG [scheduling-{thread % 8}] o.s.jdbc.core.JdbcTemplate : Executing prepared SQL query [select * from {word} where id = ?]",
            ),
            (
                "",
                f"INFO  [kafka-consumer-{thread % 8}] o.a.k.c.c.internals.ConsumerCoordinator : committed offset {rng.randrange(10**9)} for {word}-{thread % 12}",
            ),
            (
                "",
                f"INFO  [main] c.example.shop.Metrics : {word}.latency p50={rng.randrange(90)}ms p99={rng.randrange(900)}ms count={rng.randrange(10**5)}",
            ),
        )
    )


def _request(rng: random.Random) -> Message:
    """Requests as nginx logs them in the combined format."""
    word = rng.choice(WORDS)
    return (
        "",
        f'"GET /{word}/{rng.randrange(10**5)}?page={rng.randrange(90)} HTTP/1.1" 200 {rng.randrange(10**5)} "-" "{rng.choice(AGENTS)}"',
    )


def _hits() -> list[Message]:
    """The line that each signature is proved by, as (program, message); those said by a daemon's name keep it."""
    found = []
    for signature in catalogue().values():
        program, _, text = signature.match.partition(": ") if signature.by else ("app", "", signature.match)
        found.append((program if program == "kernel" else f"{program}[1234]", text))
    return found


def _syslog(at: datetime, message: Message) -> str:
    return f"{at:%b} {at.day:2} {at:%H:%M:%S} web1 {message[0]}: {message[1]}"


def _journal(at: datetime, message: Message) -> str:
    return f"{at.timestamp():.6f} web1 {message[0]}: {message[1]}"


def _logback(at: datetime, message: Message) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03} {message[1]}"


def _combined(at: datetime, message: Message) -> str:
    if message[0]:  # what is no request stands in the error log, in nginx's own form
        return f"{at:%Y/%m/%d %H:%M:%S} [error] 812#812: *{at.microsecond} {message[1]}"
    return f"203.0.{at.microsecond % 251}.{at.second} - - [{at:%d/%b/%Y:%H:%M:%S} +0000] {message[1]}"


def _json(at: datetime, message: Message) -> str:
    text = message[1].replace("\\", "\\\\").replace('"', '\\"')
    return f'{{"ts":"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z","level":"info","service":"shop","trace":"{at.microsecond:012x}","msg":"{text}"}}'


Format = tuple[str, Callable[[datetime, Message], str], Callable[[random.Random], Message]]
FORMATS: dict[str, Format] = {  # file name, form of a line, its ordinary messages
    "syslog": ("syslog", _syslog, _system),  # rsyslog 8, traditional format
    "journal": ("journal", _journal, _system),  # journalctl -o short-unix
    "nginx": ("error.log", _combined, _request),  # nginx 1.22
    "java": ("app.log", _logback, _java),  # Logback
    "json": ("app.json", _json, _java),  # logstash-logback-encoder
}


def lines(form: str, share: float, seed: int = 7) -> Iterator[bytes]:
    """Lines without end. share: part of them with a signature, 0 to 1."""
    rng = random.Random(seed)
    _, write, ordinary = FORMATS[form]
    hits = _hits()
    at = START
    while True:
        at += timedelta(microseconds=rng.randrange(2, 60_000))
        if rng.random() < share:
            program, text = rng.choice(hits)
            said = program.replace("1234", str(rng.randrange(300, 90000))), _renumbered(text, rng)
        else:
            said = ordinary(rng)
        yield write(at, said).encode()


def _renumbered(text: str, rng: random.Random) -> str:
    """The text with other numbers where they have four digits or more: shorter ones are codes, which mean something."""
    return re.sub(r"[1-9][0-9]{3,}", lambda m: str(rng.randrange(10 ** (len(m[0]) - 1), 10 ** len(m[0]))), text)


def write(path: Path, form: str, share: float, size: int) -> None:
    """A file of so many bytes, or a few more. Its first part is made, the rest repeats it with the stamps it had."""
    made = lines(form, share)
    written = 0
    with path.open("wb") as file:
        while written < size:
            written += file.write(next(made) + b"\n")
