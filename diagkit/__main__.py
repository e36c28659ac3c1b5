"""The door: answers at once what needs nothing loaded, and hands the rest to the command line.

It imports nothing heavy, so that `--help` and the TAB key cost little more than the interpreter itself, and so that a
Ctrl-C in the middle of the imports is as quiet as one later.
"""

from __future__ import annotations

import gc
import os
import sys

YOUNG = 20_000  # objects between two looks for garbage; with the usual 700 they are a tenth of starting


def main() -> None:
    """Run diagkit on the words of the command line, and exit."""
    for name in ("stdout", "stderr"):  # a stream that the caller has closed
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: PTH123, SIM115 - open until the end, without pathlib
    gc.set_threshold(YOUNG)
    try:
        code = answer(sys.argv[1:])
        gc.freeze()  # or the interpreter looks through everything for garbage, more than once, before it lets go of it
        sys.exit(code)
    except KeyboardInterrupt:
        os._exit(130)


def answer(words: list[str]) -> int:
    """Do what the words say; the exit code."""
    if "_DIAGKIT_COMPLETE" in os.environ:
        from diagkit.cli.complete import complete

        return complete(os.environ["_DIAGKIT_COMPLETE"], words)
    if words in (["-h"], ["--help"]):
        from diagkit.cli import registry, streams

        return streams.say(registry.help_text())
    if words == ["--version"]:
        from diagkit import __version__
        from diagkit.cli import streams

        return streams.say(f"diagkit {__version__}")
    from diagkit.cli.app import run

    return run(words)


if __name__ == "__main__":
    main()
