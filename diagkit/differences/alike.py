"""Which hosts are alike: the same is wrong with them, or nothing is, so that one of them stands for all.

Alike are hosts with the same status, the same leading causes of the same thing (a full /var is not a full /), and the
same findings besides those that these causes account for, as far as they are as bad as the host itself: what a full
disk breaks differs from host to host, and so do warnings beside a failure. Not reached hosts are alike when the same
layer failed in the same words. What only tells hosts apart is taken out of the words first: the host's own name, the
address that none but this one has, numbers of processes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence

from diagkit.differences import SELF
from diagkit.model import NO_TEXT, Alike, Diagnosis, Finding, Found, Status, Suspect, TargetResult, Untrusted, Verdict

LEADING = (Verdict.CONFIRMED, Verdict.PROBABLE, Verdict.RECOVERED)  # verdicts on causes that evidence speaks for
BAD = (Status.FAIL, Status.WARN)
TELLING = (*BAD, Status.UNKNOWN)  # what is as it should be tells nobody apart
ORDER = (Status.FAIL, Status.WARN, Status.UNKNOWN, Status.SKIP, Status.OK)

ADDRESSED = re.compile(r"(?:\w+://)?(?:[^/@]*@)?(?:\[(?P<v6>[^]]+)\]|(?P<name>[^\[\]/]*?))(?::\d+)?/?")
NAME = re.compile(r"[\w.-]*\w")
A_UNIT = re.compile(r"\.(?:service|socket|timer|mount|scope|slice|log|conf)$")  # named like the host, but no host
PASSING = (
    re.compile(  # numbers that mean nothing beyond the host and the day: of processes, sessions, containers, dates
        r"(?<=\[)\d+(?=\])|(?<=\bpid )\d+|(?<=\bsession-)c?\d+|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
        r"|\b(?=[a-f]*\d)[0-9a-f]{12,}\b|\d{6,}"
    )
)
WORD = re.compile(r"""[^\s,;()"']*[^\s,;()"'.:]""")
PLACE = re.compile(r"\w[.:]+\w")  # within a word: an address, or a name with its domain
LASTS = re.compile(r"\b\d+(?:\.\d+)?(?= m?s\b)")
SEVERAL_SELVES = re.compile(rf"{re.escape(SELF)}(?:[ ,:=/@-]*\(?{re.escape(SELF)}\)?)+")

Thing = tuple[str, Untrusted]  # a check or a cause, and what it is about


def alike(targets: Sequence[TargetResult], findings: Iterable[Finding], diagnosis: Diagnosis) -> tuple[Alike, ...]:
    """Groups of like targets, the worst first, and the largest of those; of one target there is nothing to say."""
    if len(targets) < 2:
        return ()
    found: dict[Untrusted, list[Finding]] = {target.name: [] for target in targets}
    for finding in Found.over(findings).where(lambda f: f.status in TELLING):
        found.setdefault(finding.target, []).append(finding)
    causes = _Causes(diagnosis)
    words = _Words(targets)
    groups: dict[Hashable, list[TargetResult]] = {}
    for target in targets:
        groups.setdefault(_key(target, found[target.name], causes, words), []).append(target)
    made = [_group(members, found, causes, words) for members in groups.values()]
    return tuple(sorted(made, key=lambda group: (_gravity(group), -len(group.targets))))


def impersonal(text: Untrusted, target: Untrusted) -> Untrusted:
    """The same without the target's own name, and without numbers that mean nothing to others."""
    own = own_name(target)
    said = text.raw

    def masked(name: re.Match[str]) -> str:
        mine = name[0] == own or (name[0].startswith(f"{own}.") and not A_UNIT.search(name[0]))
        return SELF if mine else name[0]

    if ":" in own:  # an IPv6 address
        said = said.replace(own, SELF)
    elif own in said and NAME.fullmatch(own):
        said = NAME.sub(masked, said)
    return Untrusted(PASSING.sub("#", said))


def own_name(target: Untrusted) -> str:
    """The host in what the user typed: of `ssh://deploy@web-1:22` it is web-1."""
    if target.raw.count(":") > 1 and "[" not in target.raw and "://" not in target.raw:
        return target.raw  # a bare IPv6 address
    match = ADDRESSED.fullmatch(target.raw)
    return (match["v6"] or match["name"] or "") if match else target.raw


class _Causes:
    """The leading causes by the targets that have them or suffer from them, and what they account for there."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        self.of_target: dict[Untrusted, list[tuple[Suspect, bool]]] = {}  # and whether it is on another target
        self._shown: set[tuple[Untrusted, Thing]] = set()
        self._lines: set[tuple[Untrusted, str]] = set()
        for cause in diagnosis.causes:
            if cause.verdict in LEADING:
                self._take(cause)

    def _take(self, cause: Suspect) -> None:
        sharing = {cause.target, *(weighed.target for weighed in cause.because)}
        for target in (cause.target, *cause.affects):
            self.of_target.setdefault(target, []).append((cause, target not in sharing))
        told = [(NO_TEXT, weighed) for weighed in cause.because]
        told += [(step.target, weighed) for step in cause.story for weighed in step.shown_by]
        for at, weighed in told:
            where = next(t for t in (weighed.target, at, cause.target) if t != NO_TEXT)
            self._shown.add((where, (weighed.check, weighed.subject)))
        self._lines.update((cause.target, line.raw) for line in cause.explains)

    def account_for(self, finding: Finding) -> bool:
        """Whether a leading cause brings this about."""
        if (finding.target, (finding.check, finding.subject)) in self._shown:
            return True
        line = f"{finding.subject.raw or finding.check}: {finding.summary.raw}"
        for cause, elsewhere in self.of_target.get(finding.target, ()):
            on = "" if cause.target == finding.target and not elsewhere else f"{finding.target.raw}: "
            if (cause.target, on + line) in self._lines:
                return True
        return False


class _Words:
    """What is said of those that were not reached: a place that is named once is the host's own address."""

    def __init__(self, targets: Iterable[TargetResult]) -> None:
        details = (target.detail.raw for target in targets if not target.reached)
        self.hosts = Counter(word for detail in details for word in set(WORD.findall(detail)))

    def told(self, target: TargetResult) -> Untrusted:
        """Why it was not reached, without its own name and address."""

        def masked(word: re.Match[str]) -> str:
            return SELF if self.hosts[word[0]] == 1 and PLACE.search(word[0]) else word[0]

        said = WORD.sub(masked, impersonal(target.detail, target.name).raw)
        return Untrusted(SEVERAL_SELVES.sub(SELF, said))

    def key(self, target: TargetResult) -> str:
        """The same without how long it took, and without any word with a number that stands nowhere else."""

        def masked(word: re.Match[str]) -> str:
            return "#" if self.hosts[word[0]] == 1 and re.search(r"\d", word[0]) else word[0]

        return WORD.sub(masked, LASTS.sub("#", self.told(target).raw))


def _key(target: TargetResult, found: Iterable[Finding], causes: _Causes, words: _Words) -> Hashable:
    """What must be the same of two targets for them to be alike."""
    behind = frozenset(
        (cause.id, impersonal(cause.entity, cause.target), cause.target if elsewhere else NO_TEXT)
        for cause, elsewhere in causes.of_target.get(target.name, ())
    )
    if not target.reached:
        return target.status, target.layer, words.key(target), behind
    if target.status in BAD:
        left = (f for f in found if f.status is target.status and not causes.account_for(f))
        return target.status, behind, frozenset(map(_thing, left))
    if target.status is not Status.UNKNOWN:
        return target.status, behind
    blind = Counter(f.silence for f in found if f.status is Status.UNKNOWN)
    return target.status, behind, blind.most_common(1)[0][0] if blind else None, target.coverage.poor


def _thing(finding: Finding) -> Thing:
    return finding.check, impersonal(finding.subject, finding.target)


def _group(
    members: Sequence[TargetResult], found: Mapping[Untrusted, list[Finding]], causes: _Causes, words: _Words
) -> Alike:
    """The most typical member stands for all: of those whose bad findings are what most have, the first."""
    bad = [frozenset(_thing(f) for f in found[member.name] if f.status in BAD) for member in members]
    usual, _ = Counter(bad).most_common(1)[0]  # of equally many the first
    like = members[bad.index(usual)]
    detail = like.detail if len(members) == 1 else words.told(like)
    return Alike(
        like=like.name,
        targets=tuple(member.name for member in members),
        status=like.status,
        reached=like.reached,
        causes=tuple(cause.id for cause, _ in causes.of_target.get(like.name, ())),
        checks=tuple(dict.fromkeys(f.check for f in found[like.name] if f.status in BAD)),
        layer=like.layer,
        detail=NO_TEXT if like.reached else detail,
    )


def _gravity(group: Alike) -> tuple[int, bool]:
    """A host that is not reached may be down: it comes after those that are known to fail, before mere warnings."""
    worst = ORDER.index(group.status) if group.reached else min(ORDER.index(group.status), 1)
    return worst, group.reached and not group.causes
