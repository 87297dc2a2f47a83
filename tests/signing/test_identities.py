"""Whose an ARN is: a user by the whole of it, a session by its role, unless the file names the session."""

import pytest

from orgkit.signing.identities import is_identity, is_within, same_identity

ACCOUNT = "999999999999"
USER = f"arn:aws:iam::{ACCOUNT}:user/jane"
ROLE = f"arn:aws:sts::{ACCOUNT}:assumed-role/ops"
FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/jane"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (USER, USER, True),
        (USER, USER.upper(), True),
        (USER, f"arn:aws:iam::{ACCOUNT}:user/joe", False),
        (USER, f"arn:aws:iam::{ACCOUNT}:user/team/jane", False),
        (f"{ROLE}/jane", f"{ROLE}/jane", True),
        (f"{ROLE}/jane", f"{ROLE}/joe", True),
        (f"{ROLE}/jane", f"{ROLE}s/jane", False),
        (f"{ROLE}/jane", f"arn:aws:sts::{ACCOUNT}:assumed-role/admin/jane", False),
        (f"{ROLE}/jane", "arn:aws:sts::111111111111:assumed-role/ops/jane", False),
        (FEDERATED, FEDERATED, True),
    ],
)
def test_users_are_told_apart_by_their_whole_arn_and_sessions_by_their_role(one: str, other: str, same: bool) -> None:
    assert same_identity(one, other) is same


@pytest.mark.parametrize(
    ("arn", "allowed", "within"),
    [
        (USER, USER, True),
        (USER, ROLE, False),
        (f"{ROLE}/jane", ROLE, True),
        (f"{ROLE}/jane", f"{ROLE}/jane", True),
        (f"{ROLE}/joe", f"{ROLE}/jane", False),
        (f"{ROLE}s/jane", ROLE, False),
        ("", ROLE, False),
    ],
)
def test_a_role_stands_for_its_sessions_and_a_session_for_itself(arn: str, allowed: str, within: bool) -> None:
    assert is_within(arn, [USER.replace("jane", "kim"), allowed]) is within


@pytest.mark.parametrize("arn", [USER, ROLE, f"{ROLE}/jane@example.com", FEDERATED, USER.replace("jane", "a/b/jane")])
def test_what_a_caller_can_be_is_an_identity(arn: str) -> None:
    assert is_identity(arn)


@pytest.mark.parametrize(
    "arn",
    [
        "", "*", "jane", f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{ACCOUNT}:role/ops", f"{ROLE}/*", f"{ROLE}/",
        f"{ROLE}/a/b", f"arn:aws:iam::{ACCOUNT}:user/*", f"arn:aws-cn:iam::{ACCOUNT}:user/jane", f"{USER}\n",
    ],
)  # fmt: skip
def test_what_no_caller_can_be_or_everybody_could_is_none(arn: str) -> None:
    assert not is_identity(arn)
