"""The read-only law."""

from __future__ import annotations

import re
import subprocess

import pytest

from diagkit.transports.allowed import COMMANDS, TOOLS, Forbidden, refuse_unless_allowed
from diagkit.transports.program import bare_text

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

# What looks like a command in a program for the shell, and is a word of its language, or one of round.sh's.
SHELL_WORDS = {"echo", "id", "printf", "read", "time", "ulimit"}


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


def test_what_selects_lines_on_a_host_starts_only_what_is_listed() -> None:
    """Every word of sift.sh that is the name of a command of busybox's or the list's, and no word of the shell's own."""
    listed = subprocess.run(["busybox", "--list"], capture_output=True, text=True, check=True).stdout.split()
    commands = {*listed, *COMMANDS, *TOOLS, "perl", "python3", "sudo", "tee"} - SHELL_WORDS
    words = set(re.findall(r"(?<![\w${=-])[a-z][a-z0-9_]+(?![\w=])", bare_text("sift.sh")))
    assert words & commands == TOOLS.keys()


def test_what_selects_lines_on_a_host_writes_to_no_file() -> None:
    script, window = bare_text("sift.sh"), bare_text("window.awk")
    assert set(re.findall(r">+ *(\S+?)(?=[;)]|\s|$)", script)) <= {"$null", "&1", "&4", "&-"}
    assert not re.search(r"\bof=|\btee\b|date [^|]*-s|gzip (?!-1|>)", script)
    assert re.findall(r"[>|] *(?:getline|\"|\w+ *$)", window) == ["| getline"]
    assert re.findall(r"command = \"(\w+) ", window) == ["dd"]
    assert not re.search(r"\bsystem *\(|\bof=|\bprintf? [^\n]*>", window)
