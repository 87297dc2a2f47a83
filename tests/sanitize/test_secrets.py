"""Secrets of every family, plain and encoded, are found; what orgkit itself writes is none; no text takes long."""

import base64
import html
import json
import random
import re
import time
import tomllib
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orgkit.aws.credentials_in_use import MARK
from orgkit.sanitize.secret_patterns import CREDENTIAL_NAME, CREDENTIAL_WORDS, PATTERNS
from orgkit.sanitize.secret_values import SecretValues
from orgkit.sanitize.secrets import hide_secrets, kinds_in, replace_secrets, replace_values
from orgkit.sanitize.vendor_tokens import token_patterns
from tests.sanitize import gitleaks_rules, secret_rules
from tests.sanitize.samples import sample

C = "CANARY"
BASIC = base64.b64encode(b"ada:CANARY-pw").decode()
FAMILIES = {
    "Basic": f"Authorization: Basic {BASIC}",
    "Basic without a header": f"basic {BASIC}",
    "Proxy-Authorization": f"Proxy-Authorization: Basic {BASIC}",
    "a dumped header": f"{{'Authorization': 'Basic {BASIC}'}}",
    "a header as a pair": f"('authorization', 'Basic {BASIC}')",
    "a header in a table": f"<tr><td>Authorization</td><td>Basic {BASIC}</td></tr>",
    "Digest": 'Authorization: Digest username="ada", response="CANARY0123"',
    "Token": "Authorization: Token CANARY-abc",
    "no scheme": "Authorization: CANARY-0123456789",
    "curl -u": "curl -s -u ada:CANARY https://example.com",
    "a cookie": "Set-Cookie: session=CANARY; Path=/",
    "Private-Token": "PRIVATE-TOKEN: CANARYabc",
    "X-Vault-Token": "X-Vault-Token: CANARYabc",
    "postgres": "postgres://ada:CANARY@db.example.com/x",
    "redis without a user": "redis://:CANARY@cache:6379/0",
    "mongodb+srv": "mongodb+srv://ada:CANARY@cluster.example.com",
    "an @ in the password": "amqp://ada:p@CANARY@mq.example.com",
    "a slash in the password": "postgresql://ada:CAN/CANARY/x@db.example.com/x",
    "an @ and a slash": "https://ada:a@b/CANARY?x#y@git.example.com/x.git",
    "digits and a slash": "postgres://ada:12/CANARY@db.example.com",
    "one address in another": "https://x.example/?to=ftp://ada:CANARY@files.example",
    "no scheme in the address": "//ada:CANARY@example.com/x",
    "jdbc of Oracle": "jdbc:oracle:thin:scott/CANARY@//db:1521/x",
    "jdbc": "jdbc:sqlserver://db:1433;user=ada;password=CANARY1234",
    "a token as user": "https://CANARYCANARYCANARYCANARY012345@git.example.com",
    "GitLab": "glpat-CANARYCANARYCANARY1",
    "GitLab, routable": "glpat-CANARYCANARYCANARYCANARY1.01.abcdefghi",
    "a runner of GitLab": "glrt-t1_CANARYCANARYCANARY1",
    "a job of GitLab": "glcbt-64_CANARYCANARYCANARY",
    "a feed of GitLab": "glft-CANARYCANARYCANARY12",
    "GitLab, old": "GR1348941CANARYCANARYCANARY",
    "Slack": "xoxb-123456789012-123456789012-CANARYCANARY",
    "a user of Slack": "xoxp-123456789012-123456789012-123456789012-CANARY",
    "an app of Slack": "xapp-1-A0CANARY-123456789012-canaryCANARY",
    "a webhook of Slack": "https://hooks.slack.com/services/T01/B02/CANARYCANARY",
    "npm": "npm_CANARYCANARYCANARYCANARYCANARYCANARY",
    "npmrc": "//registry.npmjs.org/:_authToken=CANARY-0123456789",
    "PyPI": "pypi-AgEIcHlwaS5vcmcCANARYCANARYCANARYCANARYCANARYCANARYCANARYCANARYCANARYCANARYCANARY",
    "age": "AGE-SECRET-KEY-1CANARYCANARYCANARYCANARYCANARYCANARYCANARYCANARYCANARYCA",
    "Google": "AIzaCANARYCANARYCANARYCANARYCANARYCANARY12",
    "Stripe": "sk_live_CANARYCANARYCANARYCANARY",
    "OpenAI": "sk-proj-CANARYCANARYCANARY_1",
    "DigitalOcean": "dop_v1_CANARYCANARYCANARYCANARYCANARYCANARY",
    "Vault": "hvs.CANARYCANARYCANARYCANARY",
    "Azure storage": f"AccountKey={C * 14}ab==",
    "SendGrid": f"SG.{C * 3}abcd.{C * 7}a",
    "?token=": "http://127.0.0.1:8888/lab?token=CANARY",
    "&access_token=": "https://x.example/a?b=c&access_token=CANARY&d=e",
    "&amp;sig=": "https://x.example/a?b=c&amp;sig=CANARY",
    "#id_token=": "https://x.example/#id_token=CANARY",
    "?password=": "https://x.example/?password=CANARY",
    "PEM": "-----BEGIN EC PRIVATE KEY-----\nCANARY\n-----END EC PRIVATE KEY-----",
    "PEM, encrypted": "-----BEGIN ENCRYPTED PRIVATE KEY-----\nCANARY\n-----END ENCRYPTED PRIVATE KEY-----",
    "PGP": "-----BEGIN PGP PRIVATE KEY BLOCK-----\nCANARY\n-----END PGP PRIVATE KEY BLOCK-----",
    "PuTTY": "PuTTY-User-Key-File-3: ssh-ed25519\nCANARY\nPrivate-MAC: 00ff",
    "SSH2": "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nCANARY\n---- END SSH2 ENCRYPTED PRIVATE KEY ----",
    "a quoted password": '{"db_password": "CANARY horse"}',
    "a password of the environment": "export DB_PASSWORD=CANARY123",
    "a key of an API": "DATADOG_API_KEY=CANARY0123456789",
    "an option": "tool --api-token CANARY0123",
    "Datadog, by its name alone": f"datadog.app: {C * 6}1234",
    "a seed of MFA": '"Base32StringSeed": "CANARYCANARYCANARY234567"',
    "an HTML form": '<add key="Password" value="CANARYabc" />',
}
ORDINARY = {
    "an ARN of a secret": "arn:aws:secretsmanager:us-east-1:111111111111:secret:prod/db-1-AbCdEf",
    "a name and its ARN": '"secret": "arn:aws:secretsmanager:us-east-1:111111111111:secret:x-AbCdEf"',
    "ARNs": "arn:aws:kms:us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab arn:aws:sts::111111111111:"
    "assumed-role/AWSReservedSSO_Admin_0123456789abcdef/jane arn:aws:sns:us-east-1:012345678901:a-topic-of-35-chars-x",
    "digests": f'sha256 {"0123456789abcdef" * 4} digest {"ab" * 32} sha256:{"0f" * 32} "plan_sha256": "{"9c" * 32}"',
    "a commit": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "a public key": "ada = MCowBQYDK2VwAyEANh5XeNXl71ebSw/xvhe8QSWsybfoiIkBa2LFgtObk0U= ssh-ed25519 "
    "AAAAC3NzaC1lZDI1NTE5AAAAIBpa8l3mWn4nGFAyKpYcgPZo0z0yZbPpJyGZ2Q3Jk0aB ada@example.com",
    "a public PEM": "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEANh5XeNXl71ebSw/xvhe8QSWsybfoiIkBa2LFgtObk0U=\n"
    "-----END PUBLIC KEY-----",
    "a signature": '"signed": "TJ0nZv9OdkOiZ1SYWs+Kkf7BCGB8cRZ1Cq7JT0wWyzpeZ2dF6k1Pq1o0m3m3oZZ7Yz0Qq5VYt6GQ1wJ8yw=="',
    "ids": "o-a1b2c3d4e5 ou-ab12-abcdefgh r-ab12 h-0123456789abcdef AROAEXAMPLEEXAMPLEEX "
    "car-0123456789abcdef0123456789abcdef",
    "pages": "https://x.example/?NextToken=abc123def456 next_token=abc123def456 PageToken: abc123def456 "
    "NextToken=AAAA0000bbbb",
    "addresses": "http://127.0.0.1:5000/x@y http://localhost:8888/@z https://ada@example.com:443/ s3://bucket/a:b@c"
    " "
    "https://docs.example.com:8443/page?x=a@b git@github.com:a/b.git mailto:ada@example.com",
    "prose": "a basic understanding of basic authentication; the authorization: see IAM; basic permissions and cookies",
    "advice": "set the password policy; password: required; token: none; aws sts get-session-token --token-code 123456",
    "IAM": "iam:UpdateLoginProfile PasswordLastUsed password_enabled secretsmanager:GetSecretValue sts:GetSessionToken",
    "times": "2026-11-29T01:30:15+00:00 20261129T005241Z-02-units-6b559ce5",
    "code": "password = getpass.getpass() ; token: str | None = None ; secret_key = os.environ['SECRET_KEY']",
    "npm's settings": "npm_config_registry npm_package_version npm_lifecycle_event",
    "a picture's head": "data:image/png;base64,iVBORw0KGgo=",
}


