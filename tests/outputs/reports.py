"""Reports of invented incidents, for the tests of what is said about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from diagkit.differences.alike import alike
from diagkit.model import (
    Chronicle,
    Coverage,
    Diagnosis,
    Event,
    Evidence,
    Fault,
    Finding,
    Forecast,
    HostClock,
    Kind,
    Layer,
    NextCheck,
    Onset,
    Outlier,
    Relief,
    Report,
    RunInfo,
    Silence,
    SilenceNote,
    Status,
    Summary,
    Suspect,
    TargetResult,
    Timeline,
    Untrusted,
    Verdict,
    Weighed,
)
from tests.outputs import digests

U = Untrusted
RUN = RunInfo(
    id="7d3f0c1e",
    version="0.1.0",
    started_at=datetime(2026, 11, 21, 15, 5, 2, tzinfo=UTC),
    finished_at=datetime(2026, 11, 21, 15, 5, 14, 300_000, tzinfo=UTC),
    since=datetime(2026, 11, 21, 14, 5, tzinfo=UTC),
    until=datetime(2026, 11, 21, 15, 5, tzinfo=UTC),
)
PASSING = {
    "connectivity.name.resolves": "resolves to 10.213.10.11 in 2 ms",
    "connectivity.route.gateway": "the gateway 10.213.10.1 answers",
    "connectivity.ping.loss": "0 % of 20 lost, median 0.4 ms",
    "connectivity.tcp.ports": "ports 22, 80 and 443 accept connections",
    "connectivity.tls.dates": "valid for 61 more days",
    "logs.kernel.errors": "no errors in the window",
    "logs.signatures.known": "no known error in 1,204 lines",
    "resources.cpu.saturation": "14 % of 4 processors used",
    "resources.memory.available": "61 % of 7.7 GiB available",
    "resources.disk.space": "41 % used, 23.4 GiB left of 39.1",
    "resources.disk.inodes": "7 % used",
    "resources.sockets.backlog": "no listen queue overflowed",
    "functional.units.failed": "no unit failed",
    "functional.services.answer": "3 of 3 services answer",
    "functional.changes.packages": "nothing installed in the window",
}


def finding(status: Status, check: str, subject: str, summary: str, target: str = "web1", **more) -> Finding:
    return Finding(status=status, check=check, subject=U(subject), summary=U(summary), target=U(target), **more)


def passing(target: str = "web1", but: Iterable[str] = ()) -> list[Finding]:
    return [finding(Status.OK, c, "", s, target) for c, s in PASSING.items() if c not in set(but)]


def weighed(found: Finding, decibans: float) -> Weighed:
    return Weighed(check=found.check, subject=found.subject, summary=found.summary, decibans=decibans)


def result(target: str, findings: list[Finding], **more) -> TargetResult:
    """What the flow says of one target: each check judged once, however many its findings."""
    mine = [f for f in findings if f.target.raw == target]
    applying = {f.check for f in mine if f.status is not Status.SKIP}
    blind = {f.check for f in mine if f.status is Status.UNKNOWN}
    worst = Status.worst(Status.OK if f.status is Status.SKIP else f.status for f in mine)
    coverage = Coverage(judged=len(applying - blind), of=len(applying))
    return TargetResult(**({"name": U(target), "status": worst, "reached": True, "coverage": coverage} | more))


def report(findings: list[Finding], diagnosis: Diagnosis, targets: Iterable[TargetResult] = (), **more) -> Report:
    targets = tuple(targets) or (result("web1", findings),)
    counts = Counter(f.status.value for f in findings)
    summary = Summary(
        status=Status.worst(t.status for t in targets), counts={s.value: counts.get(s.value, 0) for s in Status}
    )
    return Report(
        **{"run": RUN, "targets": targets, "findings": tuple(findings), "diagnosis": diagnosis, "summary": summary}
        | {"alike": alike(targets, findings, diagnosis)}
        | more
    )


def in_order(findings: list[Finding]) -> list[Finding]:
    """As the flow gives them: target by target, in the order of the checklist."""
    phases = ["connectivity", "logs", "resources", "functional"]
    return sorted(findings, key=lambda f: (f.target.raw, phases.index(f.check.split(".")[0])))


# ---------------------------------------------------------------- the disk that is full

SPACE = finding(
    Status.FAIL,
    "resources.disk.space",
    "/var",
    "100 % used, 0.0 GiB left of 39.1; No space left on device",
    measured={"available_bytes": 0, "size_bytes": 41_983_049_728},
    evidence=(Evidence(U("df -PT -k"), U("/dev/vda2  ext4  40999072 40999072 0 100% /var")),),
)
ENOSPC = finding(
    Status.FAIL,
    "logs.signatures.known",
    "postgresql@15-main.service",
    "No space left on device, 218 times from 14:41:07 to 15:04:58",
    at=datetime(2026, 11, 21, 14, 41, 7, tzinfo=UTC),
    evidence=(
        Evidence(
            U("scan journal"),
            U('PANIC:  could not write to file "pg_wal/xlogtemp.412": No space left on device'),
        ),
    ),
)
UNIT = finding(
    Status.FAIL,
    "functional.units.failed",
    "postgresql@15-main.service",
    "failed (Result: exit-code) since 14:41:09, exit status 1",
    evidence=(Evidence(U("systemctl show --all"), U("ActiveState=failed\nResult=exit-code")),),
)
INODES = finding(Status.OK, "resources.disk.inodes", "/var", "4 % of inodes used")
DISK_FULL = Suspect(
    id="disk_full",
    title="Disk full: no space left on device",
    verdict=Verdict.CONFIRMED,
    confidence=0.9712,
    target=U("web1"),
    entity=U("/var"),
    because=(weighed(SPACE, 21.4), weighed(ENOSPC, 14.0), weighed(UNIT, 4.2)),
    missing=("logs.kernel.errors",),
    explains=(U("postgresql@15-main.service: failed (Result: exit-code) since 14:41:09, exit status 1"),),
    next=(
        U("see what fills it: `df -h /var && du -xh --max-depth=2 /var | sort -h | tail`"),
        U("free space: rotate or move what grew; `journalctl --vacuum-size=200M` is safe; never delete pg_wal"),
        U("nothing to roll back; grow the volume if it fills again"),
    ),
    runbook="disk_full",
)
KERNEL_LOG = SilenceNote(
    target=U("web1"),
    probe="kernel_log",
    silence=Silence.DENIED,
    detail=U("denied: dmesg: read kernel buffer failed: Operation not permitted"),
    opens=U("log in as root, or allow this user `sudo -n`"),
    checks=("logs.kernel.errors", "resources.memory.oom"),
)
BLIND = [
    finding(Status.UNKNOWN, c, "", "kernel_log: denied: dmesg: Operation not permitted")
    for c in ("logs.kernel.errors", "resources.memory.oom")
]


def moment(minute: int, kind: Kind, subject: str, summary: str, *, lasts: int = 0, count: int = 1, **more) -> Event:
    """So many minutes after two o'clock; `lasts` minutes."""
    at = RUN.since.replace(minute=minute)
    about = {"target": U("web1"), "subject": U(subject), "summary": U(summary), "source": U("journal")} | more
    return Event(at=at, until=at + timedelta(minutes=lasts), count=count, kind=kind, **about)


