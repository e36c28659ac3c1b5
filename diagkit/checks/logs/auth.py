"""Does somebody try to get in?"""

from __future__ import annotations

from dataclasses import dataclass

from diagkit.checks import Findings, check, fail, ok, unknown, warn
from diagkit.checks.logs import heard
from diagkit.probes.logs import OPENS, LogTexts, Occurrences


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Failed ssh logins in the window, at or above which we speak up, and the pace from which it is an attack.

    Source: our choice: people mistype less than 20 times an hour; 20 a minute, each held open for sshd's LoginGraceTime
    of two minutes, would be 40 at once where MaxStartups (10:30:100) begins to drop at 10.
    """

    warn: int = 20
    fail_per_minute: float = 20.0


@check(limits=Attempts(), noise=(0.05, 0.001), vital=False)
def failures(occurrences: Occurrences, texts: LogTexts, limits: Attempts) -> Findings:
    """Few ssh logins failed.

    Why: password guessing fills logs, and sshd's queue of connections that have not logged in yet.
    Limits: how often, and from where; not whether any attempt succeeded.
    Look-alikes: a job with an outdated key, always from one address and for one user.
    """
    found = next(iter(occurrences.of("ssh_login_failed")), None)
    if found is None and not texts.auth_seen:
        yield unknown(texts.why_not("journal"), hint=OPENS)
    elif found is None or found.count < limits.warn:
        yield ok(f"{found.count if found else 0} ssh logins failed")
    else:
        sources = {peer for field in ("peer", "source", "client") for peer in found.fields.get(field, ())}
        minutes = max(1.0, (found.last - found.first).total_seconds() / 60)
        verdict = fail if found.count / minutes >= limits.fail_per_minute else warn
        yield heard(verdict, f"ssh logins failed from {', '.join(sorted(sources)[:3])}", "sshd", found)
