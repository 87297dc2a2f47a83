import base64
import os
import re
from pathlib import Path

import pytest

from orgkit.records.redact import Redactor, live_values

CANARY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYCANARYKEYx"
TOKEN = "IQoJb3JpZ2luX2VjEJr" + "CANARY" * 12
KEY_ID = "ASIACANARYCANARYCANA"

LEAKS = {
    "a key id": KEY_ID,
    "a long-lived key id": "AKIACANARYCANARYCANA",
    "a response": f"{{'AccessKeyId': '{KEY_ID}', 'SecretAccessKey': '{CANARY}', 'SessionToken': '{TOKEN}'}}",
    "JSON": f'{{"SecretAccessKey": "{CANARY}"}}',
    "JSON in a string": f'"{{\\"SecretAccessKey\\": \\"{CANARY}\\"}}"',
    "a profile": f"aws_secret_access_key = {CANARY}",
    "an export": f"export AWS_SECRET_ACCESS_KEY={CANARY}",
    "frozen credentials": f"ReadOnlyCredentials(access_key='{KEY_ID}', secret_key='{CANARY}', token='{TOKEN}')",
    "a frame": f"<tr><th>SecretAccessKey</th><td>{CANARY}</td></tr>",
    "escaped HTML": f"&#x27;SecretAccessKey&#x27;: &#x27;{CANARY}&#x27;",
    "a coloured traceback": f"aws_secret_access_key=\x1b[39m\x1b[33m'{CANARY}'\x1b[39m, \x1b[33m{KEY_ID}",
    "a presigned URL": "https://b.s3.amazonaws.com/k?AWSAccessKeyId=x&Signature=CANARY%2B&x-amz-security-token=CANARY",
    "a presigned URL, version 4": "https://b/k?X-Amz-Credential=CANARY%2F2026&X-Amz-Signature=CANARY0",
    "a header": "X-Amz-Security-Token: CANARY",
    "a dumped header": "{'x-amz-security-token': 'CANARY'}",
    "an authorization": "Authorization: AWS4-HMAC-SHA256 Credential=CANARY/2026/us-east-1, Signature=CANARY",
    "a sign-in URL": "https://signin.aws.amazon.com/federation?Action=login&SigninToken=CANARY",
    "a web token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJDQU5BUlki.CANARY",
    "a bearer": "Authorization: Bearer CANARY-0123456789",
    "a private key": "-----BEGIN RSA PRIVATE KEY-----\nCANARY\n-----END RSA PRIVATE KEY-----",
    "half a private key": "-----BEGIN OPENSSH PRIVATE KEY-----\nCANARY\n",
    "a session token": f"session_token={'CANARY' * 5}",
    "the console's words": f"Secret access key: {CANARY}",
    "the console's CSV": f"Access key ID,Secret access key\n{KEY_ID},{CANARY}",
    "a cached token of SSO": f'{{"accessToken": "{"CANARY" * 5}", "clientSecret": "{"CANARY" * 5}"}}',
    "a token of GitHub": "ghp_" + "CANARY" * 6,
    "a token of a GitHub job": "ghs_" + "CANARY" * 6,
    "a fine-grained token of GitHub": "github_pat_11CANARY00_" + "CANARY" * 8,
    "a password in a URL": "https://ada:CANARY%40x@git.example.com/org.git",
    "a token in a URL": "git clone https://x-access-token:CANARY@github.com/a/b",
    "a token as user": "https://:CANARY@git.example.com",
    "a proxy's password": f"Proxy-Authorization: Basic {base64.b64encode(b'ada:CANARY-pw').decode()}",
    "a password with an at sign and a slash": "postgres://ada:a@b/CANARY@db.example.com/x",
    "an escaped private key": "-----BEGIN PRIVATE KEY-----\\nCANARY\\n-----END PRIVATE KEY-----",
    "an encoded key id": f"key%3D{KEY_ID}%26token%3DCANARY",
}
DRAWING = base64.b64encode(f"<svg><text>{KEY_ID}</text></svg>".encode()).decode()
HARMLESS = {
    "account ids": "111111111111 and 012345678901",
    "digests": "sha256 " + "0123456789abcdef" * 4,
    "a digest after a word": "secret key digest: " + "0123456789abcdef" * 4,
    "prose": "the bearer of certificates holds the secret key; a session token is temporary",
    "ids of AWS": "arn:aws:iam::111111111111:role/x AROAEXAMPLEEXAMPLEEX o-abcdefghij r-ab12 ou-ab12-abcdefgh h-0a1b",
    "an organization's root": "Root/Security r-ab12/root/x http://127.0.0.1/home/page",
    "a URL with a port": "http://127.0.0.1:5000/x@y https://ada@example.com:443/ s3://bucket/a:b@c",
    "words like tokens": "ghp_short github_pat_ and the next page's NextToken",
    "a public key": "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
}


