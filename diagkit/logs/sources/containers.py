"""What container runtimes wrap around the lines of their containers, taken off: `STAMP message` remains."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from diagkit.logs.sources.forms import Form, form
from diagkit.logs.sources.text import LONGEST

_DOCKER = re.compile(
    rb'\{"log":"((?:[^"\\]|\\[^n]|\\n(?!"))*+)(\\n)?"(?:,"stream":"(stdout|stderr)")?(?:,"attrs":\{.*\})?'
    rb',"time":"([^"\\]+)"\}\s*'
)
_CRI = re.compile(rb"(\d{4}-\d\d-\d\dT\S+) (stdout|stderr) ([FP])(?::\S*)? (.*)", re.DOTALL)
# Lines that stand for themselves, as nearly all do: a block of nothing else is read at once.
_WHOLE_DOCKER = re.compile(
    rb'^\{"log":"((?:[^"\\\n]|\\[^n\n]|\\n(?!"))*+)\\n","stream":"std(?:out|err)","time":"([^"\\\n]+)"\}\n',
    re.MULTILINE,
)
_WHOLE_CRI = re.compile(rb"^(\d{4}-\d\d-\d\dT[^ \n]+ )std(?:out|err) F (.*\n)", re.MULTILINE)
# What the messages of a program have in JSON: quotes, white space, colours, and what Go escapes for the sake of HTML.
_USUAL = (
    (b'\\"', b'"'), (b"\\n", b"\n"), (b"\\t", b"\t"), (b"\\r", b"\r"),
    (b"\\u001b", b"\x1b"), (b"\\u003c", b"<"), (b"\\u003e", b">"), (b"\\u0026", b"&"),
)  # fmt: skip

_PART = 64  # bytes of memory a part takes, however short it is


class _Parts:
    """Long lines that a runtime wrote in parts, one stream of a container beside the other."""

    def __init__(self) -> None:
        self._begun: dict[bytes, list[bytes]] = {}
        self._sizes: dict[bytes, int] = {}

    def __bool__(self) -> bool:
        return bool(self._begun)

    def line(self, stamp: bytes, stream: bytes, text: bytes, *, whole: bool) -> bytes:
        """The line that this part completes, under the stamp of its first part; empty if it is not complete."""
        if whole and stream not in self._begun:
            return b"%s %s\n" % (stamp, text)
        parts = self._begun.setdefault(stream, [stamp, b" "])
        parts.append(text)
        self._sizes[stream] = self._sizes.get(stream, 0) + len(text) + _PART
        if not whole and self._sizes[stream] < LONGEST:
            return b""
        del self._begun[stream], self._sizes[stream]
        return b"".join(parts) + b"\n"

    def rest(self) -> bytes:
        """Lines of which no last part came."""
        return b"".join(b"".join(parts) + b"\n" for parts in self._begun.values())


def unwrapped(text: bytes) -> bytes:
    """The text without what a container runtime wrapped around its lines, if one did."""
    unwrap = {Form.DOCKER: docker, Form.CRI: cri}.get(form(text[:LONGEST]))
    if unwrap is None:
        return text
    return b"".join(unwrap(iter([text if text.endswith(b"\n") else text + b"\n"])))


def docker(blocks: Iterator[bytes]) -> Iterator[bytes]:
    r"""Docker's json-file: `{"log":"message\n","stream":"stdout","time":"…Z"}`; a long line comes without the `\n`."""
    parts = _Parts()
    for block in blocks:
        whole_lines = [] if parts else _WHOLE_DOCKER.findall(block)
        if len(whole_lines) == block.count(b"\n"):
            yield b"".join([b"%s %s\n" % (stamp, _in_lines(_unescaped(text))) for text, stamp in whole_lines])
            continue
        lines = []
        for raw in block.splitlines():
            if not (match := _DOCKER.fullmatch(raw)):
                lines.append(raw + b"\n")  # cut by a crash, or somebody else's: as it is
                continue
            lines.append(parts.line(match[4], match[3] or b"", _unescaped(match[1]), whole=match[2] is not None))
        yield b"".join(lines)
    yield parts.rest()


def cri(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The container runtime interface of Kubernetes: `STAMP stdout P part of a message`, the last with F."""
    parts = _Parts()
    for block in blocks:
        whole_lines = [] if parts else _WHOLE_CRI.findall(block)
        if len(whole_lines) == block.count(b"\n"):
            yield b"".join(map(b"".join, whole_lines))
            continue
        lines = []
        for raw in block.split(b"\n")[:-1]:
            if match := _CRI.fullmatch(raw):
                lines.append(parts.line(match[1], match[2], match[4], whole=match[3] == b"F"))
            else:
                lines.append(raw + b"\n")
        yield b"".join(lines)
    yield parts.rest()


def _in_lines(message: bytes) -> bytes:
    """A message of many lines, of which all but the first say that they go on."""
    return message.replace(b"\n", b"\n ")


def _unescaped(text: bytes) -> bytes:
    """The text that a JSON string stands for, as bytes. Lines within it begin with a space."""
    if b"\\" not in text:
        return text
    plain = text
    if b"\\\\" not in text:
        for escape, byte in _USUAL:
            plain = plain.replace(escape, byte)
    if b"\\" in plain:
        try:
            plain = str(json.loads(b'"%s"' % text, strict=False)).encode("utf-8", "replace")
        except ValueError:  # bytes that are no UTF-8
            plain = text.replace(b'\\"', b'"').replace(b"\\n", b"\n").replace(b"\\\\", b"\\")
    return plain.replace(b"\n", b"\n ")
