"""Errands carried out by a Dask cluster: two workers with nannies, over TLS, of which some are killed."""

from __future__ import annotations

import gc
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import psutil  # noqa: TID253 - a test may
import pytest

from diagkit import __version__
from diagkit.conclusions import conclude
from diagkit.fleet import dispatch
from diagkit.fleet.dask import Cluster, scheduler
from diagkit.fleet.dispatch import Dispatch
from diagkit.fleet.executors import opener_of
from diagkit.fleet.places import NotSetUp, Unavailable
from diagkit.fleet.shards import Unstopped
from diagkit.model import Silence
from tests.fleet.cluster import Certificates, Running, running
from tests.fleet.test_executors import labels, unheard
from tests.transports.sshd import free_port, make_key

PLAIN = (), {}


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def cluster(certificates: Certificates) -> Iterator[Running]:
    with running(certificates.environment) as cluster:
        cluster.workers((("--resources", "site:fra=1"), {}), PLAIN)
        yield cluster


@pytest.fixture
def trusted(certificates: Certificates) -> Iterator[None]:
    """Dask's configuration here names the certificates."""
    import dask

    with dask.config.set(certificates.settings):
        yield


def workers(cluster: Running) -> list[psutil.Process]:
    """Those that do the work, each the child of its nanny."""
    mine = {p.pid: p for p in psutil.Process().children(recursive=True)}
    said = {pid: _command_line(p) for pid, p in mine.items()}
    return [p for pid, p in mine.items() if "spawn_main" in said[pid] and "dask_worker" in said.get(p.ppid(), "")]


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # ended meanwhile, or a zombie: one that an earlier test killed
        return ""


def in_the_middle(do):
    """Calls `do` once, a second after the first hosts are being asked."""
    once = threading.Event()

    def watch(standing) -> None:
        if standing.running and not once.is_set():
            once.set()
            threading.Timer(1.0, do).start()

    return watch


def asked(errand, name, watch=lambda _: None, stop=None):
    said = []
    with closing(opener_of(name)()) as places:
        judge = partial(conclude, settings=errand.settings)
        made = Dispatch(errand, places, stop or Unstopped(), judge, lambda told: told, say=said.append, watch=watch)
        return {visit.target.label: visit for visit in made.visits()}, said


@pytest.mark.usefixtures("trusted")
class TestOverTls:
    def test_every_host_is_asked_and_nothing_is_left_behind(self, cluster, ask) -> None:
        me = psutil.Process()
        asked(ask("web-1"), cluster.name)  # brings what Dask keeps for the next time
        before = me.num_fds(), {t.name for t in threading.enumerate()}
        made, said = asked(ask(*labels(8)), cluster.name)
        assert not unheard(made)
        assert not said
        assert all(visit.result.target.coverage.judged for visit in made.values())
        assert (me.num_fds(), {t.name for t in threading.enumerate()}) == before

    def test_the_hosts_of_a_worker_that_is_killed_in_the_middle_are_asked_again(self, cluster, ask) -> None:
        kill = in_the_middle(lambda: workers(cluster)[0].send_signal(signal.SIGKILL))
        made, _ = asked(ask(*labels(6, "slow")), cluster.name, kill)
        assert made.keys() == set(labels(6, "slow"))
        assert not unheard(made)

    def test_a_host_that_always_kills_its_worker_is_named_and_stalls_nobody(self, cluster, ask) -> None:
        made, _ = asked(ask("deadly", *labels(7)), cluster.name)
        assert unheard(made).keys() == {"deadly"}
        missed = made["deadly"].missed
        assert missed.silence is Silence.NOT_RUN
        assert missed.detail.startswith("whoever asked it broke down, 3 times in a row")
        assert made["deadly"].fault

    def test_the_site_of_a_worker_is_read_off_its_resources(self, cluster) -> None:
        with closing(Cluster(*scheduler(cluster.name))) as places:
            assert sorted(place.site for place in places.here().values()) == ["", "fra"]

    def test_a_stop_leaves_without_waiting_for_the_workers(self, cluster, ask) -> None:
        stop = Unstopped()
        began = time.monotonic()
        made, _ = asked(
            ask(*labels(4, "slow"), timeout=60), cluster.name, in_the_middle(lambda: setattr(stop, "number", 2)), stop
        )
        assert made.keys() == set(labels(4, "slow"))
        assert time.monotonic() - began < 20

    def test_workers_of_another_version_or_none_are_refused(self, certificates, ask) -> None:
        with running(certificates.environment, WITHOUT="1") as own:  # nor has the scheduler any
            own.workers(((), {"AS_VERSION": "0.0.1"}), ((), {"WITHOUT": "1"}))
            with pytest.raises(Unavailable, match="nobody is left to ask: the worker tls://"):
                asked(ask(*labels(4)), own.name)
            own.workers(PLAIN)
            made, said = asked(ask(*labels(4)), own.name)
        assert not unheard(made)
        assert sorted(line.partition("cannot be used: ")[2] for line in said) == [
            f"it has diagkit 0.0.1; this is diagkit {__version__}",
            f"it has no diagkit, or another version; this is diagkit {__version__}",
        ]

    def test_a_scheduler_without_workers_is_not_waited_for_for_ever(self, certificates, ask, monkeypatch) -> None:
        monkeypatch.setattr(dispatch, "START_UP", 0.5)
        with running(certificates.environment) as own, pytest.raises(Unavailable, match="nobody was there to ask"):
            asked(ask("web-1"), own.name)

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Dask leaves the socket to die
    def test_a_scheduler_that_does_not_speak_tls_is_not_spoken_to(self) -> None:
        with running({}, "tcp") as own, pytest.raises(Unavailable, match=r"cannot be reached over TLS: \S"):
            Cluster(*scheduler(own.name))
        gc.collect()

    def test_a_scheduler_that_is_not_there_is_told_in_a_sentence(self) -> None:
        with pytest.raises(Unavailable, match=r"^the scheduler dask://127\.0\.0\.1:\d+ cannot be reached over TLS: \S"):
            Cluster("127.0.0.1", free_port())


