"""What a secret looks like on one line: rules, each with the literals without which it cannot match.

Every pattern takes time linear in the line: runs are possessive (`*+`) or bounded. Patterns see a shadow, in which
what is redacted already is a run of 0x01, and arguments are separated by spaces.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from diagkit.frozen import frozen
from diagkit.redact.pairs import LITERALS, pairs

Find = Callable[[bytes], Iterator[tuple[int, int, bytes]]]


@frozen(eq=False)
class Rule:
    """One kind of secret.

    literals: lower case; one of them is in every line that has such a secret.
    secrets: where they are in a line: from, to, and the quote to put around what takes their place.
    """

    name: str
    literals: tuple[bytes, ...]
    secrets: Find


def _rule(name: str, literals: str, pattern: str, flags: int = re.IGNORECASE) -> Rule:
    """A rule of one pattern; what its groups match is secret."""
    compiled = re.compile(pattern.encode(), flags)

    def secrets(line: bytes) -> Iterator[tuple[int, int, bytes]]:
        for match in compiled.finditer(line):
            for group in range(1, compiled.groups + 1):
                if match.start(group) < match.end(group):
                    yield *match.span(group), b""

    return Rule(name, tuple(literals.encode().split()), secrets)


_EXACT = 0  # case matters

GAP = r"\s{0,8}"
WORD = r"(?:[^\s\"'\\]|\\[^\s\"'])++"  # never a quote, nor the backslash before one: what is JSON stays JSON
TO_QUOTE = r"(?:[^\"'\r\\]|\\[^\"'])++"
ARGUMENTS = r"\s(?:[^\n]{0,200}?\s)?"

RULES = (
    # ------------------------------------------------ by the name of a key
    Rule("value of a secret key", LITERALS, pairs),
    # ------------------------------------------------ by their own form
    _rule("AWS key id", "akia asia", r"(?<![A-Z0-9])((?:AKIA|ASIA)[A-Z0-9]{16})(?![A-Z0-9])", _EXACT),
    _rule("GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_", r"(?<!\w)((?:gh[pousr]_|github_pat_)\w{20,}+)"),
    _rule("GitLab token", "glpat- gldt- glrt-", r"(?<!\w)(gl(?:pat|dt|rt)-[\w-]{16,}+)"),
    _rule("Slack token", "xoxa- xoxb- xoxe- xoxp- xoxr- xoxs- xapp-", r"(?<!\w)((?:xox[abeprs]|xapp)-[\w-]{10,}+)"),
    _rule("Slack hook", "hooks.slack.com", r"hooks\.slack\.com/(?:services|workflows)/([\w/]{10,}+)"),
    _rule(
        "Stripe key", "sk_live_ sk_test_ rk_live_ rk_test_ whsec_", r"(?<!\w)((?:[sr]k_(?:live|test)|whsec)_\w{16,}+)"
    ),
    _rule("OpenAI, Anthropic key", "sk-", r"(?<![\w-])(sk-(?!ssh-|ecdsa-)[\w-]{20,}+)"),
    _rule("SendGrid key", "sg.", r"(?<!\w)(SG\.[\w-]{16,64}\.[\w-]{16,64})", _EXACT),
    _rule("Google key", "aiza ya29.", r"(?<!\w)(AIza[\w-]{30,}+|ya29\.[\w.-]{20,}+)", _EXACT),
    _rule("package index token", "npm_ pypi-", r"(?<!\w)(npm_\w{30,}+|pypi-[\w-]{40,}+)"),
    _rule("Hugging Face token", "hf_", r"(?<!\w)(hf_[A-Za-z0-9]{30,}+)", _EXACT),
    _rule("Vault token", "hvs. hvb. hvr.", r"(?<!\w)(hv[sbr]\.[\w-]{20,}+)"),
    _rule("age key", "age-secret-key-", r"(AGE-SECRET-KEY-1[A-Z0-9]{20,}+)"),
    _rule("Telegram bot", "bot", r"(?<!\w)bot(\d{8,10}:[\w-]{30,40})"),
    _rule("JSON web token", "eyj", r"(?<![\w-])(eyJ[\w-]{8,}+(?:\.[\w-]{4,}+)++)", _EXACT),
    _rule(
        "crypt hash",
        "$1$ $2a$ $2b$ $2y$ $5$ $6$ $7$ $y$ $gy$ $argon2 $apr1$ $pbkdf2 $scrypt$",
        r"(\$(?:1|2[aby]|5|6|7|g?y|argon2\w{1,2}|apr1|pbkdf2[\w-]{0,10}|scrypt)\$[\w./$=,+-]{20,}+)",
    ),
    _rule(
        "PostgreSQL verifier",
        "scram-sha-256$ md5",
        r"(SCRAM-SHA-256\$[\w+/=:$]{20,}+)|(?<!\w)(md5[0-9a-f]{32})(?!\w)",
    ),
    # ------------------------------------------------ by where they stand
    _rule(
        "Authorization header",
        "authorization",
        rf"""authorization["']?{GAP}[:=]?{GAP}["']?(?:basic|bearer|negotiate|ntlm|token|apikey)\s{GAP}({WORD})"""
        rf"""|authorization["']?{GAP}[:=]{GAP}["']?(?:digest|aws4-hmac-sha256)\s{GAP}({TO_QUOTE})""",
    ),
    _rule("bearer token", "bearer", rf"(?<!\w)bearer\s{GAP}(?=[^\s\d]{{0,200}}\d)([\w.~+/=-]{{16,}}+)"),
    _rule("cookie", "cookie", rf"""(?<!\w)cookie["']?{GAP}:{GAP}["']?([\w.%-]{{1,100}}={TO_QUOTE})"""),
    _rule(
        "URL password",
        "://",
        r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,30}://[^\s/?#:@\"']{0,256}:([^\s/?#\"']{1,256}(?=@))",
    ),
    _rule("DSN password", "@tcp( @unix(", r"(?<!\S)[\w.-]{1,64}:([^\s:/\"']{1,256})@(?:tcp|unix)\("),
    _rule("signature in a URL", "sig= signature=", r"[?&](?:sig|signature|x-amz-signature)=([^\s&\"'<>\\]++)"),
    _rule(
        "SQL password",
        "identified password",
        rf"(?:identified\s{GAP}(?:with\s\w{{1,40}}\s)?by|password)\s{GAP}'([^']++)'",
    ),
    _rule("database client", "mysql mariadb", rf"(?<![\w/-])(?:mysql|mariadb)[\w-]{{0,20}}{ARGUMENTS}-p(?!=)({WORD})"),
    _rule("sshpass", "sshpass", rf"(?<!\w)sshpass\s{GAP}-p{GAP}({WORD})"),
    _rule(
        "curl user", "curl wget", rf"(?<!\w)(?:curl|wget){ARGUMENTS}(?:-u|--user)[ =]?[\"']?[^\s:\"']{{1,64}}:({WORD})"
    ),
    _rule("Redis client", "redis-cli", rf"(?<!\w)redis-cli{ARGUMENTS}-a{GAP}({WORD})"),
    _rule("OpenSSL pass phrase", "pass:", rf"-pass(?:in|out)?\s{GAP}pass:({WORD})"),
    _rule(
        "configuration word",
        "requirepass masterauth bindpw rootpw community",
        r"(?<!\w)(?:requirepass|masterauth|bindpw|rootpw|r[ow]community6?|snmp-server\scommunity)"
        rf"\s{GAP}[\"']?({WORD})",
    ),
    _rule("netrc", "login", rf"(?<!\w)login\s{GAP}\S{{1,128}}\s{GAP}password\s{GAP}({WORD})"),
    # people type their password where the name is asked for
    _rule("unknown login name", "invalid illegal", rf"(?<!\w)(?:invalid|illegal)\suser\s({WORD})(?=\sfrom\s)"),
)
