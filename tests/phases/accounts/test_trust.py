"""The trust of a role that is there already is added to, never replaced."""

import pytest

from orgkit.phases.member_access.roles import deleted_in, denies, lets_in, other_trusted_principals, trust, with_trust

OURS = trust("999999999999")["Statement"][0]
THEIRS = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::222222222222:root"}, "Action": "sts:AssumeRole"}


def test_whom_a_role_trusts_already_stays_trusted() -> None:
    there = {"Version": "2012-10-17", "Statement": [THEIRS]}
    assert with_trust(there, "999999999999")["Statement"] == [THEIRS, OURS]


def test_a_single_statement_need_not_be_a_list() -> None:
    assert with_trust({"Statement": THEIRS}, "999999999999")["Statement"] == [THEIRS, OURS]


def test_a_role_that_trusts_us_is_left_as_it_is_whatever_the_statement_is_called() -> None:
    there = {"Version": "2012-10-17", "Statement": [THEIRS, {**OURS, "Sid": "Ours"}]}
    assert with_trust(there, "999999999999") is there


def test_others_whom_a_role_trusts_are_named_to_the_person_who_approves() -> None:
    foreign = {"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::555555555555:root"]}, "Action": "sts:AssumeRole"}
    document = with_trust({"Version": "2012-10-17", "Statement": [foreign]}, "999999999999")
    assert other_trusted_principals(document, "999999999999") == ("555555555555",)
    assert other_trusted_principals(trust("999999999999"), "999999999999") == ()


OTHER = "arn:aws:iam::555555555555:root"
DELETED = "AROAEXAMPLEEXAMPLE123"


def test_a_deleted_principal_is_left_out_of_a_trust_policy_that_changes_and_is_reported() -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": [DELETED, OTHER]}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    wider = with_trust(document, "999999999999")
    assert wider["Statement"] == [{**statement, "Principal": {"AWS": [OTHER]}}, *trust("999999999999")["Statement"]]
    assert other_trusted_principals(document, "999999999999") == ("555555555555",)
    (line,) = deleted_in({"orgkit-read": document, "other": None})
    assert line.startswith(f"role orgkit-read trusts {DELETED}, which was deleted")


def test_a_trust_policy_that_need_not_change_is_left_as_it_is() -> None:
    document = trust("999999999999")
    document["Statement"].append({"Effect": "Allow", "Principal": {"AWS": DELETED}, "Action": "sts:AssumeRole"})
    assert with_trust(document, "999999999999") is document


def denial(principal: object, **changes: object) -> dict[str, object]:
    return {"Effect": "Deny", "Principal": principal, "Action": "sts:*"} | changes


@pytest.mark.parametrize(
    ("statement", "is_denied"),
    [
        (denial("*"), True),
        (denial({"AWS": ["arn:aws:iam::555555555555:root", "999999999999"]}), True),
        ({**denial(None, NotPrincipal={"AWS": DELETED})}, True),
        ({**denial(None, NotPrincipal={"AWS": [OTHER]})}, True),
        ({**denial(None, NotPrincipal={"AWS": "arn:aws:iam::999999999999:role/ops"})}, False),
        (denial({"AWS": OTHER}), False),
        (denial({"AWS": "arn:aws:iam::999999999999:user/left"}), False),
        (denial("*", Action="sts:TagSession"), False),
        (denial("*", Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}), False),
    ],
)
def test_a_denial_for_the_whole_account_keeps_it_out_whatever_is_allowed(
    statement: dict[str, object], is_denied: bool
) -> None:
    document = {"Version": "2012-10-17", "Statement": [OURS, statement]}
    assert denies(document, "999999999999") is is_denied
    assert lets_in(document, "999999999999") is not is_denied
