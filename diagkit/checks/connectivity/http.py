"""Do web servers answer, without an error of their own, and soon?"""

from __future__ import annotations

from operator import itemgetter

from diagkit.checks import Findings, check, fail, ok, skip, unknown, warn
from diagkit.frozen import frozen
from diagkit.model import Unknown, Vantage
from diagkit.probes.pages import InnerPages, Page, Pages


def _all(pages: Pages, inner: InnerPages | Unknown) -> list[Page]:
    """Pages from both vantages; of one port that answered here, not the one from inside as well."""
    answered = {page.port for page in pages.all if page.state == "answered"}
    insiders = () if isinstance(inner, Unknown) else inner.all
    return [*pages.all, *(page for page in insiders if page.port not in answered)]


@check(noise=(0.005, 0.01), vital=False)
def status(pages: Pages, inner: InnerPages | Unknown) -> Findings:
    """Web servers answer, and not with an error of their own (5xx).

    Why: 502 and 504 are a proxy saying that what is behind it does not answer; 500 and 503 the application itself.
    Look-alikes: 401, 403, 404 are answers of a server that works. What a declared service must say is judged by
    `functional`.
    """
    asked = _all(pages, inner)
    if not asked:
        yield skip("no web server is known")
    for page in asked:
        where = "" if page.vantage is Vantage.HERE else " (from the host itself)"
        if page.state == "answered" and page.status >= 500:
            yield fail(f"HTTP {page.status} {page.reason}{where}", page.url, quote=page.body[:120])
        elif page.state == "answered":
            yield ok(f"HTTP {page.status}{where}", page.url)
        elif page.state == "mute":
            yield fail(f"takes the connection, but no HTTP response{where}: {page.error}", page.url)
        elif page.state in ("no_http", "no_tls"):
            yield skip(f"does not speak {page.state[3:].upper()}{where}: {page.error}", page.url)
        elif page.state:
            yield skip(f"below: TCP is {page.state}{where}", page.url)
        else:
            yield unknown(f"{page.url}: {page.error}", page.url)


@frozen(kw_only=True)
class Patience:
    """Milliseconds until the first byte of a response from which we speak up.

    Source: web.dev calls 1.8 s to the first byte poor; Nielsen 1993: after 10 s the user is gone.
    """

    warn: float = 2000.0
    fail: float = 6000.0


@check(limits=Patience(), noise=(0.02, 0.005), vital=False)
def latency(pages: Pages, inner: InnerPages | Unknown, limits: Patience) -> Findings:
    """Web servers answer soon; where not, the phase says who is slow.

    Why: connect is the network, tls the handshake, the rest until the first byte the application.
    """
    answered = [page for page in _all(pages, inner) if page.state == "answered"]
    if not answered:
        yield skip("no web server answered")
    for page in answered:
        first = page.phases_ms.get("first_byte", 0.0)
        verdict = fail if first >= limits.fail else warn if first >= limits.warn else ok
        parts = ", ".join(
            f"{phase.replace('_', ' ')} {took:.0f} ms"
            for phase, took in sorted(page.phases_ms.items(), key=itemgetter(1))
        )
        yield verdict(f"first byte after {first / 1000:.2f} s ({parts})", page.url, measured={"first_byte_ms": first})
