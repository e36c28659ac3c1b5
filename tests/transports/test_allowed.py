"""The read-only law."""

from __future__ import annotations

import pytest

from diagkit.transports.allowed import COMMANDS, Forbidden, refuse_unless_allowed

READING = """
df -PkT
ss -Hltnp
ss -tan state syn-sent
ip -j addr show
ip route show table all
ip addr
ip -s link
ip route get 10.0.0.1
tc qdisc show
nft list ruleset
iptables-save -c
env TZ=UTC systemctl show --no-pager -p Id,ActiveState -- nginx.service
systemctl list-units --failed
systemctl is-active nginx
journalctl -b --no-pager -n 200 -o short-unix
dmesg
dmesg -T
find /etc -newermt @1 -type f
find /opt -exec stat -c %Y {} +
find /proc -maxdepth 2 -exec grep -HoE Uid {} +
chronyc -n tracking
timedatectl show
ntpq -pn
getent ahosts example.org
dpkg-query -W -f ${Package}
rpm -qa --last
sshd -t
visudo -c
named-checkconf
haproxy -c -f /etc/haproxy/haproxy.cfg
smartctl -n standby -H -j /dev/sda
smartctl -n standby -H -j /dev/nvme0n1
date +%s.%N
""".strip().splitlines()

CHANGING = """
rm -rf /
sh -c true
sudo id
env TZ=UTC rm /
env LD_PRELOAD=x df
/tmp/df
df --sync
ss -K dst 10.0.0.1
ss -tKn
ip addr add 10.0.0.1/8 dev lo
ip a add 10.0.0.1/8 dev lo
ip link set lo down
ip addr flush dev lo
ip -batch /tmp/x
tc qdisc add dev lo root tbf
nft flush ruleset
nft add rule x
systemctl restart nginx
systemctl stop nginx
systemctl daemon-reload
systemctl set-property nginx CPUQuota=1%
journalctl --vacuum-time=1s
journalctl --rotate
journalctl -f
dmesg -C
dmesg --clear
dmesg -Tc
dmesg -w
find / -delete
find / -exec rm {} +
find / -exec stat {} + -exec rm {} +
find / -ok stat {} +
find / -fprintf /tmp/x %p
chronyc makestep
timedatectl set-ntp true
loginctl kill-user root
dpkg-query --admindir=/tmp -W
rpm -e bash
sshd
sshd -D
sshd -t -f /tmp/x
visudo
visudo -c -f /tmp/x
named-checkconf -z
haproxy -f /etc/haproxy/haproxy.cfg
nginx -t
apachectl -t
smartctl -t long /dev/sda
smartctl -s off /dev/sda
smartctl -n standby -H -j /dev/sda -t short
date -s 12:00
date 010100002030
""".strip().splitlines()


@pytest.mark.parametrize("line", READING)
def test_what_only_reads_is_allowed(line: str) -> None:
    assert refuse_unless_allowed(line.split()).why


@pytest.mark.parametrize("line", CHANGING)
def test_what_may_change_something_is_refused(line: str) -> None:
    with pytest.raises(Forbidden):
        refuse_unless_allowed(line.split())


def test_an_empty_command_is_refused() -> None:
    with pytest.raises(Forbidden):
        refuse_unless_allowed([])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_line_says_why(name: str) -> None:
    assert len(COMMANDS[name].why) > 10
