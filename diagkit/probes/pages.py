"""Pages: how web servers answer a GET, from here and from the target itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from diagkit.frozen import frozen
from diagkit.model import Ask, Reach, Reply, Site, Target, Vantage
from diagkit.probes import Answers, probe
from diagkit.probes.doors import applies, doorsteps, inner_address, place_of, vantage
from diagkit.probes.path import bracketed, typed_name
from diagkit.probes.sockets import Listener, Listeners

PLAIN_PORTS = {80, 3000, 5000, 8000, 8008, 8080, 8081, 8088, 8888, 9090}
HTTPS_PORTS = {443, 4443, 6443, 8443, 9443}
WEB_SERVERS = {"nginx", "apache2", "httpd", "haproxy", "caddy", "lighttpd", "traefik", "envoy", "varnishd", "gunicorn"}
MOST_INSIDE = 6  # pages looked at from the target itself


@frozen(kw_only=True)
class Page:
    """How one URL answered. Phases in milliseconds since the start: connect, tls, first_byte, total.

    state: answered, mute (connected, but no answer), no_http, no_tls, or how TCP failed; empty where not possible.
    declared: name of the service it is declared as.
    """

    url: str
    vantage: Vantage
    state: str
    status: int = 0
    reason: str = ""
    server: str = ""
    body: str = ""
    phases_ms: Mapping[str, float]
    error: str = ""
    declared: str = ""

    @property
    def port(self) -> int:
        """The port it was asked at."""
        url = urlsplit(self.url)
        return url.port or (443 if url.scheme == "https" else 80)


@frozen(kw_only=True)
class Pages:
    """Pages asked from here: port 80 and every declared URL."""

    all: tuple[Page, ...]


@frozen(kw_only=True)
class InnerPages:
    """Pages asked from the target itself, of web servers that listen there."""

    all: tuple[Page, ...]


def _page(ask: Reach, reply: Reply, declared: str = "") -> Page:
    if reply.silence:
        error = f"{reply.silence.value}: {reply.complaint}"
        return Page(url=ask.name, vantage=ask.vantage, state="", phases_ms={}, error=error, declared=declared)
    data = json.loads(reply.text)
    return Page(
        url=ask.name,
        vantage=ask.vantage,
        state=data["state"],
        status=data.get("status", 0),
        reason=data.get("reason", ""),
        server=data.get("headers", {}).get("server", ""),
        body=data.get("body", ""),
        phases_ms=data["phases_ms"],
        error=data["error"],
        declared=declared,
    )


def _urls(target: Target, site: Site) -> dict[Reach, str]:
    """What to GET from here, and the service it is declared as."""
    found: dict[Reach, str] = {}
    for service in site.services:
        place = place_of(service, target)
        if service.url and place and applies(service, target):
            found[Reach("http", *place, service.url, vantage(place[0], target))] = service.name
    if target.elsewhere:
        found.setdefault(Reach("http", target.address, 80, f"http://{bracketed(typed_name(target))}/"), "")
    return found


def _get(target: Target, site: Site) -> Iterable[Ask]:
    return _urls(target, site)


@probe(also=_get)
def pages(target: Target, site: Site, answers: Answers) -> Pages:
    """GET from here: port 80 of the target, and each declared URL."""
    names = _urls(target, site)
    return Pages(all=tuple(_page(ask, answers[ask], name) for ask, name in names.items()))


def speaks_http(listener: Listener) -> bool:
    """Whether a web server is likely behind it: by its well-known port, or by its process."""
    return listener.port in PLAIN_PORTS | HTTPS_PORTS or listener.process in WEB_SERVERS


def _get_inside(listeners: Listeners) -> list[Reach]:
    found = []
    for listener in doorsteps(listeners):
        if speaks_http(listener):
            scheme = "https" if listener.port in HTTPS_PORTS else "http"
            host = inner_address(listener)
            url = f"{scheme}://{bracketed(host)}:{listener.port}/"
            found.append(Reach("http", host, listener.port, url, Vantage.TARGET))
    return found[:MOST_INSIDE]


@probe(also=_get_inside)
def inner_pages(listeners: Listeners, answers: Answers) -> InnerPages:
    """GET from the target itself, through its ssh connection: web servers on well-known ports."""
    asks = _get_inside(listeners)
    return InnerPages(all=tuple(_page(ask, answers[ask]) for ask in asks))
