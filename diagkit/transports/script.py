"""From questions to one shell script: which are asked in turn and which beside each other.

Questions are put into lanes. The questions of one lane are asked one after the other; lanes run beside each other, and
one that hangs is cut off at its deadline without harm to the others. So what may hang on different things goes
into different lanes.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator
from math import ceil

from diagkit.frozen import frozen
from diagkit.model import Again, Ask, Moment, Read, Run, Scan, Sift
from diagkit.transports import sifting
from diagkit.transports.allowed import COMMANDS, Touches, refuse_unless_allowed
from diagkit.transports.program import bare_text
from diagkit.transports.questions import Question, bare, put

EATEN = b"\n" * 8  # goes before the program, for login scripts that read their input: a line, a key, an answer
LANE_BYTES = 4 << 20  # no lane says more than this, whatever the caps of its questions
# What says some kilobytes of text, as a rule: a shell takes those in for less than a process costs.
SHORT = frozenset({"date", "getent", "ip", "nslookup", "ss", "stat"})
_MEMORY_MAP = re.compile(r"/proc/[^/]+/(cmdline|environ|maps|smaps|smaps_rollup|numa_maps|exe|stack)$")


@frozen
class Lane:
    """Questions asked one after the other: `first`, then after `gap` seconds `again`."""

    first: tuple[Question, ...]
    again: tuple[Question, ...] = ()
    gap: float = 0.0
    root: bool = False

    @property
    def questions(self) -> tuple[Question, ...]:
        """All of them, in the order they are asked."""
        return self.first + self.again

    @property
    def seconds(self) -> float:
        """How long it may take before it counts as hung: one question may use up its time, the others are quick."""
        return 1 + self.gap + max(q.seconds for q in self.questions) + len(self.questions)

    @property
    def bytes(self) -> int:
        """How much it may say."""
        return min(LANE_BYTES, sum(q.bytes for q in self.questions))

    @property
    def short(self) -> bool:
        """Whether it has little to say, and no NUL in it."""
        asked = [bare(ask) for q in self.questions for ask in q.asks]
        return not self.root and all(isinstance(ask, Run) and ask.argv[0] in SHORT for ask in asked)


@frozen
class Round:
    """The lanes of one round, and every question's number: its place in `questions`. `besides`: words they need."""

    lanes: tuple[Lane, ...]
    besides: str = ""

    @property
    def questions(self) -> list[tuple[int, Question]]:
        """Each question with the number of its lane."""
        return [(number, q) for number, lane in enumerate(self.lanes, 1) for q in lane.questions]

    def script(self, mark: str, separator: str, seconds: float) -> bytes:
        """The program that asks all this. `seconds`: how long the client will listen."""
        numbers = iter(range(len(self.questions)))
        lanes = [_lane(k, lane, numbers) for k, lane in enumerate(self.lanes, 1)]
        # A lane ends when the second after these has passed.
        times = [f"{max(0.0, min(lane.seconds, seconds - 2)):.0f}" for lane in self.lanes]
        if len(lanes) == 1:
            start, asked = "begin", f"{lanes[0]} | alone {times[0]} {self.lanes[0].bytes} &"
        else:
            held = [
                f"{text} | {_delivered(k, lane, time)} &\n$next"
                for k, (lane, text, time) in enumerate(zip(self.lanes, lanes, times, strict=True), 1)
            ]
            start, asked = "begin\nbe_nice", "\n".join(["echo | {", "open_turns", *held, "} &"])
        program = _PROGRAM.format(
            mark=mark,
            separator=separator,
            seconds=ceil(seconds) + 5,
            library=shlex.quote(library() + self.besides),
            start=start,
            lanes=asked,
        )
        return written(program.encode("utf-8", "surrogateescape"))


def written(program: bytes) -> bytes:
    """As it is sent. bash would read it byte by byte, longer than it takes to answer: head does it for bash."""
    return EATEN + b'[ "${BASH_VERSINFO-}" ] && eval "$(head -c %d)"\n%b' % (len(program), program)


