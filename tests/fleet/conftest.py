"""Hosts to ask, all of them one sshd; and what those who ask elsewhere need."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagkit import catalog
from diagkit.conclusions import Settings
from diagkit.fleet.errand import Errand
from diagkit.model import Moment, Target
from tests.transports.sshd import running

ROOT = Path(__file__).parents[2]
POISON = f"{Path(__file__).parent / 'poison'}{os.pathsep}{ROOT}"  # a PYTHONPATH
NOW = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)


def hosts(*labels: str, tags: tuple[str, ...] = ()) -> tuple[Target, ...]:
    return tuple(Target("ssh", host=label, label=label, tags=tags) for label in labels)


def errand_to(targets: tuple[Target, ...], ssh_config: str = "none", timeout: float = 60.0) -> Errand:
    """One cheap question to each of them."""
    settings = Settings(checks=(catalog.all_checks()["resources.cpu.load"],))
    return Errand(
        targets=targets, settings=settings, moment=Moment(NOW, NOW, NOW), timeout=timeout, ssh_config=ssh_config
    )


@pytest.fixture(scope="session")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Errand]]:
    """An errand to hosts of these labels, that are there."""
    with running(
        Path(tmp_path_factory.mktemp("fleet")), ForceCommand="/bin/sh -s", SetEnv="SHLVL=2"
    ) as sshd:  # no ~/.bashrc
        config = Path(sshd.client_config())
        config.write_text(config.read_text().replace("Host box", "Host *"))
        yield lambda *labels, **more: errand_to(hosts(*labels), str(config), **more)


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that are started now are killed, stopped or held up by the hosts that `poison/` names."""
    monkeypatch.setenv("PYTHONPATH", POISON)
