"""Secrets go; what diagnosis needs stays; and redacting twice is redacting once."""

from __future__ import annotations

import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagkit import redact as redaction
from diagkit.redact import redact
from diagkit.redact.pairs import LITERALS
from diagkit.redact.rules import RULES, Rule
from diagkit.redact.shadow import _UNSEEN as UNSEEN
from diagkit.redact.shadow import Shadow

STAND_IN = re.compile(rb"<secret:[0-9a-f]{8}>")
# made up for these tests; in two parts, so that scanners of repositories do not take them for real ones
GITHUB = "ghp" + "_16C7e42F292c6912E7710c838347Ae178B4a"
JWT = "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
BASE64 = "MIIEowIBAAKCAQEAvR8Yx4bqhR0cP0m3J5yK7qzYcT9sV1o2LwXnDfGhUjKeRtZa"

# the line, with the secret between two ⟦⟧
SECRETS = {
    "key=value": "connect failed: host=db1 password=⟦hunter2⟧ user=shop",
    "key=value in a list": "dsn: host=db1,password=⟦hunter2⟧,user=shop",
    "key of the environment": "Environment=PGPASSWORD=⟦hunter2⟧ LANG=C",
    "quoted value": "DB_PASSWORD='⟦correct horse⟧' next",
    "YAML": "  client_secret: ⟦hunter2⟧",
    "JSON": '{"user":"shop","password":"⟦hunt\\"er2⟧","port":5432}',
    "JSON in JSON": '{"msg":"{\\"api_key\\":\\"⟦hunter2⟧\\",\\"a\\":1}"}',
    "docker": '{"auths":{"hub":{"auth":"⟦c2hvcDpodW50ZXIy⟧"}}}',
    "XML": "<db:password>⟦hunter2⟧</db:password>",
    "option": "/usr/bin/app --db-password ⟦hunter2⟧ --port 80",
    "option with =": "/usr/bin/app --token=⟦hunter2⟧ --port 80",
    "option in JSON": '["app","--password","⟦hunter2⟧","--port","80"]',
    "cmdline with NUL": "app\0--password\0⟦hunter2⟧\0--port\x0080\0",
    "url-encoded": "POST /login?a=1&password%3D⟦hunter2⟧ HTTP/1.1",
    "query": "GET /api?access_token=⟦hunter2⟧&page=2 HTTP/1.1",
    "connection string": "Server=db1;Database=shop;User Id=sa;Pwd=⟦hunter2⟧;Encrypt=yes",
    "azure": "AccountName=shop;AccountKey=⟦hunter2hunter2==⟧;EndpointSuffix=x",
    "signed URL": "https://x.blob.example/c?sv=2024&sig=⟦abc%2Fdef%3D⟧&se=1",
    "URL": "postgres://shop:⟦hunter2⟧@db1:5432/shop?sslmode=disable",
    "URL, password with @": "amqp://shop:⟦hun@ter2⟧@mq1/",
    "Go DSN": "shop:⟦hunter2⟧@tcp(db1:3306)/shop",
    "basic": "Authorization: Basic ⟦c2hvcDpodW50ZXIy⟧",
    "bearer": "got 401 for Bearer ⟦abcdef0123456789abcdef⟧ from 10.0.0.1",
    "quoted header": "curl -H 'Authorization: Bearer ⟦abcdef0123456789⟧' https://x",
    "cookie": "Cookie: ⟦sid=abc123; theme=dark⟧",
    "AWS": "using ⟦AKIAIOSFODNN7EXAMPLE⟧ in eu-west-1",
    "GitHub": f"remote: ⟦{GITHUB}⟧ denied",
    "GitLab": "fetch with ⟦glpat-abcdefghij0123456789⟧ failed",
    "Slack": "posting with ⟦xoxb-123456789012-abcdefghijkl⟧ failed",
    "Stripe": "key ⟦sk" + "_live_abcdefghijklmnop0123⟧ expired",
    "JWT": f"rejected {'⟦' + JWT + '⟧'}: expired",
    "crypt hash": "ops:⟦$6$saltsalt$abcdefghijklmnopqrstuvwxyz0123456789⟧:19000:0:99999:7:::",
    "scram": "⟦SCRAM-SHA-256$4096:abcdefgh==$ijklmnop=:qrstuvwx=⟧",
    "mysql -p": "mysqldump -u root -p⟦hunter2⟧ shop",
    "sshpass": "sshpass -p ⟦hunter2⟧ ssh ops@web1",
    "curl -u": "curl -s -u shop:⟦hunter2⟧ https://x",
    "redis-cli": "redis-cli -h cache1 -a ⟦hunter2⟧ ping",
    "redis.conf": "requirepass ⟦hunter2⟧",
    "SQL": "CREATE USER shop IDENTIFIED BY '⟦hunter2⟧'",
    "netrc": "machine x login shop password ⟦hunter2⟧",
    "SNMP": "rocommunity ⟦hunter2⟧ 10.0.0.0/8",
    "WireGuard": "PrivateKey = ⟦yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=⟧",
    "name that is a password": "sshd[812]: Invalid user ⟦hunter2⟧ from 1.2.3.4 port 22",
    "PEM": f"-----BEGIN RSA PRIVATE KEY-----\n⟦{BASE64}⟧\n⟦AbC=⟧\n-----END RSA PRIVATE KEY-----\nnginx",
    "PEM in a log": f"12:00 app[1]: -----BEGIN PRIVATE KEY-----\n12:00 app[1]: ⟦{BASE64}⟧\n12:01 app[1]: listening",
    "PEM in JSON": f'{{"key":"-----BEGIN PRIVATE KEY-----⟦\\n{BASE64}\\n⟧-----END PRIVATE KEY-----\\n","a":1}}',
    "PEM without its end": f"-----BEGIN EC PRIVATE KEY-----\n⟦{BASE64}⟧\n12:01 app[1]: listening",
    "PEM without its beginning": f"⟦{BASE64}⟧\n⟦AbC=⟧\n-----END PRIVATE KEY-----\n",
    "coloured": "\x1b[31mpass\x1b[0mword=⟦hun\x1b[1mter2⟧\x1b[0m user=shop",
    "zero width": "pass\u200bword=⟦hun\u200dter2⟧ user=shop",
}

