"""The file of a snapshot: what it refuses, and what a mask leaves of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from orgkit.sandbox import snapshot as snapshots
from orgkit.sandbox.snapshot import InvalidSnapshot, Snapshot, read_snapshot, write_snapshot
from orgkit.sandbox.snapshot_masking import mask_snapshot

KEY = "d623fb1e-97c1-4c14-a170-08d66bcffb21"
NOW = "2026-12-01T12:00:00Z"
DOCUMENT = json.dumps(
    {
        "Statement": {
            "Resource": "arn:aws:iam::222222222222:role/x",
            "Condition": {"StringEquals": {"aws:PrincipalOrgPaths": "o-abcdefghij/r-abcd/ou-abcd-11111111/"}},
            "Sid": "AskZoeAtCorp",
            "Note": "zoe@corp.test, 333333333333",
        }
    }
)


def account(identifier: str, name: str, parent: str = "r-abcd", **more: Any) -> dict[str, Any]:
    email = f"{name}@corp.test"
    state = {"state": "ACTIVE", "joined_method": "CREATED", "joined_at": NOW}
    return {"id": identifier, "parent_id": parent, "name": name, "email": email, **state, **more}


def values(**more: Any) -> dict[str, Any]:
    return {
        "schema": 1,
        "taken_at": NOW,
        "organization": {
            "id": "o-abcdefghij", "root_id": "r-abcd", "feature_set": "ALL", "management_account_id": "111111111111",
            "management_email": "payer@corp.test",
        },
        "units": [{"id": "ou-abcd-11111111", "parent_id": "r-abcd", "name": "Bakery", "tags": {"Owner": "zoe"}}],
        "accounts": [
            account("111111111111", "payer"),
            account("222222222222", "shop", "ou-abcd-11111111", tags={"Owner": "zoe", "Cost": "zoe"}),
        ],
        "policies": [
            {"id": "p-12345678", "name": "Deny", "type": "SERVICE_CONTROL_POLICY", "content": DOCUMENT,
             "targets": ["ou-abcd-11111111"]}
        ],
        "keys": [{"arn": f"arn:aws:kms:us-east-1:222222222222:key/{KEY}", "policy": DOCUMENT, "created_at": NOW}],
        **more,
    }  # fmt: skip


def without_state(item: dict[str, Any]) -> dict[str, Any]:
    """An account of which nobody knows whether it is open: it must not count as open."""
    return {name: value for name, value in item.items() if name != "state"}


def read(content: Any) -> Snapshot:
    return Snapshot.from_json(json.dumps(content), "copy.json")


def test_what_is_written_is_what_is_read_and_others_cannot_read_it(tmp_path: Path) -> None:
    file = tmp_path / "copy.json"
    write_snapshot(read(values()), file)
    assert read_snapshot(file) == read(values())
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "its schema is None"),
        (values(schema=2), "its schema is 2, and this version of orgkit reads schema 1"),
        (values(accounts=[account("1", "payer")]), r"accounts\.0\.id"),
        (values(accounts=[]), "the management account is not there"),
        (
            values(accounts=[account("111111111111", "payer", "ou-abcd-99999999")]),
            r"accounts\.0\.parent_id: ou-abcd-99",
        ),
        (values(accounts=[account("111111111111", "payer")] * 2), r"accounts\.1\.id: 111111111111 is there twice"),
        (
            values(policies=[{"id": "p-1", "name": "x", "type": "T", "targets": ["r-zzzz"]}]),
            r"policies\.0\.targets: r-z",
        ),
        (values(delegated_administrators=[{"account_id": "333333333333"}]), r"delegated_administrators\.0\.account_id"),
        (values(accounts=[without_state(account("111111111111", "payer"))]), r"accounts\.0\.state: Field required"),
        (values(surprise=1), "surprise"),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_its_place(content: Any, message: str) -> None:
    with pytest.raises(InvalidSnapshot, match=message) as refused:
        read(content)
    assert "copy.json" in refused.value.reason
    assert "--keep-snapshot" in refused.value.remedy


def test_a_file_that_is_too_large_or_no_text_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "copy.json"
    for content, message in ((b"\xff", "byte 0 is not UTF-8"), (b"[" * 100_000, "not JSON")):
        file.write_bytes(content)
        with pytest.raises(InvalidSnapshot, match=message):
            read_snapshot(file)
    monkeypatch.setattr(snapshots, "MAX_BYTES", 10)
    with pytest.raises(InvalidSnapshot, match="larger"):
        read_snapshot(file)
    with pytest.raises(InvalidSnapshot, match="larger"):
        write_snapshot(read(values()), file)


def test_a_mask_replaces_the_same_value_by_the_same_word_everywhere() -> None:
    masked = mask_snapshot(read(values()))
    text = masked.to_json()
    for value in ("111111111111", "222222222222", "333333333333", "corp.test", "Bakery", "shop", '"zoe"', "abcd", KEY):
        assert value not in text
    payer, shop = masked.accounts
    (unit,), (policy,) = masked.units, masked.policies
    assert masked.is_masked
    assert payer.id == masked.organization.management_account_id
    assert payer.email == masked.organization.management_email
    assert shop.parent_id == unit.id == policy.targets[0]
    assert unit.tags == {"Owner": "value-1"}
    assert shop.tags == {"Owner": "value-1", "Cost": "value-1"}
    assert f"{masked.organization.id}/{masked.organization.root_id}/{unit.id}/" in policy.content
    assert f"arn:aws:iam::{shop.id}:role/x" in policy.content


def test_a_mask_hides_what_aws_said_of_what_it_did_not_let_us_read() -> None:
    unread = {"subject": "policy Deny zoe (SERVICE_CONTROL_POLICY)", "reason": "User zoe is not authorized"}
    general = {"subject": "keys of KMS", "reason": "none", "is_general": True}
    masked = mask_snapshot(read(values(not_read=[unread, general])))
    assert [(item.subject, item.reason) for item in masked.not_read] == [("policy", "masked"), ("keys of KMS", "none")]