TIMELINE = Timeline(
    events=(
        moment(12, Kind.DEPLOY, "/opt/shop/current", "/opt/shop/current switched to releases/1.4.3"),
        moment(38, Kind.LOG, "postgresql", "No space left on device: 14 lines of postgresql", lasts=3, count=14,
               grave=True, assumed=("zone",), source=U("/var/log/postgresql/postgresql-15-main.log")),
        moment(41, Kind.FAIL, "postgresql@15-main.service", "postgresql@15-main.service failed (exited, status 1)",
               grave=True),
    ),
    of=41,
    onsets=(
        Onset(target=U("web1"), what="logs", at=RUN.since.replace(minute=38), earliest=RUN.since.replace(minute=38),
              latest=RUN.since.replace(minute=41), summary=U("trouble is logged since 14:38:00 UTC")),
    ),
    reliefs=(Relief(target=U("web1"), summary=U("I/O pressure eases: 2% over 10 s, after 31% over 300 s")),),
    clocks=(HostClock(target=U("web1"), offset=-37.4, uncertainty=0.5),),
)  # fmt: skip


def healthy() -> Report:
    found = passing()
    return report(found, Diagnosis(verdict=Verdict.HEALTHY))


def incomplete() -> Report:
    found = in_order(passing(but=["logs.kernel.errors"]) + BLIND)
    return report(found, Diagnosis(verdict=Verdict.INCONCLUSIVE), silences=(KERNEL_LOG,))


