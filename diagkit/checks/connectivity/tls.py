"""Would a client accept the certificates that are served?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from diagkit.checks import Findings, check, fail, ok, skip, unknown, warn
from diagkit.frozen import frozen
from diagkit.model import Moment, Target, Unknown
from diagkit.probes.certificate_files import AuthorityBundles, CertificateFiles
from diagkit.probes.certificates import Certificate, CertificateNames, Certificates, InnerCertificates
from diagkit.probes.host import Identity
from diagkit.probes.names import Resolver, is_address
from diagkit.probes.path import typed_name
from diagkit.probes.sockets import Listeners

DATES = (9, 10)  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED
NO_ISSUER = (2, 20, 21)  # X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, _LOCALLY, _TO_VERIFY_LEAF_SIGNATURE
# What a TLS server says, or we do, when both speak TLS and yet do not agree; a port that speaks something else says
# WRONG_VERSION_NUMBER or nothing.
DISAGREE = (
    "ALERT",
    "UNSUPPORTED_PROTOCOL",
    "NO_PROTOCOLS",
    "NO_SHARED_CIPHER",
    "UNRECOGNIZED_NAME",
    "DH_KEY_TOO_SMALL",
)
WEB_SERVERS = ("nginx", "apache2", "httpd")
SUBORDINATE = ("issuing", "intermediate", "sub ca", "subca")


def _served(outer: Certificates, inner: InnerCertificates | Unknown) -> Iterator[Certificate]:
    yield from (one for one in outer.all + _inner(inner) if one.not_after)


def _inner(inner: InnerCertificates | Unknown) -> tuple[Certificate, ...]:
    return () if isinstance(inner, Unknown) else inner.all


@check(noise=(0.002, 0.0003), vital=False)
def handshake(outer: Certificates, inner: InnerCertificates | Unknown) -> Findings:
    """TLS servers shake hands.

    Why: a handshake that breaks off is a protocol, a cipher or a server that has no certificate for that name.
    Look-alikes: a port that speaks no TLS at all; unless an https URL was declared there, that is no fault.
    """
    tried = outer.all + _inner(inner)
    for one in tried:
        if one.not_after:
            yield ok("TLS handshake done", one.place)
        elif one.state == "no_tls":
            verdict = fail if one.expected or any(word in one.error for word in DISAGREE) else skip
            yield verdict(f"no TLS handshake: {one.error}", one.place)
        elif one.state:
            yield skip(f"below: TCP is {one.state}", one.place)
        else:
            yield unknown(f"{one.place}: {one.error}", one.place)
    if not tried:
        yield skip("no TLS server is known")


@check(noise=(0.001, 0.0003), vital=False)
def expiry(outer: Certificates, inner: InnerCertificates | Unknown, moment: Moment) -> Findings:
    """No served certificate has expired.

    Why: every client that checks refuses it from that second on.
    Look-alikes: a clock that is wrong, there or here; a renewed file that the server has not loaded yet.
    """
    served = list(_served(outer, inner))
    for one in served:
        end = one.not_after or moment.now
        if end < moment.now:
            late = (moment.now - end).days
            yield fail(f"certificate has expired {late} days ago (notAfter {_day(end)})", one.place, quote=one.subject)
        else:
            yield ok(f"valid until {_day(end)}", one.place)
    if not served:
        yield skip("no certificate is served")


def _day(when: datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M UTC")


@frozen(kw_only=True)
class Renewal:
    """Days before the end at which we speak up; for certificates that live for less than 30 days, a quarter of that.

    Source: certbot renews 30 days before the end, so less than 14 days left means that two weeks of attempts failed.
    """

    warn: float = 14.0
    share: float = 0.25


@check(limits=Renewal(), noise=(0.001, 0.0003), vital=False)
def renewal(outer: Certificates, inner: InnerCertificates | Unknown, moment: Moment, limits: Renewal) -> Findings:
    """Every served certificate is good for some time to come.

    Why: most renew by themselves long before; one that is near its end tells of a renewal that does not work.
    """
    served = [one for one in _served(outer, inner) if one.not_after and one.not_after >= moment.now]
    for one in served:
        if one.not_after and one.not_before:
            left = (one.not_after - moment.now).total_seconds() / 86_400
            life = (one.not_after - one.not_before).total_seconds() / 86_400
            verdict = warn if left < min(limits.warn, life * limits.share) else ok
            say = "certificate expires soon, in" if verdict is warn else "certificate expires in"
            end = _day(one.not_after)
            yield verdict(f"{say} {left:.0f} days (notAfter {end})", one.place, measured={"days_left": left})
    if not served:
        yield skip("no certificate is served that has not expired already")


@check(noise=(0.002, 0.0003), vital=False)
def validity_start(outer: Certificates, inner: InnerCertificates | Unknown, moment: Moment) -> Findings:
    """No served certificate begins in the future.

    Why: it happens when a clock is wrong, there, here, or at the CA.
    """
    served = list(_served(outer, inner))
    for one in served:
        start = one.not_before or moment.now
        if start > moment.now:
            yield fail(f"certificate is not yet valid (notBefore {_day(start)}): is a clock wrong?", one.place)
        else:
            yield ok(f"valid since {_day(start)}", one.place)
    if not served:
        yield skip("no certificate is served")


@check(noise=(0.002, 0.0004), vital=False)
def trust(outer: Certificates, inner: InnerCertificates | Unknown) -> Findings:
    """No served certificate has signed itself; its issuer is one that this machine trusts, or we say that it is not.

    Why: a client that checks refuses a self-signed certificate (X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT).
    Look-alikes: the CA of a company that this workstation does not know; its own hosts trust it, so that is no fault.
    """
    served = list(_served(outer, inner))
    for one in served:
        if one.self_signed:
            yield fail(f"self-signed certificate ({one.subject})", one.place, quote=one.verify_message)
        elif one.verify_code in DATES:
            yield skip("below: the dates are wrong, so trust was not judged", one.place)
        elif one.verify_code:
            hint = "add the CA to this machine's store, or set SSL_CERT_FILE"
            yield unknown(f"issuer {one.issuer} is not trusted here: {one.verify_message}", one.place, hint=hint)
        else:
            yield ok(f"issuer {one.issuer} is trusted here", one.place)
    if not served:
        yield skip("no certificate is served")


@check(noise=(0.005, 0.0004), vital=False)
def chain(outer: Certificates, inner: InnerCertificates | Unknown) -> Findings:
    """The server sends the certificates between its own and the root.

    Why: browsers fetch a missing one, other clients fail with "unable to get local issuer certificate".
    Look-alikes: a certificate signed by a private root itself stands alone rightly.
    """
    served = [one for one in _served(outer, inner) if not one.self_signed]
    for one in served:
        subordinate = one.fetchable or any(word in one.issuer.lower() for word in SUBORDINATE)
        if one.verify_code not in NO_ISSUER or one.served > 1:
            yield ok(f"{one.served} certificates are served", one.place)
        elif subordinate:
            yield fail(
                f"incomplete chain: the intermediate {one.issuer} is not served: {one.verify_message}", one.place
            )
        else:
            yield skip(f"served alone; its issuer {one.issuer} may be a private root", one.place)
    if not served:
        yield skip("no certificate with an issuer is served")


@check(noise=(0.002, 0.0004), vital=False)
def name(
    outer: Certificates,
    target: Target,
    identity: Identity | Unknown,
    resolver: Resolver | Unknown,
    known: CertificateNames | Unknown,
) -> Findings:
    """Every certificate is good for the name its service is used by.

    Why: clients compare it with what they typed (RFC 9525); the default certificate of a proxy is a usual culprit.
    Look-alikes: a server behind a proxy has the proxy's name in its certificate. So without a declared URL we only
    object when the certificate has none of the host's names, and none of the names in it resolves.
    """
    own = {typed_name(target)}
    if isinstance(identity, Identity):
        own |= {identity.hostname}
        own |= {resolver.full(n) for n in own} if isinstance(resolver, Resolver) else set()
    own = {one.lower() for one in own if not is_address(one) and one != "localhost"}
    judged = [one for one in outer.all if one.not_after]
    for one in judged:
        wanted = {one.asked.lower()} if one.expected else own
        good = [pattern for pattern in one.names if any(covers(pattern, host) for host in wanted)]
        elsewhere = {
            n: a for n, a in (() if isinstance(known, Unknown) else known.addresses.items()) if n in one.names and a
        }
        has = ", ".join(one.names[:4]) or one.subject
        if good:
            yield ok(f"the certificate is good for {good[0]}", one.place)
        elif not wanted:
            yield skip("the target was given as an address, so there is no name to compare", one.place)
        elif elsewhere and not one.expected:
            yield ok(
                f"the certificate is for {has}, which leads to {', '.join(next(iter(elsewhere.values())))}", one.place
            )
        else:
            what = " or ".join(sorted(wanted, key=len, reverse=True))
            yield fail(f"hostname mismatch: the certificate is for {has}, not for {what}", one.place, quote=one.subject)
    if not judged:
        yield skip("no certificate is served")


@check(noise=(0.005, 0.001), vital=False)
def reloaded(outer: Certificates, files: CertificateFiles, listeners: Listeners) -> Findings:
    """The certificate that is served is the one in the file.

    Why: a renewed certificate does nothing until the server loads it; the old one expires in its memory.
    Look-alikes: something else than the configured web server answers on the port, so we look who listens.
    """
    owners = {one.port: one.process for one in listeners.all}
    known = {one.sha256: one.path for one in files.all}
    served = [one for one in outer.all if one.not_after and owners.get(one.port) in WEB_SERVERS]
    for one in served:
        if one.sha256 in known:
            yield ok(f"served as it lies in {known[one.sha256]}", one.place)
        elif files.complete:
            paths = ", ".join(known.values())
            say = f"{owners[one.port]} serves another certificate than lies in {paths}: renewed, but not reloaded"
            yield warn(say, one.place, quote=one.subject)
        else:
            yield unknown("some certificate files could not be read", one.place, hint="log in as root")
    if not served:
        yield skip("no web server of this host is seen to serve a certificate")


@check(noise=(0.001, 0.0002), vital=False)
def authorities(bundles: AuthorityBundles) -> Findings:
    """The host has a list of certificate authorities that it trusts.

    Why: with an empty or missing one every program that checks certificates refuses everybody: "unable to get local
    issuer certificate", "certificate signed by unknown authority".
    Limits: that it is there and not empty; not whether a certain authority is in it.
    """
    for path, size in bundles.sizes.items():
        if size:
            yield ok(f"{size} bytes of trusted authorities", path)
        else:
            yield fail(f"the CA bundle {path} is empty or a dangling link: no certificate can be verified", path)


def covers(pattern: str, host: str) -> bool:
    """Whether a name of a certificate is good for this host: `*` stands for one whole leftmost label (RFC 9525 6.3)."""
    pattern, host = pattern.lower().rstrip("."), host.lower().rstrip(".")
    if pattern.startswith("*."):
        first, _, rest = host.partition(".")
        return bool(first) and rest == pattern[2:]
    return pattern == host
