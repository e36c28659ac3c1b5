"""Reach tests of single services, against real servers on the loopback."""

import json
import socket
import ssl
import struct
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from diagkit.model import Reach, Silence, Vantage
from diagkit.transports.wire import dns, wire

HERE = "127.0.0.1"


class Loopback:
    """A transport whose machine is this one. Connects through a socket, as `Local` does."""

    unreached = None

    def dial(self, host, port, timeout):
        return socket.create_connection((host, port), timeout)


class NoForwarding:
    """A transport whose ssh server forwards nothing."""

    unreached = None

    def dial(self, host, port, timeout):
        raise PermissionError(1, "the ssh server does not forward connections (open failed)")


def ask(*reaches, transport=None, seconds=10.0):
    return wire(reaches, transport or Loopback(), time.monotonic() + seconds)


def answer(reach, transport=None):
    (reply,) = ask(reach, transport=transport).values()
    assert reply.silence is None, reply.complaint
    return json.loads(reply.out)


@contextmanager
def serving(talk, *, backlog=8):
    """A TCP server that runs `talk(connection)` for each client; yields its port."""
    with socket.create_server((HERE, 0), backlog=backlog) as server:

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(60)
                    try:
                        talk(connection)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)


@pytest.fixture
def closed_port():
    with socket.socket() as sock:
        sock.bind((HERE, 0))
        yield sock.getsockname()[1]  # bound and not listening: nobody else can take it meanwhile


@pytest.mark.parametrize("vantage", Vantage)
def test_open_and_refused(closed_port, vantage):
    with serving(lambda connection: connection.recv(1)) as port:
        assert answer(Reach("tcp", HERE, port, vantage=vantage))["state"] == "open"
    assert answer(Reach("tcp", HERE, closed_port, vantage=vantage))["state"] == "refused"


def test_a_name_that_does_not_exist_is_unresolved():
    assert answer(Reach("tcp", "no-such-host.invalid", 80))["state"] == "unresolved"


def test_a_machine_that_forwards_nothing_says_nothing_about_its_ports():
    (reply,) = ask(Reach("tcp", HERE, 80, vantage=Vantage.TARGET), transport=NoForwarding()).values()
    assert reply.silence is Silence.UNSUPPORTED


def test_what_ssh_cannot_carry_is_not_asked_from_there():
    (reply,) = ask(Reach("ping", HERE, vantage=Vantage.TARGET)).values()
    assert reply.silence is Silence.UNSUPPORTED
    (reply,) = ask(Reach("telepathy", HERE)).values()
    assert reply.silence is Silence.UNSUPPORTED


def test_what_is_not_answered_by_the_deadline_is_left_out():
    with serving(lambda connection: connection.recv(1)) as port:
        started = time.monotonic()
        replies = ask(Reach("banner", HERE, port), Reach("tcp", HERE, port), seconds=0.5)
        assert Reach("tcp", HERE, port) in replies
        assert time.monotonic() - started < 30


def test_banner():
    with serving(lambda connection: connection.sendall(b"SSH-2.0-Example \x1b[31m\r\nmore")) as port:
        assert answer(Reach("banner", HERE, port))["banner"] == "SSH-2.0-Example \x1b[31m"


def test_a_server_that_hangs_up_is_mute():
    with serving(lambda _: None) as port:
        said = answer(Reach("banner", HERE, port))
    assert (said["state"], said["banner"]) == ("mute", "")


@pytest.mark.parametrize(
    ("response", "state", "status"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more", "answered", 200),
        (b"HTTP/1.0 502 Bad Gateway\r\n\r\n", "answered", 502),
        (b"220 mail.example.org ESMTP\r\n", "no_http", None),
        (b"", "mute", None),
    ],
)
@pytest.mark.parametrize("vantage", Vantage)
def test_http(response, state, status, vantage):
    def talk(connection):
        connection.recv(4096)
        connection.sendall(response)

    with serving(talk) as port:
        said = answer(Reach("http", HERE, port, f"http://{HERE}:{port}/health?x=1", vantage))
    assert (said["state"], said.get("status")) == (state, status)
    assert said["phases_ms"]["connect"] >= 0


def test_http_asks_for_the_path_and_names_the_host():
    heard = []

    def talk(connection):
        heard.append(connection.recv(4096))
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with serving(talk) as port:
        answer(Reach("http", HERE, port, "http://shop.example.org/health?x=1"))
    assert heard[0].startswith(b"GET /health?x=1 HTTP/1.1\r\nHost: shop.example.org\r\n")


