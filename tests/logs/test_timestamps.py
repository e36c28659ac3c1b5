"""Time stamps: read right, or flagged; never guessed in silence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagkit.logs.timestamps import DAY, Clock, offset, read_stamp

NOW = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
BERLIN = Clock(ahead=3600, latest=NOW, booted=datetime(2026, 11, 21, 20, 0, tzinfo=UTC))


def at(*parts: int) -> datetime:
    return datetime(2026, 11, 21, *parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "when", "assumed", "rest"),
    [
        ("1795297684.509939 web1 kernel: x", at(21, 48, 4, 509939), (), "web1 kernel: x"),
        ("1795297684509 x", at(21, 48, 4, 509000), (), "x"),
        ("2026-11-21T21:48:04.692752+00:00 web1 cron[105]: x", at(21, 48, 4, 692752), (), "web1 cron[105]: x"),
        ("<30>1 2026-11-21T21:48:04Z web1 cron - - - x", at(21, 48, 4), (), "web1 cron - - - x"),
        ("2026-11-21T21:48:05.016123Z 0 [ERROR] x", at(21, 48, 5, 16123), (), "0 [ERROR] x"),
        ("2026-11-21 21:48:05.016 UTC [120] LOG:  x", at(21, 48, 5, 16000), (), "[120] LOG:  x"),
        ("2026-11-21 21:48:05.016 CET [120] LOG:  x", at(20, 48, 5, 16000), ("zone",), "[120] LOG:  x"),
        ("2026-11-21 22:13:16,978 INFO shop: x", at(21, 13, 16, 978000), ("zone",), "INFO shop: x"),
        ("[2026-11-21 22:13:16 +0100] [812] [INFO] x", at(21, 13, 16), (), "[812] [INFO] x"),
        ("Nov 21 21:48:05 mini1 x", at(20, 48, 5), ("year", "zone"), "mini1 x"),
        ("[  141.630761] x", at(20, 2, 21, 630761), (), "x"),
        ("2026/11/21 22:08:17 [error] x", at(21, 8, 17), ("zone",), "[error] x"),
        ("[Sat Nov 21 22:08:19.123456 2026] [core:error] x", at(21, 8, 19, 123456), ("zone",), "[core:error] x"),
        ("107:M 21 Nov 2026 21:48:05.407 * x", at(20, 48, 5, 407000), ("zone",), "* x"),
        ("[21-Nov-2026 14:05:06] WARNING: x", at(13, 5, 6), ("zone",), "WARNING: x"),
        ("E1121 12:00:00.000123 1234 f.go:1] x", at(11, 0, 0, 123), ("year", "zone"), "1234 f.go:1] x"),
        ("type=AVC msg=audit(1795297684.532:184): avc: x", at(21, 48, 4, 532000), (), "avc: x"),
    ],
)
def test_the_forms_that_programs_write(line: str, when: datetime, assumed: tuple[str, ...], rest: str) -> None:
    stamp = read_stamp(line, BERLIN)
    assert stamp is not None
    assert (stamp.at, stamp.assumed, line[stamp.end :]) == (when, assumed, rest)


@pytest.mark.parametrize(
    ("line", "when"),
    [
        ('10.0.0.2 - - [21/Nov/2026:22:08:19 +0000] "GET / HTTP/1.1" 502 157', at(22, 8, 19)),
        ('{"level":"error","ts":1795297684.5,"msg":"x"}', at(21, 48, 4, 500000)),
        ('{"time":"2026-11-21T10:00:00Z","level":"ERROR"}', at(10)),
    ],
)
def test_where_the_stamp_is_inside_the_whole_line_stays_the_message(line: str, when: datetime) -> None:
    stamp = read_stamp(line, BERLIN)
    assert stamp is not None
    assert (stamp.at, stamp.end) == (when, 0)


@pytest.mark.parametrize(
    "line",
    [
        "", "    at java.lang.String", "2026-13-21T21:48:04Z x", "2026-02-30 10:00:00 x", "Nov 31 10:00:00 x",
        "crond: crond (busybox 1.35.0) started", "٢٠٢٦-11-21 21:48:05 x", "10:00:00 x", "12345 x",
        "2026-11-21 24:00:00 x", "2026-11-21 10:60:00 x", "2026-11-21T10:00:00+25:00x", "२०२६/११/२१ १०:००:०० x",
        "11/31/2026 10:00:00 x", "31/11/2026 10:00:00 x", "Nov 21, 2026 13:00:00 PM x", "1795297684509939123456 x",
        "certificate expires at 2027-01-01 00:00:00", "Caused by: x at 2026-11-21 10:00:00", "2026-11-21", "0001-01-01T00:00:00Z x",
        "{}", '{"msg":"x"}', '{"time":0.25}', '{"expires":"2027-01-01T00:00:00Z"}', "time= level=info", "[12] x", "E1332 12:00:00.000123 1 f.go:1] x",
        "from=2026-11-21T10:00:00Z", "user 2026-11-21 10:00:00 logged in", "1.2.3.4 - - [31/Nov/2026:10:00:00 +0000] x",
    ],
)  # fmt: skip
def test_what_is_no_stamp_is_none(line: str) -> None:
    assert read_stamp(line, BERLIN) is None


# In the zone of Berlin, on the 21st of November 2026 at 21:48:05 UTC. Program and version where the form is one's own.
EVERYWHERE = [
    ("2026-11-21T21:48:05Z x", "x"),
    ("2026-11-21T21:48:05.123456789Z x", "x"),  # Go 1.22, containerd 1.7
    ("2026-11-21T22:48:05+01 x", "x"),
    ("2026-11-21T22:48:05+0100 x", "x"),
    ("2026-11-22T03:18:05+05:30 x", "x"),
    ("2026-11-21 21:48:05 GMT x", "x"),
    ("2026-11-21 21:48:05.123 +00 x", "x"),
    ("2026-11-21T21:48:05.123+0000 I NETWORK  [conn1] x", "I NETWORK  [conn1] x"),  # MongoDB 3.6
    ("2026-11-21 21:48:05.123456+00:00 [info] <0.1.0> x", "[info] <0.1.0> x"),  # RabbitMQ 3.13
    ("2026-11-21T21:48:05.123+0000: 1.234: [GC", "1.234: [GC"),  # OpenJDK 8
    ("2026-11-21 21:48:05.123+0000: 12: error : x", "12: error : x"),  # libvirt 9
    ("[2026-11-21 21:48:05.123456 +0000] E [MSGID: 1] x", "E [MSGID: 1] x"),  # GlusterFS 10
    ("\x1b[2m2026-11-21T21:48:05.123456Z\x1b[0m \x1b[32m INFO\x1b[0m x", "\x1b[32m INFO\x1b[0m x"),  # tracing 0.1
    ("web-1  | 2026-11-21T21:48:05.123Z x", "x"),  # docker compose 2
    ("2026-11-21 21:48:05 10.0.0.1 GET /x - 80", "10.0.0.1 GET /x - 80"),  # IIS 10
    ("Sat 2026-11-21 21:48:05 UTC web1 x", "web1 x"),  # journalctl -o short-full
    ("Nov 21 21:48:05.123 UTC: %SYS-5: x", "%SYS-5: x"),  # IOS 15
    ("[21-Nov-2026 16:48:05 America/New_York] PHP x", "PHP x"),  # PHP 8
    ("[21-Nov-2026 21:48:05 UTC] PHP x", "PHP x"),
    ("Sat, 21 Nov 2026 22:48:05 +0100 x", "x"),
    ("Sat Nov 21 2026 22:48:05 GMT+0100 (Central European Standard Time) x", "x"),
    ("2026-11-21-22.48.05.123456+060 I123E456 x", "I123E456 x"),  # DB2 11.5
    ("20261121T214805.123Z x", "x"),
    ("1795297685 x", "x"),
    ("1795297685123456 x", "x"),
    ("1795297685123456789 x", "x"),
    ("1795297685.123    345 10.0.0.1 TCP_MISS/200 x", "  345 10.0.0.1 TCP_MISS/200 x"),  # Squid 6
    ("[1795297685] SERVICE ALERT: x", "SERVICE ALERT: x"),  # Nagios 4
    ("__REALTIME_TIMESTAMP=1795297685123456", ""),
    ("@400000006b02119f075bca00 x", "x"),  # daemontools 0.76
    ("node=db1 type=SYSCALL msg=audit(1795297685.123:184): arch=x", "arch=x"),  # auditd 3
    ("- 1795297685 2026.11.21 R02-M1 2026-11-21-13.48.05.123456 R02-M1 RAS KERNEL INFO x", "R02-M1 RAS KERNEL INFO x"),
    ("- 1795297685 2026.11.21 dn228 Nov 21 13:48:05 dn228/dn228 crond[2915]: x", "dn228/dn228 crond[2915]: x"),
    ("134681 node-246 unix.hw state_change.unavailable 1795297685 1 x", "x"),
]
BY_THE_HOSTS_ZONE = [
    ("2026-11-21 22:48:05,123 INFO x", "INFO x"),
    ("2026-11-21 22:48:05, Info   CBS    x", "Info   CBS    x"),  # Windows 10
    ("2026-11-21 22:48:05,123 - INFO  [main:Q@1] - x", "- INFO  [main:Q@1] - x"),  # Zookeeper 3.4
    ("2026-11-21 22:48:05 POST /x", "POST /x"),
    ("2026-11-21  22:48:05 0 [Note] x", "0 [Note] x"),  # MariaDB 10
    ("[2026-11-21T22:48:05,123][INFO ][o.e.n.Node] x", "[INFO ][o.e.n.Node] x"),  # Elasticsearch 8
    ("[2026-11-21 22:48:05,123: INFO/MainProcess] x", "INFO/MainProcess] x"),  # Celery 5
    ("[2026/11/21 22:48:05.123456,  0] ../source3/x", " 0] ../source3/x"),  # Samba 4
    ("2026.11.21 22:48:05.123456 [ 1 ] {} <Error> x", "[ 1 ] {} <Error> x"),  # ClickHouse 24
    ("(2026-11-21 22:48:05): [sssd] x", "[sssd] x"),  # SSSD 2
    ("Nov 21 2026 22:48:05: %ASA-6-1: x", "%ASA-6-1: x"),
    ("Nov 21 22:48:05 2026 : ops : TTY=x", ": ops : TTY=x"),  # sudo 1.9 with log_year
    ("[Sat Nov 21 22:48:05 2026] [notice] x", "[notice] x"),  # Apache 2.0
    ("Sat Nov 21 22:48:05 2026 x", "x"),  # OpenVPN 2.4
    ("Sat Nov 21 22:48:05 2026", ""),  # Oracle 11
    ("21-Nov-2026 22:48:05.123 INFO [main] x", "INFO [main] x"),  # Tomcat 9
    ("21-NOV-2026 22:48:05 * x", "* x"),  # Oracle's listener
    ("=ERROR REPORT==== 21-Nov-2026::22:48:05 ===", ""),  # RabbitMQ 3.6
    ("261121 22:48:05 InnoDB: x", "InnoDB: x"),  # MySQL 5.5
    ("# Time: 261121 22:48:05", ""),
    ("261121 224805 148 INFO dfs.DataNode: x", "148 INFO dfs.DataNode: x"),  # HDFS 0.20
    ("20261121-22:48:5:606|Step_LSC|1|x", "Step_LSC|1|x"),
    ("21.11.2026 22:48:05 x", "x"),
    ("21/11/2026 22:48:05 x", "x"),
    ("11/21/2026 10:48:05 PM x", "x"),  # .NET 8
    ("11/21/2026-22:48:05.123456  [**] x", " [**] x"),  # Suricata 7
    ("[11/21/26 22:48:05:123 CET] 00000001 x", "00000001 x"),  # WebSphere 9
    ("Nov 21, 2026 10:48:05 PM org.apache.x", "org.apache.x"),  # java.util.logging
    ("Nov 21, 2026 10:48:05\u202fPM org.apache.x", "org.apache.x"),  # since Java 20
    ("####<Nov 21, 2026 10:48:05 PM CET> <Notice> x", "<Notice> x"),  # WebLogic 12
    ("I20261121 22:48:05.123456 1234 f.cc:1] x", "1234 f.cc:1] x"),  # glog 0.6
    ("INFO  [main] 2026-11-21 22:48:05,123 Config.java:1 - x", "Config.java:1 - x"),  # Cassandra 4
    ("[ERROR] 2026-11-21 22:48:05 x", "x"),
    ("I, [2026-11-21T22:48:05.123456 #1]  INFO -- : x", "#1]  INFO -- : x"),  # Ruby 3
    ("nova-api.log.1.2017-05-16_13:53:08 2026-11-21 22:48:05.008 25746 INFO x", "25746 INFO x"),  # OpenStack, collected
    ("Start-Date: 2026-11-21  22:48:05", ""),  # apt 2
]
BY_YEAR_TOO = [
    ("*Nov 21 22:48:05.345: %LINK-3: x", "%LINK-3: x"),
    ("000123: Nov 21 22:48:05: %LINK-3: x", "%LINK-3: x"),
    ("[Nov 21 22:48:05] NOTICE[1]: x", "NOTICE[1]: x"),  # Asterisk 18
    ("Sat Nov 21 22:48:05.123 <kernel> x", "<kernel> x"),  # macOS's wifi.log
    ("11-21 22:48:05.123  1702  2395 D Window: x", " 1702  2395 D Window: x"),  # logcat
    ("[11.21 22:48:05] chrome.exe - x", "chrome.exe - x"),  # Proxifier 3
    ("11/21-22:48:05.123456  [**] x", " [**] x"),  # Snort 2
    ("21 Nov 22:48:05 ntpd[12]: x", "ntpd[12]: x"),
    ("[107] 21 Nov 22:48:05.407 * x", "* x"),  # Redis 2.8
]
WITHIN = [
    '{"t":{"$date":"2026-11-21T21:48:05.123+00:00"},"s":"I","msg":"x"}',  # MongoDB 7
    '{"level":50,"time":1795297685123,"pid":1,"msg":"x"}',  # pino 8
    '{"request":{"method":"GET","took":0.1,"time":0.25},"ts":1795297685.1234,"msg":"x"}',  # Caddy 2
    '{"__CURSOR" : "s=1", "__REALTIME_TIMESTAMP" : "1795297685123456", "MESSAGE":"x"}',  # journalctl -o json
    '{"log.level":"INFO","@timestamp":"2026-11-21T21:48:05.123Z","message":"x"}',  # ECS
    '{"eventTime": "2026-11-21T21:48:05Z", "eventName": "x"}',  # CloudTrail
    '{"msg":"\\"time\\":\\"2020-01-01T00:00:00Z\\"","asctime":"2026-11-21 21:48:05.123Z"}',
    '{"time":"21/Nov/2026:21:48:05 +0000","status":502}',  # nginx, as people set it up
    '{"message":"x","date":"2026-11-21T21:48:05Z"}',
    'time="2026-11-21T21:48:05Z" level=info msg=x',  # logrus 1.9
    "level=info ts=2026-11-21T21:48:05.123Z caller=x",  # go-kit
    "t=2026-11-21T21:48:05+0000 lvl=eror msg=x",  # Grafana 8
    "[pid: 1|app: 0|req: 1/1] 10.0.0.1 () {40 vars in 600 bytes} [Sat Nov 21 22:48:05 2026] GET x",  # uWSGI 2
    '[21/Nov/2026 22:48:05] "GET / HTTP/1.1" 200',  # Django 4
    '10.0.0.1 - - [21/Nov/2026 22:48:05] "GET / HTTP/1.1" 200 -',  # Werkzeug 2
    "E [21/Nov/2026:21:48:05 +0000] x",  # CUPS 2
    "[1121/224805.123456:ERROR:file.cc(1)] x",  # Chromium
]


@pytest.mark.parametrize(
    ("line", "rest", "assumed"),
    [
        *((line, rest, set()) for line, rest in EVERYWHERE),
        *((line, rest, {"zone"}) for line, rest in BY_THE_HOSTS_ZONE),
        *((line, rest, {"year", "zone"} - ({"zone"} if " UTC" in line else set())) for line, rest in BY_YEAR_TOO),
        *((line, line, None) for line in WITHIN),
    ],
)
def test_every_program_has_its_own_way(line: str, rest: str, assumed: set[str] | None) -> None:
    stamp = read_stamp(line, replace(BERLIN, place="Europe/Berlin", latest=NOW + timedelta(days=30)))
    assert stamp is not None
    assert stamp.at.replace(microsecond=0) == at(21, 48, 5)
    assert line[stamp.end :] == rest
    assert assumed is None or set(stamp.assumed) - {"year"} == assumed - {"year"}


def test_time_of_day_alone_is_of_the_latest_such_day() -> None:
    stamp = read_stamp("22:48:05.123 [main] INFO x", BERLIN)
    assert stamp is not None
    assert (stamp.at, stamp.assumed) == (at(21, 48, 5, 123000), ("date", "zone"))


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("17/06/09 20:10:40 INFO executor.Coarse: x", "2017-06-09"),  # Spark 2
        ("05/11/2026 10:00:00 x", "2026-05-11"),
        ("03/04/26 10:00:00 x", "2003-04-26"),
    ],
)
def test_an_order_of_day_and_month_that_nothing_tells_is_flagged(line: str, day: str) -> None:
    stamp = read_stamp(line, BERLIN)
    assert stamp is not None
    assert (f"{stamp.at:%Y-%m-%d}", stamp.assumed) == (day, ("order", "zone"))


@pytest.mark.parametrize(
    ("line", "when", "assumed"),
    [
        ("2026-10-25 01:59:59 x", datetime(2026, 10, 24, 23, 59, 59, tzinfo=UTC), ("zone",)),
        ("2026-10-25 02:30:00 x", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), ("zone", "fold")),
        ("2026-10-25 02:30:00 CEST x", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), ("zone",)),
        ("2026-10-25 02:30:00 CET x", datetime(2026, 10, 25, 1, 30, tzinfo=UTC), ("zone",)),
        ("2026-10-25 03:00:00 x", datetime(2026, 10, 25, 2, 0, tzinfo=UTC), ("zone",)),
        ("2026-03-29 02:30:00 x", datetime(2026, 3, 29, 1, 30, tzinfo=UTC), ("zone", "fold")),
        ("2026-07-01 12:00:00 x", datetime(2026, 7, 1, 10, 0, tzinfo=UTC), ("zone",)),
    ],
)
def test_both_sides_of_a_change_of_clocks(line: str, when: datetime, assumed: tuple[str, ...]) -> None:
    stamp = read_stamp(line, replace(BERLIN, place="Europe/Berlin"))
    assert stamp is not None
    assert (stamp.at, stamp.assumed) == (when, assumed)


def test_the_zone_that_was_used_can_be_said() -> None:
    assert BERLIN.zone_said == "UTC+01:00"
    assert replace(BERLIN, place="Europe/Berlin").zone_said == "Europe/Berlin"
    assert replace(BERLIN, place="../etc/passwd").zone_said == "UTC+01:00"
    assert replace(BERLIN, place="Nowhere/Land").zone.utcoffset(None) == timedelta(hours=1)


@pytest.mark.parametrize("year", [1970, 2000, 2024, 2038, 2100])
def test_the_ends_of_the_epoch_and_the_last_day_of_february(year: int) -> None:
    for day in ("01-01", "01-19", "02-28", "02-29", "03-01", "12-31"):
        stamp = read_stamp(f"{year}-{day} 03:14:08Z x", BERLIN)
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        assert (stamp is None) == (day == "02-29" and not leap)
        assert stamp is None or f"{stamp.at:%Y-%m-%d %H:%M:%S}" == f"{year}-{day} 03:14:08"


def test_a_missing_year_is_that_of_the_latest_such_day() -> None:
    year = {
        name: stamp.at.year
        for name in ("Nov 21", "Nov 22", "Dec 31", "Jan  1", "Feb 29")
        if (stamp := read_stamp(f"{name} 12:00:00 x", BERLIN))
    }
    assert year == {"Nov 21": 2026, "Nov 22": 2026, "Dec 31": 2025, "Jan  1": 2026, "Feb 29": 2024}


@pytest.mark.parametrize("name", ["EST", "IST", "BST", "CET", "MSK", "PDT"])
def test_a_zone_that_could_be_several_is_assumed_to_be_the_hosts(name: str) -> None:
    stamp = read_stamp(f"2026-11-21 12:00:00 {name} x", BERLIN)
    assert stamp is not None
    assert stamp.at == at(11)
    assert stamp.assumed == ("zone",)


@pytest.mark.parametrize(
    ("text", "hours"), [("+0530", 5.5), ("-03:30", -3.5), ("+14:00", 14), ("-1200", -12), ("Z", 0)]
)
def test_offsets(text: str, hours: float) -> None:
    zone = offset(text)
    assert zone is not None
    assert zone.utcoffset(None) == timedelta(hours=hours)


@given(
    when=st.datetimes(datetime(1970, 1, 2), datetime(2040, 1, 1)),  # noqa: DTZ001
    hours=st.integers(-12, 14),
    latest=st.datetimes(datetime(1971, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001
)
def test_with_year_and_zone_it_is_right_and_without_it_is_flagged(when: datetime, hours: int, latest: datetime) -> None:
    zone = timezone(timedelta(hours=hours))
    written = when.replace(microsecond=0, tzinfo=zone)
    clock = Clock(ahead=0, latest=latest.replace(tzinfo=UTC), booted=NOW)
    whole = read_stamp(f"{written.isoformat()} host x", clock)
    assert whole is not None
    assert (whole.at, whole.assumed) == (written, ())
    bare = read_stamp(written.strftime("%b %d %H:%M:%S host x"), clock)
    assert bare is not None
    assert bare.assumed == ("year", "zone")
    assert bare.at <= clock.latest + DAY
    assert bare.at.strftime("%m-%d %H:%M:%S") == written.strftime("%m-%d %H:%M:%S")


@given(st.text(max_size=80))
def test_junk_raises_nothing(text: str) -> None:
    read_stamp(text, BERLIN)


def test_a_date_in_numbers_may_lie_in_the_future() -> None:
    stamp = read_stamp("12/31/2027 10:00:00 x", BERLIN)
    assert stamp is not None
    assert (stamp.at.year, stamp.at.month, stamp.assumed) == (2027, 12, ("zone",))
