"""How grave a line calls itself, in the words of syslog, whatever its program's own are."""

from __future__ import annotations

import re

LEVELS = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")  # syslog(3), 0 to 7
GRAVE = frozenset(LEVELS[:4])

_WORDS = {
    "emerg": "emerg emergency panic",
    "alert": "alert",
    "crit": "crit critical fatal ftl dpanic",
    "err": "err error eror severe fail failure erro",
    "warning": "warn warning wrn",
    "notice": "notice note",
    "info": "info information inf log ok config",
    "debug": "debug dbg trace trc fine finer finest verbose",
}
_LEVEL_OF = {word: level for level, words in _WORDS.items() for word in words.split()}
_LETTERS = {
    "F": "crit",
    "E": "err",
    "W": "warning",
    "I": "info",
    "D": "debug",
    "V": "debug",
    "T": "debug",
    "N": "notice",
}
_NUMBERS = {60: "crit", 50: "err", 40: "warning", 30: "info", 20: "debug", 10: "debug"}  # bunyan, pino

_PRIORITY = re.compile(r"<(?P<n>[0-9]{1,3})>", re.ASCII)
_PAIR = re.compile(
    r"""(?:"(?:level|severity|log\.level|levelname|loglevel|lvl|log_level|priority|PRIORITY|s)"\s{0,4}:\s{0,4}"?
    |\b(?:level|lvl|severity|loglevel)=["']?)(?P<word>[A-Za-z]{1,12}|[0-9]{1,2})\b""",
    re.VERBOSE | re.ASCII,
)
_KLOG = re.compile(r"(?P<letter>[IWEF])(?:20[0-9]{2})?[01][0-9][0-3][0-9] [0-2][0-9]:", re.ASCII)
# A word that stands out: in brackets, in capitals, before a colon; not one in the middle of a sentence.
_WORD = re.compile(
    r"""[\[<(|]\s?(?:\w{1,20}:)?(?P<bracketed>[A-Za-z]{3,11})\s{0,4}[\]>)|]
    |(?:^|[\s\].:-])(?P<capitals>[A-Z]{3,11})(?=[\s:|\]/\[-]|$)
    |(?:^|[\]\s])(?P<before>[A-Za-z]{4,11}):\s""",
    re.VERBOSE | re.ASCII,
)
_NEAR = 80  # characters in which a program says its level


def level(line: str) -> str | None:
    """The level this line says it has, one of `LEVELS`; None where it says none.

    In this order: the priority of syslog, a field of JSON or logfmt, klog's letter, a word near the beginning.
    """
    if (match := _PRIORITY.match(line)) and int(match["n"]) < 192:  # 24 facilities of 8 levels
        return LEVELS[int(match["n"]) % 8]
    if match := _PAIR.search(line, 0, 1024):
        return _said(match["word"])
    if match := _KLOG.match(line):
        return _LETTERS[match["letter"]]
    for match in _WORD.finditer(line, 0, _NEAR):
        if found := _LEVEL_OF.get(str(match[match.lastindex or 0]).lower()):
            return found
    return None


def _said(word: str) -> str | None:
    if word.isdigit():
        number = int(word)
        return LEVELS[number] if number < len(LEVELS) else _NUMBERS.get(number)
    return _LETTERS.get(word) if len(word) == 1 else _LEVEL_OF.get(word.lower())