def reveals(text: str, depth: int = 0) -> bool:
    """Whether a reader who undoes escapes and base64 gets at the canary."""
    if C in text:
        return True
    if depth == 3:
        return False
    views = {re.sub(r"%([0-9A-Fa-f]{2})", lambda m: chr(int(m[1], 16)), text), html.unescape(text)}
    views |= {
        re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), text),
        text.replace("\\n", "\n").replace("\\", ""),
    }
    for run in re.findall(r"[A-Za-z0-9+/_-]{12,}", re.sub(r"\s", "", text)):
        plain = run.replace("-", "+").replace("_", "/")
        for shift in range(4):
            cut = plain[shift:] if len(plain[shift:]) % 4 != 1 else plain[shift:-1]
            views.add(base64.b64decode(cut + "=" * (-len(cut) % 4)).replace(b"\0", b"").decode("latin-1"))
    for run in re.findall(r"[A-Z2-7]{16,}", text.upper()):
        whole = run[: len(run) - (len(run) % 8 in (1, 3, 6))]
        views.add(base64.b32decode(whole + "=" * (-len(whole) % 8)).decode("latin-1"))
    for run in re.findall(r"[0-9A-Fa-f]{16,}", re.sub(r"0x|\\x|\\n|[\s:,-]", "", text)):
        views |= {bytes.fromhex(run[at : len(run) - (len(run) - at) % 2]).decode("latin-1") for at in range(2)}
    return any(reveals(view, depth + 1) for view in views - {text})


