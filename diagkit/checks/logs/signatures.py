"""Do the logs say anything whose meaning is known?

One finding for each signature that was met; its subject is the signature's id, and the signature says for which causes
it speaks. What is only worth counting (`severity = "info"`) gives none; other checks make something of it.
The noise is that of one signature, not of all: a given one is seldom met where nothing is wrong.
"""

from __future__ import annotations

from diagkit.checks import Check, Findings, check, fail, ok, unknown, warn
from diagkit.checks.logs import heard, unread
from diagkit.logs.signatures import Signature, catalogue
from diagkit.model import Status
from diagkit.probes.log_files import OPENS
from diagkit.probes.logs import LogTexts, Occurrences

KERNEL = frozenset(
    {"crashes", "disks", "hardware", "kernel", "links", "memory", "mounts", "network", "reboots", "storage"}
    | {"volumes"}
)
SYSTEM = frozenset(
    {"auth", "backup", "cluster", "containers", "cron", "dns", "firewall", "limits", "logging", "mail", "package"}
    | {"systemd", "time", "virtual"}
)


@check(noise=(0.005, 0.001), vital=False)
def kernel(occurrences: Occurrences, texts: LogTexts) -> Findings:
    """Nothing in the logs tells of trouble with the kernel, memory, disks, filesystems or the network.

    Why: the kernel says once, in its log, why a write failed, a process vanished or a link went away.
    Look-alikes: lines of an earlier boot or before the window are not counted; corrected errors at boot are ignored.
    """
    yield from _judged(occurrences, KERNEL, "" if texts.kernel_seen else texts.why_not("kernel"))


@check(noise=(0.006, 0.001), vital=False)
def system(occurrences: Occurrences, texts: LogTexts) -> Findings:
    """Nothing in the logs tells of failing units, refused rights, exhausted limits or unresolved names.

    Why: the service manager and the system's daemons name the unit, the limit and the file that are at fault.
    Look-alikes: a restart by hand, and failures that containers have by nature, are passed over.
    """
    yield from _judged(occurrences, SYSTEM, "" if texts.system_seen else texts.why_not("journal"))


@check(noise=(0.006, 0.001), vital=False)
def applications(occurrences: Occurrences, texts: LogTexts) -> Findings:
    """Nothing in the logs tells of web servers, databases, caches or programs in known kinds of trouble.

    Every family that is neither the kernel's nor the system's is here, users' own as well.

    Why: an application's log says what it could not reach, open or understand.
    Limits: only logs under /var/log, in the journal, or named in the configuration; and only known texts.
    """
    others = frozenset(signature.family for signature in catalogue().values()) - KERNEL - SYSTEM
    yield from _judged(occurrences, others, unread(texts))


def judge_of(signature: Signature) -> Check:
    """The check that reports this signature."""
    return kernel if signature.family in KERNEL else system if signature.family in SYSTEM else applications


def _judged(occurrences: Occurrences, families: frozenset[str], why_not: str) -> Findings:
    known = catalogue()
    spoke = False
    for occurrence in occurrences.all:
        signature = known[occurrence.signature]
        if signature.family not in families or occurrence.count < signature.least:
            continue
        if signature.severity is not Status.OK:
            spoke = True
            verdict = fail if signature.severity is Status.FAIL else warn
            yield heard(verdict, signature.title, signature.id, occurrence)
    if not spoke:
        yield unknown(why_not, hint=OPENS) if why_not else ok("nothing known to mean trouble")
