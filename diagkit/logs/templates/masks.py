"""What varies from line to line, masked by how it looks: numbers, addresses, ids, paths, names in known places.

One regular expression, one pass. Everything masked becomes `#`, so a template reads as the line did. What has a shape
that a word of a sentence does not have is masked here; which plain words vary is for the miner to find out.
"""

from __future__ import annotations

import re

MASK = "#"
MOST_TOKENS = 64  # of a line; what follows says little about its kind and much about the one event

_MONTH = (
    "(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:t|tember)?|Oct(?:ober)?"
    "|Nov(?:ember)?|Dec(?:ember)?)"
)
_DAY = "(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?"
_SOURCE_FILE = r"(?:c|cc|cpp|h|hpp|go|py|rb|rs|js|ts|java|kt|scala|php|cs|swift|m|pl|lua|ex)"

# Names of hosts of three parts or more, or in a domain that is plainly one; and any name with a port.
_HOST = r"""(?<![.-])(?:
    (?!(?:com|org|net|io|java|javax|android|sun|kernel)\.)(?:[a-z0-9_-]+\.){2,}[a-z]{2,24}
    |[\w-]+(?:\.[\w-]+)+\.(?:com|net|org|edu|gov|local|localdomain|internal|lan|corp)
)(?::\d+)?(?![\w.-]*[\w(])"""
_PORT = rf"(?<![.-])(?![\w.-]+\.{_SOURCE_FILE}:)[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+:\d{{1,5}}\b"
# Hexadecimal ids, and others: jA98ujnF021530.
_ID = r"(?:(?=[a-fA-F]*\d)[0-9a-fA-F]{6,}\b|(?=(?:[A-Za-z]*\d){3})[A-Za-z0-9]{10,}\b)"

