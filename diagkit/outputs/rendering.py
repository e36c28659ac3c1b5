r"""The one way out for text from outside: `render(text, form)`.

Everything that could act on a terminal, a browser, a CI runner or a reader's eye becomes visible instead: ESC is
written `\x1b`, a right-to-left override `\u202e`, and a backslash `\\`, so that no two texts look the same.
Redaction happens earlier, when an answer is taken in (`diagkit.redact`).
"""

from __future__ import annotations

import re
import shlex
from enum import Enum
from unicodedata import category, combining

from diagkit.model import Untrusted

FIELD_CAP = 8192  # characters shown of one field
STACKED = 4  # combining marks in a row that still belong to a letter of some language; more is an attack on the line


class Form(Enum):
    """Where the text goes. JSON and XML are escaped further by their own encoders."""

    TERMINAL = "terminal"  # a terminal, a pipe, a log, a message on stderr
    JSON = "json"
    XML = "xml"
    MARKDOWN = "markdown"
    SHELL = "shell"


def render(text: Untrusted, form: Form) -> str:
    """The text as one line that is safe in this form. Nothing vanishes: what is left out is counted.

    MARKDOWN gives a code span, in which nothing links, mentions or formats. SHELL gives one quoted word, or nothing
    where the text had to be altered to be shown: a command with another name in it must not be typed.
    """
    shown = _disarm(_visible(text.raw))
    if form is Form.MARKDOWN:
        return _code_span(shown)
    if form is Form.SHELL:
        return shlex.quote(shown) if shown == text.raw else ""
    return shown


def render_lines(text: Untrusted, form: Form) -> list[str]:
    """The text's lines, each rendered: for quotes that have several."""
    return [render(Untrusted(line), form) for line in text.raw.strip("\n").split("\n")]


# ---------------------------------------------------------------- what every form shares

_SHORT = {"\t": r"\t", "\n": r"\n", "\r": r"\r", "\\": r"\\"}
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Me", "Zl", "Zp", "Zs"}
# drawn as nothing, as a space, or inside the letter before, though their category says letter, mark or symbol:
# fillers, variation selectors, and the parts of Hangul syllables, on whose width terminals do not agree
_INVISIBLE = {0x034F, 0x115F, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, 0xFFFC}
_RANGES = (
    *(range(0x1160, 0x1200), range(0xD7B0, 0xD800), range(0x180B, 0x1810)),
    *(range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0)),
)


def _escape(char: str) -> str:
    point = ord(char)
    if char in _SHORT:
        return _SHORT[char]
    if 0xDC80 <= point <= 0xDCFF:  # a byte that was not UTF-8, as `surrogateescape` decodes it
        return f"\\x{point - 0xDC00:02x}"
    return f"\\x{point:02x}" if point < 0x80 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


class _Shown(dict[int, str]):
    """For `str.translate`: how each code point is shown, worked out when it is first met."""

    def __missing__(self, point: int) -> str:
        char = chr(point)
        hidden = category(char) in _HIDDEN and char != " "
        odd = point in _INVISIBLE or any(point in some for some in _RANGES)
        self[point] = _escape(char) if hidden or odd or char == "\\" else char
        return self[point]


_SHOWN = _Shown()


def _visible(raw: str) -> str:
    if raw.isascii() and raw.isprintable() and "\\" not in raw and len(raw) <= FIELD_CAP:
        return raw
    shown = raw[:FIELD_CAP].translate(_SHOWN)
    if not shown.isascii():
        shown = _unstacked(shown)
    if rest := raw[FIELD_CAP:]:
        # a single backslash before a bracket is written by nothing else: the mark cannot be forged
        shown += f" \\[{_size(rest)} bytes left out]"
    return shown


def _size(text: str) -> int:
    """Bytes it had before it was decoded; `surrogateescape` made a surrogate of each byte that was not UTF-8."""
    return len(text.encode("utf-8", "surrogatepass")) - 2 * len(re.findall("[\udc80-\udcff]", text))


def _unstacked(text: str) -> str:
    shown: list[str] = []
    run = 0
    for char in text:
        run = run + 1 if combining(char) or category(char) == "Mn" else 0
        shown.append(_escape(char) if run > STACKED else char)
    return "".join(shown)


# what CI systems obey when they meet it in a log: GitHub (`::error::`, `##[error]`), Azure, TeamCity, GitLab
_COMMANDS = (
    "add-mask|add-matcher|add-path|debug|echo|endgroup|error|group|internal-set-repo-path|notice|remove-matcher"
    "|save-state|set-env|set-output|stop-commands|warning"
)
_ORDERS = re.compile(rf":(?=:(?:{_COMMANDS})(?:\s|::))|#(?=\[|vso\[|teamcity\[)|_(?=(?:start|end):)", re.IGNORECASE)


def _disarm(text: str) -> str:
    """The same with the first letter of every order to a CI system escaped."""
    if "::" not in text and "##" not in text and ("_" not in text or "section_" not in text.lower()):
        return text
    return _ORDERS.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


# ---------------------------------------------------------------- what Markdown adds


def _code_span(shown: str) -> str:
    """Between more backticks than the text has in a row; the spaces keep a backtick at an end apart from ours."""
    if not shown:
        return ""
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", shown)), default=0))
    pad = " " if shown.strip(" ") and (shown[0] in "` " or shown[-1] in "` ") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"
