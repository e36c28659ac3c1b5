"""`diagkit doctor`: can this workstation do the job?"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator

from diagkit.cli import streams

MANY_HASHED = 5000  # hashed names in known_hosts: trying them takes as long as connecting
Line = tuple[str, str, str]  # ok, warn or unknown; what; how it stands


def doctor() -> int:
    """Say whether this workstation can do the job.

    Exit code 0 if nothing is in the way, 1 if something is missing that a run would miss.
    """
    lines = [*_program(), *_terminal(), *_network(), *_ssh(), *_fleet(), *_settings(), *_knowledge()]
    said = streams.say("\n".join(f"{state:<7}  {what:<12}  {how}" for state, what, how in lines))
    return said or int(any(state != "ok" for state, _, _ in lines))


def _program() -> Iterator[Line]:
    from diagkit import __version__
    from diagkit.cli.runbook import shelf

    yield (
        "ok",
        "diagkit",
        f"{__version__}, Python {platform.python_version()}, {platform.system()} {platform.release()}",
    )
    runbooks = len(shelf())
    yield (
        ("ok", "runbooks", f"{runbooks} found")
        if runbooks
        else ("warn", "runbooks", "none found: a broken installation")
    )


def _terminal() -> Iterator[Line]:
    encoding = (sys.stdout.encoding or "unknown").lower()
    place = "terminal" if sys.stdout.isatty() else "no terminal"
    colour = "no colour" if os.environ.get("NO_COLOR") or not sys.stdout.isatty() else "colour"
    how = f"{place}, {shutil.get_terminal_size().columns} columns, {colour}, {encoding}"
    if encoding.startswith("utf"):
        yield "ok", "output", how
    else:
        yield "warn", "output", f"{how}: reports are shown in ASCII; set a UTF-8 locale"


def _network() -> Iterator[Line]:
    from diagkit.transports.workstation import ping_rights

    rights = ping_rights()
    if "raw" in rights:
        yield "ok", "ping", "raw ICMP sockets, which also hear what routers say"
    elif rights or shutil.which("ping"):
        yield (
            "ok",
            "ping",
            f"{'datagram ICMP sockets' if rights else 'by the ping program'}; routers are heard by TCP traces",
        )
    else:
        yield "warn", "ping", "no ICMP at all: TCP stands in; widen net.ipv4.ping_group_range or install ping"


def _ssh() -> Iterator[Line]:
    from diagkit.transports import workstation

    program = workstation.ssh_program()
    if program:
        yield "ok", "ssh", f"{program} reads your ssh configuration"
    else:
        yield "warn", "ssh", "the ssh program is not installed: Match exec and canonical names are not understood"
    keys = workstation.agent_keys()
    if keys:
        yield "ok", "ssh agent", f"{keys} keys"
    else:
        how = "answers but holds no key; ssh-add one" if keys == 0 else "does not answer"
        yield "warn", "ssh agent", f"{how}; only keys in files without a passphrase can be used"
    files = workstation.known_hosts()
    if not any(files.values()):
        yield "warn", "host keys", "no known_hosts: every host is refused until ssh-keyscan or ssh has told its key"
    for path, counted in files.items():
        yield _host_keys(path, *counted) if counted else ("unknown", "host keys", f"{path} may not be read")


def _host_keys(path: str, lines: int, hashed: int) -> Line:
    if hashed < MANY_HASHED:
        return "ok", "host keys", f"{path}: {lines}"
    how = f"{path}: {lines}, of which {hashed} have a hashed name: that costs {hashed / 1e6:.2g} s for every host"
    return "ok", "host keys", f"{how}; plain names or one @cert-authority line cost nothing"


def _fleet() -> Iterator[Line]:
    from diagkit.fleet.dask import installed

    lacks = "not installed; only --executor dask://… wants it: pip install 'diagkit[dask]'"
    yield "ok", "dask", "installed" if installed() else lacks


def _settings() -> Iterator[Line]:
    from diagkit import catalog, config

    try:
        stack = config.layers()
        config.load(stack)
        config.limits(stack, catalog.all_checks())
    except config.Misconfigured as error:
        yield "warn", "settings", str(error)
    else:
        yield "ok", "settings", ", ".join(layer.origin for layer in stack) or "no diagkit.toml: the defaults hold"


def _knowledge() -> Iterator[Line]:
    from diagkit import catalog, own
    from diagkit.outputs.rendering import Form, render

    for fault in catalog.faults():
        yield "warn", "knowledge", f"{fault.where}: {render(fault.error, Form.TERMINAL)}"
    mine = sum(1 for home in catalog.homes().values() if not home.shipped)
    if mine or not catalog.faults():
        yield "ok", "knowledge", f"{mine} of your own, from {own.root()} and plug-ins" if mine else "what is shipped"
