"""Dependencies: the other hosts that the configuration of this one names, and what DNS says about them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from diagkit.frozen import frozen
from diagkit.model import Ask, Reach, Reply, Run, Target, Vantage
from diagkit.probes import Absent, Answers, probe
from diagkit.probes.names import Resolver, ServerSaid, is_address, own_vantage, server_said

LINE = "^[^#;=:]*(host|hostname|server|endpoint|master|broker|upstream)[^[:alnum:]]*[=:][^[:alnum:]]*[a-z]"
SUFFIXES = ("ini", "conf", "cfg", "yml", "yaml", "toml", "env", "json", "properties")
NO_NAMES = {
    "localhost",
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "none",
    "auto",
    "default",
    "null",
    "unix",
    "any",
    "all",
}
MOST_NAMES = 4  # each is looked up twice
_VALUE = re.compile(r"[=:]\s*[\"']?([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::\d+)?[\"',;]?\s*$", re.IGNORECASE)


def _lines_that_name_hosts() -> Run:
    """Settings whose key says "host" or the like, in the usual kinds of files below /etc."""
    named = [word for suffix in SUFFIXES for word in ("-o", "-name", f"*.{suffix}")][1:]
    grep = ("-exec", "grep", "-hsiE", LINE, "{}", "+")
    return Run(("find", "/etc", "-type", "f", "-size", "-128k", "(", *named, ")", *grep), cap=32_768, root=True)


@frozen(kw_only=True)
class HostsNamed:
    """Names of own hosts in the configuration: short ones, and those below a search domain."""

    all: tuple[str, ...]


@probe(_lines_that_name_hosts())
def hosts_named(reply: Reply, resolver: Resolver) -> HostsNamed:
    """Hosts that the configuration names. Those of other people's domains are left out: many are only examples."""
    found: list[str] = []
    for line in reply.lines:
        value = _VALUE.search(line)
        name = value[1].lower() if value else ""
        ours = "." not in name or any(name.endswith(f".{domain}") for domain in resolver.search)
        if name and ours and name not in NO_NAMES and not is_address(name) and not name.isdigit():
            found.append(name)
    if not found:
        raise Absent("no configuration below /etc names another host of ours")
    return HostsNamed(all=tuple(dict.fromkeys(found))[:MOST_NAMES])


@frozen(kw_only=True)
class Dependency:
    """A host that the configuration names, asked of the same server from the target and from here."""

    name: str
    there: ServerSaid | None  # None: could not be asked
    here: ServerSaid | None


@frozen(kw_only=True)
class Dependencies:
    """Hosts that the configuration names, as DNS knows them."""

    all: tuple[Dependency, ...]


def _asks(full_name: str, resolver: Resolver, target: Target) -> tuple[Reach, Reach]:
    question, server = f"{full_name} A", resolver.servers[0]
    return Reach("dns", server, 53, question, own_vantage(target)), Reach("dns", server, 53, question, Vantage.HERE)


def _look_up(named: HostsNamed, resolver: Resolver, target: Target) -> Iterable[Ask]:
    full_names = [full for name in named.all if resolver.servers for full in resolver.candidates(name)]
    return [ask for full in full_names for ask in _asks(full, resolver, target)]


@probe(also=_look_up)
def dependencies(named: HostsNamed, resolver: Resolver, target: Target, answers: Answers) -> Dependencies:
    """What the target's name server says about them, to the target and to us."""
    if not resolver.servers:
        raise Absent("/etc/resolv.conf names no server")
    found = []
    for name in named.all:
        tried = []
        for full in resolver.candidates(name):
            there, here = (_said(ask, answers[ask]) for ask in _asks(full, resolver, target))
            tried.append(Dependency(name=full, there=there, here=here))
        found.append(next((one for one in tried if one.there and one.there.addresses), tried[0]))
    return Dependencies(all=tuple(found))


def _said(ask: Reach, reply: Reply) -> ServerSaid | None:
    if reply.silence:
        return None
    data = json.loads(reply.text)
    return server_said(ask.to, data["over"], data)
