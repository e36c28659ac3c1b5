"""What commands there are: name, where it lives, one line of help. Nothing is imported until a command is used."""

from __future__ import annotations

SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "The checklist": {
        "check": ("diagkit.cli.check:check", "Run the whole checklist and name the likely root cause."),
        "connectivity": (
            "diagkit.cli.connectivity:connectivity",
            "Can it be reached? Name, route, TCP, SSH, TLS, HTTP.",
        ),
        "logs": ("diagkit.cli.logs:logs", "What do the logs say happened in the window?"),
        "resources": ("diagkit.cli.resources:resources", "Is anything used up? CPU, memory, disk, files, sockets."),
        "functional": (
            "diagkit.cli.functional:functional",
            "Does it do its job? Units, services, what changed lately.",
        ),
    },
    "Time": {
        "timeline": ("diagkit.cli.timeline:timeline", "Tell what happened when, on one host or many."),
    },
    "Tapes": {
        "capture": ("diagkit.cli.capture:capture", "Ask one target everything and keep the answers as a tape."),
        "compare": ("diagkit.cli.compare:compare", "Show what differs between two tapes or two targets."),
    },
    "Knowledge": {
        "explain": (
            "diagkit.cli.explain:explain",
            "Tell what a check, cause or probe is, needs and runs on the host; or why a cause was not named.",
        ),
        "list": ("diagkit.cli.list:list_", "List the checks, causes, probes or outputs."),
        "runbook": ("diagkit.cli.runbook:app", "List the runbooks, or show one."),
        "lint": ("diagkit.cli.lint:lint", "Check the knowledge, yours and what is shipped."),
        "case": ("diagkit.cli.case:app", "Keep an incident as a test, or score the diagnosis on those kept."),
        "schema": ("diagkit.cli.schema:schema", "Print the JSON Schema of what is said with `--format json`."),
    },
    "This workstation": {
        "baseline": ("diagkit.cli.baseline:app", "Show or forget what earlier runs measured on a host."),
        "config": ("diagkit.cli.config:app", "Show each setting and where it came from."),
        "doctor": ("diagkit.cli.doctor:doctor", "Say whether this workstation can do the job."),
        "completion": ("diagkit.cli.completion:app", "Print or install the completion of a shell."),
    },
}
COMMANDS = {name: entry for section in SECTIONS.values() for name, entry in section.items()}
OPTIONS = {
    "-h, --help": "Show this help; after a command, the help of that command.",
    "--version": "Show the version.",
    "--debug": "With any command: show the trace if diagkit itself fails.",
}
EXIT_CODES = "Exit codes: 0 ok, 1 warning, 2 failure, 3 unknown or incomplete; 64 and above: no verdict."


def help_text() -> str:
    """The help of `diagkit` itself."""
    lines = [
        "Usage: diagkit COMMAND [OPTIONS] [TARGET]...",
        "",
        "The rapid isolation checklist: ask a machine, judge the answers, name the likely root cause.",
        "A target is `local`, `[user@]host[:port]`, `replay:FILE`, or a name of diagkit.toml.",
    ]
    for title, commands in SECTIONS.items():
        lines += ["", f"{title}:"]
        lines += [f"  {name:<14}{line}" for name, (_, line) in commands.items()]
    lines += ["", "Options:"]
    lines += [f"  {name:<14}{line}" for name, line in OPTIONS.items()]
    return "\n".join([*lines, "", EXIT_CODES])