# recorded on Debian 12, or in the form its programs write
KEPT = """\
Failed password for root from 1.2.3.4 port 41022 ssh2
Accepted publickey for ops from 10.213.0.2 port 51432 ssh2: ED25519 SHA256:Pq3kC0yq1mPz3t0dLrT8hV5bXn7wYd2uF4sG6jK9lM0
sshd[812]: error: kex_exchange_identification: Connection closed by remote host
sshd[812]: debug1: SSH2_MSG_KEXINIT sent, keyexchange: curve25519-sha256
pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=1.2.3.4  user=root
pam_unix(passwd:chauthtok): password changed for root
FATAL:  password authentication failed for user "shop"
DETAIL:  Connection matched pg_hba.conf line 97: "host all all 127.0.0.1/32 scram-sha-256"
ERROR 1045 (28000): Access denied for user 'shop'@'10.213.10.11' (using password: YES)
NOAUTH Authentication required.
sudo:      ops : TTY=pts/0 ; PWD=/home/ops ; USER=root ; COMMAND=/usr/bin/systemctl restart nginx
rate limiting: token bucket empty, max_tokens=4096 tokens: 12
SyntaxError: Unexpected token: u in JSON at position 0
nginx: [emerg] cannot load certificate key "/etc/ssl/private/shop.key": BIO_new_file() failed
ssl_certificate_key /etc/ssl/private/shop.key;
private_key: /etc/ssl/private/shop.key
2026-11-21 14:02:11 upgrade passwd:amd64 1:4.13+dfsg1-1+b1 1:4.13+dfsg1-1+deb12u1
/etc/passwd:root:x:0:0:root:/root:/bin/bash
systemd[1]: Starting systemd-ask-password-console.path - Dispatch Password Requests to Console...
/dev/vda2      ext4   41152736 41152736       0 100% /var
LISTEN 0      511          0.0.0.0:443       0.0.0.0:*    users:(("nginx",pid=812,fd=7),("nginx",pid=811,fd=7))
cpu  84282747 1234 24823412 1782364523 3342 0 918234 0 0 0
tcp   ESTAB 0 0 10.213.10.11:48144 10.213.20.11:5432
TCP: request_sock_TCP: Possible SYN flooding on port 80. Sending cookies.  Check SNMP counters.
Out of memory: Killed process 4123 (python3) total-vm:812344kB, anon-rss:601232kB, file-rss:0kB, UID:33
connect() failed (111: Connection refused) while connecting to upstream, upstream: "http://127.0.0.1:8000/item/7"
http://web1:8080/login?user=ops&next=%2Fhome
ssh://git@forge.example:22/shop.git fetched at 1f3a9c7be2d4
level=info ts=2026-11-21T14:05:00Z caller=main.go:42 msg="listening" addr=[::]:9090 key=value
net.ipv4.tcp_syncookies = 1
PasswordAuthentication no
pubkeyacceptedalgorithms ssh-ed25519,sk-ssh-ed25519-cert-v01@openssh.com,sk-ecdsa-sha2-nistp256@openssh.com
WWW-Authenticate: Basic realm="shop"
d41d8cd98f00b204e9800998ecf8427e  /var/lib/dpkg/info/passwd.md5sums
"""