ENCODINGS = {
    "as it is": str,
    "in a URL": lambda text: quote(text, safe=""),
    "twice in a URL": lambda text: quote(quote(text, safe=""), safe=""),
    "every character in a URL": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "in HTML": lambda text: html.escape(text),
    "in HTML, by number": lambda text: "".join(f"&#{ord(character)};" for character in text),
    "in HTML, in hexadecimal": lambda text: "".join(f"&#x{ord(character):X};" for character in text),
    "in JSON": json.dumps,
    "in JSON in JSON": lambda text: json.dumps(json.dumps(text)),
    "in JSON with slashes escaped": lambda text: json.dumps(text).replace("/", "\\/"),
    "in JSON by number": lambda text: "".join(f"\\u{ord(character):04x}" for character in text),
    "in base64": lambda text: base64.b64encode(text.encode()).decode(),
    "in base64 of URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "in lines of base64": lambda text: base64.encodebytes((text + " " * 90).encode()).decode(),
    "in base64 of UTF-16": lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
    "twice in base64": lambda text: base64.b64encode(base64.b64encode(text.encode())).decode(),
    "in base64 in a URL": lambda text: quote(base64.b64encode(text.encode()).decode(), safe=""),
    "in base64 that is assigned": lambda text: "t=" + base64.b64encode(text.encode()).decode(),
    "in base64 of URLs that is assigned": lambda text: (
        "?t=" + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=") + "&u=1"
    ),
    "in base32": lambda text: base64.b32encode(text.encode()).decode(),
    "in base32, lower case, without its end": lambda text: (
        "t=" + base64.b32encode(text.encode()).decode().rstrip("=").lower() + "&u=1"
    ),
    "in hexadecimal": lambda text: text.encode().hex(),
    "in hexadecimal, upper case": lambda text: f"0x{text.encode().hex().upper()}",
    "in hexadecimal with colons": lambda text: text.encode().hex(":"),
    "in a dump": lambda text: text.encode().hex(" ", 2),
    "in bytes of a language": lambda text: ", ".join(f"0x{byte:02x}" for byte in text.encode()),
    "in hexadecimal in base64": lambda text: base64.b64encode(text.encode().hex().encode()).decode(),
    "in base64 in hexadecimal": lambda text: base64.urlsafe_b64encode(text.encode()).hex(),
    "in a drawing": lambda text: (
        "data:image/svg+xml;base64,"
        + base64.b64encode(f"<svg><text>{html.escape(text)}</text></svg>".encode()).decode()
    ),
    "in a drawing in a URL": lambda text: "data:image/svg+xml," + quote(f"<svg><text>{text}</text></svg>"),
}


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=ENCODINGS)
def test_a_secret_of_every_family_is_found_however_it_is_written(encoding) -> None:
    for name, secret in FAMILIES.items():
        text = f"before {encoding(secret)} ; after"
        assert reveals(text), name
        clean = hide_secrets(text)
        assert not reveals(clean), f"{name}: {clean}"
        assert clean.startswith("before "), name
        assert hide_secrets(clean) == clean, name
        assert list(kinds_in(text)), name


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=ENCODINGS)
def test_a_credential_of_this_process_is_found_however_it_is_written(encoding) -> None:
    for value in ("a-live/value+CANARY=0123", "CANARY\"quo'te<d>&56789"):
        text = f"x{encoding(f'say {value} twice')} ; after"
        clean, count = replace_values(text, [value], MARK)
        assert count == 1
        assert not reveals(clean)
        assert MARK in clean
        assert clean.endswith(" ; after")


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=ENCODINGS)
def test_a_credential_is_found_among_those_of_1_000_accounts_however_it_is_written(encoding) -> None:
    canaries = ("a-live/value+CANARY=0123", "CANARY\"quo'te<d>&56789", "CANARY 123")
    values = SecretValues([*(f"IQoJb3JpZ2luX2VjE-{number:05}-of-a-session" for number in range(1_000)), *canaries])
    for value in canaries:
        clean, count = replace_values(f"x{encoding(f'say {value} twice')} ; after", values, MARK)
        assert count == 1
        assert not reveals(clean)
        assert clean.endswith(" ; after")


