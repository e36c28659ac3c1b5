"""Who is refused: at the door of ssh, and at that of a database?"""

from __future__ import annotations

from diagkit.checks import Findings, check, fail, ok, unknown, warn
from diagkit.checks.logs import heard, unread
from diagkit.frozen import frozen
from diagkit.probes.log_files import OPENS
from diagkit.probes.logs import LogTexts, Occurrences


@frozen(kw_only=True)
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


@check(noise=(0.003, 0.0005), vital=False)
def accounts(occurrences: Occurrences, texts: LogTexts) -> Findings:
    """No account is refused by sshd for what it is: locked, expired, or with key files that others may write.

    Why: the client is told nothing but "Permission denied (publickey)"; only the server's log has the reason.
    Look-alikes: guessed names, which are counted in `failures`; an account that was locked on purpose.
    """
    found = occurrences.of("ssh_account_refused", "ssh_key_modes")
    if not found and not texts.auth_seen:
        yield unknown(texts.why_not("journal"), hint=OPENS)
    elif not found:
        yield ok("no account was refused")
    for one in found:
        wrong = "bad ownership or modes of key files" if one.signature == "ssh_key_modes" else "locked or expired"
        yield heard(warn, f"sshd refuses an account: {wrong}", one.signature, one)


@frozen(kw_only=True)
class Dropped:
    """Lines about MaxStartups in the window from which on it is no passing rush.

    Source: our own; since OpenSSH 9.1 sshd sums drops up, one line when they begin and one when they end.
    """

    fail: int = 10


@check(limits=Dropped(), noise=(0.0015, 0.0005), vital=False)
def startups(occurrences: Occurrences, texts: LogTexts, limits: Dropped) -> Findings:
    """No connection is dropped by sshd because too many wait to log in (MaxStartups).

    Why: it drops at random, so that deployments, backups and people fail now and then.
    Look-alikes: a password guesser fills the same queue: then `failures` fails as well.
    """
    found = next(iter(occurrences.of("ssh_throttled")), None)
    if found:
        verdict = fail if found.count >= limits.fail else warn
        yield heard(verdict, "sshd drops connections past MaxStartups", "sshd", found)
    elif texts.auth_seen:
        yield ok("no connection was dropped")
    else:
        yield unknown(texts.why_not("journal"), hint=OPENS)


@frozen(kw_only=True)
class Refused:
    """Logins that databases refused in the window, at or above which we speak up.

    Source: our own: somebody mistypes a password a few times, a program with a wrong one goes on trying.
    """

    warn: int = 3
    fail: int = 10


@check(limits=Refused(), noise=(0.05, 0.001), vital=False)
def database_logins(occurrences: Occurrences, texts: LogTexts, limits: Refused) -> Findings:
    """Databases and caches let their clients in.

    Why: a rotated password, a role that is locked or expired, or a line that is gone from pg_hba.conf stops every
    program that logs in anew; both the server's log and the client's say so.
    Look-alikes: guessing from outside, for many users, where the port is open to the internet.
    """
    found = occurrences.of("database_access_denied", "mysql_host_not_allowed", "redis_access_denied")
    refused = sum(one.count for one in found)
    if refused < limits.warn:
        why_not = unread(texts)
        yield unknown(why_not, hint=OPENS) if why_not and not found else ok(f"{refused} database logins refused")
        return
    most = max(found, key=lambda one: one.count)
    verdict = fail if refused >= limits.fail else warn
    yield heard(verdict, "database authentication fails", "", most)
