"""Certificates: what TLS servers show, from here and from the target itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

from diagkit.frozen import frozen
from diagkit.model import Ask, Reach, Reply, Site, Target, Vantage
from diagkit.probes import Answers, probe
from diagkit.probes.doors import applies, doorsteps, inner_address, place_of, vantage
from diagkit.probes.names import is_address
from diagkit.probes.path import bracketed, typed_name
from diagkit.probes.sockets import Listeners

TLS_PORTS = {443, 465, 636, 853, 990, 993, 995, 4443, 5986, 6443, 8443, 9443}
MOST_INSIDE = 6  # handshakes from the target itself
MOST_NAMES = 3  # of a certificate that are looked up


@frozen(kw_only=True)
class Certificate:
    """A TLS handshake and the certificate it showed. `asked`: the name we asked for (SNI), empty: none.

    state: trusted, untrusted, no_tls, or how TCP failed; verify_code: OpenSSL's X509_V_ERR_…; expected: the name was
    declared, so the certificate must be good for it.
    """

    place: str
    vantage: Vantage
    asked: str
    expected: bool
    state: str
    verify_code: int = 0
    verify_message: str = ""
    subject: str = ""
    issuer: str = ""
    names: tuple[str, ...] = ()
    not_before: datetime | None = None
    not_after: datetime | None = None
    self_signed: bool = False
    served: int = 0  # how many certificates came with it, itself among them
    fetchable: bool = False  # it says where its issuer's certificate can be fetched, so that is no root
    sha256: str = ""
    error: str = ""

    @property
    def port(self) -> int:
        """The port it was shown at."""
        return int(self.place.rpartition(":")[2])


@frozen(kw_only=True)
class Certificates:
    """Certificates seen from here: port 443 and every declared https URL."""

    all: tuple[Certificate, ...]


@frozen(kw_only=True)
class InnerCertificates:
    """Certificates seen from the target itself, on other ports where TLS is usual."""

    all: tuple[Certificate, ...]


def _certificate(ask: Reach, reply: Reply, *, expected: bool = False) -> Certificate:
    place = f"{bracketed(ask.to)}:{ask.port}"
    if reply.silence:
        error = f"{reply.silence.value}: {reply.complaint}"
        return Certificate(place=place, vantage=ask.vantage, asked=ask.name, expected=expected, state="", error=error)
    data = json.loads(reply.text)
    shown = "not_after" in data
    return Certificate(
        place=place,
        vantage=ask.vantage,
        asked=ask.name,
        expected=expected,
        state=data["state"],
        verify_code=data.get("verify_code", 0),
        verify_message=data.get("verify_message", ""),
        subject=data.get("subject", ""),
        issuer=data.get("issuer", ""),
        names=tuple(data.get("names", ())),
        not_before=datetime.fromisoformat(data["not_before"]) if shown else None,
        not_after=datetime.fromisoformat(data["not_after"]) if shown else None,
        self_signed=data.get("self_signed", False),
        served=data.get("served", 0),
        fetchable=data.get("fetchable", False),
        sha256=data.get("sha256", ""),
        error=data["error"],
    )


def _handshakes(target: Target, site: Site) -> dict[Reach, bool]:
    found: dict[Reach, bool] = {}
    for service in site.services:
        place = place_of(service, target)
        if service.url.startswith("https:") and place and applies(service, target):
            found[Reach("tls", *place, urlsplit(service.url).hostname or "", vantage(place[0], target))] = True
    if target.elsewhere:
        name = typed_name(target)
        found.setdefault(Reach("tls", target.address, 443, "" if is_address(name) else name), False)
    return found


def _shake(target: Target, site: Site) -> Iterable[Ask]:
    return _handshakes(target, site)


@probe(also=_shake)
def certificates(target: Target, site: Site, answers: Answers) -> Certificates:
    """TLS from here: port 443 of the target, and each declared https URL."""
    asks = _handshakes(target, site)
    return Certificates(all=tuple(_certificate(a, answers[a], expected=known) for a, known in asks.items()))


def _shake_inside(target: Target, listeners: Listeners) -> list[Reach]:
    from_here = {443} if target.elsewhere else set()
    doors = [d for d in doorsteps(listeners) if d.port in TLS_PORTS - from_here]
    return [Reach("tls", inner_address(d), d.port, vantage=Vantage.TARGET) for d in doors[:MOST_INSIDE]]


@probe(also=_shake_inside)
def inner_certificates(target: Target, listeners: Listeners, answers: Answers) -> InnerCertificates:
    """TLS from the target itself, through its ssh connection: other ports where TLS is usual."""
    asks = _shake_inside(target, listeners)
    return InnerCertificates(all=tuple(_certificate(a, answers[a]) for a in asks))


@frozen(kw_only=True)
class CertificateNames:
    """Where the names in the certificates seen from here lead, as far as they were looked up; empty: nowhere."""

    addresses: Mapping[str, tuple[str, ...]]


def _resolve_names(certificates: Certificates) -> Iterable[Ask]:
    names = [n for c in certificates.all for n in c.names[:MOST_NAMES] if "*" not in n and not is_address(n)]
    return [Reach("resolve", name) for name in dict.fromkeys(names)]


@probe(also=_resolve_names)
def certificate_names(answers: Answers) -> CertificateNames:
    """The names in the certificates, looked up here: where a proxy stands in front of the target, they lead there."""
    found = {}
    for ask, reply in answers.items():
        if isinstance(ask, Reach) and not reply.silence:
            found[ask.to] = tuple(json.loads(reply.text)["addresses"])
    return CertificateNames(addresses=found)
