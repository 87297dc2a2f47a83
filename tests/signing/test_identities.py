"""Whose an ARN is: a user's by the whole of it, a session's by its role, unless the file names the session."""

import pytest

from orgkit.errors import ApprovalMismatch
from orgkit.model.desired import ApprovalSpec, ApproverSpec
from orgkit.signing.identities import check_operator, is_identity, is_in_account, is_one_session, role_name

ACCOUNT = "999999999999"
USER = f"arn:aws:iam::{ACCOUNT}:user/jane"
ROLE = f"arn:aws:sts::{ACCOUNT}:assumed-role/ops"
ADA = f"arn:aws:iam::{ACCOUNT}:user/ada"
FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/jane"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (USER, USER, True),
        (USER, USER.upper(), True),
        (USER, f"arn:aws:iam::{ACCOUNT}:user/joe", False),
        (USER, f"arn:aws:iam::{ACCOUNT}:user/team/jane", False),
        (f"{ROLE}/jane", f"{ROLE}/jane", True),
        (f"{ROLE}/jane", f"{ROLE}/joe", False),
        (f"{ROLE}/jane", ROLE, True),
        (f"{ROLE}/jane", f"{ROLE}s", False),
        (f"{ROLE}/jane", f"arn:aws:sts::{ACCOUNT}:assumed-role/admin", False),
        (f"{ROLE}/jane", "arn:aws:sts::111111111111:assumed-role/ops", False),
    ],
)
def test_users_are_told_apart_by_their_whole_arn_and_sessions_by_their_role(one: str, other: str, same: bool) -> None:
    """`one` calls, and `other` is listed for somebody who may apply."""
    ada = ApproverSpec("ada", "", (ADA,))
    spec = ApprovalSpec((ada,), True, (("jane", (other,)),))
    if same:
        check_operator(one, ada, spec)
    else:
        with pytest.raises(ApprovalMismatch, match=r"is not an identity of an operator: .* names jane"):
            check_operator(one, ada, spec)


@pytest.mark.parametrize("actor", [ADA, f"{ROLE}/ada", f"{ROLE}/ADA"])
def test_an_identity_of_the_approver_applies_nothing_in_whichever_table_it_stands(actor: str) -> None:
    for arns, operators in (((ADA, f"{ROLE}/ada"), ()), ((ADA,), (f"{ROLE}/ada", ADA)), ((), (ADA, ROLE))):
        ada = ApproverSpec("ada", "", arns)
        spec = ApprovalSpec((ada,), True, (("ada", operators), ("joe", (USER,))))
        with pytest.raises(ApprovalMismatch, match="by the parameters file is ada, who approved it"):
            check_operator(actor, ada, spec)
        check_operator(USER, ada, spec)


def test_an_approver_applies_what_another_has_approved_only_as_an_operator() -> None:
    ada, bob = ApproverSpec("ada", "", (ADA,)), ApproverSpec("bob", "", (USER,))
    with pytest.raises(ApprovalMismatch, match="names nobody"):
        check_operator(USER, ada, ApprovalSpec((ada, bob), True))
    check_operator(USER, ada, ApprovalSpec((ada, bob), True, (("bob", (f"{ROLE}/bob",)),)))


def test_the_role_of_a_session_is_known_by_its_name() -> None:
    assert [role_name(arn) for arn in (USER, ROLE, f"{ROLE}/jane")] == ["", "ops", "ops"]
    assert [is_one_session(arn) for arn in (USER, ROLE, f"{ROLE}/jane")] == [False, False, True]


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
    assert is_in_account(arn, [USER.replace("jane", "kim"), allowed]) is within


@pytest.mark.parametrize("arn", [USER, ROLE, f"{ROLE}/jane@example.com", USER.replace("jane", "a/b/jane")])
def test_what_a_caller_can_be_is_an_identity(arn: str) -> None:
    assert is_identity(arn)


@pytest.mark.parametrize(
    "arn",
    [
        "", "*", "jane", FEDERATED,
        f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{ACCOUNT}:role/ops", f"{ROLE}/*", f"{ROLE}/",
        f"{ROLE}/a/b", f"arn:aws:iam::{ACCOUNT}:user/*", f"arn:aws-cn:iam::{ACCOUNT}:user/jane", f"{USER}\n",
    ],
)  # fmt: skip
def test_what_no_caller_can_be_or_everybody_could_is_none(arn: str) -> None:
    assert not is_identity(arn)