def test_the_command_line_says_what_concerns_the_user_and_nothing_of_dask(cluster, certificates, ask) -> None:
    words = [
        "resources",
        "web-1",
        "web-2",
        "--only",
        "resources.cpu.load",
        "--executor",
        cluster.name,
        "--fail-on",
        "never",
    ]
    run = subprocess.run(
        [sys.executable, "-m", "diagkit", *words, "--ssh-config", ask("web-1").ssh_config],
        check=False, env=os.environ | certificates.environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert sorted(line.partition(" in ")[0] for line in run.stderr.splitlines()) == ["web-1: asked", "web-2: asked"]


@pytest.fixture(scope="module")
def patient() -> Iterator[Running]:
    """A cluster whose hosts named slow-… take very long."""
    with running({}, "tcp") as cluster:
        cluster.workers(((), {"SECONDS": "60"}), ((), {"SECONDS": "60"}))
        yield cluster


def command(cluster: Running, errand, *words: str) -> list[str]:
    ours = ("--only", "resources.cpu.load", "--executor", cluster.name, "--ssh-config", errand.ssh_config)
    return [sys.executable, "-m", "diagkit", "resources", *words, *ours]


def test_a_ctrl_c_brings_the_partial_report(patient, ask) -> None:
    run = subprocess.Popen(
        command(patient, ask("web-1"), "web-1", "slow-1", "--timeout", "60"),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    line = run.stderr.readline()
    assert line.startswith("web-1: asked"), line
    os.killpg(run.pid, signal.SIGINT)
    out, err = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "Traceback" not in err
    assert out.startswith("INTERRUPTED")
    assert "slow-1" in out


def test_what_a_host_used_to_be_like_is_kept_here_and_known_there(patient, ask, tmp_path) -> None:
    env = os.environ | {"XDG_STATE_HOME": str(tmp_path)}
    words = command(patient, ask("web-1"), "web-1", "--baseline", "--fail-on", "never", "--format", "json")
    for _ in range(2):
        run = subprocess.run(words, check=False, env=env, capture_output=True, text=True, timeout=120)
        assert run.returncode == 0, run.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_locked_key_is_told_of_as_by_threads(patient, ask, tmp_path) -> None:
    config = Path(ask("web-1").ssh_config).read_text()
    locked = make_key(tmp_path / "locked", passphrase="sesame")
    (tmp_path / "config").write_text(re.sub(r"IdentityFile .*", f"IdentityFile {locked}", config))
    told = []
    for executor in (patient.name, "threads"):
        words = command(patient, ask("web-1"), "web-1", "--format", "json")
        words[words.index(patient.name)], words[-1] = executor, str(tmp_path / "config")
        run = subprocess.run(words, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        (target,) = json.loads(run.stdout)["targets"]
        told.append((run.returncode, target["layer"], target["detail"]))
    assert told[0] == told[1]
    assert told[0][1] == "authentication"


def test_a_host_that_hangs_its_worker_is_named_and_stalls_nobody(ask, monkeypatch) -> None:
    monkeypatch.setattr(dispatch, "START_UP", 4.0)
    monkeypatch.setattr(dispatch, "ALONE", 0)  # it is, from the beginning
    with running({}, "tcp") as own:
        own.workers(PLAIN, PLAIN)
        made, _ = asked(ask("hanging", "web-1", timeout=9.0), own.name)
    assert unheard(made).keys() == {"hanging"}
    assert "did not answer in time" in made["hanging"].missed.detail


def test_nothing_is_sent_in_the_clear_but_on_loopback() -> None:
    with pytest.raises(NotSetUp, match=r"over TLS alone.*distributed\.comm\.tls\.ca-file"):
        Cluster("192.0.2.1", 8786)


def test_on_loopback_plain_tcp_will_do_and_when_the_scheduler_dies_what_came_is_kept(ask) -> None:
    with running({}, "tcp") as own:
        own.workers(PLAIN)
        made, _ = asked(ask("web-1"), own.name)
        assert not unheard(made)
        made, said = asked(ask(*labels(3, "slow")), own.name, in_the_middle(own.scheduler.kill))
    assert said == [f"the scheduler {own.name} has gone"]
    assert {visit.missed.detail for visit in made.values()} == {f"the scheduler {own.name} has gone"}


def test_without_the_library_the_cure_is_named(monkeypatch) -> None:
    monkeypatch.setattr("diagkit.fleet.dask.find_spec", lambda name: None)
    with pytest.raises(NotSetUp, match=r"pip install 'diagkit\[dask\]'"):
        Cluster("127.0.0.1", 8786)
