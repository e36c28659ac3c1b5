"""Can more files be opened?"""

from __future__ import annotations

from diagkit.checks import Findings, check, fail, ok, unknown, warn
from diagkit.frozen import frozen
from diagkit.probes.files import Descriptors, FileHandles


@frozen(kw_only=True)
class ProcessShare:
    """Share of its limit of open files that a process uses. Source: our own; the last two per cent go in one burst."""

    warn: float = 0.90
    fail: float = 0.98


@check(limits=ProcessShare(), noise=(0.01, 0.0005), vital=False)
def process_limit(descriptors: Descriptors, limits: ProcessShare) -> Findings:
    """No process has as many files and sockets open as it may have (LimitNOFILE=, ulimit -n).

    Why: then open, accept and connect fail with EMFILE, "Too many open files", in that process alone.
    Look-alikes: the system's table (`system_limit`) refuses everybody.
    """
    for process in descriptors.near:
        measured = {"count": process.count, "limit": process.limit}
        used = f"{process.count} of {process.limit} file descriptors (LimitNOFILE)"
        if process.count < 0:
            why = f"its open files may be near the limit of {process.limit}, and could not be counted"
            yield unknown(why, process.process, hint="log in as root, or allow this user `sudo -n`")
        elif process.count >= limits.warn * process.limit:
            verdict = fail if process.count >= limits.fail * process.limit else warn
            yield verdict(f"too many open files: {process.process} has {used}", process.process, measured=measured)
        else:
            yield ok(used, process.process, measured=measured)
    yield ok(f"{descriptors.others} other processes cannot be near their limit of open files")


@frozen(kw_only=True)
class SystemShare:
    """Share of fs.file-max in use. Source: node-exporter mixin NodeFileDescriptorLimit (70 and 90 %)."""

    warn: float = 0.70
    fail: float = 0.90


@check(limits=SystemShare(), noise=(0.001, 0.001))
def system_limit(handles: FileHandles, limits: SystemShare) -> Findings:
    """The machine can open more files (fs.file-max).

    Why: beyond it every open on the machine fails with ENFILE, "Too many open files in system".
    """
    share = handles.allocated / handles.maximum
    text = f"{handles.allocated} of {handles.maximum} file handles"
    verdict = fail if share >= limits.fail else warn if share >= limits.warn else ok
    yield verdict(text if verdict is ok else f"Too many open files in system: {text}", measured={"share": share})
