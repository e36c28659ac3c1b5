"""A host that is not reached: why not is known, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from diagkit import catalog
from diagkit.conclusions import Settings, judge
from diagkit.model import Layer, Moment, Reply, Silence, Status, Tape, Target, Unreached
from diagkit.probes import Facts

NOW = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize("silence", Silence)
@pytest.mark.parametrize(
    "why", ["web-77 does not resolve (Name or service not known)", "shop@web-77: Permission denied (publickey)"]
)
def test_no_check_takes_the_reason_for_news_of_the_host(why: str, silence: Silence) -> None:
    mute = Reply(silence=silence, err=why.encode())
    settings = Settings(checks=tuple(catalog.all_checks().values()))
    tape = Tape(
        target=Target("ssh", host="web-77", label="web-77"),
        moment=Moment(NOW, NOW, NOW),
        replies={},
        unreached=Unreached(Layer.NAME, silence, why),
    )
    while asks := Facts(settings.probes(), tape).wants():
        tape = replace(tape, replies={**tape.replies, **dict.fromkeys(asks, mute)})
    found, faults = judge(tape, settings)
    assert not faults
    assert not [finding for finding in found if finding.status in (Status.OK, Status.WARN, Status.FAIL)]
