"""Host keys: verified, unknown and wrong are three things, and what lies below is not theirs to say."""

import pytest

from diagkit.checks.connectivity import identity
from diagkit.model import Layer, Silence, Status, Target, Unreached, WrongKey
from diagkit.probes import Inapplicable

WEB = Target(scheme="ssh", host="web1", label="web1")
REACHED = Inapplicable("unreached", "the host was reached")
SHOWN, ON_FILE = "ED25519 SHA256:shown", "ED25519 SHA256:known (/home/ann/.ssh/known_hosts:7)"


def wrong(*, revoked: bool) -> Unreached:
    key = WrongKey(host="web1", known_as="[web1]:2222", shown=SHOWN, known=(ON_FILE,), revoked=revoked)
    return Unreached(Layer.HOST_KEY, Silence.DENIED, "it is wrong", key)


@pytest.mark.parametrize(
    ("missed", "status"),
    [
        (REACHED, Status.OK),
        (Unreached(None, Silence.NOT_RUN), Status.SKIP),
        (Unreached(Layer.NAME, Silence.MISSING), Status.SKIP),
        (Unreached(Layer.TCP, Silence.REFUSED), Status.SKIP),
        (Unreached(Layer.BANNER, Silence.TIMEOUT), Status.SKIP),
        (Unreached(Layer.HOST_KEY, Silence.UNSUPPORTED, "no common algorithm"), Status.UNKNOWN),
        (Unreached(Layer.HOST_KEY, Silence.DENIED, "not in known_hosts"), Status.UNKNOWN),
        (wrong(revoked=False), Status.FAIL),
        (wrong(revoked=True), Status.FAIL),
        (Unreached(Layer.AUTHENTICATION, Silence.DENIED), Status.OK),
        (Unreached(Layer.SHELL, Silence.REFUSED), Status.OK),
    ],
)
def test_each_layer_that_failed_says_something_else_of_the_key(missed, status):
    [finding] = identity.host_key.judge(WEB, missed)
    assert finding.status is status


def test_a_machine_of_ones_own_has_no_key_to_show():
    [finding] = identity.host_key.judge(Target(scheme="local", label="local"), REACHED)
    assert finding.status is Status.SKIP


@pytest.mark.parametrize(("revoked", "word"), [(False, "CHANGED"), (True, "REVOKED")])
def test_a_wrong_key_is_told_with_both_fingerprints_and_the_name_to_look_it_up_by(revoked, word):
    [finding] = identity.host_key.judge(WEB, wrong(revoked=revoked))
    assert all(text in finding.summary.raw for text in (word, SHOWN, ON_FILE))
    assert finding.subject.raw == "[web1]:2222"


def test_an_unknown_key_says_what_would_open_it():
    [finding] = identity.host_key.judge(WEB, Unreached(Layer.HOST_KEY, Silence.DENIED, "not in known_hosts"))
    assert "`ssh web1`" in finding.hint.raw
    assert finding.silence is Silence.DENIED
