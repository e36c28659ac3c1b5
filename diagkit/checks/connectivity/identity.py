"""Is it the host that we mean?"""

from __future__ import annotations

from dataclasses import replace

from diagkit.checks import OPENS, Findings, check, fail, ok, skip, unknown
from diagkit.model import Finding, Layer, Silence, Target, Unreached, WrongKey
from diagkit.probes import Inapplicable

BELOW = (Layer.NAME, Layer.ROUTE, Layer.TCP, Layer.BANNER)
COMPARE = "compare its fingerprint with whoever runs the machine, then let ssh write it down: `ssh {host}`"


@check(noise=(0.0005, 0.0004))
def host_key(target: Target, missed: Unreached | Inapplicable) -> Findings:
    """The host shows the ssh key that it is known by, and nobody has revoked that key.

    Why: another key is another machine: the same one rebuilt, or one that somebody put in between. Whoever logs in
    there hands it what he types. No option lets such a key pass.
    Look-alikes: a key that nobody has on file yet is unknown, not wrong.
    """
    if target.scheme == "local":
        yield skip("the target is this machine")
    elif isinstance(missed, Inapplicable):
        yield ok("the host key was verified before anybody logged in")
    elif missed.wrong_key:
        yield _wrong(missed.wrong_key)
    elif missed.layer is None or missed.layer in BELOW:
        yield skip("below: no ssh connection got as far as its key")
    elif missed.layer is Layer.HOST_KEY:
        yield _unknown(missed, target)
    else:
        yield ok("the host key was verified; what failed is above it")


def _wrong(key: WrongKey) -> Finding:
    if key.revoked:
        say = f"host key of {key.host} REVOKED: it shows {key.shown}, revoked in {', '.join(key.known)}"
    else:
        say = f"host key of {key.host} CHANGED: it shows {key.shown}; known is {', '.join(key.known)}"
    return fail(say, key.known_as, quote=key.shown)


def _unknown(missed: Unreached, target: Target) -> Finding:
    denied = missed.silence is Silence.DENIED
    hint = COMPARE.format(host=target.host) if denied else OPENS[missed.silence]
    return replace(unknown(missed.detail, hint=hint), silence=missed.silence)
