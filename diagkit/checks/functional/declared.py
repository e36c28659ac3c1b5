"""Do the services that diagkit.toml declares do what it says they do?"""

from __future__ import annotations

from collections.abc import Iterator

from diagkit.checks import Findings, check, fail, ok, skip, unknown
from diagkit.model import Service, Site, Target, Unknown
from diagkit.probes.commands import Commands
from diagkit.probes.doors import KnownPorts, applies
from diagkit.probes.pages import Pages
from diagkit.probes.processes import Processes
from diagkit.probes.systemd import Units


@check(noise=(0.002, 0.002))
def url(pages: Pages, site: Site) -> Findings:
    """Every declared URL answers with the declared status, or with a page that has the declared text in it.

    Why: it is what users see; all else can look well while it fails.
    """
    expected = {service.name: service.expect for service in site.services}
    declared = [page for page in pages.all if page.declared]
    for page in declared:
        want = expected[page.declared]
        if not page.state:
            yield unknown(f"{page.url} could not be asked: {page.error}", page.declared)
        elif page.state != "answered":
            yield fail(f"{page.url} does not answer: {page.state} {page.error}".rstrip(), page.declared)
        elif want in (page.status, str(page.status)) or (isinstance(want, str) and want in page.body):
            yield ok(f"{page.url} answers {page.status} {page.reason}".rstrip(), page.declared)
        else:
            yield fail(f"{page.url} answers {page.status} {page.reason}, expected {want!r}", page.declared)
    if not declared:
        yield skip("no URL is declared for this target")


@check(noise=(0.002, 0.002))
def tcp(ports: KnownPorts, site: Site) -> Findings:
    """Every declared TCP port takes connections from here.

    Why: somebody said that others depend on it.
    """
    wanted = {service.name for service in site.services if service.tcp and not service.url}
    declared = {name: port for name, port in ports.declared.items() if name in wanted}
    for name, port in declared.items():
        if not port.state:
            yield unknown(f"{port} could not be tried: {port.error}", name)
        elif port.open:
            yield ok(f"{port} takes connections", name)
        else:
            yield fail(f"{port} is {port.state}: {port.error}".rstrip(": "), name)
    if not declared:
        yield skip("no TCP port is declared for this target")


def _here(site: Site, target: Target) -> Iterator[Service]:
    return (service for service in site.services if applies(service, target))


@check(noise=(0.002, 0.002))
def unit(units: Units, site: Site, target: Target) -> Findings:
    """Every declared unit is active.

    Why: a unit that nobody enabled may be inactive without looking wrong; only a declaration says that it ought to run.
    """
    declared = [service for service in _here(site, target) if service.unit]
    for service in declared:
        found = units.named(service.unit)
        if found and found.active == "active":
            yield ok(f"{found.name} is active ({found.sub})", service.name)
        else:
            state = f"{found.active} ({found.sub}), {found.load}" if found else "not loaded"
            yield fail(f"{service.unit} is {state}", service.name)
    if not declared:
        yield skip("no unit is declared for this target")


@check(noise=(0.002, 0.002))
def process(processes: Processes | Unknown, site: Site, target: Target) -> Findings:
    """Every declared process runs.

    Why: it is all one can ask for where there is no service manager.
    Limits: Linux keeps the first 15 characters of a name; longer ones are compared so far.
    """
    declared = [service for service in _here(site, target) if service.process]
    for service in declared:
        if isinstance(processes, Unknown):
            yield unknown(f"{processes.silence.value}: {processes.detail}", service.name)
            continue
        running = [p for p in processes.all if p.name == service.process[:15] and p.state != "Z"]
        if running:
            yield ok(", ".join(str(p) for p in running[:5]), service.name)
        else:
            yield fail(f"no process {service.process} runs", service.name)
    if not declared:
        yield skip("no process is declared for this target")


@check(noise=(0.002, 0.002))
def command(commands: Commands) -> Findings:
    """Every declared command exits with 0.

    Why: whoever runs the service knows best how to test it.
    """
    for one in commands.all:
        if one.silence:
            yield unknown(f"{one.silence.value}: {one.said}".rstrip(": "), one.service)
        elif one.code:
            yield fail(f"exit code {one.code}: {one.said}".rstrip(": "), one.service)
        else:
            yield ok(f"exit code 0: {one.said}".rstrip(": "), one.service)