# By the character that a text begins with, so that few alternatives are tried at each place; within a group the order
# counts: what is tried first takes the text from what would take a part of it.
_VARIES = re.compile(
    rf"""
    (?P<words>(?<!\S)(?<![uU]ser\ )(?<!password\ )(?<!password\ for\ )        # words are taken at once
        (?:(?!(?:{_DAY}|{_MONTH}|[uU]ser|password)\b)[A-Za-z]+\ )+)
    |(?=")(?:
        "(?P<method>[A-Z]{{3,8}}\ )(?:/|\*|[a-z]+://)[^"]*"              # a request: its method is no value
        |(?<![=\w])(?P<q>")(?:[^"\s]{{0,80}}|(?:/|[A-Z]:\\)[^"]*)")       # one word in quotes, or a path
    |(?==")(?<!msg)(?<!message)(?<!err)(?<!error)(?<!reason)(?<!cause)(?<!detail)(?<!status)(?<!state)  # what these say
        (?P<keyed>=")(?![A-Za-z]+(?:-[a-z]+)*")[^"]{{0,200}}"            # any other key's value, if no word
    |(?=')(?<![\w'"])'(?![A-Za-z]+(?:-[a-z]+)*')(?P<single>[^'\s]{{1,120}})'   # no word in quotes, but a name
    |(?=[0-9a-fA-F:{{])(?<!\w)(?=[a-zA-Z]*[0-9:{{-])(?:
        \{{?[0-9a-fA-F]{{8}}-[0-9a-fA-F]{{4}}-[0-9a-fA-F-]{{22,}}\b\}}?       # UUIDs
        |(?:[0-9a-fA-F]{{2}}[:-]){{5,}}[0-9a-fA-F]{{2}}\b                   # hardware addresses
        |(?<![:.])(?:[0-9a-fA-F]{{1,4}}:){{3,7}}(?::?[0-9a-fA-F]{{1,4}})+(?:%\w+)?(?:/\d+)?   # IPv6, and shortened:
        |(?<![:.])(?:[0-9a-fA-F]{{1,4}})?::(?:[0-9a-fA-F]{{1,4}}:){{0,6}}[0-9a-fA-F]{{1,4}}(?![\w:])(?:%\w+)?(?:/\d+)?)
    |(?=[\\/~])(?:
        (?<![\w.])\\\\[^\s,;"'<>|)\]]+                                    # paths of Windows
        |(?<![\w.)\]>#])~?/(?=[\w.+@%~-])[^\s,;"'<>|()\[\]{{}}=]*[^\s,;"'<>|()\[\]{{}}=.:])   # and of all others
    |(?=[A-Za-z])(?<![A-Za-z0-9_])(?:
        (?P<date>(?:{_DAY},?\ +)?{_MONTH}\ +\d{{1,2}}(?:,?\ +\d{{4}}\b)?(?:,?\ +\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?)?
            (?:\ [A-Z]{{3,4}}\b)?(?:\ \d{{4}}\b)?)
        |(?=[\w-]+[.:@/+])(?:                                             # words with these within
            [a-z][a-z0-9+.-]{{1,20}}://[^\s"'<>,;)\]}}]+                  # URLs
            |(?<!\.)[A-Za-z]:\\[^\s,;"'<>|)\]]+                           # paths of Windows
            |[\w.+-]+@(?:[\w-]+\.)+[a-zA-Z]{{2,}}\b                       # mail addresses
            |{_HOST}|{_PORT}
            |(?<![./])\w+(?:\.\w+)+/[\w.$]+)                              # components of Android
        |(?<=[uU]ser[ =])(?!(?:is|was|has|had|not|unknown|does|from|by|and|or|in|with)\b)[^\s:;,'"()\[\]=]+(?!=)\b
        |(?<=password\ for\ )(?!user\b|invalid\b)[^\s:;,'"()=]+          # sshd
        |{_ID})
    |(?=[0-9<])(?<![A-Za-z_])(?:
        (?P<size>(?<![\w.])\d+(?:\.\d+)?\ ?(?:bytes?|[kKMGTP]i?B|B)\b(?:\ \(\d+(?:\.\d+)?\ ?[kKMGTP]?i?B\))?)
        |<?(?<![\w.])\d+(?:\.\d+)?\ ?(?:ns|us|µs|ms|msecs?|milliseconds?|secs?|seconds?|mins?|minutes?|hours?|days?)\b
        |(?<![\w.])(?:\d+(?:\.\d+)?(?:h|m|s|ms|us|µs|ns))+\b             # 1h2m3.5s
        |(?<![\w.-])(?:{_HOST}|{_PORT})
        |0x[0-9a-fA-F]+\b|(?<=@)[0-9a-fA-F]+\b(?![/.:]\d)|(?<!\w){_ID})
    |(?=[_-])(?<=[A-Za-z])(?P<joint>[_-])(?=[A-Za-z_]*\d)\w+(?:-\d+)*     # attempt_17_m_3: a kind and an id
    |(?=[@\#])(?:(?P<at>@)[a-fA-F][0-9a-fA-F]*\b(?![/.:]\d)|\#[0-9a-fA-F]+\b)
    |(?P<empty>(?<=\ )\(\)(?=\ |$))                                       # what was not known
    |[+-]?(?:(?<![\w.])-)?\d+(?:(?:[.,:/-]|\#\#)\d+)*(?:%|[eE][+-]?\d+\b)?   # numbers, times, dates, IPv4
    """,
    re.VERBOSE,
)


def mask(message: str) -> str:
    """The line with what varies by its looks replaced by `#`."""
    return _VARIES.sub(_replacement, message)


def _replacement(found: re.Match[str]) -> str:
    kind = found.lastgroup
    if kind is None:
        return MASK
    if kind == "words":
        return found[0]
    if kind == "size":
        return f"{MASK} bytes"
    return _AROUND[kind].format(found[kind])


_AROUND = {
    "date": MASK,
    "method": f'"{{}}{MASK}"',
    "at": f"@{MASK}",
    "q": f'"{MASK}"',
    "keyed": f'="{MASK}"',
    "single": f"'{MASK}'",
    "joint": f"{{}}{MASK}",
    "empty": f"({MASK})",
}


def tokens(masked: str) -> tuple[str, ...]:
    """The words of a masked line, at most `MOST_TOKENS`; of a list of values of one kind the first two."""
    words: list[str] = []
    for word in masked.split(None, 4 * MOST_TOKENS):
        bare = word.rstrip(",")
        if MASK in word and len(words) > 1 and words[-1].rstrip(",") == bare == words[-2].rstrip(","):
            words[-1] = word
        elif word != MASK or not words or words[-1] != MASK:
            words.append(word)
        if len(words) == MOST_TOKENS:
            break
    return tuple(words)