def planted(line: str) -> tuple[bytes, list[bytes]]:
    """The line as it would be read, and its secrets."""
    found = [secret.encode() for secret in re.findall("⟦(.*?)⟧", line, re.DOTALL)]
    return line.replace("⟦", "").replace("⟧", "").encode(), found


@pytest.mark.parametrize("kind", SECRETS)
def test_the_secret_goes_and_all_else_stays(kind: str):
    line, found = planted(SECRETS[kind])
    around = re.split("⟦.*?⟧", SECRETS[kind], flags=re.DOTALL)
    expected = b"<secret:[0-9a-f]{8}>".join(re.escape(part.encode()) for part in around)
    said = redact(line)
    assert re.fullmatch(expected, said, re.DOTALL), said
    assert not any(secret in said for secret in found)


@pytest.mark.parametrize("line", KEPT.splitlines())
def test_what_diagnosis_needs_stays(line: str):
    assert redact(line.encode()) == line.encode()


@pytest.mark.parametrize(
    "value", ["***", "null", "${DB_PASSWORD}", "{{ vault_password }}", "[FILTERED]", "xxxxx", "%s", ""]
)
def test_a_place_holder_is_no_secret(value: str):
    line = f"password={value} user=shop".encode()
    assert redact(line) == line


def test_the_same_secret_reads_the_same_everywhere():
    said = redact(b"password=hunter2\ntoken: 'hunter2'\nhttp://a:hunter2@b/\npassword=hunter3")
    first, second, third, other = STAND_IN.findall(said)
    assert first == second == third != other


def test_what_is_redacted_stays_and_what_is_glued_to_it_does_not():
    assert redact(b"password=<secret:0123abcd> x") == b"password=<secret:0123abcd> x"
    assert b"hunter2" not in redact(b"password=<secret:0123abcd>hunter2 x")


def test_json_stays_json():
    given_ = {"password": 12345678, "token": None, "secret": {"api_key": 'a"b\\', "n": -1.5}, "credentials": [1, "x"]}
    said = json.loads(redact(json.dumps(given_).encode()))
    assert said["secret"]["n"] == -1.5
    assert said["token"] is None
    assert STAND_IN.fullmatch(said["password"].encode())
    assert STAND_IN.fullmatch(said["secret"]["api_key"].encode())


