"""One machine over SSH, by whatever way its configuration asks for."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Protocol

from diagkit.model import Ask, Connection, Layer, Moment, Reply, Silence, Target, Unreached
from diagkit.transports.shell import NoShell, Pipe, converse, hung_up
from diagkit.transports.ssh.by_paramiko import lazy_paramiko
from diagkit.transports.ssh.config.route import Hop, hops
from diagkit.transports.ssh.stages import Stopped
from diagkit.transports.ssh.switchboard import Routes, Switchboard, route_to

NO_COMMON_ALGORITHM = Layer.HOST_KEY, Silence.UNSUPPORTED


class Shell(Pipe, Protocol):
    """The shell at the end of a way."""

    def absence(self, absent: NoShell, /) -> Unreached:
        """Why there was none, from what came instead."""
        ...


class Way(Protocol):
    """A machine that has let us in. notes: what the user should be told of how that came about."""

    @property
    def notes(self) -> tuple[str, ...]: ...

    def open_shell(self, deadline: float, /) -> Shell:
        """Raises Stopped at SHELL."""
        ...

    def open_tcp(self, host: str, port: int, seconds: float, /) -> Connection:
        """A TCP connection that starts there. Raises OSError as one from here would, or Stopped."""
        ...

    def hang_up(self) -> None:
        """End it, from any thread; whoever waits for something sees the end."""
        ...

    def close(self) -> None:
        """The same, and leave nothing behind; nobody may be waiting."""
        ...


class Ssh:
    """One machine over SSH. It connects at the first question and says in `unreached` how far it came.

    deadline: of everything, on the monotonic clock. ssh_config: read this file instead of the user's ssh configuration;
    `none` reads no file. declared: commands that the user's own configuration names. switchboard: what the connections
    of this run share; without one, this one shares nothing.
    Safe to use from several threads: rounds of questions wait for each other, dials run side by side.
    """

    def __init__(
        self,
        target: Target,
        *,
        deadline: float,
        ssh_config: str = "",
        declared: Collection[tuple[str, ...]] = (),
        switchboard: Switchboard | None = None,
    ) -> None:
        self.target = target
        self.deadline = deadline
        self.unreached: Unreached | None = None
        self.notes: tuple[str, ...] = ()  # what the user should be told, such as a key accepted at first contact
        self._config = ssh_config
        self._declared = declared
        self._board = switchboard or Switchboard()
        self._own_board = switchboard is None
        self._way: Way | None = None
        self._pipe: Shell | None = None
        self._talked = False
        self._closed = False
        self._connecting = threading.Lock()
        self._asking = threading.Lock()

    def ask(self, asks: Collection[Ask], moment: Moment) -> Mapping[Ask, Reply]:
        """Every ask with its answer or the silence that stands for it."""
        try:
            with self._asking:
                return self._ask(asks, moment)
        finally:
            if self._closed:
                self._let_go()

    def _ask(self, asks: Collection[Ask], moment: Moment) -> Mapping[Ask, Reply]:
        if self.unreached is None:
            try:
                self._pipe = self._pipe or self._connected().open_shell(self.deadline)
                return self._converse(self._pipe, asks, moment)
            except Stopped as stop:
                self.unreached = stop.why
        silent = Reply(silence=self.unreached.silence, err=self.unreached.detail.encode(), at=time.time())
        return dict.fromkeys(asks, silent)

    def _converse(self, pipe: Shell, asks: Collection[Ask], moment: Moment) -> Mapping[Ask, Reply]:
        try:
            replies = converse(pipe, asks, moment, self.deadline, declared=self._declared)
        except NoShell as absent:
            why = pipe.absence(absent)
            if not self._talked:
                self.unreached = why
            lost = Reply(silence=why.silence, err=why.detail.encode(), at=time.time())
            return dict.fromkeys(asks, lost)
        self._talked = True
        return hung_up(replies) if self._closed else replies

    def dial(self, host: str, port: int, timeout: float) -> Connection:
        """A TCP connection that starts at the machine. Raises OSError as `socket.create_connection` would.

        Raises Stopped when the machine itself is out of reach: an OSError would be taken for news of the way from it.
        """
        left = self.deadline - time.monotonic()
        return self._connected().open_tcp(host, port, max(0.0, min(timeout, left)))

    def located(self, target: Target) -> Target:
        """Where the ssh configuration says it is, and behind which others; as it was, where it cannot say."""
        try:
            *jumps, route = self.routes()
        except Stopped:
            return target
        behind = (*(jump.name for jump in jumps), *(["a ProxyCommand"] if route.proxy_command else []))
        return replace(target, found_at=route.host, found_port=route.port, behind=behind)

    def close(self) -> None:
        """Hang up. Whatever was started on the machine ends with its connection. May be called at any time."""
        self._closed = True
        if self._way:
            self._way.hang_up()
        self._let_go()

    def _let_go(self) -> None:
        """Leave nothing behind, unless somebody is still asking, who will then see to it."""
        if self._asking.acquire(blocking=False):
            try:
                if self._way:
                    self._way.close()
                if self._own_board:
                    self._board.close()
            finally:
                self._asking.release()

    def _connected(self) -> Way:
        with self._connecting:
            if self.unreached and not self._way:
                why = self.unreached
                raise Stopped(why.layer, why.silence, why.detail, why.wrong_key)
            if not self._way:
                try:
                    self._way = self._climb()
                except Stopped as stop:
                    self.unreached = stop.why
                    raise
                if self._closed:
                    self._way.hang_up()
            return self._way

    def _climb(self) -> Way:
        board = self._board
        routes = self.routes()
        beyond = [what for route in routes for what in route.beyond]
        if board.transport == "openssh" or (beyond and board.transport == "auto"):
            return self._by_openssh(routes, *(f"its configuration wants {what}" for what in beyond))
        lazy_paramiko.load()  # takes longer than all else a local run does before its first question
        from diagkit.transports.ssh.by_paramiko.session import climb

        try:
            way = climb(routes, board, self.deadline)
        except Stopped as stop:
            strangers = (stop.why.layer, stop.why.silence) == NO_COMMON_ALGORITHM
            if not strangers or board.transport != "auto" or not shutil.which("ssh"):
                raise
            return self._by_openssh(routes, "paramiko and a server on the way have no algorithm in common")
        self.notes += board.once(*way.notes)
        return way

    def _by_openssh(self, routes: Routes, *because: str) -> Way:
        from diagkit.transports.ssh.by_openssh.climb import climb

        self.notes = self._board.once(*(f"it is asked by the system's ssh: {why}" for why in because))
        way = climb(routes, self._config, self._board, self.deadline, self.target.identity)
        self.notes += self._board.once(*way.notes)
        return way

    def routes(self) -> Routes:
        """The machines on the way to it, itself last. Raises Stopped at layer NAME."""
        target = self.target
        if target.barred:
            raise Stopped(Layer.NAME, Silence.UNSUPPORTED, target.barred)
        hop = Hop(host=target.host, user=target.user, port=target.port)
        *jumps, route = route_to(hop, self._config, hops(target.host, target.jump))
        if target.identity:
            route = replace(route, identities=(target.identity, *route.identities))
        return (*jumps, route)