# The whole program is one function: bash and ash read a script on standard input byte by byte, so nothing of it may be
# unread when the first command runs.
_PROGRAM = """\
diagkit() {{
M={mark} S={separator} D={seconds}
L={library}
eval "$L"
{start}
tick | {{
open_posts
{lanes}
watch
}} &
warden=$!
}}
diagkit
"""

_LANE = """\
{{ place={lane}
exec 4>&1 <$input 9>&-
{calls}
}}"""


def _delivered(number: int, lane: Lane, seconds: str) -> str:
    if lane.short:
        return f"tell {number} {seconds} {lane.bytes}"
    return f"collect {number} {seconds} | hold {lane.bytes} 8>&- 9>&- | deliver {number}"


def _lane(number: int, lane: Lane, numbers: Iterator[int]) -> str:
    calls = [f"{q.function} {next(numbers)} {q.words}" for q in lane.first]
    if lane.again:
        calls += [f"sleep {ceil(lane.gap)}", *(f"{q.function} {next(numbers)} {q.words}" for q in lane.again)]
    text = "\n".join(calls)
    if lane.root:
        text = f"R={shlex.quote(text)}\n" + 'as_root "$R" || eval "$R"'
    return _LANE.format(calls=text, lane=number)


def library() -> str:
    """The words of every round."""
    return "".join(map(bare_text, ("round.sh", "watch.sh", "lanes.sh")))


def plan(asks: Collection[Ask], moment: Moment, declared: Collection[tuple[str, ...]] = ()) -> Round:
    """Put the questions into lanes. Raises `Forbidden` for a command that neither we nor the configuration allow."""
    by_lane: dict[str, list[Ask]] = {}  # quick ones first, in the order of risk
    for ask in sorted(asks, key=lambda ask: (_risk(bare(ask)), repr(ask))):
        by_lane.setdefault(_lane_of(bare(ask), declared), []).append(ask)
    lanes = []
    for name, members in by_lane.items():
        agains = [a for a in members if isinstance(a, Again)]
        lanes.append(
            Lane(
                first=tuple(put([a for a in members if not isinstance(a, Again)], moment)),
                again=tuple(put(agains, moment)),
                gap=max((a.gap for a in agains), default=0.0),
                root=name == "root",
            )
        )
    return Round(tuple(lanes), sifting.library(moment) if any(isinstance(ask, Sift) for ask in asks) else "")


def _lane_of(ask: Ask, declared: Collection[tuple[str, ...]]) -> str:
    """What this question may hang on: those that share it share a lane."""
    touches = _touches(ask.argv, declared) if isinstance(ask, Run) else None
    if getattr(ask, "root", False):
        return "root"
    if touches:
        return str(ask) if touches is Touches.ANYTHING else touches.value
    if isinstance(ask, Scan | Sift):
        return {"journal": "the journal", "kernel": Touches.KERNEL.value}.get(ask.source, Touches.FILES.value)
    path = ask.path if isinstance(ask, Read) else str(ask)
    if _MEMORY_MAP.match(path):
        return "the memory maps of processes"
    return "the kernel's files" if path.startswith(("/proc/", "/sys/")) else Touches.FILES.value


def _touches(argv: tuple[str, ...], declared: Collection[tuple[str, ...]]) -> Touches:
    if argv in declared:
        return Touches.ANYTHING
    touches = refuse_unless_allowed(argv).touches
    paths = [word for word in argv[1:] if word.startswith("/")]
    return Touches.FILES if argv[0] == "stat" and all(path.startswith("/etc/") for path in paths) else touches


def _risk(ask: Ask) -> int:
    """The place of a question in its lane: what may hang comes last."""
    if isinstance(ask, Run):
        command = COMMANDS.get(ask.argv[0])
        return list(Touches).index(command.touches if command else Touches.ANYTHING)
    return 2 if isinstance(ask, Sift) else 1 if isinstance(ask, Scan) and ask.source == "journal" else 0