def confirmed() -> Report:
    bad = [SPACE, ENOSPC, UNIT]
    found = in_order(passing(but=[f.check for f in bad + BLIND]) + bad + [INODES] + BLIND)
    return report(
        found, Diagnosis(verdict=Verdict.CONFIRMED, causes=(DISK_FULL,)), silences=(KERNEL_LOG,), timeline=TIMELINE
    )


# ---------------------------------------------------------------- two causes, and something neither explains


def two_causes() -> Report:
    swap = finding(Status.WARN, "resources.memory.swapping", "", "412 pages/s swapped in, 388 out, over 2.0 s")
    low = finding(Status.FAIL, "resources.memory.available", "", "1.2 % of 7.7 GiB available (MemAvailable 94 MiB)")
    slow = finding(Status.WARN, "functional.services.answer", "shop", "HTTP 200 after 4.8 s; 4.5 s of it waiting")
    clock = finding(Status.WARN, "resources.clock.offset", "", "the clock is 3.2 s ahead; NTP not synchronised")
    memory = Suspect(
        id="memory_exhausted",
        title="Memory exhausted: the host lives on swap",
        verdict=Verdict.PROBABLE,
        confidence=0.7801,
        target=U("web1"),
        entity=U(""),
        because=(weighed(low, 12.1), weighed(swap, 9.0), weighed(slow, 2.2)),
        despite=(
            Weighed(
                check="logs.kernel.errors", subject=U(""), summary=U("no OOM kill in the kernel log"), decibans=-3.1
            ),
        ),
        missing=("resources.memory.oom", "resources.pressure.memory"),
        next=(
            U("see who grew: `ps -eo pid,rss,comm --sort=-rss | head`"),
            U("restart the process that leaks, or give it a MemoryMax of its own"),
            U("remove the limit: `systemctl revert UNIT`"),
        ),
        runbook="memory_exhausted",
    )
    query = Suspect(
        id="slow_database",
        title="The database answers slowly",
        verdict=Verdict.INCONCLUSIVE,
        confidence=0.12,
        target=U("web1"),
        entity=U("db1:5432"),
        because=(weighed(slow, 3.0),),
        runbook="slow_database",
    )
    bad = [swap, low, slow, clock]
    found = in_order(passing(but=[f.check for f in bad]) + bad)
    diagnosis = Diagnosis(verdict=Verdict.PROBABLE, causes=(memory, query), unexplained=(weighed(clock, 0.0),))
    return report(found, diagnosis)


# ---------------------------------------------------------------- nothing is established but a condition

RESTARTS = NextCheck(
    check="functional.units.restarts",
    target=U("web1"),
    command=U("diagkit functional web1 --only functional.units.restarts -v"),
    bits=0.62,
    opens=U("log in as root, or allow this user `sudo -n`"),
)
LISTENERS = NextCheck(
    check="resources.sockets.listeners",
    target=U("web1"),
    command=U("diagkit resources web1 --only resources.sockets.listeners -v"),
    bits=0.41,
)


def inconclusive() -> Report:
    refused = finding(Status.FAIL, "functional.services.answer", "shop", "HTTP 502 Bad Gateway after 0.01 s")
    down = finding(
        Status.FAIL,
        "logs.signatures.known",
        "nginx",
        "connect() failed (111: Connection refused) while connecting to upstream, 61 times",
    )
    crash = Suspect(
        id="crash_loop",
        title="A service crashes and is restarted over and over",
        verdict=Verdict.INCONCLUSIVE,
        confidence=0.41,
        target=U("web1"),
        entity=U("shop.service"),
        because=(weighed(refused, 6.2), weighed(down, 5.9)),
        missing=("functional.units.restarts",),
        next=(U("see its restarts: `systemctl show -p NRestarts shop.service`"),),
        runbook="crash_loop",
    )
    wrong_port = replace(
        crash,
        id="wrong_listener",
        title="The service listens elsewhere than its clients think",
        confidence=0.22,
        missing=(),
        runbook="wrong_listener",
    )
    bad = [refused, down]
    found = in_order(passing(but=[f.check for f in bad]) + bad)
    diagnosis = Diagnosis(
        verdict=Verdict.INCONCLUSIVE,
        causes=(crash, wrong_port),
        condition=U("The service behind the proxy does not answer"),
        next_checks=(RESTARTS, LISTENERS),
    )
    return report(found, diagnosis)


