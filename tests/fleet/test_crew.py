"""Many targets at once. The transports here stand in for machines that are slow, stuck, broken or well."""

import os
import pickle
import signal
import threading
import time
from datetime import UTC, datetime

import pytest

from diagkit import catalog
from diagkit.cli.stop import Stop
from diagkit.conclusions import Settings
from diagkit.fleet.crew import STOPPED, visits
from diagkit.fleet.errand import Errand
from diagkit.fleet.parallel import USUAL
from diagkit.model import Layer, Moment, Read, Reply, Silence, Target, Unreached
from diagkit.probes import probe

ASK = Read("/proc/uptime")
NOW = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)


@probe(ASK)
def uptimes(reply: Reply) -> Reply:
    """Nothing but the reply."""
    return reply


class OneQuestion(Settings):
    def probes(self):
        return [uptimes]


class Machine:
    """Answers with its name. `hold`: not before this is set, or before it is closed."""

    unreached = None
    notes = ()

    def __init__(self, name, hold=None, error=None, takes=0.0):
        self.name, self.hold, self.error, self.takes = name, hold, error, takes
        self.closed = threading.Event()

    def ask(self, asks, moment):
        if self.error:
            raise self.error
        if self.hold:
            self.hold.wait(60)
        time.sleep(self.takes)
        return {ask: Reply(out=self.name.encode()) for ask in asks}

    def located(self, target):
        return target

    def dial(self, host, port, timeout):
        raise OSError

    def close(self):
        self.closed.set()


def errand(names, timeout=30.0):
    return Errand(
        targets=tuple(Target("ssh", host=name, label=name) for name in names),
        settings=OneQuestion(checks=()),
        moment=Moment(NOW, NOW, NOW),
        timeout=timeout,
    )


def visit(errand, machines, **more):
    """Every visit by label, in the order in which they came, and the stop."""
    with Stop() as stop:
        opened = visits(errand, lambda target, _: machines[target.label], lambda tape: tape, stop, **more)
        return {visit.target.label: visit for visit in opened}, stop


def said(visit):
    return visit.result.replies[ASK].text


def test_every_target_is_visited_once_and_who_is_first_is_told_first():
    names = [f"web{n}" for n in range(USUAL + 5)]
    last = threading.Event()
    machines = {name: Machine(name) for name in names}
    machines["web0"].hold = last
    machines[names[-1]].close = last.set  # so that the first can only be done after the last
    found, _ = visit(errand(names), machines)
    assert sorted(found) == sorted(names)
    assert [said(found[name]) for name in names] == names
    assert next(iter(found)) != "web0"


def test_a_machine_that_hangs_delays_nobody_and_is_left_behind():
    never = threading.Event()
    machines = {"stuck": Machine("stuck", hold=never), "well": Machine("well")}
    found, _ = visit(errand(["stuck", "well"], timeout=0.1), machines)
    assert [*found] == ["well", "stuck"]
    assert found["stuck"].result.replies == {}
    assert said(found["well"]) == "well"
    assert not any(visit.fault for visit in found.values())
    never.set()


def test_more_machines_hang_than_are_asked_at_once_and_the_rest_is_asked_all_the_same():
    never = threading.Event()
    names = [f"stuck{n}" for n in range(USUAL)]
    machines = {name: Machine(name, hold=never) for name in names} | {"well": Machine("well")}
    found, _ = visit(errand([*names, "well"], timeout=0.1), machines)
    assert said(found["well"]) == "well"
    never.set()


def test_one_that_hangs_is_told_in_time_although_others_come_all_the_while():
    never = threading.Event()
    machines = {"stuck": Machine("stuck", hold=never)} | {f"web{n}": Machine(f"web{n}", takes=0.01) for n in range(200)}
    found, _ = visit(errand(machines, timeout=0.1), machines, width=lambda: 2)
    assert [*found][-1] != "stuck"
    never.set()


def test_a_bug_of_ours_is_a_fault_and_the_others_are_heard():
    machines = {"bad": Machine("bad", error=RuntimeError("oops")), "well": Machine("well")}
    found, _ = visit(errand(["bad", "well"]), machines)
    fault = found["bad"].fault
    assert (fault.where, fault.error.raw) == ("asking ssh", "RuntimeError: oops")
    assert found["bad"].result.replies == {}
    assert found["bad"].missed.layer is None
    assert said(found["well"]) == "well"
    assert all(machine.closed.is_set() for machine in machines.values())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_asking_and_keeps_what_was_answered(number):
    before = signal.getsignal(number)
    machines = {"slow": Machine("slow", hold=threading.Event()), "well": Machine("well")}
    machines["slow"].close = machines["slow"].hold.set  # a hung-up machine hands in what it has
    sent = []
    machines["well"].close = lambda: sent or (sent.append(number), os.kill(os.getpid(), number))  # when it is done
    found, stop = visit(errand(["slow", "well"]), machines)
    assert stop.code == 128 + number
    assert {label: said(visit) for label, visit in found.items()} == {"slow": "slow", "well": "well"}
    assert signal.getsignal(number) is before


def test_a_signal_that_was_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Stop() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
        assert stop.number == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_signal_keeps_those_from_being_asked_whose_turn_had_not_come():
    names = [f"web{n}" for n in range(3 * USUAL)]
    machines = {name: Machine(name, takes=0.05) for name in names}
    sent = []
    machines["web0"].close = lambda: sent or (sent.append(1), os.kill(os.getpid(), signal.SIGTERM))
    found, _ = visit(errand(names), machines)
    assert sorted(found) == sorted(names)
    assert found[names[-1]].result.replies == {}
    assert found[names[-1]].missed == Unreached(None, Silence.NOT_RUN, STOPPED)
    assert said(found["web0"]) == "web0"


def test_what_fails_because_we_hung_up_is_no_failure_of_the_machine():
    class CutOff(Machine):
        def ask(self, asks, moment):
            if self.error is None:
                os.kill(os.getpid(), signal.SIGINT)
            self.closed.wait(60)
            self.unreached = Unreached(Layer.SHELL, Silence.REFUSED, "no POSIX shell answered")
            return dict.fromkeys(asks, Reply(silence=Silence.REFUSED))

    found, _ = visit(errand(["web"]), {"web": CutOff("web")})
    assert found["web"].missed == Unreached(None, Silence.NOT_RUN, STOPPED)
    found, _ = visit(errand(["web"], timeout=0.1), {"web": CutOff("web", error="its deadline")})
    assert found["web"].missed == Unreached(Layer.SHELL, Silence.TIMEOUT, "no answer within 0.1 s")


def test_an_errand_goes_to_other_processes_and_back():
    checks = catalog.all_checks()
    settings = Settings(checks=tuple(checks.values()), limits={}, tellers=catalog.all_tellers(), set_up=True)
    there = Errand(
        targets=(Target("local", label="local"),), settings=settings, moment=Moment(NOW, NOW, NOW), timeout=1
    )
    assert pickle.loads(pickle.dumps(there)) == there
