"""The read-only law: the only commands diagkit may run on somebody's machine, and why each may.

Whoever adds a line answers for it: with arguments that match, the command changes nothing, on no system, and sends
nothing anywhere but to the machine's own daemons (or the resolver that is being tested).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

from diagkit.frozen import frozen


class Forbidden(ValueError):
    """A command that is not on the list: a bug in the catalogue, not a fault of the machine."""


class Touches(Enum):
    """What a command needs to answer, and so what it may hang on. Those that hang on the same are asked in turn."""

    KERNEL = "the kernel alone"
    DAEMON = "a daemon, by its socket or D-Bus"
    FILES = "the system's own files"
    ANYTHING = "any mount or process, one of which may be stuck: it is asked beside all others"


@frozen
class Command:
    """Why a command may run, what it touches, and which arguments (joined by single spaces) it may have."""

    why: str
    touches: Touches = Touches.KERNEL
    arguments: str = ".*"


KERNEL, DAEMON, FILES, ANYTHING = Touches

_OPTIONS = r"(--?\S+ )*"  # before a verb

# PostgreSQL's administrator may do anything, so the options are fixed, and the one statement may call only these: even
# in a read-only transaction other functions could end sessions or read any file.
_SQL_CALLS = (
    "age|bool_or|clock_timestamp|coalesce|count|current_setting|extract|json_agg|json_build_object|ltrim|max|nullif|"
    "pg_backend_pid|pg_blocking_pids|pg_current_wal_lsn|pg_is_in_recovery|pg_is_wal_replay_paused|"
    "pg_last_wal_receive_lsn|pg_last_wal_replay_lsn|pg_ls_waldir|pg_wal_lsn_diff|substring|sum|to_json|to_jsonb|upper|"
    "any|from|in"  # and words that may stand before a parenthesis
)
_PSQL = (
    r"-u postgres -- psql -XAtqw -p \d+ -d connect_timeout=3 application_name=diagkit "
    r"options='-c statement_timeout=3000 -c lock_timeout=500' -c begin read only -c "
    rf'select (?!.*(?:["\\;/]|--|\b(?!(?:{_SQL_CALLS})\b)\w+\s*\()).*'
)

COMMANDS: dict[str, Command] = {
    # who and what the machine is
    "id": Command("user and groups we look as"),
    "uname": Command("kernel and machine"),
    "nproc": Command("processors we may use"),
    "getconf": Command("system limits and page size"),
    "date": Command("the machine's clock and time zone", arguments=r"(-u ?)?(\+.*)?"),
    # processes and sockets
    "ps": Command("processes; it reads their memory maps, which may hang", ANYTHING),
    "ss": Command("sockets and their owners", arguments=r"(?!.*(-\w*[KD]|--kill|--diag)).*"),
    "netstat": Command("sockets, where there is no ss", arguments=r"-[a-z]+"),
    # the network's set-up
    "ip": Command(
        "addresses, links, routes, neighbours, rules",
        arguments=_OPTIONS + r"(addr|link|route|neigh|rule)( (show|list|get)\b.*)?",
    ),
    "tc": Command("queueing disciplines and their drops", arguments=_OPTIONS + r"(qdisc|class) show\b.*"),
    "nft": Command("packet filter rules", arguments=_OPTIONS + r"list .*"),
    "iptables-save": Command("packet filter rules, where there is no nft", arguments=r"(-c ?)?(-t \w+)?"),
    "iptables-legacy-save": Command("packet filter rules of the older kind", arguments=""),
    "ip6tables-save": Command("packet filter rules for IPv6", arguments=r"(-c ?)?(-t \w+)?"),
    "getent": Command(
        "names as the machine's own programs see them",
        FILES,
        r"(ahosts|ahostsv4|ahostsv6|hosts|passwd|group|services) .*",
    ),
    "nslookup": Command("one resolver asked itself", DAEMON),
    # filesystems
    "df": Command("room on filesystems", ANYTHING, r"(?!.*--sync).*"),
    "stat": Command("size, owner and times of files and filesystems", ANYTHING),
    "ls": Command("names in a directory", FILES),
    "find": Command(
        "names and times of files; stat and grep may be run on what is found",
        FILES,
        r"(?!.*-(delete|exec (?!stat |grep )|execdir|ok|okdir|fprint|fprint0|fprintf|fls)\b).*",
    ),
    "grep": Command("lines of files that say something", FILES),
    "readlink": Command("where a link leads", FILES),
    # services and their logs
    "systemctl": Command(
        "units, their states and properties",
        DAEMON,
        _OPTIONS + r"(show|status|cat|is-[a-z-]+|list-[a-z-]+|show-environment)\b.*",
    ),
    "journalctl": Command(
        "the journal",
        FILES,
        r"(?!.*(-f\b|--(follow|rotate|flush|sync|relinquish|smart|vacuum|setup|update))).*",
    ),
    "dmesg": Command(
        "the kernel's log",
        arguments=r"(?!.*(-[a-zA-Z]*[cCDEnwW]|--(clear|read-clear|console|follow))).*",
    ),
    "loginctl": Command("who is logged in", DAEMON, _OPTIONS + r"(list-sessions|list-users|show-\w+)\b.*"),
    "coredumpctl": Command("crashes that were kept", FILES, _OPTIONS + r"list\b.*"),
    # databases
    "runuser": Command("PostgreSQL's statistics views, in a read-only transaction", DAEMON, _PSQL),
    # what programs say of their settings, and disks of themselves
    "sshd": Command("its settings tested: it reads them and its keys, and ends", FILES, "-t"),
    "visudo": Command("sudo's settings tested, nothing edited", FILES, "-c"),
    "named-checkconf": Command("its settings tested, no zone loaded", FILES, ""),
    "haproxy": Command("its settings tested: nothing is bound or started", FILES, "-c -f /etc/haproxy/haproxy.cfg"),
    "smartctl": Command(
        "a disk's own assessment, of one that does not sleep", ANYTHING, r"-n standby -H -j /dev/(sd|hd|nvme)\w+"
    ),
    # time
    "timedatectl": Command(
        "the clock and its synchronisation",
        DAEMON,
        _OPTIONS + r"(show|status|show-timesync|timesync-status)\b.*",
    ),
    "chronyc": Command(
        "offset and sources of chrony", DAEMON, _OPTIONS + r"(tracking|sources|sourcestats|activity)\b.*"
    ),
    "ntpq": Command("offset and peers of ntpd", DAEMON, r"-(p|pn|np|c rv|c peers)"),
    # packages
    "dpkg-query": Command("installed packages", FILES, r"(-W|-l|-s|-S|--show|--list|--status|--search)\b.*"),
    "rpm": Command("installed packages", FILES, r"(-q[a-z]*|--query)\b.*"),
    "apk": Command("installed packages", FILES, r"(info|list|version)\b.*"),
}

# What sift.sh starts, in pipes of its own: no argument of these comes from anywhere but sift.sh. All read what they are
# given and write to their output; limits on the size of files (round.sh) keep any of them from writing another.
TOOLS: dict[str, str] = {
    "awk": "finds the window in a file: window.awk, which starts dd and opens nothing",
    "cat": "says why a file cannot be read; passes on what there is no gzip for",
    "cut": "the beginning of each line",
    "date": "the time zone of a moment: -d says which moment, nothing is set",
    "dd": "blocks of a file; without of= it writes to its output",
    "grep": "lines that may matter",
    "gzip": "compresses its input to its output; unpacks a log that it is given as its input",
    "head": "no more than so many bytes",
    "journalctl": "the journal, older entries, selected by time and severity",
    "ls": "the size of a file, without opening it",
    "nice": "the same at a lower priority",
    "tail": "the last bytes of what was unpacked",
}  # and xz, zstd, bzip2 and lz4 in the place of gzip -dc: sifting.READERS


def refuse_unless_allowed(argv: Sequence[str]) -> Command:
    """The line of the list that allows this command. Raises `Forbidden`. `env TZ=UTC` may stand before it."""
    if tuple(argv[:2]) == ("env", "TZ=UTC"):
        argv = argv[2:]
    name, arguments = argv[0] if argv else "", " ".join(argv[1:])
    command = COMMANDS.get(name)
    if command is None:
        raise Forbidden(f"{name!r} is not a command diagkit may run")
    if not re.fullmatch(command.arguments, arguments, re.DOTALL):
        raise Forbidden(f"{name!r} may not be run with {arguments!r}")
    return command
