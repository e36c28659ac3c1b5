"""The server that most tests of SSH ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.transports.sshd import Sshd, running


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with running(tmp_path_factory.mktemp("box")) as server:
        yield server
