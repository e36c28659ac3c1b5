"""The user's ssh configuration read by ourselves, for a workstation that has no ssh to ask.

What decides where we end up and as whom is understood or refused, never passed over; anything else that is passed over
is said.
"""

from __future__ import annotations

from collections.abc import Iterator

from diagkit.model import Layer, Silence
from diagkit.transports.ssh.config.files import Block, Condition, Files, Line, matches, words
from diagkit.transports.ssh.config.settings import SEVERAL, Hop, Refused, Settings, expand, tokens
from diagkit.transports.ssh.stages import Stopped

DECISIVE = frozenset(
    {
        *("hostname", "port", "user", "proxyjump", "proxycommand", "canonicalizehostname", "addressfamily"),
        *("hostkeyalias", "userknownhostsfile", "globalknownhostsfile", "revokedhostkeys", "stricthostkeychecking"),
    }
)
WHOLE = frozenset({"proxycommand", "knownhostscommand"})  # the rest of the line, for a shell
ON = ("yes", "true", "always")


def read(hop: Hop, config: str) -> tuple[Settings, tuple[str, ...]]:
    """The settings that count for a machine, and what to tell the user of what was passed over.

    Raises Stopped at layer NAME for a configuration that cannot be read, or that asks for what only ssh can do.
    """
    try:
        files = Files(config)
    except OSError as error:
        raise Refused(f"the ssh configuration {config} cannot be read: {error.strerror or error}") from None
    if files.unread:
        raise Refused(f"the ssh configuration cannot be read without ssh: {files.unread[0]}")
    reading = _Reading(hop)
    reading.take(files, hop.host)
    settings = reading.settings
    settings["hostname"] = [reading.host.replace("%", "%%")]  # settled
    if any(condition.keyword == "match" and "final" in condition.words for condition in files.all_conditions()):
        reading.final = True
        reading.take(files, reading.host)
    settings["hostname"] = [reading.host]
    if "hostkeyalias" in settings:
        settings["hostkeyalias"] = [settings["hostkeyalias"][0].lower()]
    if "user" in settings:
        settings["user"] = [expand(settings["user"][0], tokens(hop, settings))]
    if settings.get("canonicalizehostname", ["no"])[0].lower() in ON:
        raise _unsupported("CanonicalizeHostname")
    return settings, tuple(dict.fromkeys(reading.notes))


class _Reading:
    """What has been read so far; the first value of a keyword counts."""

    def __init__(self, hop: Hop) -> None:
        self.settings: dict[str, list[str]] = {}
        self.notes: list[str] = []
        self.final = False
        self._hop = hop
        if hop.user:
            self.settings["user"] = [hop.user]
        if hop.port:
            self.settings["port"] = [str(hop.port)]

    @property
    def host(self) -> str:
        """Its name as far as it is known, HostName in place of the name it was called by."""
        name = self.settings.get("hostname", ["%h"])[0]
        return expand(name, {"h": self._hop.host, "%": "%"}).lower()

    def take(self, files: Files, name: str) -> None:
        """Go through the files once; `name` is what Host lines are about."""
        for block in files.blocks:
            if all(self._may_hold(condition, name) for condition in block.conditions):
                odd = [odd for condition in block.conditions for odd in self._unknown(condition)]
                if odd:
                    self._pass_over(block, odd[0])
                else:
                    for line in block.lines:
                        self._set(line)

    def _set(self, line: Line) -> None:
        try:
            value = line.value if line.keyword in WHOLE else " ".join(words(line.value))
        except ValueError as error:
            raise Refused(f"the ssh configuration does not parse: {line.where}: {error}") from None
        if not value:
            raise Refused(f"the ssh configuration does not parse: {line.where}: missing argument of {line.keyword}")
        if line.keyword in SEVERAL:
            if value not in (values := self.settings.setdefault(line.keyword, [])):
                values.append(value)
        elif not self._settled_by_other(line.keyword):
            self.settings.setdefault(line.keyword, [value])

    def _settled_by_other(self, keyword: str) -> bool:
        """Whether ProxyCommand or ProxyJump comes after the other; `ProxyJump none` leaves room for a command."""
        if keyword == "proxyjump":
            return "proxycommand" in self.settings
        return keyword == "proxycommand" and self.settings.get("proxyjump", ["none"]) != ["none"]

    def _pass_over(self, block: Block, odd: str) -> None:
        for line in block.lines:
            if line.keyword in DECISIVE and line.keyword not in self.settings:
                raise _unsupported(f"{line.keyword} in {line.where}, under `{odd}`")
        if block.lines:
            self.notes.append(f"`{odd}` at {block.conditions[-1].where} is passed over, as there is no ssh here to ask")

    def _may_hold(self, condition: Condition, name: str) -> bool:
        """Whether all that we understand of a condition holds."""
        if condition.keyword == "host":
            return matches(name, condition.words)
        return all(self._fits(attribute, value) for attribute, value in _criteria(condition))

    def _fits(self, attribute: str, value: str) -> bool:
        names = {
            "host": self.host,
            "originalhost": self._hop.host,
            "user": self.settings.get("user", [tokens(self._hop, {})["u"]])[0],
            "localuser": tokens(self._hop, {})["u"],
        }
        bare = attribute.removeprefix("!")
        if bare in names:
            fits = matches(names[bare], value.split(","))
        elif bare == "final":
            fits = self.final
        else:
            return True
        return fits != attribute.startswith("!")

    def _unknown(self, condition: Condition) -> Iterator[str]:
        if condition.keyword == "match":
            for attribute, _ in _criteria(condition):
                if attribute.removeprefix("!") not in ("all", "final", "host", "originalhost", "user", "localuser"):
                    yield f"Match {attribute}"


def _criteria(condition: Condition) -> Iterator[tuple[str, str]]:
    """The criteria of a Match line with their arguments, written `attribute value` or `attribute=value`."""
    rest = iter(condition.words)
    for word in rest:
        attribute, equals, value = word.partition("=")
        attribute = attribute.lower()
        if attribute.removeprefix("!") in ("all", "canonical", "final"):
            yield attribute, ""
        else:
            yield attribute, value if equals else next(rest, "")


def _unsupported(what: str) -> Stopped:
    detail = f"the ssh configuration uses what only ssh itself can do, and there is no ssh here: {what}"
    return Stopped(Layer.NAME, Silence.UNSUPPORTED, detail)
