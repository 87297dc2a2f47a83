"""Phase 04's plan of what could not be read: a matter of rights, or of running again."""

from pathlib import Path

import pytest

from orgkit.errors import CouldNotRead
from orgkit.model.desired import Desired
from orgkit.model.observed import Unread
from orgkit.phases.account_imports.facts import ImportFacts, Owner
from orgkit.phases.account_imports.planner import plan
from tests.plans.loader import desired_of, observed_of

DENIED, LOST = Unread("AccessDenied"), Unread("NoAnswer", "run the phase again.")


@pytest.fixture
def desired(tmp_path: Path) -> Desired:
    delta = tmp_path / "desired.toml"
    delta.write_text(
        '[imports.dns]\nid = "111111111111"\nemail = "dns@acme.example"\nunit = "Security"\nprofile = "dns"\n'
    )
    return desired_of(delta)


@pytest.mark.parametrize(
    ("unread", "do"),
    [
        (DENIED, "allow organizations:ListHandshakesForOrganization (see `orgkit permissions imports`)."),
        (LOST, "run the phase again."),
    ],
    ids=["no permission", "no answer"],
)
def test_invitations_that_could_not_be_read_are_told_with_what_helps(desired: Desired, unread: Unread, do: str) -> None:
    with pytest.raises(CouldNotRead) as stopped:
        plan(observed_of({"organization": {}}).with_facts(ImportFacts(unread)), desired)
    assert stopped.value.remedy == do


@pytest.mark.parametrize(
    ("unread", "what"),
    [
        (DENIED, "dns: profile dns cannot be used: AccessDenied"),
        (LOST, "dns: what profile dns sees could not be read: NoAnswer: run the phase again."),
    ],
    ids=["no permission", "no answer"],
)
def test_an_account_that_could_not_be_asked_is_left_alone_and_told_with_what_helps(
    desired: Desired, unread: Unread, what: str
) -> None:
    owner = Owner("111111111111", unread, unread, unread, unread)
    made = plan(observed_of({"organization": {}}).with_facts(ImportFacts(owners=(owner,))), desired)
    assert made.steps == ()
    assert [waiting.what for waiting in made.waiting] == [what]


def test_an_account_whose_role_denies_the_management_account_waits_for_a_person(desired: Desired) -> None:
    """A statement for all but a role that was deleted denies everybody, and IAM takes no policy with it."""
    owner = Owner("111111111111", None, (), access_role=True, read_role=False, denying=("Admin",))
    made = plan(observed_of({"organization": {}}).with_facts(ImportFacts(owners=(owner,))), desired)
    assert made.steps == ()
    (waiting,) = made.waiting
    assert "the trust policy of role Admin in it denies the management account" in waiting.what