def make_certificate(folder, *, name, days, issuer=None):
    """A key and a certificate for `name`, signed by itself or by `issuer` (certificate, key)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=90))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(issuer[1] if issuer else key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + built.public_bytes(serialization.Encoding.PEM))
    return path, (built, key)


@contextmanager
def serving_tls(path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)

    def talk(connection):
        with context.wrap_socket(connection, server_side=True) as tunnel:
            if tunnel.recv(4096):
                tunnel.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with serving(talk) as port:
        yield port


@pytest.mark.parametrize("vantage", Vantage)
def test_tls_self_signed_and_expired(tmp_path, vantage):
    path, (certificate, _) = make_certificate(tmp_path, name="web1.example.org", days=-3)
    with serving_tls(path) as port:
        said = answer(Reach("tls", HERE, port, "web1.example.org", vantage))
    assert (said["state"], said["self_signed"], said["served"]) == ("untrusted", True, 1)
    assert said["names"] == ["web1.example.org"]
    assert said["sha256"] == certificate.fingerprint(hashes.SHA256()).hex()
    assert datetime.fromisoformat(said["not_after"]) < datetime.now(UTC)


def test_tls_from_an_unknown_authority(tmp_path):
    _, authority = make_certificate(tmp_path, name="Example CA", days=900)
    path, _ = make_certificate(tmp_path, name="web1.example.org", days=30, issuer=authority)
    with serving_tls(path) as port:
        said = answer(Reach("tls", HERE, port, "web1.example.org"))
    assert (said["state"], said["self_signed"]) == ("untrusted", False)
    assert said["issuer"] == "CN=Example CA"
    assert said["verify_code"] in (20, 21)


def test_https_with_any_certificate(tmp_path):
    path, _ = make_certificate(tmp_path, name="web1.example.org", days=30)
    with serving_tls(path) as port:
        said = answer(Reach("http", HERE, port, "https://web1.example.org/"))
    assert said["status"] == 200
    assert {"connect", "tls", "first_byte", "total"} == set(said["phases_ms"])


def test_a_server_without_tls(closed_port):
    with serving(lambda connection: connection.sendall(b"220 hello\r\n")) as port:
        assert answer(Reach("tls", HERE, port))["state"] == "no_tls"
    assert answer(Reach("tls", HERE, closed_port))["state"] == "refused"


def reply_to(question, *, rcode=0, address="10.0.0.5"):
    """A DNS answer with one A record, its name as a pointer to the question."""
    records = b"\xc0\x0c" + struct.pack(">2HIH", 1, 1, 60, 4) + socket.inet_aton(address) if not rcode else b""
    flags = 0x8180 | rcode
    return question[:2] + struct.pack(">5H", flags, 1, int(not rcode), 0, 0) + question[12:] + records


@contextmanager
def name_server(answers):
    """A UDP name server; `answers(question)` gives the reply, None for none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((HERE, 0))
        server.settimeout(0.1)
        done = threading.Event()

        def serve():
            while not done.is_set():
                try:
                    question, client = server.recvfrom(4096)
                except TimeoutError:
                    continue
                if said := answers(question):
                    server.sendto(said, client)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        done.set()
        thread.join(5)


@pytest.mark.parametrize(
    ("rcode", "word", "found"), [(0, "NOERROR", ["10.0.0.5"]), (2, "SERVFAIL", []), (3, "NXDOMAIN", [])]
)
def test_dns_over_udp(rcode, word, found):
    with name_server(lambda question: reply_to(question, rcode=rcode)) as port:
        said = answer(Reach("dns", HERE, port, "db1.example.org A"))
    assert (said["state"], said["over"], said["rcode"], said["answers"]) == ("answered", "udp", word, found)


def test_dns_asks_again_when_the_first_datagram_is_lost():
    heard = []

    def forgetful(question):
        heard.append(question)
        return reply_to(question) if len(heard) > 1 else None

    with name_server(forgetful) as port:
        assert answer(Reach("dns", HERE, port, "db1.example.org A"))["state"] == "answered"


def test_dns_dead_and_refused():
    with name_server(lambda _: None) as port:
        assert answer(Reach("dns", HERE, port, "db1.example.org A"))["state"] == "filtered"
    assert answer(Reach("dns", HERE, port, "db1.example.org A"))["state"] == "refused"


def test_dns_over_tcp_through_the_target():
    def talk(connection):
        question = connection.recv(4096)[2:]
        said = reply_to(question)
        connection.sendall(struct.pack(">H", len(said)) + said[:5])
        connection.sendall(said[5:])

    with serving(talk) as port:
        said = answer(Reach("dns", HERE, port, "db1.example.org A", Vantage.TARGET))
    assert (said["over"], said["answers"]) == ("tcp", ["10.0.0.5"])


@pytest.mark.parametrize("cut", range(0, 49, 4))
def test_a_dns_answer_cut_short_is_an_error_and_never_an_empty_answer(cut):
    whole = reply_to(dns.query(7, "db1.example.org", "A"))
    assert dns.answer(7, whole).addresses == ("10.0.0.5",)
    with pytest.raises(ValueError, match=r"cut short|no answer"):
        dns.answer(7, whole[:cut])


def test_a_dns_answer_to_another_question_is_refused():
    with pytest.raises(ValueError, match="no answer to our question"):
        dns.answer(8, reply_to(dns.query(7, "db1.example.org", "A")))


def test_a_label_that_dns_cannot_carry():
    with pytest.raises(ValueError, match="label"):
        dns.query(7, f"{'x' * 64}.example.org", "A")


def test_resolve_an_address_asks_nobody():
    said = answer(Reach("resolve", HERE))
    assert (said["state"], said["addresses"], said["servers"]) == ("resolved", [HERE], [])
