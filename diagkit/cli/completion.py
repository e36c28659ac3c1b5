"""`diagkit completion`: make the TAB key of a shell know diagkit."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from diagkit.cli import streams
from diagkit.cli.app import command_line

SCRIPTS = {
    "bash": """\
_diagkit() {
    local value help
    COMPREPLY=()
    while IFS=$'\\t' read -r value help; do
        COMPREPLY+=("$value")
    done < <(_DIAGKIT_COMPLETE=bash diagkit "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
}
complete -o default -F _diagkit diagkit
""",
    "zsh": """\
#compdef diagkit
_diagkit() {
    local -a found
    local value help
    while IFS=$'\\t' read -r value help; do
        found+=("${value//:/\\\\:}:$help")
    done < <(_DIAGKIT_COMPLETE=zsh diagkit "${(j: :)${(q)words[1,CURRENT]}}" 2>/dev/null)
    if (( $#found )); then _describe diagkit found; else _files; fi
}
if [[ $funcstack[1] == _diagkit ]]; then _diagkit "$@"; else compdef _diagkit diagkit; fi
""",
    "fish": """\
complete -c diagkit -a '(_DIAGKIT_COMPLETE=fish diagkit (commandline -cp) 2>/dev/null)'
""",
}
HOMES = {
    "bash": ("XDG_DATA_HOME", ".local/share", "bash-completion/completions/diagkit"),
    "zsh": ("XDG_DATA_HOME", ".local/share", "zsh/site-functions/_diagkit"),
    "fish": ("XDG_CONFIG_HOME", ".config", "fish/completions/diagkit.fish"),
}


class Shell(Enum):
    """The shells we know."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


ShellName = Annotated[Shell, typer.Argument(help="Which shell.")]
app = command_line(help="Print or install the completion of a shell.", no_args_is_help=True)


@app.command()
def show(shell: ShellName) -> int:
    """Print the script: `eval "$(diagkit completion show bash)"`."""
    return streams.say(SCRIPTS[shell.value])


@app.command()
def install(shell: ShellName) -> int:
    """Put the script where the shell looks for it. No start-up file is edited."""
    variable, default, name = HOMES[shell.value]
    path = Path(os.environ.get(variable) or Path.home() / default) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SCRIPTS[shell.value])
    streams.say(f"{path} written; open a new shell.")
    if shell is Shell.ZSH:
        streams.say(f"zsh looks there if ~/.zshrc has, before compinit:  fpath=({path.parent} $fpath)")
    return 0
