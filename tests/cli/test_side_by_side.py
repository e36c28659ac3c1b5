"""Many targets at once. The transports here stand in for machines that are slow, stuck, broken or well."""

import os
import signal
import threading
from datetime import UTC, datetime

import pytest

from diagkit.cli.plan import Plan
from diagkit.cli.progress import Progress
from diagkit.cli.side_by_side import AT_ONCE, ask_all
from diagkit.cli.stop import Stop
from diagkit.conclusions import Settings
from diagkit.config import Config, Declared
from diagkit.model import Moment, Read, Reply, Service, Target
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

    def __init__(self, name, hold=None, error=None):
        self.name, self.hold, self.error = name, hold, error
        self.closed = threading.Event()

    def ask(self, asks, moment):
        if self.error:
            raise self.error
        if self.hold:
            self.hold.wait(60)
        return {ask: Reply(out=self.name.encode()) for ask in asks}

    def dial(self, host, port, timeout):
        raise OSError

    def close(self):
        self.closed.set()


def planned(names, timeout=30.0):
    return Plan(
        targets=tuple(Target("ssh", host=name, label=name) for name in names),
        settings=OneQuestion(checks=()),
        moment=Moment(NOW, NOW, NOW),
        timeout=timeout,
        ssh_config="",
        config=Config(),
        understood="",
    )


def ask(plan, machines):
    with Stop() as stop:
        return *ask_all(plan, lambda target, *_: machines[target.label], stop, Progress(quiet=True)), stop


def test_results_stand_in_the_order_of_the_plan_whoever_is_first():
    names = [f"web{n}" for n in range(AT_ONCE + 5)]
    last = threading.Event()
    machines = {name: Machine(name) for name in names}
    machines["web0"].hold = last
    machines["web20"].close = last.set  # so that the first can only be done after the last
    tapes, faults, _ = ask(planned(names), machines)
    assert [tape.replies[ASK].text for tape in tapes] == names
    assert faults == []


def test_a_machine_that_hangs_delays_nobody_and_is_left_behind():
    never = threading.Event()
    machines = {"stuck": Machine("stuck", hold=never), "well": Machine("well")}
    tapes, faults, _ = ask(planned(["stuck", "well"], timeout=0.1), machines)
    assert [tape.target.label for tape in tapes] == ["stuck", "well"]
    assert tapes[0].replies == {}
    assert tapes[1].replies[ASK].text == "well"
    assert faults == []
    never.set()


def test_more_machines_hang_than_are_asked_at_once_and_the_rest_is_asked_all_the_same():
    never = threading.Event()
    names = [f"stuck{n}" for n in range(AT_ONCE)]
    machines = {name: Machine(name, hold=never) for name in names} | {"well": Machine("well")}
    tapes, _, _ = ask(planned([*names, "well"], timeout=0.1), machines)
    assert tapes[-1].replies[ASK].text == "well"
    never.set()


def test_a_bug_of_ours_is_a_fault_and_the_others_are_heard():
    machines = {"bad": Machine("bad", error=RuntimeError("oops")), "well": Machine("well")}
    tapes, faults, _ = ask(planned(["bad", "well"]), machines)
    assert [(fault.where, fault.error.raw) for fault in faults] == [("asking ssh", "RuntimeError: oops")]
    assert tapes[0].replies == {}
    assert tapes[1].replies[ASK].text == "well"
    assert all(machine.closed.is_set() for machine in machines.values())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_asking_and_keeps_what_was_answered(number):
    before = signal.getsignal(number)
    machines = {"slow": Machine("slow", hold=threading.Event()), "well": Machine("well")}
    machines["slow"].close = machines["slow"].hold.set  # a hung-up machine hands in what it has
    sent = []
    machines["well"].close = lambda: sent or (sent.append(number), os.kill(os.getpid(), number))  # when it is done
    tapes, faults, stop = ask(planned(["slow", "well"]), machines)
    assert stop.code == 128 + number
    assert [tape.replies[ASK].text for tape in tapes] == ["slow", "well"]
    assert faults == []
    assert signal.getsignal(number) is before


def test_a_signal_that_was_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Stop() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
        assert stop.number == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_service_belongs_to_the_targets_groups_and_tags_it_names():
    config = Config(
        targets={"web1": Declared(tags=("web",))},
        groups={"shop": ("db1",)},
        services={
            name: Service(name=name, on=on, unit="x.service")
            for name, on in {"everywhere": (), "web": ("web",), "shop": ("shop",), "one": ("web1",)}.items()
        },
    )
    plan = Plan(
        targets=(), settings=Settings(checks=()), moment=Moment(NOW, NOW, NOW), timeout=1, ssh_config="", config=config,
        understood="",
    )  # fmt: skip

    def services(target):
        return [service.name for service in plan.site(target).services]

    assert services(Target("ssh", label="web1", tags=("web",))) == ["everywhere", "web", "one"]
    assert services(Target("ssh", label="db1")) == ["everywhere", "shop"]
    assert services(Target("local", label="local")) == ["everywhere"]
