"""Secrets by the name of their key: `password=…`, `"api_key": "…"`, `--token …`, `<password>…</password>`."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

# how the name of a secret ends: a plural (`max_tokens=4096`) or a further word (`password_file=`) names something else
_WORDS = (
    *("password", "passwd", "passphrase", "pwd", "secret", "token", "credential", "psk", "csrf", "_auth"),
    *("sessid", "sessionid", "session_id", "session-id", "client-key-data", "sharedaccesssignature"),
)
_KEYS = ("api", "access", "secret", "private", "preshared", "shared", "encryption", "signing", "master", "account")
LITERALS = tuple(
    word.encode()
    for word in (
        *_WORDS,
        *(f"{kind}{dash}key" for kind in _KEYS for dash in ("", "_", "-")),
        *("pass=", 'pass"', "pass'", '"auth', "'auth"),  # on their own they mean too much else
    )
)

_NAME = rf"(?P<name>{'|'.join(_WORDS)}|(?:{'|'.join(_KEYS)})[_-]?key(?:[_-]?id)?"
_PAIR_NAME = rf"{_NAME}|(?<![a-z0-9])pass(?=[\"'=])|(?<=[\"'])auth)\d{{0,2}}"
# up to white space or a quote, or a mark behind which the next thing begins
_BARE = (
    r"(?:[^\s\"'<>,;&|(){}\[\]\\]|\\[^\s\"'nrt]|[(\[{|<](?!/)"
    r"|[,;&](?!\s|$|[\w.%-]{1,40}[=:])|[)}\]>](?![\s,;:)}\]>\"']|$))++"
)
_VALUE = (
    r"(?:\\\"(?P<escaped>(?:[^\\\"]|\\(?!\"))++)|\"(?P<double>(?:[^\"\\]|\\.)++)"
    rf"|'(?P<single>(?:[^'\"\\]|\\.|\"(?!\s{{0,8}}[,:}}\]]|$))++)|(?P<bare>{_BARE}))"
)
_PAIR = rf"{_PAIR_NAME}\]?(?P<quoted>\\?[\"'])?[ \t]{{0,8}}(?P<between>=>|:=|[=:]|%3[ad])[ \t]{{0,8}}{_VALUE}"
# the value is the next word, or the next string of a JSON list
_OPTION = rf"{_NAME})(?P<between>[ \t]{{1,8}}(?!-)|\",[ \t]{{0,8}}(?=\"[^-])){_VALUE}(?!\"\s{{0,8}}:)"
_ELEMENT = rf"{_NAME})(?:\s[^<>]{{0,200}})?(?P<between>>)(?P<bare>[^<]++)</"
_PATTERNS = tuple(re.compile(pattern.encode()) for pattern in (_PAIR, _OPTION, _ELEMENT))

# what stands where a secret would: nothing, a place holder, or the next word of a sentence
_NO_SECRET = re.compile(
    rb"\*+|x{3,}|\.{3,}|\d{1,3}|%\w|\$\w+|\$\{.*|\{\{.*|\[\w*\]?|<[a-z_ -]*>?"
    rb"|null|nil|none|true|false|yes|no|on|off|undefined|unset|set|empty|redacted|filtered|hidden|masked|default"
    rb"|changed?|required|authentication|authenticated|failed|failure|incorrect|invalid|expired|wrong|missing"
    rb"|mismatch|denied|granted|error|not|for|the|is|was|user|rejected|accepted|unexpected|updated|reset"
    rb"|(?:chauthtok|auth|account|session|setcred)\)?"  # pam_unix(passwd:chauthtok)
    rb"|(?:all|any|amd64|arm64|armhf|i386|x86_64|noarch)"  # dpkg: passwd:amd64
)
_NEXT_PAIR = re.compile(rb"[\w.-]{1,40}=")
_STRUCTURE = re.compile(rb"\s*[,:}\]]")
_PATH = re.compile(rb"~?(?:/[\w.@+-]*)+")
_NAME_LETTERS = (string.ascii_lowercase + string.digits + "_.-:").encode()
_LOOK_BACK = 100  # bytes; no name is longer


def pairs(line: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Where the values of secret keys are, and the quote to put around what takes their place."""
    lower = line.lower()  # twice as fast as patterns that ignore case
    for pattern in _PATTERNS:
        for match in pattern.finditer(lower):
            groups = match.groupdict()
            kind = next(k for k in ("bare", "double", "single", "escaped") if groups.get(k))
            if not _spared(match, groups, kind):
                # a bare value under a quoted key is a number in JSON: what replaces it must be a string there
                yield *match.span(kind), b'"' if kind == "bare" and groups.get("quoted") == b'"' else b""


def _spared(match: re.Match[bytes], groups: dict[str, bytes], kind: str) -> bool:
    """Whether this is no secret after all."""
    name, value, between = groups["name"], groups[kind], groups["between"]
    if _NO_SECRET.fullmatch(value) or (groups.get("quoted") and kind == "bare" and value[:1] in b"[{"):
        return True
    if _PATH.fullmatch(value) and not name.startswith(b"passw"):
        return True  # where a key lies, or `PWD=/root`, is what diagnosis needs
    before = match.string[max(0, match.start() - _LOOK_BACK) : match.start()]
    prefix = before[len(before.rstrip(_NAME_LETTERS)) :]
    before = before[: len(before) - len(prefix)]
    if match.re is _PATTERNS[1]:
        return not prefix.startswith(b"-")  # a sentence, not an option
    if match.re is _PATTERNS[2]:
        return not before.endswith(b"<")
    if kind == "bare" and between == b"=" and match.end("between") < match.start(kind) and _NEXT_PAIR.match(value):
        return True  # `password= user=shop`
    if kind == "double" and not groups.get("quoted") and _STRUCTURE.match(value):
        return True  # the quote ends the JSON string `"… password="`
    if name == b"token" and before.endswith(b"unexpected "):
        return True  # of a parser
    # `/etc/passwd:root:x:0`, as grep names the file
    return between == b":" and before.endswith(b"/") and not groups.get("quoted")
