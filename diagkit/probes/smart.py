"""SMART: what disks say of their own health."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from diagkit.frozen import frozen
from diagkit.model import Ask, Reply, Run, Silence
from diagkit.probes import Absent, Answers, Garbled, Withheld, probe
from diagkit.probes.devices import Devices

REAL = re.compile(r"(sd[a-z]+|hd[a-z]+|nvme\d+n\d+)$")  # the names of disks that are no hypervisor's or our own making
AT_MOST = 8
OPENS = "log in as root, or allow this user `sudo -n`: only root may ask a disk"


@frozen(kw_only=True)
class Health:
    """What one disk says of itself: whether it passes its own assessment. None: it does not say; `why` tells."""

    disk: str
    passed: bool | None
    why: str = ""


@frozen(kw_only=True)
class SmartHealth:
    """Every disk that was asked."""

    all: tuple[Health, ...]


def _question(disk: str) -> Run:
    return Run(
        ("smartctl", "-n", "standby", "-H", "-j", f"/dev/{disk}"), timeout=8, root=True
    )  # wakes no sleeping disk


def _disks(devices: Devices) -> list[str]:
    return sorted(disk.name for disk in devices.all if REAL.match(disk.name))[:AT_MOST]


def _ask(devices: Devices) -> Iterable[Ask]:
    return [_question(disk) for disk in _disks(devices)]


@probe(also=_ask, opens=OPENS)
def health(devices: Devices, answers: Answers) -> SmartHealth:
    """The overall assessment of each disk. Exit codes are bits, of which 8 says what `passed` says."""
    found = [_read(disk, answers[_question(disk)]) for disk in _disks(devices)]
    if not found:
        raise Absent("no disk that could tell of its health: they are virtual")
    return SmartHealth(all=tuple(found))


def _read(disk: str, reply: Reply) -> Health:
    if reply.silence is Silence.TIMEOUT:
        return Health(disk=disk, passed=None, why="it did not answer smartctl")
    if reply.silence:
        raise Withheld(reply.silence, reply.complaint)
    said: Mapping[str, Any] = json.loads(reply.text)
    if "smartctl" not in said:
        raise Garbled(reply.text[:60])
    status = said.get("smart_status", {}).get("passed")
    messages = "; ".join(message["string"] for message in said["smartctl"].get("messages", ()))
    if "Permission denied" in messages:
        raise Withheld(Silence.DENIED, messages)
    return Health(disk=disk, passed=status, why="" if status is not None else messages or "it says nothing of it")