def test_a_credential_that_is_learned_later_is_found_in_a_text_that_was_searched_before() -> None:
    values = SecretValues(["an-earlier-value-0123456789"])
    text = "say a-later-value-0123456789"
    assert replace_values(text, values, MARK) == (text, 0)
    values.add("a-later-value-0123456789")
    assert replace_values(text, values, MARK) == (f"say {MARK}", 1)


def test_a_search_takes_no_longer_for_the_credentials_of_many_accounts() -> None:
    texts = [f"create account team-{number:04} in the unit Production of the organization" for number in range(300)]

    def seconds(count: int) -> float:
        values = SecretValues(f"FwoGZXIvYXdzEJr//session-{number:06}" for number in range(count))
        began = time.process_time()
        for text in texts:
            replace_values(text, values, MARK)
        return time.process_time() - began

    few, many = (min(seconds(count) for _ in range(3)) for count in (300, 30_000))
    assert many < 3 * few  # some 60 times with a search for each value


@pytest.mark.parametrize("text", ORDINARY.values(), ids=ORDINARY)
def test_what_orgkit_writes_and_ordinary_prose_are_none(text: str) -> None:
    assert replace_secrets(text) == (text, [])
    for encoding in ENCODINGS.values():
        assert replace_secrets(encoding(text))[1] == []


def test_what_is_around_a_secret_stays() -> None:
    assert hide_secrets("see postgres://ada:a@b/c@db.example.com/x?y=1 there") == (
        "see postgres://ada:[redacted: password]@db.example.com/x?y=1 there"
    )
    assert hide_secrets("a%20Authorization%3A%20Basic%20YWRhOkNBTkFSWQ%3D%3D%20z") == (
        "a%20Authorization%3A%20Basic%20[redacted: authorization]%20z"
    )
    assert hide_secrets("GET /lab?token=abc&reset=1") == "GET /lab?token=[redacted: token]&reset=1"


