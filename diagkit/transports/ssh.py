"""SSH: one connection to a machine, one session channel on it, one framed script for each round of questions.

The way up, and the layers where it may end:

    ssh_config.py    what the user's configuration says about the target   NAME
    ssh_connect.py   its addresses, and a TCP connection to one of them    NAME, ROUTE, TCP
    ssh_protocol.py  versions, key exchange, channels                      BANNER
    host_key.py      whether it is the right machine                       HOST_KEY
    ssh_auth.py      proving who we are                                    AUTHENTICATION
    ssh_session.py   all of it in order; then the shell                    SHELL
    switchboard.py   the jump hosts on the way, shared by all of a run
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from diagkit.model import Ask, Connection, Moment, Reply, Target, Unreached
from diagkit.transports import lazy_paramiko
from diagkit.transports.shell import NoShell, converse
from diagkit.transports.ssh_config import Hop
from diagkit.transports.stages import Stopped
from diagkit.transports.switchboard import Switchboard, route_to

if TYPE_CHECKING:  # loading paramiko takes longer than all else a local run does before its first question
    from diagkit.transports.ssh_session import ShellPipe, Way


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
        self._pipe: ShellPipe | None = None
        self._talked = False
        self._closed = False
        self._connecting = threading.Lock()
        self._asking = threading.Lock()

    def ask(self, asks: Collection[Ask], moment: Moment) -> Mapping[Ask, Reply]:
        """Every ask with its answer or the silence that stands for it."""
        with self._asking:
            if self.unreached is None:
                try:
                    self._pipe = self._pipe or self._open_shell()
                    return self._converse(self._pipe, asks, moment)
                except Stopped as stop:
                    self.unreached = stop.why
            silent = Reply(silence=self.unreached.silence, err=self.unreached.detail.encode(), at=time.time())
            return dict.fromkeys(asks, silent)

    def _converse(self, pipe: ShellPipe, asks: Collection[Ask], moment: Moment) -> Mapping[Ask, Reply]:
        try:
            replies = converse(pipe, asks, moment, self.deadline, declared=self._declared)
        except NoShell as absent:
            why = pipe.absence(absent)
            if not self._talked:
                self.unreached = why
            lost = Reply(silence=why.silence, err=why.detail.encode(), at=time.time())
            return dict.fromkeys(asks, lost)
        self._talked = True
        return replies

    def dial(self, host: str, port: int, timeout: float) -> Connection:
        """A TCP connection that starts at the machine. Raises OSError as `socket.create_connection` would.

        Raises Stopped when the machine itself is out of reach: an OSError would be taken for news of the way from it.
        """
        client = self._connected().client
        return client.open_tcp(host, port, max(0.0, min(timeout, self.deadline - time.monotonic())))

    def close(self) -> None:
        """Hang up. Whatever was started on the machine ends with its connection. May be called at any time."""
        self._closed = True
        if self._way:
            self._way.client.hang_up()
        if self._own_board:
            self._board.close()

    def _connected(self) -> Way:
        with self._connecting:
            if self.unreached and not self._way:
                raise Stopped(self.unreached.layer, self.unreached.silence, self.unreached.detail)
            if not self._way:
                lazy_paramiko.load()
                from diagkit.transports.ssh_session import climb

                hop = Hop(host=self.target.host, user=self.target.user, port=self.target.port)
                try:
                    self._way = climb(route_to(hop, self._config), self._board, self.deadline)
                except Stopped as stop:
                    self.unreached = stop.why
                    raise
                self.notes = self._board.once(*self._way.notes)
                if self._closed:
                    self._way.client.hang_up()
            return self._way

    def _open_shell(self) -> ShellPipe:
        client = self._connected().client
        from diagkit.transports.ssh_session import ShellPipe

        return ShellPipe(client.open_shell(), self.deadline)
