"""The credentials that calls are signed with are known to the process that signs, wherever they came from."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orgkit.aws import credentials_in_use
from orgkit.aws.session import Connection, open_connection
from orgkit.journal.events import Journal
from orgkit.records.redact import Redactor
from orgkit.sanitize.secret_values import SecretValues
from tests.aws.conftest import Answer, CountingClock, Wire

KEYS = ("ASIACANARYCANARYCANA", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYCANARYKEYx", "token-CANARY-" * 9)
WHO = "<R><GetCallerIdentityResult><Arn>a</Arn><UserId>u</UserId><Account>1</Account></GetCallerIdentityResult></R>"
ASSUMED = (
    "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>{}</AccessKeyId><SecretAccessKey>{}"
    "</SecretAccessKey><SessionToken>{}</SessionToken><Expiration>2026-11-23T13:00:00Z</Expiration></Credentials>"
    "</AssumeRoleResult></AssumeRoleResponse>"
)


def test_those_that_a_process_of_a_profile_hands_out_are_known_once_a_call_was_signed(
    wire: Wire, clock: CountingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    ends = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    message = dict(zip(names, KEYS, strict=True)) | {"Version": 1, "Expiration": ends}
    (tmp_path / "said").write_text(json.dumps(message))
    (tmp_path / "config").write_text(f"[profile p]\ncredential_process = cat {tmp_path / 'said'}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    aws = open_connection(region="us-east-1", endpoint=wire.url, clock=clock, journal=Journal(), profile="p")
    assert credentials_in_use.credential_values() == ()
    wire.says(Answer(200, WHO, "text/xml"))
    aws.read("sts", "GetCallerIdentity")
    assert set(credentials_in_use.credential_values()) == set(KEYS)
    assert "CANARY" not in str(credentials_in_use.hidden({"a": [f"x {KEYS[1]}"], "b": (KEYS[2], 1)}))
    assert "CANARY" not in Redactor(credentials_in_use.credential_values()).text(f"bare {KEYS[1]} and {KEYS[2]}")


def test_those_of_a_member_account_are_known_at_once_and_go_nowhere(aws: Connection, wire: Wire) -> None:
    wire.says(Answer(200, ASSUMED.format(*KEYS), "text/xml"))
    member = aws.assume("111111111111", "orgkit-read")
    assert set(KEYS) <= set(credentials_in_use.credential_values())
    assert "CANARY" not in f"{member!r} {aws!r} {aws.journal.events}"


def test_a_value_too_short_to_be_told_from_a_word_is_not_kept(aws: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials_in_use.remember(None)
    assert credentials_in_use.credential_values() == ()


def test_an_event_reaches_the_disk_without_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials_in_use, "_known", SecretValues([KEYS[1]]))
    Journal(tmp_path / "events.jsonl", hide=credentials_in_use.hidden).write("stop", why=f"AWS said {KEYS[1]}")
    assert json.loads((tmp_path / "events.jsonl").read_text())["why"] == f"AWS said {credentials_in_use.MARK}"


def test_nobody_but_the_session_asks_aws_for_credentials() -> None:
    """A cell that ends with the response of one of these would show a secret; one of them only checks a permission."""
    operations = (
        r"AssumeRole\w*|GetSessionToken|GetFederationToken|CreateAccessKey|CreateLoginProfile|GetRoleCredentials"
    )
    asks = re.compile(rf'"(?:sts|iam|sso)",\s*"(?:{operations})"')
    sources = [
        path for path in (Path(credentials_in_use.__file__).parents[1]).rglob("*.py") if "sandbox" not in path.parts
    ]
    found = {path.name for path in sources if asks.search(path.read_text(encoding="utf-8"))}
    assert found == {"session.py", "access_aws.py"}
