"""What a raw socket hears when many hosts are pinged at once."""

import os
import socket

import pytest

from diagkit.transports.wire.icmp import fire, open_socket, requests

LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="raw sockets need root")


@pytest.mark.parametrize("family", LOOPBACK)
def test_it_hears_the_answers_to_its_own_requests_alone(family):
    with open_socket(family, raw=True, number=1111) as ours, open_socket(family, raw=True, number=2222) as others:
        shots = requests(1111, LOOPBACK[family], 3)
        heard = fire(ours, shots, interval=0.001, grace=2.0)
        others.sock.settimeout(0.05)
        with pytest.raises(TimeoutError):
            others.sock.recv(2048)
    assert sorted(heard.replies) == [0, 1, 2]
    assert heard.errors == {}