def to_be_opened() -> Report:
    """The same, where what would settle it has to be allowed first."""
    known = inconclusive()
    return replace(known, diagnosis=replace(known.diagnosis, next_checks=(RESTARTS,)))


def unexplained() -> Report:
    clock = finding(Status.WARN, "resources.clock.offset", "", "the clock is 3.2 s ahead; NTP not synchronised")
    return report(
        in_order([*passing(), clock]), Diagnosis(verdict=Verdict.INCONCLUSIVE, unexplained=(weighed(clock, 0.0),))
    )


# ---------------------------------------------------------------- several targets, and one that does not answer

DARK = [
    finding(Status.UNKNOWN, check, "", "unreachable: tcp: Connection refused (port 22)", "web9") for check in PASSING
]
WEB9 = {"reached": False, "layer": Layer.TCP, "detail": U("Connection refused (port 22)")}
WEB9_NOTE = SilenceNote(
    target=U("web9"),
    probe="mounts",
    silence=Silence.REFUSED,
    detail=U("refused: Connection refused (port 22)"),
    opens=U("reach the host first: see the connectivity phase"),
    checks=tuple(sorted(PASSING)),
)


def unreachable() -> Report:
    gone = finding(Status.FAIL, "connectivity.tcp.ports", "web9:22", "Connection refused on port 22", "web9")
    found = [gone, *(f for f in DARK if f.check != gone.check)]
    return report(
        found, Diagnosis(verdict=Verdict.INCONCLUSIVE), [result("web9", found, **WEB9)], silences=(WEB9_NOTE,)
    )


def mixed() -> Report:
    one = confirmed()
    found = in_order([*one.findings, *passing("web2"), *DARK])
    targets = [result(name, found) for name in ("web1", "web2")] + [result("web9", found, **WEB9)]
    return report(found, one.diagnosis, targets, silences=(KERNEL_LOG, WEB9_NOTE))


def interrupted() -> Report:
    one = incomplete()
    not_run = finding(Status.UNKNOWN, "functional.units.failed", "", "units: not run: interrupted")
    found = [f for f in one.findings if not f.check.startswith("functional")] + [not_run]
    note = SilenceNote(
        target=U("web1"),
        probe="units",
        silence=Silence.NOT_RUN,
        detail=U("not run: interrupted"),
        opens=U("run without --only/--skip, or with a longer --timeout"),
        checks=("functional.units.failed",),
    )
    bug = Fault(where="resources.cpu.saturation", error=U("ZeroDivisionError: division by zero"))
    return report(
        found, one.diagnosis, run=replace(RUN, interrupted=True), silences=(*one.silences, note), faults=(bug,)
    )


def of_everything() -> Report:
    """A small report in which every field of every type is filled."""
    skipped = finding(Status.SKIP, "resources.disk.inodes", "/boot", "vfat has no inodes")
    blind = replace(BLIND[0], hint=U("log in as root"))
    slow = finding(Status.WARN, "functional.services.answer", "shop", "HTTP 200 after 4.8 s")
    found = [passing()[0], SPACE, skipped, blind, slow, DARK[0]]
    cause = replace(DISK_FULL, despite=(weighed(skipped, -2.0),))
    other = replace(cause, id="other", verdict=Verdict.INCONCLUSIVE, confidence=0.1)
    diagnosis = Diagnosis(
        verdict=Verdict.CONFIRMED, causes=(cause, other), unexplained=(weighed(slow, 0.0),), condition=U("writes fail")
    )
    targets = [result("web1", found), result("web9", found, **WEB9)]
    bug = Fault(where="resources.cpu.saturation", error=U("ZeroDivisionError: division by zero"))
    told = {"timeline": TIMELINE, "logs": (digests.SENT,)}
    return report(found, diagnosis, targets, silences=(KERNEL_LOG, WEB9_NOTE), faults=(bug,), **told)


# ---------------------------------------------------------------- what the past and the other hosts tell


