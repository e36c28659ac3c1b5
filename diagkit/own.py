"""The user's own knowledge: where it lies, and how it joins what is shipped.

    ~/.config/diagkit/probes/licence.py              is  diagkit.probes.licence
    ~/.config/diagkit/checks/functional/licence.py   is  diagkit.checks.functional.licence
    ~/.config/diagkit/causes/licence.py              is  diagkit.causes.licence
    ~/.config/diagkit/signatures/licence.toml        is a family of log signatures

A file is imported under the name it would have if it were shipped, so it can move into the project as it stands. Only
the user's configuration directory counts, never the current one, and only what nobody else can write: this is code that
runs. Whatever cannot be used becomes a fault of the report, with file and line, and the rest is used without it.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from diagkit.spelling import closest

if TYPE_CHECKING:  # the TAB key asks where things lie, and has no time for more
    from diagkit.model import Fault

KINDS = ("probes", "checks", "causes", "signatures")  # the folders that are looked into
MISSPELT_IMPORT = re.compile(r"cannot import name '(\w+)' from '([\w.]+)'")


def root() -> Path:
    """The user's configuration directory. A relative XDG_CONFIG_HOME does not count, as its specification wants."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".config") / "diagkit"


def files(kind: str, pattern: str) -> tuple[list[Path], list[Fault]]:
    """The user's files of this kind (`causes`, `signatures`, …), and those that somebody else could have written."""
    home = root() / kind
    trusted, faults = [], []
    for path in sorted(home.rglob(pattern)):
        if path.name[0] in "._" or not path.is_file():
            continue
        if whose := _writable_by_others(path):
            faults.append(fault(path, 0, f"is not read: {whose}, so it could hold anything"))
        else:
            trusted.append(path)
    return trusted, faults


def _writable_by_others(path: Path) -> str:
    """Why a file is not the user's alone: it, or a folder on the way to it, is not. Empty if all is well."""
    for place in (path, *(p for p in path.parents if p.is_relative_to(root()))):
        about = place.stat()
        if about.st_uid not in (os.geteuid(), 0):
            return f"{place} belongs to another user"
        if about.st_mode & stat.S_IWOTH:
            return f"{place} is writable for everybody"
    return ""


def modules(package: ModuleType) -> tuple[list[ModuleType], list[Fault]]:
    """The user's modules of this package (`diagkit.causes`, …), imported, and what became of the others."""
    kind = package.__name__.rpartition(".")[2]
    paths, faults = files(kind, "*.py")
    found = []
    for path in paths:
        try:
            module = import_module(".".join((package.__name__, *path.relative_to(root() / kind).with_suffix("").parts)))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - somebody's code; whatever it does, the run goes on
            faults.append(cannot_load(path, error))
            continue
        if module.__file__ == str(path):
            found.append(module)
        else:
            faults.append(fault(path, 0, f"is not loaded: diagkit has a module {module.__name__}; rename the file"))
    return found, faults


def join(package: ModuleType) -> None:
    """Let the user's files be imported as if they lay in this package, and in its subpackages; behind our own."""
    home = root() / package.__name__.rpartition(".")[2]
    if not home.is_dir():
        return
    package.__path__.append(str(home))
    for folder in sorted(home.iterdir()):
        inner = Path(package.__path__[0]) / folder.name / "__init__.py"
        if folder.is_dir() and inner.exists():
            import_module(f"{package.__name__}.{folder.name}").__path__.append(str(folder))


def cannot_load(path: Path, error: BaseException) -> Fault:
    """What to tell of a file that failed while it was imported: the last of its own lines that took part."""
    import traceback

    if isinstance(error, SyntaxError) and error.filename:
        return fault(Path(error.filename), error.lineno or 0, f"cannot be loaded: {error.msg}")
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    said = f"{type(error).__name__}: {error}".rstrip(": ")
    return fault(path, (lines or [0])[-1] or 0, f"cannot be loaded: {said}{_meant(error)}")


def fault(path: Path, line: int, sentence: str) -> Fault:
    """A fault at a line of a file; line 0 is the file as a whole."""
    from diagkit.model import Fault, Untrusted

    return Fault(where=f"{path}:{line}" if line else str(path), error=Untrusted(sentence))


def line_of(path: str | Path, name: str) -> int:
    """The line where a module defines this name, or a TOML file this table; 0 if it cannot be found."""
    begins = re.compile(rf"(?:def )?{re.escape(name)}\b\s*[=(:]|\[{re.escape(name)}\]")
    return next((number for number, line in enumerate(_lines(path), 1) if begins.match(line)), 0)


def _lines(path: str | Path) -> Iterator[str]:
    try:
        yield from Path(path).read_text("utf-8", "replace").splitlines()
    except OSError:
        return


def _meant(error: BaseException) -> str:
    """The name that a misspelt one may have been."""
    wrong, known = "", list[str]()
    if isinstance(error, AttributeError) and isinstance(error.name, str):
        wrong, known = error.name, dir(error.obj)
    elif isinstance(error, NameError) and error.name and (last := error.__traceback__):
        while last.tb_next:
            last = last.tb_next
        wrong, known = error.name, list(last.tb_frame.f_globals)
    elif isinstance(error, ImportError) and (misspelt := MISSPELT_IMPORT.match(str(error))):
        wrong, known = misspelt[1], dir(sys.modules.get(misspelt[2]))
    close = closest(wrong, known) if wrong else ""
    return f"; did you mean {close}?" if close else ""
