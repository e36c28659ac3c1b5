"""Knowledge of ours that lies in folders of TOML files, one for each family, parsed once for all runs.

What was parsed is kept as JSON, which the next run reads twenty times as fast. It is known by all that the files say:
where one of them changes, all are parsed anew.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from typing import Any

from diagkit.logs import kept

Tables = dict[str, Any]  # of one file, by their names


def families(folder: str) -> dict[Path, Tables]:
    """The tables of each TOML file in this folder, in the order of the files' names."""
    entries = [entry for entry in (files("diagkit.logs") / folder).iterdir() if entry.name.endswith(".toml")]
    texts = {Path(str(entry)): entry.read_text("utf-8") for entry in sorted(entries, key=lambda entry: entry.name)}
    return dict(zip(texts, _known(folder, list(texts.values())), strict=True))


def parsed(text: str) -> Tables:
    """The tables in this text. Raises `ValueError`."""
    import tomllib

    return tomllib.loads(text)


def _known(folder: str, texts: Sequence[str]) -> list[Tables]:
    name = f"{folder}-{blake2b(repr(texts).encode(), digest_size=16).hexdigest()}"
    if data := kept.load(name):
        known: list[Tables] = json.loads(data)
        return known
    tables = [parsed(text) for text in texts]
    kept.store(name, json.dumps(tables).encode())
    return tables
