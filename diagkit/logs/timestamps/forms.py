"""The forms of time stamps, by the names of the programs that write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache, cached_property

from diagkit.logs.timestamps.parts import (
    BSD,
    CLF,
    CLOSING,
    CLOSING_STRICT,
    COLOUR,
    CTIME,
    DAY,
    DAY2,
    DAY_FIRST,
    FRACTION,
    HALF,
    HMS,
    HMS1,
    HMS_COMPACT,
    ISO,
    LEVEL,
    MON,
    MONTH,
    NAMES,
    OFFSET,
    OPENING,
    PLACE,
    PRIORITY,
    SLASHED,
    WEEKDAY,
    YEAR,
    YY,
    ZONE,
)

_KEYS = "@timestamp|timestamp|time|ts|t|eventTime|datetime|asctime|__REALTIME_TIMESTAMP|EdgeStartTimestamp"
_WEAK_KEYS = "date|created|created_at|start_time|instant"  # in an object that has none of the others


class Kind(Enum):
    """How the groups of a form are to be read."""

    CIVIL = auto()  # a date and a time of day
    COUNTED = auto()  # seconds (s, f), or milli-, micro-, nanoseconds, since the epoch
    UPTIME = auto()  # seconds since the kernel started
    TAI = auto()  # seconds of international atomic time in hexadecimal digits
    INNER = auto()  # what `value` has, in one of the other forms


@dataclass(frozen=True, eq=False)
class Form:
    """One form.

    opens: what a line in it begins with: 0 for any digit, A for any letter, N for the name of a month or a day of the
    week, else the characters themselves; empty for anything. core: the stamp. tail: what must come after it. lead: what
    comes before it. varies: the same where it differs from line to line. whole: the stamp stands amid the message.
    holds: what must be somewhere in the line.
    """

    opens: str
    core: str
    tail: str = " "
    kind: Kind = Kind.CIVIL
    lead: str = ""
    varies: str = ""
    whole: bool = False
    holds: str = ""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """For the text from the beginning of the line; for that of an INNER one, from anywhere."""
        return re.compile(f"{self.lead}{self.varies}(?P<core>{self.core}){self.tail}", re.ASCII)

    @cached_property
    def locate(self) -> re.Pattern[bytes]:
        """For what comes before the stamp, in the bytes of the line."""
        anywhere = "" if self.kind is Kind.INNER else "^"
        return re.compile(f"{anywhere}{self.varies}".encode(), re.ASCII)

    def may_have(self, opening: str) -> bool:
        """Whether a line that begins so may be in this form."""
        return not self.opens or opening in self.opens or (opening == "N" and "A" in self.opens)


_ISO_LEAD = rf" {{0,4}}{COLOUR}{PRIORITY}{OPENING}"
_VISIT = r" (?:W3SVC[0-9]+ \S+ )?[0-9a-f.:]{3,39} (?:GET|POST|HEAD|PUT|DELETE|OPTIONS|PATCH|TRACE|CONNECT) /"
_ISO_TAIL = rf"(?P<utc>(?={_VISIT}))?{COLOUR}{CLOSING}"
_SECONDS = rf"(?P<s>[0-9]{{10}}(?:[0-9]{{3}}|[0-9]{{6}}|[0-9]{{9}})?)(?:\.{FRACTION})?(?![0-9])"
_UPTIME = r"\[ *(?P<s>[0-9]{1,9})\.(?P<f>[0-9]{6})\](?: ?\[ *[TC][0-9]+\])?"
_FREQUENT = (
    # journalctl -o short-unix, squid, logcat -v epoch, Zeek
    Form("0", _SECONDS, r"[ :,\t]? ?", Kind.COUNTED),
    # ISO 8601 and RFC 5424: rsyslog, PostgreSQL, MySQL, log4j, Python, Elasticsearch, …; IIS, which writes UTC
    Form("0[(< \x1b", ISO, _ISO_TAIL, lead=_ISO_LEAD),
    # nginx error log, Go, Samba, ClickHouse
    Form("0[(< \x1b", SLASHED, rf"(?:,(?= +[0-9]+\]))?{CLOSING_STRICT}", lead=_ISO_LEAD),
    # RFC 3164: syslogd; with a year: Cisco, sudo
    Form("0N<*.[", BSD, CLOSING_STRICT, lead=rf"{PRIORITY}(?:[0-9]{{1,9}}: )?[*.\[]?"),
    # dmesg; dmesg -x; X.Org
    Form("[<", _UPTIME, kind=Kind.UPTIME, lead=PRIORITY),
    Form("A", _UPTIME, kind=Kind.UPTIME, varies=r"[a-z]+ *:[a-z]+ *: ", holds=": ["),
    Form("[", r"\[ *(?P<s>[0-9]{1,9})\.(?P<f>[0-9]{3})\]", r" (?=\()", Kind.UPTIME),
    # common and combined log format: nginx, Apache; CUPS, Django, Flask
    Form("", CLF, r"\] ", varies=r"[^\[\n]{0,200}\[", whole=True, holds="["),
)

_SCRIPT = rf"{WEEKDAY} {MON} {DAY2} {YEAR} {HMS}(?: GMT)?(?P<zone>{OFFSET})?(?: \([A-Za-z ]{{2,40}}\))?"
_KLOG = rf"(?:{YEAR})?{MONTH}{DAY2} {HMS}"
_CHROMIUM = rf"{MONTH}{DAY2}/{HMS_COMPACT}(?:\.{FRACTION})?"
_WITH_NAMES = (
    # ctime(3): Apache error log, dmesg -T, OpenVPN, vsftpd, Oracle, SSSD; uWSGI
    Form("N[(", CTIME, CLOSING_STRICT, lead=OPENING),
    Form("[", CTIME, r"\] ", varies=r"\[pid: [^\n]{1,300}?\} \[", whole=True),
    # `date -R`; JavaScript; systemd's short-full
    Form("N[", rf"{WEEKDAY}, {DAY} {MON} {YEAR} {HMS}{PLACE}", CLOSING_STRICT, lead=OPENING),
    Form("N[", _SCRIPT, CLOSING_STRICT, lead=OPENING),
    Form("N", ISO, lead=f"{WEEKDAY} "),
    # ntpd, Docker; Redis
    Form("0[ ", DAY_FIRST, r"\]? ", lead=OPENING),
    Form("0[", DAY_FIRST, varies=r"(?:\[[0-9]{1,8}\]|[0-9]{1,8}:[A-Z]) "),
    # PHP, Tomcat, BIND, Oracle's listener; RabbitMQ before 3.7
    Form("0[", rf"{DAY}-{MON}-{YEAR}[ T]{HMS}{PLACE}", CLOSING_STRICT, lead=OPENING),
    Form("=", rf"{DAY}-{MON}-{YEAR}::{HMS1}", " ===", varies="=[A-Z ]{4,20} REPORT==== "),
    # java.util.logging, WebLogic
    Form("N#[", rf"{MON} {DAY}, {YEAR},? {HMS1}{HALF}{ZONE}", CLOSING_STRICT, lead=r"(?:####<|\[)?"),
    # the time of the common log format as a value of its own
    Form("0", CLF, r"(?: |$)"),
)

_DASH = r"(?P<dash>[/-])"
_IN_SOME_ORDER = (
    rf"(?P<first>[0-9]{{1,2}}){_DASH}(?P<second>[0-9]{{1,2}})(?P=dash)(?P<third>(?:19|20|21)?[0-9]{{2}})"
    rf"(?:, ?| @ |[ T-]){HMS1.replace('[.,]', '[.,:]')}{HALF}{ZONE}"
)
_STEPS = rf"{YEAR}{MONTH}{DAY2}[- T_](?P<h>[0-2]?[0-9]):(?P<m>[0-5]?[0-9]):(?P<s>[0-5]?[0-9])(?:[:.,]{FRACTION})?"
_DB2 = r"(?P<h>[0-2][0-9])\.(?P<m>[0-5][0-9])\.(?P<s>[0-5][0-9])\.(?P<f>[0-9]{6})(?P<minutes>[+-][0-9]{3})?"
_IN_NUMBERS = (
    # klog and glog: Kubernetes, Ceph's RocksDB; Chromium
    Form("A", _KLOG, lead="[IWEF]"),
    Form("[", _CHROMIUM, "(?=:[A-Z])", varies=r"\[(?:[0-9]+:){0,2}", whole=True),
    # Android's logcat; Proxifier; Snort
    Form("0", rf"{MONTH}-{DAY2} {HMS}"),
    Form("[", rf"{MONTH}\.{DAY2} {HMS}", r"\] ", lead=r"\["),
    Form("0", rf"{MONTH}/{DAY2}-{HMS}"),
    # HDFS; MySQL before 5.7 and its slow log
    Form("0", rf"{YY}{MONTH}{DAY2} {HMS_COMPACT}"),
    Form("0", rf"{YY}{MONTH}{DAY2} {{1,2}}{HMS1}"),
    Form("#", rf"{YY}{MONTH}{DAY2} {{1,2}}{HMS1}", " ?", lead="# Time: "),
    # compact ISO 8601; health apps
    Form(
        "0[",
        rf"{YEAR}{MONTH}{DAY2}[-_ T.]?{HMS_COMPACT}(?:[.,]{FRACTION})?{ZONE}",
        r"\]?(?: |\||$)",
        lead=OPENING,
    ),
    Form("0", _STEPS, r"(?:\||:? |$)"),
    # DB2; most of Europe by hand
    Form("0", rf"{YEAR}-{MONTH}-{DAY2}-{_DB2}"),
    Form("0[", rf"{DAY2}\.{MONTH}\.{YEAR}[ T]{HMS1}{ZONE}", CLOSING_STRICT, lead=OPENING),
    # Spark; Windows, .NET, Suricata, WebSphere: the numbers have to tell their order
    Form("0[(", _IN_SOME_ORDER, rf"(?:,(?= ))?{CLOSING_STRICT}", lead=OPENING),
)

_AUDIT = r"(?:node=\S{1,80} )?type=[A-Z_0-9]+ msg=audit\("
_AGAIN = (  # date, node, and the time anew
    r" [0-9]{4}\.[0-9]{2}\.[0-9]{2} \S{1,80} "
    rf"(?:[0-9]{{4}}-[-0-9.]{{21}}|(?:{NAMES}) [ 0-9]?[0-9] [0-9:]{{8}}) "
)
_COUNTING = (
    # auditd; Nagios, Icinga; journalctl -o export; TAI64N of daemontools
    Form("A", r"(?P<s>[0-9]{10})\.(?P<f>[0-9]{3})", r":[0-9]+\): ?", Kind.COUNTED, varies=_AUDIT, holds="msg=audit("),
    Form("[", rf"(?P<s>[0-9]{{10}})(?:\.{FRACTION})?", r"\] ", Kind.COUNTED, lead=r"\["),
    Form("_", "(?P<s>[0-9]{16})", "$", Kind.COUNTED, lead="__REALTIME_TIMESTAMP="),
    Form("@", "@(?P<s>4[0-9a-f]{15})(?P<f>[0-9a-f]{8})", " ?", Kind.TAI),
    # supercomputers: Blue Gene, Thunderbird; HPC clusters with a number and three words before it
    Form("-A", "(?P<s>[0-9]{10})", _AGAIN, Kind.COUNTED, varies=r"[-A-Z0-9_]{1,40} "),
    Form("0", "(?P<s>[0-9]{10})", " [01] ", Kind.COUNTED, varies=r"[0-9]{1,9} \S{1,60} \S{1,40} \S{1,60} "),
)

_PAIR = r'[A-Za-z_.@-]{1,40}=(?:"(?:[^"\\\n]|\\.){0,400}"|[^ "\n]{0,400}) '
_THREAD = r"(?:\[[^\]\n]{1,80}\][ :]{1,2})?"
_LEVEL_FIRST = rf"(?:\[ ?)?(?:{LEVEL})(?: ?\])?[ :|\t-]{{1,6}}{_THREAD}{OPENING}"
_CONTAINER = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,80} *\| "
_FILE = r"(?:(?=[!-~]{0,200}\.log)|/)[!-~]{1,200}?[ :](?=[12][0-9]{3}[-/]|[A-Z][a-z]{2} )"
_VALUE = r'(?P<value>[0-9A-Z][^",}\n]{8,60})'
_COLON = r'\s{0,4}:\s{0,4}(?:\{\s{0,4}"\$date"\s{0,4}:\s{0,4})?"?'
_BEHIND_OR_WITHIN = (
    Form("A", ISO, r"(?= |$) ?", varies=r"[DIWEFAU], \["),  # Ruby
    Form("#AE", ISO, " ?", lead="(?:# Time: |Start-Date: |End-Date: |Log started: |Log ended: )"),  # MySQL, apt
    *(Form("A[", date, CLOSING_STRICT, varies=_LEVEL_FIRST) for date in (ISO, SLASHED, BSD)),
    *(Form("A0", date, CLOSING_STRICT, varies=_CONTAINER, holds="| ") for date in (ISO, SLASHED, BSD)),
    *(Form("", date, CLOSING_STRICT, varies=_FILE, holds=".log") for date in (ISO, SLASHED, BSD)),
    *(Form("/", date, CLOSING_STRICT, varies=_FILE) for date in (ISO, SLASHED, BSD)),
    # the time of day alone: logback, JBoss; only with what follows it there
    Form("0[", HMS, rf"\]? +(?=\[|(?:{LEVEL})\b)", lead=r"\[?"),
    # JSON lines, logfmt
    Form("{", _VALUE, "", Kind.INNER, varies=rf'"(?:{_KEYS})"{_COLON}', whole=True),
    Form("{", _VALUE, "", Kind.INNER, varies=rf'"(?:{_WEAK_KEYS})"{_COLON}', whole=True),
    Form("A", _VALUE, "", Kind.INNER, varies=rf'^(?:{_PAIR}){{0,8}}(?:{_KEYS})="?', whole=True, holds="="),
)

# In the order in which they are tried: of two that fit a line the first is right.
FORMS = (*_FREQUENT, *_WITH_NAMES, *_IN_NUMBERS, *_COUNTING, *_BEHIND_OR_WITHIN)


_NAMED = {name for each in (WEEKDAY, NAMES, NAMES.upper()) for name in re.findall("[A-Z][A-Za-z]{2}", each)}


def opening(line: str) -> str:
    """What this line begins with, in the letters of `Form.opens`."""
    first = line[:1]
    if "0" <= first <= "9":
        return "0"
    if not (first.isascii() and first.isalpha()):
        return first
    return "N" if line[:3] in _NAMED else "A"


@cache
def by_opening() -> Mapping[str, tuple[Form, ...]]:
    """Every form that a line with that opening may have; under the empty one, those of any other."""
    found = {
        letter: tuple(form for form in FORMS if form.may_have(letter))
        for letter in {letter for form in FORMS for letter in form.opens}
    }
    return found | {"": tuple(f for f in FORMS if not f.opens)}
