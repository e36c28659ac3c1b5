"""Certificate files: what the web servers of the target would serve if they were started now."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Mapping

from diagkit.frozen import frozen
from diagkit.model import Ask, Read, Reply, Run
from diagkit.probes import Absent, Answers, probe

DIRECTIVE = r"^[[:space:]]*(ssl_certificate|SSLCertificateFile)[[:space:]]"
MOST_FILES = 4
BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)


@frozen(kw_only=True)
class CertificateFile:
    """The first certificate in a file that a web server's configuration names: SHA-256 of its DER form, in hex."""

    path: str
    sha256: str


@frozen(kw_only=True)
class CertificateFiles:
    """The certificate files of nginx and Apache that could be read; `complete`: those are all that are configured."""

    all: tuple[CertificateFile, ...]
    complete: bool


@frozen(kw_only=True)
class CertificatePaths:
    """Where the configuration of nginx and Apache says that certificates lie."""

    all: tuple[str, ...]


@probe(Run(("grep", "-rhsE", DIRECTIVE, "/etc/nginx", "/etc/apache2", "/etc/httpd"), cap=16_384))
def certificate_paths(reply: Reply) -> CertificatePaths:
    """Paths after `ssl_certificate` and `SSLCertificateFile`; those with variables in them are no files."""
    paths = [line.split()[1].strip("\"';") for line in reply.lines if len(line.split()) > 1]
    found = tuple(dict.fromkeys(path for path in paths if path.startswith("/") and "$" not in path))
    if not found:
        raise Absent("no web server is configured with a certificate")
    return CertificatePaths(all=found)


def _read_each(paths: CertificatePaths) -> Iterable[Ask]:
    return [Read(path, root=True, cap=65_536) for path in paths.all[:MOST_FILES]]


@probe(also=_read_each)
def certificate_files(paths: CertificatePaths, answers: Answers) -> CertificateFiles:
    """The certificates on disk, by their fingerprint."""
    found = []
    for ask, reply in answers.items():
        if isinstance(ask, Read) and (pem := _PEM.search(reply.text)):
            try:
                der = base64.b64decode(pem[1])
            except binascii.Error:
                continue  # a file that is being written, or damaged: not read is not different
            found.append(CertificateFile(path=ask.path, sha256=hashlib.sha256(der).hexdigest()))
    return CertificateFiles(all=tuple(found), complete=len(found) == len(paths.all))


@frozen(kw_only=True)
class AuthorityBundles:
    """The lists of trusted authorities that are there, with their sizes in bytes; 0: empty, or a dangling link."""

    sizes: Mapping[str, int]


@probe(Run(("stat", "-L", "-c", "%s %n", *BUNDLES)))
def authority_bundles(reply: Reply) -> AuthorityBundles:
    """The CA bundles of Debian, RHEL and Alpine. Without any of them the host is one that never checks certificates."""
    rows = (line.partition(" ") for line in reply.lines)
    sizes = {path: int(size) for size, _, path in rows if path in BUNDLES and size.isdigit()}
    if not sizes:
        raise Absent("no list of certificate authorities is installed")
    return AuthorityBundles(sizes=sizes)
