"""A page of text of a given width: folded by us, never elided, coloured by Rich."""

from __future__ import annotations

from collections.abc import Iterable
from io import StringIO
from typing import TYPE_CHECKING

from diagkit.model import Status, Untrusted
from diagkit.outputs import View
from diagkit.outputs.rendering import Form, render, render_lines

if TYPE_CHECKING:
    from rich.text import Text

Part = str | tuple[str, str]  # text, or text with its Rich style; always ours or rendered

NARROW = 60  # columns below which labels stand above what they label
SLIMMEST = 32  # columns below which nothing can be laid out; the terminal wraps as it likes
LABEL = 15  # columns of a label and the space behind it

# the word says it, the sign says it again, the colour a third time
STYLES = {
    Status.OK: "green",
    Status.SKIP: "dim",
    Status.UNKNOWN: "cyan",
    Status.WARN: "yellow",
    Status.FAIL: "bold red",
}
SIGNS = {
    Status.OK: ("✓ OK  ", "[OK]  "),
    Status.SKIP: ("– SKIP", "[SKIP]"),
    Status.UNKNOWN: ("? UNKN", "[UNKN]"),
    Status.WARN: ("! WARN", "[WARN]"),
    Status.FAIL: ("✗ FAIL", "[FAIL]"),
}


class Page:
    """Collects lines. Needs no terminal, and asks none."""

    def __init__(self, view: View) -> None:
        from rich.console import Console

        self.view = view
        self.width = max(view.width, SLIMMEST)
        self.dash = "-" if view.ascii else "–"
        self._paper = StringIO()
        self._console = Console(
            file=self._paper,
            width=self.width,
            height=100,  # without it Rich asks the terminal for both
            force_terminal=view.colour,
            color_system="standard" if view.colour else None,
            no_color=not view.colour,
            legacy_windows=False,
            markup=False,
            emoji=False,
            highlight=False,
            soft_wrap=True,  # lines are folded here, not there
            _environ={},  # whether to colour was decided by the command line
        )

    def say(self, text: Untrusted) -> str:
        """Text from outside, for this page."""
        return self._encoded(render(text, Form.TERMINAL))

    def say_lines(self, text: Untrusted) -> list[str]:
        """Text from outside that may have several lines."""
        return [self._encoded(line) for line in render_lines(text, Form.TERMINAL)]

    def line(self, *parts: Part, lead: tuple[Part, ...] = ()) -> None:
        """One paragraph. Its lines hang under its beginning, behind the `lead`."""
        if not self.view.colour and (plain := self._fitting(lead, parts)):
            self._paper.write(plain)
            return
        head, body = self._assembled(lead), self._assembled(parts)
        room = max(self.width - head.cell_len, SLIMMEST // 2)
        first, *rest = body.wrap(self._console, room, overflow="fold")
        lines = [head + first, *(self._assembled((" " * head.cell_len,)) + line for line in rest)]
        for line in lines:
            line.rstrip()
        self._console.print(self._assembled(("\n",)).join(lines))

    def _fitting(self, lead: Iterable[Part], parts: Iterable[Part]) -> str:
        """What needs neither folding nor colour, as most lines of a long report: Rich takes 0.1 ms for each."""
        head, body = ("".join(part if isinstance(part, str) else part[0] for part in some) for some in (lead, parts))
        fits = len(head) + len(body) <= self.width and body.isascii() and body.isprintable()
        return f"{self._encoded(head + body).rstrip()}\n" if fits else ""

    def heading(self, word: str, *rest: Part) -> None:
        """A section begins."""
        self._console.print()
        self.line(*rest, lead=((word, "bold"), "  " if rest else ""))

    def labelled(self, label: str, items: Iterable[tuple[Part, ...]]) -> None:
        """A label, and what belongs to it: beside it, or below it where the page is narrow."""
        narrow = self.width < NARROW
        for n, item in enumerate(items):
            if narrow and n == 0:
                self.line((label, "bold"), lead=("   ",))
            name = label if n == 0 else ""
            self.line(*item, lead=("   - ",) if narrow else ("   ", (name.ljust(LABEL), "bold"), "- "))

    def sign(self, status: Status) -> Part:
        """A status as sign and word, always as wide."""
        return SIGNS[status][self.view.ascii], STYLES[status]

    def text(self) -> str:
        """All of it, with a newline at the end."""
        return self._paper.getvalue()

    def _assembled(self, parts: Iterable[Part]) -> Text:
        from rich.text import Text

        styled = ((part, "") if isinstance(part, str) else part for part in parts)
        return Text.assemble(*((self._encoded(text), style) for text, style in styled))

    def _encoded(self, text: str) -> str:
        return text.encode("ascii", "backslashreplace").decode() if self.view.ascii else text