def test_the_rules_of_detect_secrets_are_those_of_the_package() -> None:
    assert secret_rules.FILE.read_text(encoding="utf-8") == secret_rules.content()
    assert {kind for kind, _ in secret_rules.rules()} <= {kind for kind, _ in token_patterns()}


@pytest.mark.parametrize(
    ("kind", "rule"), list(secret_rules.rules()), ids=lambda value: str(getattr(value, "pattern", value))[:40]
)
@settings(max_examples=12)
@given(data=st.data())
def test_what_a_rule_of_detect_secrets_matches_is_found(kind: str, rule: re.Pattern[str], data: st.DataObject) -> None:
    pattern = re.compile(rule.pattern, re.ASCII | (rule.flags & re.I))
    text = data.draw(st.from_regex(pattern, fullmatch=True).filter(str.isascii))
    assert list(kinds_in(f"before {text} after")), kind


def gitleaks() -> list[dict[str, str]]:
    return [
        rule for file in (gitleaks_rules.USED, gitleaks_rules.FORMS) for rule in tomllib.loads(file.read_text())["rule"]
    ]


@pytest.mark.parametrize("rule", gitleaks(), ids=lambda rule: rule["kind"])
def test_what_a_rule_of_gitleaks_matches_is_found(rule: dict[str, str]) -> None:
    drawn, flags = random.Random(rule["kind"]), re.I if rule["ignore_case"] else 0
    texts = [f"before {sample(rule['pattern'], drawn)} after" for _ in range(12)]
    matching = [text for text in texts if re.search(rule["pattern"], text, flags)]
    assert len(matching) >= 3, texts
    for text in matching[:5]:
        assert list(kinds_in(text)), text


def test_the_two_files_of_gitleaks_rules_have_all_but_those_that_are_left_out_with_a_reason() -> None:
    kinds = [rule["kind"] for rule in gitleaks()]
    assert (len(kinds), len(set(kinds))) == (195, 195)
    assert not set(kinds) & gitleaks_rules.LEFT_OUT.keys()
    assert len(kinds) + len(gitleaks_rules.LEFT_OUT) == 222  # rules of its file


BITS = [
    "a://", "a://:", "//a:@", "eyJ", "eyJa.", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "PuTTY-User-Key-File-1:",
    "Basic ", "authorization: ", "authorization: token ", "cookie: a", "curl ", "curl -u ", "--token ", "--a-", "x-a-",
    "token=", "?a.", "?aatoken", "&token=", "password:'", "password=a1", "secret", "\\", "\\u0041", "%41", "%", "&#65;",
    "&amp;", "A", "Aa0+/", "AKIA", "AKIA0000000000000000,", "pat", "xoxb-", "xoxb-1-", "glpat-", "dt0c01.", "0:AA",
    "\n", "ABCDEFGHIJ0123.atlasv1.", "SG.a", ' "', "jdbc:oracle:a:", "[redacted", "=", ">", "</td> ", "sc_aaaaa.", "a@",
    "67", "67 ", "0x67, ", "67:", "6", "t=QUFBQUFBQUFBQUFBQUFB&",
    "//", "QUFBQUFBQUFBQUFBQUFB\n", "1:", "okta", "okta ", "datadog = ", "twitter:", "MFRGGZDFMZTWQ2LK", "mfrggzdf=",
]  # fmt: skip


@pytest.mark.parametrize("bit", BITS, ids=ascii)
def test_no_text_takes_long(bit: str) -> None:
    text = (bit * 30_000)[:30_000]
    began = time.process_time()
    replace_secrets(text)
    replace_values(text, ["a-live-value-0123456789"], MARK)
    assert time.process_time() - began < 5


def test_each_pattern_names_words_that_its_matches_have() -> None:
    """A pattern is not even tried on a text without one of its words."""
    for secret in FAMILIES.values():
        for pattern in PATTERNS:
            for match in pattern.regex.finditer(secret):
                assert any(word in match[0].lower() for word in pattern.words), pattern


@pytest.mark.parametrize("word", CREDENTIAL_WORDS.split())
def test_each_word_of_a_credential_is_found_though_most_places_are_ruled_out_by_two_characters(word: str) -> None:
    assert re.search(CREDENTIAL_NAME, word, re.I)
    assert re.search(CREDENTIAL_NAME, word.upper(), re.I) or word == "pwd"  # a part of other words
