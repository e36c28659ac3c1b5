"""Web servers and their certificates."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from diagkit.checks.connectivity import http, tls
from diagkit.model import Moment, Silence, Status, Target, Unknown, Vantage
from diagkit.probes.certificate_files import AuthorityBundles, CertificateFile, CertificateFiles
from diagkit.probes.certificates import Certificate, CertificateNames, Certificates, InnerCertificates
from diagkit.probes.pages import InnerPages, Page, Pages
from diagkit.probes.sockets import Listener, Listeners

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MOMENT = Moment(NOW, NOW - timedelta(hours=1), NOW)
PAGE = Page(
    url="http://web1/",
    vantage=Vantage.HERE,
    state="answered",
    status=200,
    phases_ms={"connect": 1.0, "first_byte": 9.0},
)
INSIDE = replace(PAGE, url="http://127.0.0.1:8080/", vantage=Vantage.TARGET)
NONE = InnerPages(all=())
CERT = Certificate(
    place="web1:443",
    vantage=Vantage.HERE,
    asked="web1",
    expected=False,
    state="trusted",
    issuer="CN=R11,O=Let's Encrypt",
    names=("web1.example.org",),
    not_before=NOW - timedelta(days=30),
    not_after=NOW + timedelta(days=60),
    served=2,
    sha256="aa",
)
NOTHING = InnerCertificates(all=())
CLOSED = replace(CERT, state="refused", not_before=None, not_after=None)
TARGET = Target("ssh", host="web1.example.org", label="web1.example.org")
MUTE = Unknown("host.identity", Silence.REFUSED)
NOWHERE = CertificateNames(addresses={})


def statuses(findings):
    return [f.status for f in findings]


def seen(**changes):
    return Certificates(all=(replace(CERT, **changes),))


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, Status.OK),
        ({"status": 404}, Status.OK),
        ({"status": 502, "reason": "Bad Gateway"}, Status.FAIL),
        ({"state": "mute", "error": "timed out"}, Status.FAIL),
        ({"state": "no_http"}, Status.SKIP),
        ({"state": "refused"}, Status.SKIP),  # another layer's fault, if any
        ({"state": ""}, Status.UNKNOWN),
    ],
)
def test_status(changes, status):
    assert statuses(http.status.judge(Pages(all=(replace(PAGE, **changes),)), NONE)) == [status]


def test_a_port_that_answers_here_is_not_told_twice():
    again = replace(PAGE, url="http://127.0.0.1:80/", vantage=Vantage.TARGET)
    assert len(list(http.status.judge(Pages(all=(PAGE,)), InnerPages(all=(again, INSIDE))))) == 2
    closed = replace(PAGE, state="filtered", status=0)
    judged = list(http.status.judge(Pages(all=(closed,)), InnerPages(all=(again,))))
    assert statuses(judged) == [Status.SKIP, Status.OK]


def test_no_web_server():
    assert statuses(http.status.judge(Pages(all=()), NONE)) == [Status.SKIP]
    assert statuses(http.latency.judge(Pages(all=()), NONE, http.Patience())) == [Status.SKIP]


@pytest.mark.parametrize(("first", "status"), [(9.0, Status.OK), (2500.0, Status.WARN), (7000.0, Status.FAIL)])
def test_latency(first, status):
    page = replace(PAGE, phases_ms={"connect": 1.0, "first_byte": first})
    assert statuses(http.latency.judge(Pages(all=(page,)), NONE, http.Patience())) == [status]


@pytest.mark.parametrize(
    ("days", "expiry", "renewal"),
    [
        (60, Status.OK, Status.OK),
        (2, Status.OK, Status.WARN),
        (-3, Status.FAIL, Status.SKIP),
    ],
)
def test_expiry_and_renewal(days, expiry, renewal):
    outer = seen(not_before=NOW - timedelta(days=90), not_after=NOW + timedelta(days=days))
    assert statuses(tls.expiry.judge(outer, NOTHING, MOMENT)) == [expiry]
    assert statuses(tls.renewal.judge(outer, NOTHING, MOMENT, tls.Renewal())) == [renewal]


def test_a_short_lived_certificate_is_not_near_its_end_from_the_start():
    outer = seen(not_before=NOW - timedelta(days=1), not_after=NOW + timedelta(days=6))
    assert statuses(tls.renewal.judge(outer, NOTHING, MOMENT, tls.Renewal())) == [Status.OK]


@pytest.mark.parametrize(("days", "status"), [(-30, Status.OK), (2, Status.FAIL)])
def test_validity_start(days, status):
    assert statuses(tls.validity_start.judge(seen(not_before=NOW + timedelta(days=days)), NOTHING, MOMENT)) == [status]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, Status.OK),
        ({"self_signed": True, "verify_code": 18}, Status.FAIL),
        ({"verify_code": 20}, Status.UNKNOWN),  # a CA that this workstation does not know is no fault
        ({"verify_code": 10}, Status.SKIP),  # dates are judged by themselves
    ],
)
def test_trust(changes, status):
    assert statuses(tls.trust.judge(seen(**changes), NOTHING)) == [status]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, Status.OK),
        ({"verify_code": 20, "served": 2}, Status.OK),  # the root is unknown here; the chain is there
        ({"verify_code": 20, "served": 1, "fetchable": True}, Status.FAIL),
        ({"verify_code": 20, "served": 1, "issuer": "CN=Example Issuing CA 1"}, Status.FAIL),
        ({"verify_code": 20, "served": 1, "issuer": "CN=kubernetes"}, Status.SKIP),
        ({"self_signed": True}, Status.SKIP),
    ],
)
def test_chain(changes, status):
    assert statuses(tls.chain.judge(seen(**changes), NOTHING)) == [status]


@pytest.mark.parametrize(
    ("changes", "known", "status"),
    [
        ({}, NOWHERE, Status.OK),
        ({"names": ("*.example.org",)}, NOWHERE, Status.OK),
        ({"names": ("intranet.example.org",)}, NOWHERE, Status.FAIL),
        ({"names": ("www.shop.org",)}, CertificateNames(addresses={"www.shop.org": ("198.51.100.7",)}), Status.OK),
        (
            {"names": ("www.shop.org",), "expected": True},
            CertificateNames(addresses={"www.shop.org": ("198.51.100.7",)}),
            Status.FAIL,  # somebody declared the URL, so there is a right name
        ),
    ],
)
def test_name(changes, known, status):
    assert statuses(tls.name.judge(seen(**changes), TARGET, MUTE, MUTE, known)) == [status]


def test_a_target_given_as_an_address_has_no_name_to_compare():
    address = Target("ssh", host="10.0.0.5", label="10.0.0.5")
    assert statuses(tls.name.judge(seen(), address, MUTE, MUTE, NOWHERE)) == [Status.SKIP]
    alias = Target("ssh", host="10.0.0.5", label="ops@web1.example.org:22")
    assert statuses(tls.name.judge(seen(), alias, MUTE, MUTE, NOWHERE)) == [Status.OK]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, Status.OK),
        ({"state": "no_tls", "not_after": None}, Status.SKIP),
        ({"state": "no_tls", "not_after": None, "expected": True}, Status.FAIL),
        ({"state": "no_tls", "not_after": None, "error": "TLSV1_ALERT_PROTOCOL_VERSION"}, Status.FAIL),
        ({"state": "no_tls", "not_after": None, "error": "WRONG_VERSION_NUMBER"}, Status.SKIP),
        ({"state": "refused", "not_after": None}, Status.SKIP),
        ({"state": "", "not_after": None}, Status.UNKNOWN),
    ],
)
def test_handshake(changes, status):
    assert statuses(tls.handshake.judge(seen(**changes), NOTHING)) == [status]


@pytest.mark.parametrize(
    ("files", "process", "status"),
    [
        (CertificateFiles(all=(CertificateFile(path="/tls/a.crt", sha256="aa"),), complete=True), "nginx", Status.OK),
        (CertificateFiles(all=(CertificateFile(path="/tls/a.crt", sha256="bb"),), complete=True), "nginx", Status.WARN),
        (CertificateFiles(all=(), complete=False), "nginx", Status.UNKNOWN),
        (CertificateFiles(all=(), complete=False), "haproxy", Status.SKIP),
    ],
)
def test_reloaded(files, process, status):
    listeners = Listeners(all=(Listener(address="0.0.0.0", port=443, waiting=0, backlog=511, process=process),))
    assert statuses(tls.reloaded.judge(seen(), files, listeners)) == [status]


def test_nothing_is_said_of_certificates_that_nobody_serves():
    closed = Certificates(all=(CLOSED,))
    assert statuses(tls.expiry.judge(closed, NOTHING, MOMENT)) == [Status.SKIP]
    assert statuses(tls.renewal.judge(closed, NOTHING, MOMENT, tls.Renewal())) == [Status.SKIP]
    assert statuses(tls.validity_start.judge(closed, NOTHING, MOMENT)) == [Status.SKIP]
    assert statuses(tls.trust.judge(closed, NOTHING)) == [Status.SKIP]
    assert statuses(tls.chain.judge(closed, NOTHING)) == [Status.SKIP]
    assert statuses(tls.name.judge(closed, TARGET, MUTE, MUTE, NOWHERE)) == [Status.SKIP]
    assert statuses(tls.handshake.judge(Certificates(all=()), NOTHING)) == [Status.SKIP]


@pytest.mark.parametrize(
    ("pattern", "host", "good"),
    [
        ("web1.example.org", "WEB1.example.org.", True),
        ("*.example.org", "web1.example.org", True),
        ("*.example.org", "a.web1.example.org", False),
        ("*.example.org", "example.org", False),
        ("web1", "web1.example.org", False),
    ],
)
def test_covers(pattern, host, good):
    assert tls.covers(pattern, host) is good


@pytest.mark.parametrize(("size", "status"), [(217_186, Status.OK), (0, Status.FAIL)])
def test_authorities(size, status):
    bundles = AuthorityBundles(sizes={"/etc/ssl/certs/ca-certificates.crt": size})
    assert statuses(tls.authorities.judge(bundles)) == [status]
