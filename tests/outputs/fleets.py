"""Reports of many hosts, made of the invented incidents of one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from diagkit.model import (
    Common,
    Diagnosis,
    Finding,
    Layer,
    Report,
    SilenceNote,
    Status,
    Suspect,
    TargetResult,
    Verdict,
    Weighed,
)
from tests.outputs import reports
from tests.outputs.reports import U, finding, weighed


def on(name: str, one: Report) -> tuple[list[Finding], TargetResult, list[Suspect], list[SilenceNote], list[Weighed]]:
    """A report of one host as if it were of a host of that name."""
    return (
        [replace(f, target=U(name)) for f in one.findings],
        replace(one.targets[0], name=U(name)),
        [
            replace(c, target=U(name), next=tuple(_renamed(step.raw, name) for step in c.next))
            for c in one.diagnosis.causes
        ],
        [replace(note, target=U(name)) for note in one.silences],
        list(one.diagnosis.unexplained),
    )


def _renamed(step: str, name: str):
    return U(step.replace("web1", name))


def together(hosts: Iterable[tuple[str, Report]], **more) -> Report:
    """One report of all these hosts."""
    told = [on(name, one) for name, one in hosts]
    causes = sorted((c for of in told for c in of[2]), key=lambda c: (c.verdict is Verdict.INCONCLUSIVE, -c.confidence))
    by_id: dict[str, list[Suspect]] = {}
    for cause in causes:
        by_id.setdefault(cause.id, []).append(cause)
    common = [
        Common(id=i, title=c[0].title, targets=tuple(x.target for x in c), of=len(told), decibans=30.0)
        for i, c in by_id.items()
        if len(c) > 2
    ]
    worst = [c.verdict for c in causes if c.verdict is not Verdict.INCONCLUSIVE]
    bad = any(f.status in (Status.FAIL, Status.WARN) for of in told for f in of[0])
    verdict = worst[0] if worst else Verdict.INCONCLUSIVE if bad else Verdict.HEALTHY
    diagnosis = Diagnosis(
        verdict=verdict,
        causes=tuple(causes),
        common=tuple(common),
        unexplained=tuple(w for of in told for w in of[4]),
    )
    return reports.report(
        [f for of in told for f in of[0]],
        diagnosis,
        [of[1] for of in told],
        silences=tuple(note for of in told for note in of[3]),
        **more,
    )


def lost(number: int, detail: str = "", layer: Layer | None = Layer.TCP) -> Report:
    """A host that was not reached, refused at an address of its own."""
    address = f"10.0.{number // 250}.{number % 250 + 1}"
    detail = detail or f"Connection refused by {address} port 22: the host answers, but nothing listens there"
    dark = reports.DARK
    result = reports.result("web9", dark, reached=False, layer=layer, detail=U(detail))
    return reports.report(dark, Diagnosis(verdict=Verdict.INCONCLUSIVE), [result])


def full_disk(subject: str = "/var", percent: int = 100) -> Report:
    space = finding(Status.FAIL, "resources.disk.space", subject, f"{percent} % used, 0.0 GiB left of 39.1")
    found = reports.in_order([*reports.passing(but=[space.check]), space])
    verify = U("diagkit resources web1 --only 'resources.disk.*' -v")
    cause = replace(
        reports.DISK_FULL,
        entity=U(subject),
        because=(weighed(space, 21.4),),
        missing=(),
        next=(verify, *reports.DISK_FULL.next[1:]),
    )
    return reports.report(found, Diagnosis(verdict=Verdict.CONFIRMED, causes=(cause,)))


def wrong(check: str, subject: str, summary: str, status: Status = Status.FAIL) -> Report:
    """A host with one finding that no cause accounts for."""
    bad = finding(status, check, subject, summary)
    found = reports.in_order([*reports.passing(but=[check]), bad])
    return reports.report(found, Diagnosis(verdict=Verdict.INCONCLUSIVE, unexplained=(weighed(bad, 0.0),)))


def hundred() -> Report:
    """96 healthy, three with a full disk, one that is not reached."""
    kinds = dict.fromkeys((17, 31, 44), full_disk()) | {99: lost(99)}
    return together((f"web-{n}", kinds.get(n, reports.healthy())) for n in range(1, 101))


def of_five_kinds() -> Report:
    """100 hosts: full disks of two kinds, a web server that fails, clocks that are wrong, and whole racks lost."""
    kinds = dict.fromkeys((3, 4, 5, 6), full_disk()) | {7: full_disk("/"), 8: reports.confirmed()}
    for n in (10, 11, 12):
        kinds[n] = wrong("functional.units.failed", "nginx.service", f"failed since 14:4{n % 10}:09, exit status 1")
    for n in range(20, 30):
        kinds[n] = wrong("resources.clock.offset", "", f"the clock is {n / 10} s ahead", Status.WARN)
    kinds |= {n: lost(n) for n in range(41, 81)}
    kinds |= {n: lost(n, f"no answer from 10.1.0.{n} port 22 within {n % 3 + 7} s: the host is down") for n in (90, 91)}
    kinds |= dict.fromkeys((95, 96), reports.incomplete())
    return together((f"web-{n:02}", kinds.get(n, reports.healthy())) for n in range(1, 101))


def unlike(sick: int = 30, of: int = 1000) -> Report:
    """Many hosts, and many of them sick in ways of their own."""
    healthy = reports.healthy()
    kinds = {
        n * of // sick: wrong("functional.units.failed", f"app-{chr(97 + n % 26)}{'x' * (n // 26)}.service", "failed")
        for n in range(sick)
    }
    return together((f"web-{n}", kinds.get(n, healthy)) for n in range(of))


ALL = {make.__name__: make for make in (hundred, of_five_kinds, unlike)}
