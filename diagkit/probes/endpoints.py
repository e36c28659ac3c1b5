"""Endpoints: the services on other hosts that this host uses, and whether it can connect to them.

They are read from its configuration and from its established connections: when a database is down there is no
connection left to see, and when its address is built in there is no configuration.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from diagkit.frozen import frozen
from diagkit.model import Ask, Reach, Reply, Run, Silence, Vantage
from diagkit.probes import Absent, Answers, Withheld, perhaps, probe
from diagkit.probes.dependencies import NO_NAMES, SUFFIXES
from diagkit.probes.doors import COUNT_KNOCKS, seen_port
from diagkit.probes.names import Resolver, is_address
from diagkit.probes.sockets import LISTENERS, LISTENING, TABLES, readable, table_rows

ESTABLISHED = "01"  # a state as the kernel numbers them
EPHEMERAL = 32_768  # the lowest port that Linux gives to clients by default
CONNECTIONS = Run(("ss", "-tn", "state", "established", "dport", "lt", f":{EPHEMERAL}"))
WITHOUT_SS = tuple(replace(table, unless="ss") for table in TABLES)
AT_MOST = 6  # endpoints that are tried; each costs a connection

# What a setting is about, by the words around it, and the port it means where none is said.
PORTS = {
    r"postgres|\bpg\b|pgsql": 5432,
    r"mysql|mariadb": 3306,
    r"redis|valkey|cache": 6379,
    r"memcache": 11211,
    r"mongo": 27017,
    r"amqp|rabbit": 5672,
    r"kafka": 9092,
    r"elastic|opensearch": 9200,
    r"smtp|mail": 25,
    r"ldap": 389,
    r"https": 443,
    r"http": 80,
    r"\bdb\b|database": 5432,
}
_KEY = r"[^#;=:]*(host|hostname|server|endpoint|master|broker|upstream|url|uri|dsn|port)[^[:alnum:]]*[=:]"
_SECTION = r"\[[a-z]|[a-z_-]+:[[:space:]]*$"


@frozen(kw_only=True)
class Endpoint:
    """One service on another host. `via`: the file that names it, or `connection`."""

    host: str  # as it is written there: a name or an address
    port: int
    via: str

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@frozen(kw_only=True)
class Endpoints:
    """Every service on another host that this host was seen to use, those of the configuration first."""

    all: tuple[Endpoint, ...]


def _settings() -> Run:
    """Lines below /etc that name a host or a port, with the heads of the sections they stand in."""
    named = [word for suffix in SUFFIXES for word in ("-o", "-name", f"*.{suffix}")][1:]
    grep = ("-exec", "grep", "-HiE", f"^({_KEY}|{_SECTION})", "{}", "+")
    return Run(("find", "/etc", "-type", "f", "-size", "-128k", "(", *named, ")", *grep), cap=65_536, root=True)


@probe(_settings(), perhaps(CONNECTIONS), perhaps(LISTENERS), *(perhaps(table) for table in WITHOUT_SS))
def endpoints(
    settings: Reply, connections: Reply, listeners: Reply, tcp: Reply, tcp6: Reply, resolver: Resolver
) -> Endpoints:
    """Services of our own that this host uses: on short names, names below a search domain, or addresses."""
    found: dict[tuple[str, int], Endpoint] = {}
    connected = [*_connected(connections, listeners), *_in_tables([t for t in (tcp, tcp6) if not t.silence])]
    for one in [*_configured(settings, resolver), *connected]:
        found.setdefault((one.host, one.port), one)
    if not found and "Permission denied" in settings.complaint:
        raise Withheld(Silence.DENIED, "some of the configuration below /etc is not for everybody")
    if not found:
        raise Absent("neither the configuration nor a connection names a service on another host of ours")
    return Endpoints(all=tuple(found.values()))


_SETTING = re.compile(r"\s*[\"']?([\w.-]+)[\"']?\s*[=:]\s*(.+?)[\s,;]*$")
_URL = re.compile(r"([a-z][a-z0-9+]*)://(?:[^@/\s]*@)?([a-z0-9.-]+|\[[0-9a-f:]+\])(?::(\d+))?", re.IGNORECASE)
_PLACE = re.compile(r"[\"']?([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::(\d+))?[\"']?", re.IGNORECASE)


def _configured(settings: Reply, resolver: Resolver) -> Iterator[Endpoint]:
    """The endpoints that settings name: by URL, as host:port, or as a host with a port beside it or a usual one."""
    for file, section, lines in _sections(settings):
        ports = [value for key, value in lines if key.lower().endswith("port") and value.strip("\"'").isdigit()]
        for key, value in lines:
            about = f"{section} {key}".lower().replace("_", " ")
            if url := _URL.search(value):
                host, port, about = url[2].strip("[]"), url[3], url[1].lower()
            elif (place := _PLACE.fullmatch(value)) and not key.lower().endswith("port"):
                host, port = place[1], place[2] or (ports[0].strip("\"'") if len(ports) == 1 and section else None)
            else:
                continue
            number = int(port) if port else _usual_port(about)
            if number and _ours(host.lower(), resolver):
                yield Endpoint(host=host.lower(), port=number, via=file)


def _sections(settings: Reply) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    """File, head of the section, and its settings."""
    place, lines = ("", ""), list[tuple[str, str]]()
    for row in settings.lines:
        file, _, line = row.partition(":")
        head = re.match(r"\s*\[([^\]]+)\]|\s*([\w-]+):\s*$", line)
        if head or file != place[0]:
            yield *place, lines
            place, lines = (file, (head[1] or head[2]) if head else ""), []
        if not head and (setting := _SETTING.match(line)):
            lines.append((setting[1], setting[2]))
    yield *place, lines


def _usual_port(about: str) -> int:
    return next((port for words, port in PORTS.items() if re.search(words, about)), 0)


def _ours(host: str, resolver: Resolver) -> bool:
    """Whether this may be a host of our own: other people's names in files are often only examples."""
    if is_address(host):
        return not host.startswith(("127.", "0.", "169.254.")) and host not in ("::1", "::")
    ours = "." not in host or any(host.endswith(f".{domain}") for domain in resolver.search)
    return ours and host not in NO_NAMES and not host.isdigit()


