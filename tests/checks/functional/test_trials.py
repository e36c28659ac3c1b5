"""What programs say of their settings, and what that means where the service runs, and where it is down."""

import pytest

from diagkit.checks.functional import trials
from diagkit.model import Silence, Status, Unknown
from diagkit.probes import Inapplicable
from diagkit.probes.systemd import Unit, Units
from diagkit.probes.trials import OPENS, SSHD, SUDO, Trial, Trials

RUNS = Unit(name="ssh.service", load="loaded", active="active", sub="running")
DOWN = Unit(name="ssh.service", load="loaded", active="failed", sub="failed")
NO_SYSTEMD = Inapplicable("systemd.units", "no systemd")
WRONG = "/etc/ssh/sshd_config: line 1: Bad configuration option: PermitRotLogin"


def judged(complaint, units, test=SSHD):
    (found,) = trials.accepted.judge(Trials(all=(Trial(test=test, complaint=complaint),)), units)
    return found.status, found.subject.raw


@pytest.mark.parametrize(
    ("complaint", "units", "status", "subject"),
    [
        ("", Units(all=(RUNS,)), Status.OK, "ssh.service"),
        (WRONG, Units(all=(DOWN,)), Status.FAIL, "ssh.service"),
        (WRONG, Units(all=(RUNS,)), Status.WARN, "ssh.service"),  # a trap for its next start
        (WRONG, NO_SYSTEMD, Status.FAIL, "/etc/ssh/sshd_config"),
        (WRONG, Unknown("systemd.units", Silence.DENIED), Status.FAIL, "/etc/ssh/sshd_config"),
    ],
)
def test_accepted(complaint, units, status, subject):
    assert judged(complaint, units) == (status, subject)


def test_what_is_no_service_is_named_by_its_file():
    assert judged("/etc/sudoers:1:19: syntax error", Units(all=(RUNS,)), SUDO) == (Status.FAIL, "/etc/sudoers")


def test_the_complaint_is_the_evidence_and_says_who_complained():
    (found,) = trials.accepted.judge(Trials(all=(Trial(test=SSHD, complaint=WRONG),)), NO_SYSTEMD)
    assert [(e.ask.raw, e.excerpt.raw) for e in found.evidence] == [("sudo -n sshd -t", WRONG)]


def test_what_may_not_be_tested_is_not_judged():
    (found,) = trials.accepted.judge(Trials(all=(), denied=(SSHD,)), NO_SYSTEMD)
    assert (found.status, found.hint.raw) == (Status.UNKNOWN, OPENS)
