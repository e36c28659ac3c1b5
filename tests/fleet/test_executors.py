"""Errands carried out by processes of this machine and by any other executor, some of which break down."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from multiprocessing import active_children, get_context
from pathlib import Path

import psutil  # noqa: TID253 - a test may
import pytest

from diagkit import __version__
from diagkit.conclusions import conclude
from diagkit.fleet import dispatch
from diagkit.fleet.dispatch import Dispatch
from diagkit.fleet.executors import Processes, opener_of
from diagkit.fleet.parcels import pack, unpack
from diagkit.fleet.places import NotUnderstood, Place, Unavailable
from diagkit.fleet.shards import Outcome, Task, Unstopped, carry_out
from diagkit.model import Silence, Tape
from tests.fleet.conftest import POISON, errand_to, hosts

BYE = "Closing connection to"  # sshd, after each of its sessions


def labels(count, kind="web"):
    return [f"{kind}-{number}" for number in range(count)]


def carried_out(errand, places, stop=None, said=None, then=None, watch=lambda _: None):
    """All visits by label, the places closed after them."""
    told = said if said is not None else []
    with closing(places):
        make = then or partial(conclude, settings=errand.settings)
        concluded = None if then else lambda told: told
        made = list(
            Dispatch(errand, places, stop or Unstopped(), make, concluded, say=told.append, watch=watch).visits()
        )
    assert sorted(v.target.label for v in made) == sorted(t.label for t in errand.targets), "each once"
    return {visit.target.label: visit for visit in made}


def unheard(visits):
    """Who did not answer, and why; to be empty."""
    return {label: visit.missed or visit.fault for label, visit in visits.items() if visit.missed or visit.fault}


def children():
    return {p.pid for p in psutil.Process().children(recursive=True)}


@pytest.fixture
def nothing_left():
    """No process, thread or file descriptor more than before."""
    get_context("spawn").Process(target=int).start()  # brings the resource tracker, which stays
    while active_children():
        time.sleep(0.01)
    before = children(), threading.active_count(), psutil.Process().num_fds()
    yield
    end = time.monotonic() + 30
    while (left := (children(), threading.active_count(), psutil.Process().num_fds())) != before:
        assert time.monotonic() < end, (before, left)
        time.sleep(0.05)


def test_processes_ask_every_host(ask, nothing_left) -> None:
    assert not unheard(carried_out(ask(*labels(8)), Processes(2)))


def test_tapes_come_back_where_they_are_wanted(ask) -> None:
    (visit,) = carried_out(ask("web-1"), Processes(1), then=lambda tape: tape).values()
    assert isinstance(visit.result, Tape)
    assert visit.result.replies


def test_the_hosts_of_a_process_that_is_killed_are_asked_again(ask, poison, nothing_left) -> None:
    places = Processes(2)
    killed = threading.Event()

    def kill_one(standing) -> None:
        if len(standing.running) == 6 and not killed.is_set() and len(children()) >= 3:
            time.sleep(1)  # into the middle
            active_children()[0].kill()
            killed.set()

    errand = ask(*labels(6, "slow"))
    with closing(places):
        judge = partial(conclude, settings=errand.settings)
        asked = Dispatch(errand, places, Unstopped(), judge, lambda told: told, say=print, watch=kill_one)
        made = {visit.target.label: visit for visit in asked.visits()}
    assert killed.is_set()
    assert not unheard(made)


def test_a_host_that_kills_whoever_asks_it_is_named_and_stalls_nobody(ask, poison, nothing_left) -> None:
    made = carried_out(ask("deadly", *labels(11)), Processes(2))
    assert unheard(made).keys() == {"deadly"}
    missed, fault = made["deadly"].missed, made["deadly"].fault
    assert (missed.layer, missed.silence) == (None, Silence.NOT_RUN)
    assert "whoever asked it broke down, 3 times in a row; the last time, the process " in missed.detail
    assert fault.error.raw in missed.detail
    assert not made["deadly"].result.target.reached


def test_so_is_one_that_hangs_whoever_asks_it(ask, poison, monkeypatch, nothing_left) -> None:
    monkeypatch.setattr(dispatch, "START_UP", 4.0)
    monkeypatch.setattr(dispatch, "ALONE", 0)  # it is, from the beginning
    made = carried_out(ask("hanging", "web-1", timeout=9.0), Processes(2))
    assert unheard(made).keys() == {"hanging"}
    assert "did not answer in time" in made["hanging"].missed.detail


def test_a_stop_brings_what_there_is(ask, poison, nothing_left, monkeypatch) -> None:
    monkeypatch.setenv("SECONDS", "120")
    errand, stop = ask("slow-1", "slow-2", "web-1", "web-2", timeout=300.0), Unstopped()
    log = Path(errand.ssh_config).with_name("sshd.log")
    before = log.read_text().count(BYE)

    def stop_when_two_have_answered() -> None:
        while log.read_text().count(BYE) < before + 2:
            time.sleep(0.1)
        stop.number = signal.SIGINT

    threading.Thread(target=stop_when_two_have_answered, daemon=True).start()
    began = time.monotonic()
    standings = []
    made = carried_out(errand, Processes(1), stop=stop, watch=standings.append)
    assert [standing.stopped for standing in standings].count(True) == 1
    assert time.monotonic() - began < 100
    assert unheard(made).keys() == {"slow-1", "slow-2"}


def test_a_ctrl_c_brings_the_partial_report_and_leaves_no_process(ask) -> None:
    words = [
        "resources",
        "web-1",
        "slow-1",
        "--executor",
        "processes:2",
        "--only",
        "resources.cpu.load",
        "--timeout",
        "60",
    ]
    run = subprocess.Popen(
        [sys.executable, "-m", "diagkit", *words, "--ssh-config", ask("web-1").ssh_config],
        env=os.environ | {"PYTHONPATH": POISON, "SECONDS": "60"},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    line = run.stderr.readline()
    assert line.startswith("web-1: asked"), line
    begun = psutil.Process(run.pid).children(recursive=True)
    os.killpg(run.pid, signal.SIGINT)
    out, err = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "Traceback" not in err
    assert "web-1" in out
    assert "slow-1" in out
    psutil.wait_procs(begun, timeout=30)
    assert not [process for process in begun if process.is_running()]


def test_without_its_parent_a_process_ends(ask, poison) -> None:
    code = (
        "from diagkit.fleet.executors import Processes\nimport multiprocessing, time\n"
        "def main():\n"
        "    places = Processes(1)\n"
        "    (place,) = places.here().values()\n"
        "    place.carry_out(b'').result()\n"
        "    print(*(child.pid for child in multiprocessing.active_children()), flush=True)\n"
        "    time.sleep(60)\n"
        "main() if __name__ == '__main__' else None\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    child.wait(timeout=30)


# ---------------------------------------------------------------- places that are made up


class Somewhere:
    """Threads as places of these sites, each with its own way to do a task."""

    def __init__(self, **tasks) -> None:
        self.pool = ThreadPoolExecutor(8)
        self.places = {name: Place(partial(self.pool.submit, task), site) for name, (task, site) in tasks.items()}
        self.ended = ""

    def here(self):
        return {} if self.ended else self.places

    def lose(self, name) -> None: ...

    def stop(self) -> None: ...

    def close(self) -> None:
        self.pool.shutdown()


def by(name, log):
    def task(parcel):
        log.extend((name, label.label) for label in unpack(parcel).errand.targets)
        return carry_out(parcel)

    return task


def test_hosts_of_a_site_are_asked_from_there() -> None:
    log = []
    targets = hosts("f1", "f2", tags=("site:fra",)) + hosts("i1", tags=("site:iad",)) + hosts("x1", "x2")
    carried_out(errand_to(targets, timeout=1.0), Somewhere(fra=(by("fra", log), "fra"), any=(by("any", log), "")))
    assert sorted(label for _, label in log) == ["f1", "f2", "i1", "x1", "x2"]
    assert {place for place, label in log if label.startswith("f")} == {"fra"}


def test_who_has_another_version_is_passed_over_and_said_to_be() -> None:
    def other(parcel):
        task = unpack(parcel)
        return carry_out(pack(Task(version="0.0.1", errand=task.errand)))

    def none(parcel):
        raise ModuleNotFoundError("No module named 'diagkit'")

    log, said = [], []
    places = Somewhere(old=(other, ""), bare=(none, ""), good=(by("good", log), ""))
    carried_out(errand_to(hosts("a", "b", "c"), timeout=1.0), places, said=said)
    assert sorted(log) == [("good", "a"), ("good", "b"), ("good", "c")]
    assert sorted(said) == [
        f"bare cannot be used: it has no diagkit, or another version; this is diagkit {__version__}",
        f"old cannot be used: it has diagkit {__version__}; this is diagkit {__version__}",
    ]


def test_where_nobody_can_be_used_there_is_nothing_to_report() -> None:
    def none(parcel):
        raise ModuleNotFoundError("No module named 'diagkit'")

    with pytest.raises(Unavailable, match="nobody is left to ask: one cannot be used: it has no diagkit"):
        carried_out(errand_to(hosts("a")), Somewhere(one=(none, "")))


def test_what_was_not_asked_for_is_not_taken() -> None:
    """A worker that answers for other hosts, twice, or with something else."""

    def odd(parcel):
        right = unpack(carry_out(parcel)).visits
        other = unpack(carry_out(pack(Task(version=__version__, errand=errand_to(hosts("other"), timeout=1.0))))).visits
        return pack(Outcome(visits=(*other, *right, *right)))

    carried_out(errand_to(hosts("a", "b"), timeout=1.0), Somewhere(one=(odd, "")))


@pytest.mark.parametrize("answer", [b"", b"x", pack("something"), pack(Outcome(failed="KeyError: 'x'"))])
def test_a_place_that_returns_nonsense_is_told_of(answer) -> None:
    made = carried_out(errand_to(hosts("a")), Somewhere(one=(lambda _: answer, "")))
    assert "the last time, one failed: " in made["a"].missed.detail


@pytest.mark.parametrize(
    "name", ["", "x", "processes", "processes:", "processes:0", "processes:-1", "processes:999", "processes:²",
             "dask", "dask://", "dask://host", "dask://host:0", "dask://host:x", "dask://host:70000", "dask://u@host:1",
             "dask://host:1/x", "dask://[::1:8786", "tcp://host:1", "threads:4"]
)  # fmt: skip
def test_what_names_no_executor_is_refused_in_a_sentence(name) -> None:
    with pytest.raises(NotUnderstood, match=r"^--executor"):
        opener_of(name)


def test_threads_are_what_there_is_anyway() -> None:
    assert opener_of("threads") is None
