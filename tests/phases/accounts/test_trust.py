"""The trust of a role that is there already is added to, never replaced."""

from orgkit.phases.member_access.roles import deleted_in, other_trusted_principals, trust, with_trust

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
