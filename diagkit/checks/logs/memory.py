"""Did the kernel kill processes for want of memory?"""

from __future__ import annotations

import re

from diagkit.checks import Findings, check, fail, ok, unknown, warn
from diagkit.checks.logs import heard
from diagkit.logs.occurrences import Occurrence
from diagkit.model import Finding
from diagkit.probes.log_files import OPENS
from diagkit.probes.logs import LogTexts, Occurrences

# The names of groups that have a limit of their own inside a host: units, and containers of the usual engines.
_WITHIN_HOST = re.compile(r"\.(?:service|scope|slice)(?:/|$)|docker|kubepods|libpod|crio|containerd|lxc/")


@check(noise=(0.002, 0.0007), vital=False)
def oom(occurrences: Occurrences, texts: LogTexts) -> Findings:
    """The kernel killed no process because the host ran out of memory.

    Why: the victim is gone without a word of its own, and it is seldom the process that used the memory up.
    Look-alikes: a unit or container that reached its own limit while the host had memory left (`cgroup_oom`).
    """
    kills = occurrences.of("oom_killed")
    if not kills and not _limited_to_unit(occurrences):
        kills = occurrences.of("cgroup_oom_killed")  # the host is itself a container, and reached its own limit
    for kill in kills:
        yield heard(fail, "Out of memory: the kernel killed a process", _victim(kill), kill)
    told = [] if occurrences.of("cgroup_oom_killed") else occurrences.of("unit_oom_killed")
    if not kills and told:
        yield heard(warn, "the OOM killer ended a process, for which limit the kernel log does not say", "", told[0])
    elif not kills:
        yield ok("no process was killed for want of memory") if texts.kernel_seen else _unseen(texts)


@check(noise=(0.002, 0.0007), vital=False)
def cgroup_oom(occurrences: Occurrences, texts: LogTexts) -> Findings:
    """The kernel killed no process because a unit or container reached its memory limit.

    Why: a limit that is too low kills a service again and again while the host has memory to spare.
    Look-alikes: the host itself running out of memory (`oom`).
    """
    kills = occurrences.of("cgroup_oom_killed") if _limited_to_unit(occurrences) else []
    limits = [
        limit
        for found in occurrences.of("oom_constraint", "cgroup_oom_limit")
        for limit in found.fields.get("limit", ())
    ]
    for kill in kills:
        group = next((limit for limit in limits if _WITHIN_HOST.search(limit)), "")
        yield heard(fail, f"Memory limit of {group} reached: the kernel killed a process", _victim(kill), kill)
    if not kills:
        yield ok("no memory limit was reached") if texts.kernel_seen else _unseen(texts)


def _limited_to_unit(occurrences: Occurrences) -> bool:
    found = occurrences.of("oom_constraint", "cgroup_oom_limit")
    limits = [limit for occurrence in found for limit in occurrence.fields.get("limit", ())]
    return any(_WITHIN_HOST.search(limit) for limit in limits) or (
        not found and bool(occurrences.of("cgroup_oom_killed"))
    )


def _unseen(texts: LogTexts) -> Finding:
    return unknown(texts.why_not("kernel"), hint=OPENS)


def _victim(kill: Occurrence) -> str:
    return next(iter(kill.fields.get("process", ())), "")
