"""Drift: kernel settings that differ from what the files say, and updates that wait for a reboot."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from diagkit.frozen import frozen
from diagkit.model import Ask, Read, Reply, Run, Silence
from diagkit.probes import Absent, Answers, Withheld, perhaps, probe

KEYS_AT_MOST = 24
_FILES = ("/etc/sysctl.conf", "/etc/sysctl.d", "/run/sysctl.d")


@frozen(kw_only=True)
class SysctlFiles:
    """What the administrator's files set, by key in the dotted form: the value, and the file that has the last word."""

    all: Mapping[str, tuple[str, str]]


@probe(Run(("grep", "-rsE", r"^[[:space:]]*[a-z][[:alnum:]_./-]*[[:space:]]*=", *_FILES)))
def sysctl_files(reply: Reply) -> SysctlFiles:
    """Settings in /etc/sysctl.conf and /etc/sysctl.d; those of the distribution itself are not asked for."""
    found: dict[str, tuple[str, str]] = {}
    rows = [row.partition(":") for row in reply.lines]
    # By file name, whatever the directory, as sysctl.d(5) has it; /etc/sysctl.conf comes last, as 99-sysctl.conf.
    for file, _, line in sorted(
        rows, key=lambda row: "99-sysctl.conf" if row[0] == _FILES[0] else row[0].split("/")[-1]
    ):
        key, _, value = line.partition("=")
        if file == _FILES[0] or file.endswith(".conf"):
            found[key.strip().replace("/", ".")] = (" ".join(value.split()), file)
    if not found:
        raise Absent("/etc/sysctl.d sets nothing")
    return SysctlFiles(all=dict(list(found.items())[:KEYS_AT_MOST]))


@frozen(kw_only=True)
class Setting:
    """A kernel setting: what the file says, and what is so."""

    key: str
    file: str
    wanted: str
    live: str


@frozen(kw_only=True)
class Sysctls:
    """Those settings that the kernel has; others belong to modules that are not loaded."""

    all: tuple[Setting, ...]


def _live(key: str) -> Read:
    return Read(f"/proc/sys/{key.replace('.', '/')}")


def _ask(sysctl_files: SysctlFiles) -> Iterable[Ask]:
    return [_live(key) for key in sysctl_files.all if re.fullmatch(r"[\w.-]+", key)]


@probe(also=_ask)
def sysctls(sysctl_files: SysctlFiles, answers: Answers) -> Sysctls:
    """The live values of what the files set."""
    return Sysctls(
        all=tuple(
            Setting(key=key, file=file, wanted=wanted, live=" ".join(reply.text.split()))
            for key, (wanted, file) in sysctl_files.all.items()
            if (reply := answers.get(_live(key))) and reply.silence is None
        )
    )


@frozen(kw_only=True)
class RebootRequired:
    """The packages that asked for a reboot; none where nothing waits for one."""

    packages: tuple[str, ...]


_WANTED = Read("/run/reboot-required", cap=1)
_DEBIAN = Read("/etc/debian_version")


@probe(perhaps(_WANTED), perhaps(Read("/run/reboot-required.pkgs")), perhaps(_DEBIAN))
def reboot_required(wanted: Reply, packages: Reply, debian: Reply) -> RebootRequired:
    """What Debian's packages leave behind when they want a reboot; elsewhere nobody says so."""
    if wanted.silence is Silence.MISSING and debian.silence is Silence.MISSING:
        raise Absent("only Debian and its kin say that a reboot is required")
    if wanted.silence not in (None, Silence.MISSING):
        raise Withheld(wanted.silence, wanted.complaint)
    named = re.findall(r"^[a-z0-9][a-z0-9.+-]+$", packages.text, re.MULTILINE)
    required = dict.fromkeys(named or ["a package"]) if wanted.silence is None else {}
    return RebootRequired(packages=tuple(required))
