"""From the words of the command line to a command, and from whatever goes wrong to one sentence and an exit code."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from diagkit.cli import exits, registry, streams

HELP = {"help_option_names": ["-h", "--help"]}
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
PASTED = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a", "'") | dict.fromkeys("\u201c\u201d\u201e", '"') | {"\xa0": " "}
)


def command_line(**settings: Any) -> typer.Typer:
    """A Typer with our habits: plain help, `-h`, no completion of its own, no traceback of its own."""
    return typer.Typer(
        add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, context_settings=HELP, **settings
    )


def load(name: str) -> Any:
    """Import one command of the registry."""
    place, _ = registry.COMMANDS[name]
    module, _, attribute = place.partition(":")
    made = getattr(import_module(module), attribute)
    if not isinstance(made, typer.Typer):
        alone = command_line()
        alone.command(name)(made)
        made = alone
    command = typer.main.get_command(made)
    command.name = name
    return command


class Commands(TyperGroup):
    """The commands of the registry, each imported when it is wanted."""

    def __init__(self) -> None:
        super().__init__(name="diagkit", rich_markup_mode=None, context_settings=HELP)
        self.commands = dict.fromkeys(registry.COMMANDS)  # type: ignore[assignment]  # names only: for "did you mean"

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the signature is Typer's
        return load(cmd_name) if cmd_name in registry.COMMANDS else None

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - the signature is Typer's
        formatter.write(registry.help_text())


def run(words: list[str]) -> int:
    """Run one command line; the exit code."""
    streams.prepare()
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    try:
        refuse_pasted(words)
        result = Commands().main(words, prog_name="diagkit", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except exits.Refusal as refusal:
        streams.note(f"diagkit: {refusal.sentence}")
        return refusal.code
    except typer.TyperException as error:
        streams.note(usage_error(error, words))
        return exits.USAGE
    except (typer.Abort, KeyboardInterrupt):
        return exits.INTERRUPTED
    except SystemExit:  # Typer met a closed pipe while it printed help, and would exit with 1
        return streams.NOBODY_READS
    except Exception as error:  # noqa: BLE001 - a bug of ours; it is reported, and never looks like a verdict
        from diagkit.cli import crash

        streams.note(crash.trace(error) if debug else crash.report(error, words))
        return exits.BUG


def refuse_pasted(words: list[str]) -> None:
    """Chat and wikis turn `--` into a dash and quotes into curly ones; say so instead of looking for such a host."""
    for word in words:
        plain = word.translate(PASTED)
        if word[0:1] in DASHES and word:
            plain = f"--{plain.lstrip(DASHES + '-')}"
        if plain != word:
            raise exits.Refusal(
                exits.USAGE, f"{word!r} looks like pasted smart punctuation; did you mean {plain.strip()}?"
            )


def usage_error(error: typer.TyperException, words: list[str]) -> str:
    """One sentence about a wrong command line; the whole help where no command was given."""
    if not words:
        return registry.help_text()
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "diagkit"
    said = error.format_message()
    if "\n" in said:  # a group of commands without a command: its help
        return said
    if known := getattr(error, "possibilities", None):
        from diagkit.spelling import nearest

        said = f"{error.message}{nearest(getattr(error, 'option_name', ''), known)}"
    return f"{path}: {said.rstrip('.')} (see {path} -h)"
