"""Secrets by the name of their key: `password=…`, `"api_key": "…"`, `--token …`, `<password>…</password>`."""

from __future__ import annotations

import re
from collections.abc import Iterator

# names that end in one of these; a plural (`max_tokens=4096`) or a following word (`password_file=`) is another name
_NAMES = (
    r"password|passwd|passphrase|pwd|secret|token|credential|psk|csrf|sess(?:ion)?[_-]?id|sessid|_auth"
    r"|(?:api|access|secret|private|preshared|shared|encryption|signing|master|account)[_-]?key(?:[_-]?id)?"
    r"|shared[_-]?access[_-]?signature|key-data"
)
# in a run of name characters, from its beginning; `pass` and `auth` only where nothing else is meant
_KEY = rf"(?<![\w.-])(?P<key>[\w.-]{{0,80}}(?:{_NAMES})|(?:[\w-]{{0,40}}_)?pass(?=[\"']|=)|(?<=[\"'])auth)\d{{0,2}}"
_SEPARATOR = r"(?:\]?(?P<quoted>\\?[\"'])?[ \t]{0,8}(?P<sep>=>|:=|[=:]|%3[ad])[ \t]{0,8})"
# up to white space or a quote, or a mark behind which the next thing begins
_BARE = (
    r"(?:[^\s\"'<>,;&|(){}\[\]\\]|\\[^\s\"'nrt]|[(\[{|<](?!/)"
    r"|[,;&](?!\s|$|[\w.%-]{1,40}[=:])|[)}\]>](?![\s,;:)}\]>\"']|$))++"
)
_VALUE = (
    r"(?:\\\"(?P<escaped>(?:[^\\\"]|\\(?!\"))++)|\"(?P<double>(?:[^\"\\]|\\.)++)"
    rf"|'(?P<single>[^']++)|(?P<bare>{_BARE}))"
)

_PAIR = re.compile((_KEY + _SEPARATOR + _VALUE).encode(), re.IGNORECASE)
_OPTION = re.compile(
    rf"(?<![\w-])--?(?P<key>[\w-]{{0,40}}(?:{_NAMES}|pass))"
    # the value is the next word, or the next string of a JSON list
    rf"(?P<sep>[ \t]{{1,8}}(?!-)|\",[ \t]{{0,8}}(?=\"[^-])){_VALUE}".encode(),
    re.IGNORECASE,
)
_ELEMENT = re.compile(
    rf"<(?P<key>[\w:.-]{{0,80}}(?:{_NAMES}))(?:\s[^<>]{{0,200}})?(?P<sep>>)(?P<bare>[^<]++)<".encode(), re.IGNORECASE
)

# what stands where a secret would: nothing, a place holder, or the next word of a sentence
_NO_SECRET = re.compile(
    rb"\*+|x{3,}|\.{3,}|\d{1,3}|%\w|\$\w+|\$\{.*|\{\{.*|\[\w*\]?|<[a-z_ -]*>?"
    rb"|null|nil|none|true|false|yes|no|on|off|undefined|unset|set|empty|redacted|filtered|hidden|masked|default"
    rb"|changed?|required|authentication|authenticated|failed|failure|incorrect|invalid|expired|wrong|missing"
    rb"|mismatch|denied|granted|error|not|for|the|is|was|user|rejected|accepted|unexpected|updated|reset"
    rb"|(?:chauthtok|auth|account|session|setcred)\)?"  # pam_unix(passwd:chauthtok)
    rb"|(?:all|any|amd64|arm64|armhf|i386|x86_64|noarch)",  # dpkg: passwd:amd64
    re.IGNORECASE,
)
_NEXT_PAIR = re.compile(rb"[\w.-]{1,40}=")
_PATH = re.compile(rb"~?(?:/[\w.@+-]*)+")


def pairs(line: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Where the values of secret keys are, and the quote to put around what takes their place."""
    for pattern in (_PAIR, _OPTION, _ELEMENT):
        for match in pattern.finditer(line):
            groups = match.groupdict()
            kind = next(k for k in ("bare", "double", "single", "escaped") if groups.get(k))
            if not _spared(match, groups, kind):
                # a bare value under a quoted key is a number in JSON: what replaces it must be a string there
                yield *match.span(kind), b'"' if kind == "bare" and groups.get("quoted") == b'"' else b""


def _spared(match: re.Match[bytes], groups: dict[str, bytes], kind: str) -> bool:
    key, value = groups["key"].lower(), groups[kind]
    if _NO_SECRET.fullmatch(value) or (groups.get("quoted") and kind == "bare" and value[:1] in b"[{"):
        return True
    if _PATH.fullmatch(value) and b"passw" not in key:
        return True  # where a key lies, or `PWD=/root`, is what diagnosis needs
    before = match.string[: match.start()]
    if key == b"token" and before.lower().endswith(b"unexpected "):
        return True  # of a parser
    if groups["sep"] == b"=" and match.end("sep") < match.start(kind) and _NEXT_PAIR.match(value):
        return True  # `password= user=shop`
    # `/etc/passwd:root:x:0`, as grep names the file
    return groups["sep"] == b":" and before.endswith(b"/") and not groups.get("quoted")
