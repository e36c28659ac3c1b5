"""Many hosts are pinged by one thread, which keeps their packets apart and does not hide its own bugs."""

import os
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from diagkit.transports.wire.icmp import ECHO_REPLIES, fire, open_socket, requests, rtt_ms

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="raw sockets need root")


def volley(number, address="127.0.0.1", ttls=(64,) * 5):
    with open_socket(socket.AF_INET, raw=True, number=number) as sock:
        shots = [shot for n, ttl in enumerate(ttls) for shot in requests(number, address, 1, ttl=ttl, first=n)]
        return shots, fire(sock, shots, interval=0.02, grace=1.0)


def test_volleys_side_by_side_each_hear_their_own():
    with ThreadPoolExecutor(20) as at_once:
        told = list(at_once.map(volley, range(5000, 5020), [f"127.0.0.{n}" for n in range(1, 21)]))
    for n, (shots, heard) in enumerate(told, 1):
        assert sorted(heard.replies) == [0, 1, 2, 3, 4]
        assert {reply.source for reply in heard.replies.values()} == {f"127.0.0.{n}"}
        assert all(reply.type in ECHO_REPLIES for reply in heard.replies.values())
        assert all(0 <= rtt_ms(shot, heard.replies[shot.sequence]) < 1000 for shot in shots)


def test_nothing_is_sent_beyond_a_hop_that_was_the_last():
    _, heard = volley(5100, ttls=(1, 20, 21, 22, 1, 20))
    assert sorted(heard.replies) == [0, 4]


def test_a_bug_is_no_lost_packet():
    closed = open_socket(socket.AF_INET, raw=True)
    descriptor = closed.sock
    descriptor.close()
    with pytest.raises(ValueError, match="file descriptor"):
        fire(closed, requests(5200, "127.0.0.1", 2), interval=0.01, grace=0.5)
    _, heard = volley(5201)
    assert len(heard.replies) == 5