_ENDS = re.compile(r"(?:LISTEN +)?\d+ +\d+ +(\S+):(\d+) +(\S+):(\d+|\*)")


def _connected(connections: Reply, listeners: Reply) -> Iterator[Endpoint]:
    """The far ends of connections that this host opened: to a port that clients are not given, not to one of ours."""
    listening = {ends[2] for line in listeners.lines if (ends := _ENDS.match(line))}
    for ends in filter(None, map(_ENDS.match, connections.lines)):
        here, there = (ends[at].strip("[]").partition("%")[0].removeprefix("::ffff:") for at in (1, 3))
        if ends[2] not in listening and _elsewhere(there, here):
            yield Endpoint(host=there, port=int(ends[4]), via="connection")


def _elsewhere(there: str, here: str) -> bool:
    return not there.startswith("127.") and there not in ("::1", here)


def _in_tables(tables: list[Reply]) -> Iterator[Endpoint]:
    """The same from the kernel's tables, where there is no `ss`."""
    rows = [row for table in tables for row in table_rows(table)]
    listening = {_port(local) for local, _, state, _ in rows if state == LISTENING}
    for local, remote, state, _ in rows:
        if state != ESTABLISHED or (port := _port(remote)) >= EPHEMERAL or _port(local) in listening:
            continue
        address = readable(remote)
        if _elsewhere(address, readable(local)):
            yield Endpoint(host=address, port=port, via="connection")


def _port(text: str) -> int:
    return int(text.rpartition(":")[2], 16)


@frozen(kw_only=True)
class Attempt:
    """How an endpoint took a connection from this host.

    state: open, refused, filtered, unreachable, unresolved; empty where the test was not possible (see `error`).
    """

    endpoint: Endpoint
    state: str
    error: str = ""


@frozen(kw_only=True)
class Attempts:
    """The first six endpoints, tried from this host."""

    all: tuple[Attempt, ...]


def _reach(endpoint: Endpoint) -> Reach:
    return Reach("tcp", endpoint.host, endpoint.port, vantage=Vantage.TARGET)


def _try(endpoints: Endpoints) -> Iterable[Ask]:
    return [_reach(one) for one in endpoints.all if one.port not in COUNT_KNOCKS][:AT_MOST]


@probe(also=_try)
def attempts(endpoints: Endpoints, answers: Answers) -> Attempts:
    """A connection to each endpoint, opened from this host and closed at once."""
    found = []
    for endpoint in endpoints.all:
        if reply := answers.get(_reach(endpoint)):
            port = seen_port(_reach(endpoint), reply)
            found.append(Attempt(endpoint=endpoint, state=port.state, error=port.error))
    return Attempts(all=tuple(found))
