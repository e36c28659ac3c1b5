"""Do the services listen and answer, each where the others look for it?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from diagkit.checks import Findings, check, fail, ok, skip, unknown, warn
from diagkit.model import Moment, Unknown
from diagkit.probes.greetings import Greetings
from diagkit.probes.pages import InnerPages, Page, Pages
from diagkit.probes.processes import Processes
from diagkit.probes.proxies import RemoteUpstreams, Upstream, Upstreams
from diagkit.probes.scheduler import Crontabs
from diagkit.probes.sockets import Listeners
from diagkit.probes.systemd import Units

# Services by unit name: the name of the listening process, and the ports it listens on by default.
LISTENING = {
    r"nginx": ("nginx", (80, 443)),
    r"apache2|httpd": ("apache2|httpd", (80, 443)),
    r"haproxy": ("haproxy", (80, 443)),
    r"sshd?": ("sshd", (22,)),
    r"postgresql@.*": ("postgres", (5432,)),
    r"redis(-server)?": ("redis-server", (6379,)),
    r"mysqld?|mariadb": ("mysqld|mariadbd", (3306,)),
    r"mongod": ("mongod", (27017,)),
    r"memcached": ("memcached", (11211,)),
    r"rabbitmq-server": ("beam.smp", (5672,)),
    r"named|bind9": ("named", (53,)),
    r"dovecot": ("dovecot", (143, 993)),
    r"vsftpd": ("vsftpd", (21,)),
}
CRON = {"cron", "crond", "fcron", "cronie", "anacron"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """Seconds after its start within which a service need not listen yet.

    Source: our choice; web servers and caches take less, large databases that recover take longer.
    """

    seconds: float = 15


@check(limits=Settling(), noise=(0.01, 0.005))
def listening(units: Units, listeners: Listeners, moment: Moment, limits: Settling) -> Findings:
    """Every running service known for a port listens on one.

    Why: `active (running)` only says that a process exists.
    Limits: services known by name; others are declared in diagkit.toml.
    Look-alikes: services that wait for systemd's socket, and those that only listen on a Unix socket on purpose.
    """
    judged = False
    for unit in units.of("service"):
        kind = next((LISTENING[name] for name in LISTENING if re.fullmatch(rf"(?:{name})\.service", unit.name)), None)
        young = unit.started and moment.now - unit.started < timedelta(seconds=limits.seconds)
        if not kind or unit.sub != "running" or young or any(t.endswith(".socket") for t in unit.triggered_by):
            continue
        judged = True
        process, ports = kind
        usual = " or ".join(map(str, ports))
        own = [one for one in listeners.all if one.pid == unit.pid or re.fullmatch(process, one.process)]
        by_port = [one for one in listeners.all if one.port in ports]
        if own or by_port:
            yield ok(f"listens on {', '.join(sorted({str(one) for one in own or by_port}))}", unit.name)
        elif any(one.process for one in listeners.all):
            yield fail(f"running (pid {unit.pid}) but listens on no TCP port; port {usual} is usual", unit.name)
        else:
            yield unknown(f"nothing listens on port {usual}, and who listens elsewhere is not shown", unit.name)
    if not judged:
        yield skip("no running service is known for a port")


@check(noise=(0.002, 0.001))
def answering(inside: InnerPages, outside: Pages | Unknown, listeners: Listeners) -> Findings:
    """Every web server that listens answers when it is asked from the host itself, or else from here.

    Why: the kernel accepts connections for a process that is stopped, deadlocked or starved; only an answer proves
    that it lives.
    Limits: HTTP on the ports where it is usual; databases and caches are not spoken to.
    Look-alikes: a server that answers with an error is alive.
    """
    if not inside.all:
        yield skip("no web server listens on a usual port")
    owners = {one.port: f"{one.process}[{one.pid}] " for one in listeners.all if one.process}
    from_here = {_port(page): page for page in outside.all} if isinstance(outside, Pages) else {}
    for page in inside.all:
        place, port = page.url.split("/")[2], _port(page)
        seen = page if page.state else from_here.get(port, page)
        if seen.state == "mute" and "closed" in seen.error:
            yield unknown(f"{owners.get(port, '')}ends the connection without an answer: {seen.error}", place)
        elif seen.state == "mute":
            say = f"{owners.get(port, '')}accepts connections but does not answer: hung"
            yield fail(f"{say} ({seen.error})" if seen.error else say, place)
        elif seen.state:
            yield ok(f"{seen.state} {seen.status or ''} {seen.reason}".strip(), place)
        else:
            yield unknown(f"could not be asked from the host itself: {page.error}", place)


def _port(page: Page) -> int:
    url = urlsplit(page.url)
    return url.port or (443 if url.scheme == "https" else 80)


@check(noise=(0.003, 0.003), vital=False)
def greeting(greetings: Greetings) -> Findings:
    """Every FTP and mail server that listens greets whoever connects to it from the host itself.

    Why: in these protocols the server speaks first; one that accepts and says nothing is hung or overloaded.
    """
    for port in greetings.all:
        if port.state == "mute":
            yield fail("accepts connections but does not greet: hung", str(port))
        elif port.state == "open":
            yield ok(f"greets with {port.banner}", str(port))
        else:
            yield unknown(f"{port.state or 'could not be asked from the host itself'}: {port.error}", str(port))


@check(noise=(0.001, 0.0005), vital=False)
def frozen(processes: Processes) -> Findings:
    """No daemon is stopped by a signal (SIGSTOP, SIGTSTP: state T).

    Why: a stopped process keeps its sockets open and answers nobody.
    Look-alikes: jobs that somebody suspended in a shell have that shell for a parent; they are passed. Under a debugger
    the state is t.
    """
    still = [p for p in processes.all if p.state == "T" and p.parent <= 1]
    for process in still:
        yield fail("is stopped by a signal (state T)", str(process))
    if not still:
        yield ok("no daemon is stopped by a signal")


def _takes(upstream: Upstream, listeners: Listeners) -> bool:
    """Whether somebody on the host listens at a loopback address."""
    anywhere = {"0.0.0.0", "::", "*"}  # noqa: S104 - compared, not bound
    near = {upstream.host} | ({"127.0.0.1", "::1"} if upstream.host == "localhost" else set())
    return any(one.port == upstream.port and one.address in anywhere | near for one in listeners.all)


def _idle_proxies(upstreams: Upstreams, listeners: Listeners) -> set[str]:
    """The proxies that listen nowhere, as far as the owners of listening sockets are shown to us."""
    owners = {one.process for one in listeners.all} - {""}
    return {u.proxy for u in upstreams.all} - owners if owners else set()


@check(noise=(0.005, 0.002))
def upstreams(upstreams: Upstreams, remote: RemoteUpstreams, listeners: Listeners) -> Findings:
    """Every upstream that a reverse proxy is configured for takes connections.

    Why: without it the proxy answers 502 Bad Gateway (refused) or 504 (no answer).
    Limits: nginx, haproxy and Apache in their usual places; no Unix sockets; six upstreams on other hosts.
    Look-alikes: configuration that lies about while its proxy does not run; it is passed.
    """
    idle = _idle_proxies(upstreams, listeners)
    used = [u for u in upstreams.all if u.proxy not in idle]
    dead: dict[Upstream, str] = {
        u: "nothing listens there (Connection refused)" for u in used if u.local and not _takes(u, listeners)
    }
    for one in remote.all:
        if one.upstream not in used:
            continue
        if not one.state:
            yield unknown(f"could not be tried from the host: {one.error}", str(one.upstream))
        elif one.state not in ("open", "mute"):
            dead[one.upstream] = f"{one.state}: {one.error}".rstrip(": ")
    for upstream, why in dead.items():
        spare = any(u.group == upstream.group != "" and u not in dead for u in upstreams.all)
        verdict = warn if spare else fail
        yield verdict(f"upstream of {upstream.proxy} ({upstream.file}): {why}", str(upstream))
    for path in upstreams.hidden:
        yield unknown("the proxy's configuration may not be read", path, hint="log in as root, or allow `sudo -n`")
    if not dead and not upstreams.hidden:
        yield ok(f"all of {len(used)} upstreams take connections" if used else f"{', '.join(idle)} does not run")


@check(noise=(0.001, 0.001), vital=False)
def upstream_ports(upstreams: Upstreams, listeners: Listeners, units: Units) -> Findings:
    """No service listens on another port, or address, than the one where its reverse proxy looks for it.

    Why: after a change on one side only, both run and nobody finds the other.
    Look-alikes: a service that is down listens nowhere; its upstream is dead all the same.
    """
    idle = _idle_proxies(upstreams, listeners)
    lost = [u for u in upstreams.all if u.local and u.proxy not in idle and not _takes(u, listeners)]
    wanted, missed = {u.port for u in upstreams.all}, {u.port for u in lost}
    known = {port for _, ports in LISTENING.values() for port in ports}
    strays = [
        (one, unit)
        for one in listeners.all
        if one.port >= 1024 and one.port not in (wanted - missed) | known and (unit := units.owning(one.pid))
    ]
    for upstream in lost:
        for listener, unit in strays:
            say = f"port mismatch: {upstream.proxy} looks for {upstream}, where nothing listens; {unit.name}"
            yield fail(f"{say} ({listener.process}) listens on {listener}", str(upstream))
    if not (lost and strays):
        yield ok("no service listens beside the port where its proxy looks for it")


@check(noise=(0.005, 0.002), vital=False)
def cron(crontabs: Crontabs, processes: Processes) -> Findings:
    """A cron daemon runs where there are crontabs.

    Why: backups, rotations and renewals of certificates silently stop without it.
    """
    running = sorted({str(p) for p in processes.all if p.name in CRON})
    if running:
        yield ok(f"{', '.join(running)} runs")
    else:
        yield fail(f"no cron daemon runs, but there is {' and '.join(crontabs.all)}", "cron")