PIECES = st.sampled_from(
    [
        *(
            "password",
            "token",
            "secret",
            "key",
            "=",
            ":",
            ": ",
            " ",
            "\n",
            '"',
            "'",
            "\\",
            ",",
            "&",
            ";",
            "{",
            "}",
            "<",
            ">",
        ),
        *("://", "@", "hunter2", "--", "-p", "mysql ", "Bearer ", "Authorization: ", "cookie: a=", "<secret:0123abcd>"),
        *(
            "-----BEGIN PRIVATE KEY-----",
            "-----END PRIVATE KEY-----",
            BASE64,
            JWT,
            "\x1b[31m",
            "\x1b]0;",
            "\0",
            "\x01",
            "\u200b",
        ),
    ]
)
TEXTS = st.lists(PIECES, max_size=14).map(lambda parts: "".join(parts).encode()) | st.binary(max_size=60)


@given(TEXTS)
def test_redacting_twice_is_redacting_once(data: bytes):
    assert redact(redact(data)) == redact(data)


@given(TEXTS)
def test_every_line_with_a_literal_is_looked_at_by_its_rules(data: bytes):
    shadow = Shadow(data).text
    found = {shadow[start:].partition(b"\n")[0]: rules for start, rules in redaction._suspicious_lines(shadow)}
    expected = {
        line: [rule for rule in RULES if any(literal in line.lower() for literal in rule.literals)]
        for line in shadow.split(b"\n")
    }
    assert found == {line: rules for line, rules in expected.items() if rules}


@given(st.binary() | TEXTS)
def test_what_is_not_seen_is_in_no_shadow(data: bytes):
    expected = UNSEEN.sub(b"", data).replace(b"\0", b" ")
    assert Shadow(data).text == re.sub(STAND_IN, lambda found: b"\1" * len(found[0]), expected)


@given(TEXTS)
def test_lines_stay_lines(data: bytes):
    assert redact(data).count(b"\n") == data.count(b"\n")


@given(
    st.dictionaries(
        st.sampled_from(["password", "token", "note", "cookie", "auth"]), st.lists(PIECES, max_size=6).map("".join)
    )
)
def test_any_json_stays_json_with_the_same_keys(table: dict[str, str]):
    assert json.loads(redact(json.dumps(table).encode())).keys() == table.keys()


@given(TEXTS, TEXTS)
def test_a_line_is_redacted_whatever_stands_around_it(before: bytes, after: bytes):
    assert b"hunter3" not in redact(before + b"\npassword=hunter3\n" + after)


def test_a_rule_that_fails_takes_its_line_with_it(monkeypatch: pytest.MonkeyPatch):
    def broken(line: bytes):
        raise RecursionError

    monkeypatch.setattr(redaction, "RULES", (*RULES, Rule("broken", (b"password",), broken)))
    assert redact(b"before\nboom password=hunter2\nafter") == b"before\n<unredactable line, 21 bytes>\nafter"


@pytest.mark.parametrize("literal", LITERALS)
def test_every_name_that_is_searched_for_is_found(literal: bytes):
    name = literal.decode().strip("=\"'")
    assert b"hunter2" not in redact(f'"{name}": "hunter2"'.encode())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_literals_of_a_rule_are_such_as_are_searched_for(rule: Rule):
    assert rule.literals
    assert all(literal == literal.lower() and len(literal) >= 3 for literal in rule.literals)


@pytest.mark.parametrize(
    "piece",
    [
        *(b"password", b"password=", b'password="', b'password="\\', b"password=a;", b"password \t\t", b"<password "),
        *(b"a://b:", b"mysql -p ", b"curl -u ", b"eyJaaaaaaaaaa.", b"$6$", b"sk-", b"login a password ", b"cookie: a="),
        *(
            b"-----BEGIN PRIVATE KEY-----\n",
            b"-----BEGIN PRIVATE KEY-----" + b"A" * 200,
            b"AAAA\n-----END PRIVATE KEY-----",
        ),
        *(b"\x1b[", b"\x1b]", b"<secret:0123abcd>", b"authorization: digest "),
    ],
)
def test_the_time_grows_with_the_length_and_no_faster(piece: bytes):
    def cost(size: int) -> float:
        data = piece * (size // len(piece))
        times = []
        for _ in range(3):
            start = time.process_time()
            redact(data)
            times.append(time.process_time() - start)
        return min(times)

    assert cost(64_000) < 20 * cost(8_000) + 0.01  # linear: 8; quadratic: 64
