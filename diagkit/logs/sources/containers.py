"""What container runtimes wrap around the lines of their containers, taken off: `STAMP message` remains."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from diagkit.logs.sources.text import LONGEST

_DOCKER = re.compile(
    rb'\{"log":"((?:[^"\\]|\\.)*+)"(?:,"stream":"(stdout|stderr)")?(?:,"attrs":\{.*\})?,"time":"([^"\\]+)"\}\s*'
)
_CRI = re.compile(rb"(\d{4}-\d\d-\d\dT\S+) (stdout|stderr) ([FP])(?::\S*)? (.*)", re.DOTALL)


class _Parts:
    """Long lines that a runtime wrote in parts, one stream of a container beside the other."""

    def __init__(self) -> None:
        self._begun: dict[bytes, list[bytes]] = {}
        self._sizes: dict[bytes, int] = {}

    def line(self, stamp: bytes, stream: bytes, text: bytes, *, whole: bool) -> bytes:
        """The line that this part completes, under the stamp of its first part; empty if it is not complete."""
        if whole and stream not in self._begun:
            return b"%s %s\n" % (stamp, text)
        parts = self._begun.setdefault(stream, [stamp, b" "])
        parts.append(text)
        self._sizes[stream] = self._sizes.get(stream, 0) + len(text)
        if not whole and self._sizes[stream] < LONGEST:
            return b""
        del self._begun[stream], self._sizes[stream]
        return b"".join(parts) + b"\n"

    def rest(self) -> bytes:
        """Lines of which no last part came."""
        return b"".join(b"".join(parts) + b"\n" for parts in self._begun.values())


def docker(blocks: Iterator[bytes]) -> Iterator[bytes]:
    r"""Docker's json-file: `{"log":"message\n","stream":"stdout","time":"…Z"}`; a long line comes without the `\n`."""
    parts = _Parts()
    for block in blocks:
        lines = []
        for raw in block.splitlines():
            if not (match := _DOCKER.fullmatch(raw)):
                lines.append(raw + b"\n")  # cut by a crash, or somebody else's: as it is
                continue
            text = _unescaped(match[1])
            whole = text.endswith(b"\n")
            message = text.removesuffix(b"\n").removesuffix(b"\r").replace(b"\n", b"\n ")
            lines.append(parts.line(match[3], match[2] or b"", message, whole=whole))
        yield b"".join(lines)
    yield parts.rest()


def cri(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The container runtime interface of Kubernetes: `STAMP stdout P part of a message`, the last with F."""
    parts = _Parts()
    for block in blocks:
        lines = []
        for raw in block.split(b"\n")[:-1]:
            if match := _CRI.fullmatch(raw):
                lines.append(parts.line(match[1], match[2], match[4], whole=match[3] == b"F"))
            else:
                lines.append(raw + b"\n")
        yield b"".join(lines)
    yield parts.rest()


def _unescaped(text: bytes) -> bytes:
    if b"\\" not in text.removesuffix(b"\\n"):
        return text.removesuffix(b"\\n") + b"\n" if text.endswith(b"\\n") else text
    try:
        return str(json.loads(b'"%s"' % text, strict=False)).encode("utf-8", "replace")
    except ValueError:  # bytes that are no UTF-8
        return text.replace(b'\\"', b'"').replace(b"\\n", b"\n").replace(b"\\\\", b"\\")