@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS)
def test_a_secret_does_not_survive(leak):
    redactor = Redactor()
    clean = redactor.text(f"before {leak} ; after")
    assert not re.search("CANARY", clean)
    assert clean.startswith("before ")
    assert redactor.total > 0
    assert Redactor().text(clean) == clean  # and what is left of it is not redacted again


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_what_is_no_secret_stays(text):
    assert Redactor(home=Path("/opt/ops")).text(text) == text


def test_of_a_url_its_user_and_host_stay():
    assert Redactor().text("at https://ada:pass@example.com/x") == "at https://ada:[redacted: password]@example.com/x"


def test_a_live_value_goes_wherever_it_stands():
    redactor = Redactor(live=["very-live-value-0123456789", "testing"])
    assert redactor.value({"a": ["x very-live-value-0123456789 y"], "testing": 1}) == {
        "a": ["x [redacted: live credential] y"],
        "testing": 1,  # too short to be distinguished from a word
    }
    assert redactor.counts["live credential"] == 1


def test_live_values_are_those_of_the_environment():
    assert list(live_values({"AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t", "AWS_PROFILE": "p"})) == ["s", "t"]


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("/opt/ops/project/a.toml", "~/project/a.toml"),
        ("in '/home/ann/x' and /Users/bob", "in '~/x' and ~"),
        ("File \x1b[32m/opt/ops/x.py", "File \x1b[32m~/x.py"),
        ("/opt/opsed /srv/home/ann /opt/ops.d", "/opt/opsed /srv/home/ann /opt/ops.d"),
    ],
)
def test_home_folders_go(text, clean):
    assert Redactor(home=Path("/opt/ops")).text(text) == clean


def test_a_home_that_is_the_root_folder_takes_nothing_along():
    assert Redactor(home=Path("/")).text("/etc/x") == "/etc/x"


def test_pictures_are_left_alone():
    noise = base64.b64encode(b"\x89PNG\r\n\x1a\n\0" + os.urandom(30)).decode() + KEY_ID + TOKEN
    output = {"image/png": noise, "text/html": f'<img src="data:image/png;base64,{noise}">{KEY_ID}'}
    clean = Redactor().value({"data": output})["data"]
    assert clean["image/png"] == noise
    assert clean["text/html"] == f'<img src="data:image/png;base64,{noise}">[redacted: access key id]'


def test_the_words_of_a_drawing_are_not():
    drawing = f"<svg><text>{KEY_ID}</text></svg>"
    assert Redactor().value({"image/svg+xml": drawing}) == {
        "image/svg+xml": "<svg><text>[redacted: access key id]</text></svg>"
    }


def test_a_drawing_is_text_also_in_base64():
    clean = Redactor().text(f'<img src="data:image/svg+xml;base64,{DRAWING}">')
    assert clean == '<img src="data:image/svg+xml;base64,[redacted: access key id]">'


def test_what_is_called_a_picture_and_is_none_is_looked_at():
    assert Redactor().value({"image/png": KEY_ID}) == {"image/png": "[redacted: access key id]"}
    encoded = base64.b64encode(f"not a picture {KEY_ID}".encode()).decode()
    assert Redactor().text(f"data:image/png;base64,{encoded}") == "data:image/png;base64,[redacted: access key id]"


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_private_key_in_lines_of_a_list_is_taken_out_whole(end):
    lines = ["before", "-----BEGIN PRIVATE KEY-----", "CANARY0", "CANARY1", "-----END PRIVATE KEY-----", "after"]
    clean = Redactor().value({"text": [f"{line}{end}" for line in lines]})["text"]
    assert [line.rstrip("\n") for line in clean] == ["before", "[redacted: private key]", "after"]


def test_keys_are_looked_at_too():
    assert Redactor().value({KEY_ID: None}) == {"[redacted: access key id]": None}
