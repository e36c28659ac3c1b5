"""What the TAB key offers. Command names come from the registry, so that the commonest TAB imports nothing."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from diagkit.cli import registry, streams

PACKAGE = Path(__file__).parents[1]
MADE_BY = r"^@{}\b[^\n]*(?:\n[^\n@][^\n]*)*?\ndef (\w+)"  # the function that such a decorator makes a thing of
QUICKLY_READ = 1 << 20  # bytes of an inventory
BASH_BREAKS = ":=@"  # bash completes only what follows the last of these


def complete(shell: str, words: list[str]) -> int:
    """Print what may stand at the end of this command line, one `value<TAB>help` a line."""
    line = words[0] if words else ""
    *before, typed = split(line)[1:] or [""]
    found = list(offers(before, typed))
    if shell == "bash":
        cut = max(typed.rfind(mark) for mark in BASH_BREAKS) + 1
        found = [(value[cut:], text) for value, text in found]
    return streams.say("\n".join(f"{value}\t{text}" for value, text in found)) if found else 0


def split(line: str) -> list[str]:
    """The words of a command line that may still be open at its end; the last is the one being typed."""
    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    return words if line and not line[-1].isspace() else [*words, ""]


def offers(before: list[str], typed: str) -> Iterator[tuple[str, str]]:
    """Values and their help that begin with what is typed, after the words before it."""
    if not before:
        known = {name: line for name, (_, line) in registry.COMMANDS.items()}
        if typed.startswith("-"):
            known = {name.split(", ")[-1]: line for name, line in registry.OPTIONS.items()}
        yield from ((name, line) for name, line in known.items() if name.startswith(typed))
    elif before[0] in registry.COMMANDS:
        from typer._completion_classes import BashComplete

        from diagkit.cli.app import Commands

        joined = typed[: typed.find("=") + 1] if typed.startswith("-") else ""  # of --option=value
        for item in BashComplete(Commands(), {}, "diagkit", "").get_completions(before, typed):
            yield f"{joined}{item.value}", " ".join((item.help or "").split())


def checks(incomplete: str) -> list[str]:
    """Names of checks, for the last of several with commas between."""
    before, comma, typed = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in _defined("checks", MADE_BY.format("check")) if name.startswith(typed)]


def explicable(incomplete: str) -> list[str]:
    """Names of checks, causes, conditions, probes and log signatures."""
    states = (name.rpartition(".")[2] for name in _defined("causes", r"^(\w+) = (?:Cause|Condition)\("))
    probes = _defined("probes", MADE_BY.format("probe"))
    signatures = (name.rpartition(".")[2] for name in _defined("logs/signatures", r"^\[(\w+)\]", "*.toml"))
    known = {*_defined("checks", MADE_BY.format("check")), *states, *probes, *signatures}
    return [name for name in sorted(known) if name.startswith(incomplete)]


def formats(incomplete: str) -> list[str]:
    """Names of outputs: an output is called what its module is called."""
    return [
        name.partition(".")[0]
        for name in _defined("outputs", MADE_BY.format("(?:output|streamed)"))
        if name.startswith(incomplete)
    ]


def runbooks(incomplete: str) -> list[str]:
    """Ids of runbooks."""
    from diagkit.cli.runbook import shelf

    return [name for name in sorted(shelf()) if name.startswith(incomplete)]


def targets(incomplete: str, ctx: Any = None) -> list[str]:
    """Targets that were declared: in diagkit.toml, as Host in the user's ssh configuration, in a named inventory.

    ctx: what was typed before, as far as it was understood.
    """
    from diagkit import config

    typed = ctx.params if ctx else {}
    declared = ["local", "replay:", *(_listed(typed["inventory"]) if typed.get("inventory") else ())]
    try:
        read = config.load(config.layers())
        declared += [*read.targets, *read.groups, *sorted({f"tag:{t}" for e in read.targets.values() for t in e.tags})]
    except config.Misconfigured:
        pass
    known = dict.fromkeys((*declared, *_ssh_hosts(str(typed.get("ssh_config") or ""))))
    return [name for name in known if name.startswith(incomplete)]


def executors(incomplete: str) -> list[str]:
    """How the words for who asks begin."""
    return [name for name in ("threads", "processes:", "dask://") if name.startswith(incomplete)]


def places(incomplete: str, ctx: Any = None) -> list[str]:
    """Targets, and files and directories: `diagkit logs` takes either."""
    folder, slash, typed = incomplete.rpartition("/")
    try:
        entries = sorted(Path(folder + slash or ".").iterdir())
    except OSError:
        entries = []
    shown = (e for e in entries if e.name.startswith(typed) and (typed or not e.name.startswith(".")))
    files = [f"{folder}{slash}{e.name}{'/' if e.is_dir() else ''}" for e in shown]
    return [*targets(incomplete, ctx), *files]


def _defined(folder: str, pattern: str, files: str = "*.py") -> Iterator[str]:
    """Names read off the source, because importing all of it takes as long as a check of a host.

    A thing is named by where it lives: its name is its path, and what the pattern finds in the file. The user's own is
    found like ours.
    """
    from diagkit import own

    for home in (PACKAGE / folder, own.root() / Path(folder).name):
        for path in sorted(home.rglob(files)):
            place = ".".join(path.relative_to(home).with_suffix("").parts)
            for name in re.findall(pattern, path.read_text("utf-8", "replace"), re.MULTILINE):
                yield f"{place}.{name}"


def _ssh_hosts(config: str) -> list[str]:
    from diagkit.inventories.ssh_config_hosts import names

    try:
        return sorted(names(config))
    except OSError:
        return []


def _listed(inventories: Sequence[str]) -> list[str]:
    """Groups and hosts of small inventories: nobody waits at the TAB key, and stdin is not ours to read yet."""
    from diagkit.inventories import Malformed, Unreadable, reading

    try:
        if any(Path(path).stat().st_size > QUICKLY_READ for path in inventories):
            return []
        found = reading.read(inventories)
    except (OSError, Malformed, Unreadable):
        return []
    return [*(name for name in found.groups if name != "ungrouped"), *found.hosts]
