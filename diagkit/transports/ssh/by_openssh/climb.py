"""The way up by the system's ssh, where all targets behind a jump host share the connection to it.

Each jump host has an ssh of ours that runs nothing there and listens at a control socket, where the ssh of a target
asks for a connection. So the user's key is used once at the jump host, as by our own means. What the user's own ssh
keeps open there is used instead, where it does.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from functools import lru_cache

from diagkit.model import Layer, Silence
from diagkit.transports.ssh.by_openssh import master
from diagkit.transports.ssh.by_openssh.session import PARTING_SECONDS, SystemWay, argv
from diagkit.transports.ssh.stages import Stopped, seconds_for
from diagkit.transports.ssh.switchboard import Climb, Line, Routes, Switchboard


class JumpHost:
    """An ssh that is connected to a jump host and lends its connection to others, at `socket`."""

    def __init__(self, way: SystemWay) -> None:
        self.notes, self.socket = way.notes, way.socket
        self._way = way
        self._attendant = threading.Thread(target=self._attend, daemon=True, name="ssh to a jump host")
        self._attendant.start()

    def _attend(self) -> None:
        self._way.attend()
        self._way.close()

    def is_active(self) -> bool:
        """Whether it still has something to lend."""
        return self._attendant.is_alive()

    def refusal(self, host: str, port: int) -> OSError:
        """Why the jump host made no connection to there."""
        return self._way.refusal(host, port)

    def last_words(self) -> str:
        """Those of ssh, ready to follow a sentence."""
        return self._way.last_words()

    def hang_up(self) -> None:
        """End it and leave nothing behind."""
        self._way.hang_up()
        self._attendant.join(2 * PARTING_SECONDS)


def climb(routes: Routes, config: str, board: Switchboard, deadline: float, identity: str = "") -> SystemWay:
    """Log in to the last of these machines by way of the others. Raises Stopped and leaves nothing open.

    config and identity as for `argv`.
    """
    if not shutil.which("ssh"):
        raise Stopped(Layer.NAME, Silence.MISSING, "there is no ssh program on this workstation")
    return _climb(config, routes, board, deadline, identity=identity)


def _climb(
    config: str,
    routes: Routes,
    board: Switchboard,
    deadline: float,
    at: Callable[[Layer], None] = lambda _: None,
    *,
    identity: str = "",
    idle: bool = False,
) -> SystemWay:
    tries = 0
    while True:
        tries += 1
        jump = None if routes[-1].live_master else _borrowed(config, routes[:-1], board, deadline)
        command = argv(routes, config, identity, lent=jump.way.socket if jump else "", idle=idle)
        try:
            with board.pace.turn(routes, deadline) as turn:
                turn.answered()  # at once: how far ssh has come is not known before it is let in
                seconds_for(Layer.TCP, deadline)
                way = SystemWay(routes, command, lender=jump.way if jump else None, idle=idle)
                return _let_in(way, deadline, at)
        except Stopped as stop:
            pause = board.pace.again(stop, tries, deadline)
            if jump and jump.lost and stop.why.layer is not Layer.AUTHENTICATION:
                pause = 0.0
            if pause is None:
                raise
            time.sleep(pause)


def _let_in(way: SystemWay, deadline: float, at: Callable[[Layer], None]) -> SystemWay:
    try:
        way.await_entry(deadline, at)
    except BaseException:
        way.close()
        raise
    return way


def _borrowed(config: str, jumps: Routes, board: Switchboard, deadline: float) -> Line[JumpHost] | None:
    """The connection to the last of the jump hosts; None where there is none to share, or no place for its socket."""
    if not jumps or jumps[-1].live_master or not master.has_place():
        return None
    return board.line(jumps, _to_jump_host(config), deadline)


@lru_cache(maxsize=8)
def _to_jump_host(config: str) -> Climb[JumpHost]:
    """How to get to jump hosts by this configuration: the same one for all, by which they find their connection."""

    def to_jump_host(routes: Routes, board: Switchboard, deadline: float, at: Callable[[Layer], None]) -> JumpHost:
        return JumpHost(_climb(config, routes, board, deadline, at, idle=True))

    return to_jump_host