def foretold() -> Report:
    filling = finding(
        Status.WARN,
        "resources.forecast.space",
        "/var",
        "filesystem /var used up in 7 h (6 h to 9 h), going by the last 8 h",
        "web2",
        measured={"full_in_s": 25_200.0, "soonest_s": 21_600.0, "latest_s": 32_400.0, "per_hour": 1.4e9},
    )
    larger = finding(
        Status.OK,
        "resources.unusual.programs",
        "shop",
        "unusual here: 1.4 GiB; 210.0 MiB to 240.0 MiB in 96 earlier runs",
        "web2",
        measured={"now": 1.5e9, "low": 2.2e8, "high": 2.5e8, "z": 11.2},
        likelihood_ratio=20.0,
    )
    certificate = finding(
        Status.OK,
        "connectivity.tls.renewal",
        "web1:443",
        "certificate expires in 61 days",
        measured={"days_left": 61.0},
    )
    found = in_order([*passing("web1"), certificate, *passing("web2"), filling, larger, *passing("web3")])
    targets = [result(name, found) for name in ("web1", "web2", "web3")]
    apart = Outlier(
        target=U("web2"), what=U("sysctl net.core.somaxconn"), value=U("128"), usual=U("4096"), agreeing=2, of=3
    )
    well = replace(apart, target=U("web1"), what=U("kernel"), value=U("6.1.0-13"), usual=U("6.1.0-18"))
    return report(
        found,
        Diagnosis(verdict=Verdict.INCONCLUSIVE, unexplained=(weighed(filling, 0.0),)),
        targets,
        forecasts=(
            FULL,
            replace(
                FULL,
                target=U("web1"),
                check=certificate.check,
                subject=certificate.subject,
                at=RUN.until + timedelta(days=61),
                soonest=None,
                latest=None,
                summary=certificate.summary,
            ),
        ),
        outliers=(well, apart),
    )


# ---------------------------------------------------------------- logs that somebody sent


def from_files() -> Report:
    sent = digests.SENT.target.raw
    killed = finding(
        Status.FAIL,
        "logs.memory.oom",
        "java",
        "Out of memory: the kernel killed a process: 4 times from 14:38:11 to 14:46:00 UTC",
        sent,
        at=digests.OOM.last,
    )
    memory = Suspect(
        id="memory_exhausted",
        title="Memory exhausted",
        verdict=Verdict.PROBABLE,
        confidence=0.87,
        target=U(sent),
        entity=U(""),
        because=(weighed(killed, 18.0),),
        missing=("resources.memory.available", "resources.pressure.memory"),
        next=(U("see who grew: `ps -eo pid,rss,comm --sort=-rss | head`"),),
        runbook="memory/memory_exhausted",
    )
    diagnosis = Diagnosis(verdict=Verdict.PROBABLE, causes=(memory,))
    return report([killed], diagnosis, [result(sent, [killed])], logs=(digests.SENT,))


def nothing_in_files() -> Report:
    passed = finding(Status.OK, "logs.coverage.read", "", "read 11.8 MB", digests.SENT.target.raw)
    none = {"fail": digests.SILENT, "warn": digests.SILENT, "error": digests.SILENT}
    clean = replace(
        digests.SENT, per_severity=none, began=None, signatures=(), templates=(), error_lines=0, explained=0, unread=(),
        sources=digests.SENT.sources[:1],
    )  # fmt: skip
    diagnosis = Diagnosis(verdict=Verdict.INCONCLUSIVE)
    return report([passed], diagnosis, [result(digests.SENT.target.raw, [passed])], logs=(clean,))


FULL = Forecast(
    target=U("web2"),
    check="resources.forecast.space",
    subject=U("/var"),
    at=RUN.until + timedelta(hours=7),
    soonest=RUN.until + timedelta(hours=6),
    latest=RUN.until + timedelta(hours=9),
    summary=U("filesystem /var used up in 7 h (6 h to 9 h), going by the last 8 h"),
)


def chronicle() -> Chronicle:
    """What `diagkit timeline` knows of two hosts."""
    yesterday = RUN.since - timedelta(hours=18)
    early = moment(0, Kind.JOB, "backup.service", "backup.timer started backup.service; it took 7 s", target=U("web2"))
    return Chronicle(
        run=RUN,
        targets=(U("web1"), U("web2"), U("web9")),
        timeline=replace(TIMELINE, events=(replace(early, at=yesterday, until=yesterday), *TIMELINE.events), of=4),
        silences=(replace(KERNEL_LOG, checks=("host.cron", "units.units")), replace(WEB9_NOTE, checks=())),
        faults=(Fault(where="units.units", error=U("ZeroDivisionError: division by zero")),),
    )


ALL = {
    make.__name__: make
    for make in (
        healthy,
        incomplete,
        confirmed,
        two_causes,
        inconclusive,
        to_be_opened,
        unexplained,
        unreachable,
        mixed,
        interrupted,
        foretold,
        from_files,
        nothing_in_files,
    )
}
