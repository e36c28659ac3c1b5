"""A new case on disk."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from diagkit.cases import HEALTHY, Case, Expected
from diagkit.outputs.files import Unwritable, write_report


class AlreadyKept(ValueError):
    """The same tape is a case already; one sentence with the file."""


def keep(folder: Path, host: str, tape: bytes, expected: Expected) -> Case:
    """Put a tape and what was wrong where no other case is. Raises `AlreadyKept` or `Unwritable`."""
    for other in sorted(folder.glob("*/*.tape.gz")):
        if other.read_bytes() == tape:
            raise AlreadyKept(f"{other} is that very tape: remove it first if its cause was another")
    name = re.sub(r"[^\w.-]+", "_", Path(host).name.partition(".tape")[0]).strip("._") or "host"
    home, file = next(_free(folder, name, expected))
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Unwritable(f"cannot make the folder {str(home)!r}: {error.strerror}") from error
    write_report(file, tape)
    if expected.causes:
        write_report(home / "expect.toml", written(expected))
    return Case(file, expected)


def _free(folder: Path, name: str, expected: Expected) -> Iterator[tuple[Path, Path]]:
    """Places for it: an incident has a folder of its own, all healthy hosts have one together."""
    for number in count(1):
        suffix = f"-{number}" if number > 1 else ""
        if expected.causes:
            home = folder / f"{'_and_'.join(expected.causes)}{suffix}"
            if not home.exists():
                yield home, home / f"{name}.tape.gz"
        elif not (file := folder / HEALTHY / f"{name}{suffix}.tape.gz").exists():
            yield file.parent, file


def written(expected: Expected) -> str:
    """What was wrong, as TOML."""
    values: dict[str, object] = {"recorded": expected.recorded, "truth": expected.truth}
    values |= {"cause": expected.causes[0], "entity": expected.entity, "also": list(expected.causes[1:])}
    return "".join(f"{key} = {_toml(value)}\n" for key, value in values.items() if value)


def _toml(value: object) -> str:
    """JSON's text and lists are TOML's, but for one control character; bytes that are no text are replaced."""
    plain = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    return plain.encode("utf-8", "replace").decode()
