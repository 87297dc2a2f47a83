"""14-contacts plans what accounts lack or have otherwise, and says what it replaces."""

from dataclasses import replace

import pytest

from orgkit.model.desired import Desired
from orgkit.model.observed import Observed, Unread
from orgkit.model.plan import ABSENT, Plan
from orgkit.phases.alternate_contacts.facts import ContactFacts
from orgkit.phases.alternate_contacts.phase import PHASE
from orgkit.phases.alternate_contacts.planner import plan
from orgkit.phases.alternate_contacts.spec import Contact, ContactsSpec
from tests.plans.loader import MANAGEMENT, desired_of, observed_of

LOGS = "222222222222"
ADA = Contact("Ada", "CFO", "ada@acme.dev", "+1 555 0100")
BOB = Contact("Bob", "CISO", "bob@acme.dev", "+1 555 0101")
BILLS = ContactsSpec((("BILLING", ADA),))
ACCOUNT = {"id": LOGS, "name": "log-archive", "email": "aws-log-archive@acme.example", "unit": "Security"}
OTHER = {"id": "333333333333", "name": "other", "email": "other@acme.example"}
TRUSTED = {"trusted_access": ["account.amazonaws.com", "cloudtrail.amazonaws.com", "iam.amazonaws.com"]}


def wanted(spec: ContactsSpec) -> Desired:
    return desired_of().with_section(spec)


def world(
    *contacts: tuple[str, str, Contact | Unread | None], accounts: tuple = (ACCOUNT,), **organization
) -> Observed:
    observed = observed_of({"organization": {**TRUSTED, **organization}, "accounts": list(accounts)})
    return observed.with_facts(ContactFacts(contacts))


def sentences(made: Plan) -> list[str]:
    return [step.sentence for step in made.steps]


def test_the_contacts_of_every_account_are_set_that_of_the_management_account_first() -> None:
    made = plan(world((MANAGEMENT, "BILLING", None), (LOGS, "BILLING", None)), wanted(BILLS))
    assert sentences(made) == [
        "set the billing contact of the management account to Ada, CFO, ada@acme.dev, +1 555 0100",
        "set the billing contact of account log-archive to Ada, CFO, ada@acme.dev, +1 555 0100",
    ]
    assert {step.starts_from for step in made.steps} == {ABSENT}
    assert len({step.group for step in made.steps}) == 1


def test_what_is_there_as_in_the_file_is_left_and_another_contact_is_replaced_by_name() -> None:
    made = plan(world((MANAGEMENT, "BILLING", ADA), (LOGS, "BILLING", BOB)), wanted(BILLS))
    (step,) = made.steps
    assert step.id == "set-contact:log-archive BILLING"
    assert step.sentence.endswith("; it replaces Bob, CISO, bob@acme.dev, +1 555 0101")
    assert step.losses == ("log-archive: billing contact Bob, CISO, bob@acme.dev, +1 555 0101",)
    assert step.group == ""


def test_contacts_of_one_account_take_precedence() -> None:
    spec = replace(BILLS, of_accounts=(("log-archive", (("BILLING", BOB), ("SECURITY", BOB))),))
    made = plan(world((MANAGEMENT, "BILLING", ADA), (LOGS, "BILLING", BOB)), wanted(spec))
    assert [step.id for step in made.steps] == ["set-contact:log-archive SECURITY"]
    assert not spec.is_empty
    assert ContactsSpec(of_accounts=(("log-archive", ()),)).is_empty


def test_an_account_that_is_not_there_yet_waits_and_the_others_do_not() -> None:
    made = plan(world((MANAGEMENT, "BILLING", None), accounts=()), wanted(BILLS))
    assert [step.id for step in made.steps] == ["set-contact:management account BILLING"]
    (waiting,) = made.waiting
    assert waiting.what.startswith("log-archive: there is no such account yet")


def test_without_trusted_access_members_wait_for_01() -> None:
    made = plan(world((MANAGEMENT, "BILLING", None), trusted_access=["iam.amazonaws.com"]), wanted(BILLS))
    assert [step.id for step in made.steps] == ["set-contact:management account BILLING"]
    assert "add account.amazonaws.com to organization.trusted_access" in made.waiting[0].what


def test_a_contact_that_could_not_be_read_is_not_taken_for_none() -> None:
    facts = (MANAGEMENT, "BILLING", ADA), (LOGS, "BILLING", Unread("denied by an SCP", "ask its owner"))
    made = plan(world(*facts), wanted(BILLS))
    assert made.empty
    assert made.waiting[0].what == "log-archive: its billing contact could not be read: denied by an SCP. ask its owner"


def test_accounts_that_the_file_does_not_have_are_named_and_a_file_without_contacts_says_nothing() -> None:
    observed = world((MANAGEMENT, "BILLING", ADA), (LOGS, "BILLING", ADA), accounts=(ACCOUNT, OTHER))
    made = plan(observed, wanted(BILLS))
    assert made.empty
    assert made.warnings == (
        "accounts that the file does not have keep the contacts that they have: other (333333333333)",
    )
    nothing = plan(observed, desired_of())
    assert (nothing.steps, nothing.waiting, nothing.warnings) == ((), (), ())


def test_without_an_organization_the_plan_is_a_preview_of_all() -> None:
    made = plan(observed_of({"organization": None}), wanted(BILLS))
    assert len(made.steps) == 2
    assert made.needs


@pytest.mark.parametrize(("present", "shown"), [(ADA, True), (BOB, False), (None, False), (Unread("denied"), None)])
def test_a_change_without_an_answer_is_known_by_the_contact_that_the_account_has(
    present: Contact | Unread | None, shown: bool | None
) -> None:
    desired = wanted(BILLS)
    (step,) = plan(world((MANAGEMENT, "BILLING", ADA), (LOGS, "BILLING", BOB)), desired).steps
    assert PHASE.shows(step, world((LOGS, "BILLING", present)), desired) is shown
    assert PHASE.shows(step, world(), desired) is None
