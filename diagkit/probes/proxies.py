"""Reverse proxies: the upstreams their configuration names, and whether those can be reached from the host."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from diagkit.frozen import frozen
from diagkit.model import Ask, Reach, Reply, Run, Vantage
from diagkit.probes import Absent, Answers, probe

REMOTE_AT_MOST = 6
_FILES = (
    *("/etc/nginx/nginx.conf", "/etc/nginx/conf.d", "/etc/nginx/sites-enabled", "/etc/haproxy/haproxy.cfg"),
    *("/etc/apache2/sites-enabled", "/etc/httpd/conf.d"),
)
_WORDS = "upstream|server|backend|listen|proxy_pass|grpc_pass|fastcgi_pass|uwsgi_pass|ProxyPass|BalancerMember"


@frozen(kw_only=True)
class Upstream:
    """One address a proxy sends requests to. `group`: those that stand in for each other; empty: it stands alone."""

    proxy: str  # nginx, haproxy, apache2, httpd
    host: str
    port: int
    file: str
    group: str = ""

    @property
    def local(self) -> bool:
        """Whether it is on the host itself, by the loopback."""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@frozen(kw_only=True)
class Upstreams:
    """Every upstream with an address of its own: no Unix sockets, no variables. `hidden`: files we may not read."""

    all: tuple[Upstream, ...]
    hidden: tuple[str, ...] = ()


@probe(
    Run(("grep", "-RHE", rf"(^|[{{;[:space:]])({_WORDS})[[:space:]]", *_FILES), root=True),
    opens="log in as root, or allow this user `sudo -n`: the proxy's configuration is not for everybody",
)
def upstreams(reply: Reply) -> Upstreams:
    """The upstreams in the configuration of nginx, haproxy and Apache, from their lines that name one."""
    hidden = tuple(re.findall(r"^grep: (\S+): Permission denied", reply.complaint, re.MULTILINE))
    found: dict[str, Upstream] = {}
    for file, statement, group in _statements(reply):
        for upstream in _named(file, statement, group):
            found.setdefault(str(upstream), upstream)
    if not found and not hidden:
        raise Absent("no reverse proxy names an upstream here")
    return Upstreams(all=tuple(found.values()), hidden=hidden)


def _statements(reply: Reply) -> Iterator[tuple[str, str, str]]:
    """File, one statement without its comment, and the group of upstreams that it stands in."""
    group = ""
    for row in reply.lines:
        file, _, line = row.partition(":")
        for statement in re.split(r"[;{}]", line.partition("#")[0]):
            words = statement.split()
            if len(words) == 2 and words[0] in ("upstream", "backend", "listen"):
                group = words[1]
            elif words == ["server"]:  # the head of a block of nginx
                group = ""
            yield file, statement.strip(), group


_NGINX_SERVER = re.compile(r"server\s+([^\s;{]+)(.*)")
_HAPROXY_SERVER = re.compile(r"server\s+\S+\s+(\S+)(.*)")
_PASSED = re.compile(r"(https?|wss?|grpcs?|fcgi|uwsgi|ajp|h2c?)://([^\s;/\"']+)|(?:fastcgi|uwsgi)_pass\s+([^\s;]+)")
_ADDRESS = re.compile(r"\[([0-9a-fA-F:]+)\]:(\d+)|([\w.-]+)(?::(\d+))?")


def _named(file: str, statement: str, group: str) -> Iterator[Upstream]:
    """The upstream a statement names, if it has an address: not `proxy_pass http://a_group`, a socket or a variable."""
    proxy, scheme = file.split("/")[2], "http"
    server = (_HAPROXY_SERVER if proxy == "haproxy" else _NGINX_SERVER).match(statement)
    if server and not {"down", "disabled"} & set(re.findall(r"\w+", server[2])):
        address = server[1]
    elif passed := _PASSED.search(statement):
        scheme, address, group = passed[1] or "", passed[2] or passed[3], ""
    else:
        return
    parts = _ADDRESS.fullmatch(address)
    if parts and (parts[1] or parts[4] or "." in address or server):
        port = parts[2] or parts[4] or (443 if scheme in ("https", "wss", "grpcs", "h2") else 80)
        yield Upstream(proxy=proxy, host=parts[1] or parts[3], port=int(port), file=file, group=group)


@frozen(kw_only=True)
class Remote:
    """An upstream on another host. state: open, refused, filtered, …; empty where the test was not possible."""

    upstream: Upstream
    state: str
    error: str = ""


@frozen(kw_only=True)
class RemoteUpstreams:
    """The upstreams on other hosts, the first six of them."""

    all: tuple[Remote, ...]


def _reach(upstream: Upstream) -> Reach:
    return Reach("tcp", upstream.host, upstream.port, vantage=Vantage.TARGET)


def _ask_remote(upstreams: Upstreams) -> Iterable[Ask]:
    return [_reach(u) for u in upstreams.all if not u.local][:REMOTE_AT_MOST]


@probe(also=_ask_remote)
def remote_upstreams(upstreams: Upstreams, answers: Answers) -> RemoteUpstreams:
    """Whether upstreams on other hosts take connections from this host."""
    found = []
    for upstream in upstreams.all:
        if reply := answers.get(_reach(upstream)):
            said = {"state": "", "error": reply.complaint} if reply.silence else json.loads(reply.text)
            found.append(Remote(upstream=upstream, state=said["state"], error=said["error"]))
    return RemoteUpstreams(all=tuple(found))
