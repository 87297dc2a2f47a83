"""Alternate contacts on the wire: whose id is sent, what "none" is, and how fast they are read and set."""

import json

import pytest

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.model.matching import IdIndex
from orgkit.model.observed import Unread
from orgkit.model.plan import ABSENT
from orgkit.phases.alternate_contacts.aws import contact_of_account, read, set_contact
from orgkit.phases.alternate_contacts.facts import ContactFacts
from orgkit.phases.alternate_contacts.spec import Contact, ContactsSpec
from orgkit.phases.alternate_contacts.steps import SetContact
from tests.aws.conftest import Answer, CountingClock, Wire
from tests.phases.alternate_contacts.test_planner import ACCOUNT, ADA, BILLS, LOGS, TRUSTED
from tests.plans.loader import MANAGEMENT, desired_of, observed_of

DESIRED = desired_of().with_section(BILLS)
OBSERVED = observed_of({"organization": TRUSTED, "accounts": [ACCOUNT]})
NONE = Answer.error("ResourceNotFoundException", 404)
FOUND = {"Name": "Ada", "Title": "CFO", "EmailAddress": "ada@acme.dev", "PhoneNumber": "+1 555 0100"}


def step(account: str = "") -> SetContact:
    return SetContact(account=account, type="BILLING", starts_from=ABSENT, **vars(ADA))


def facts(aws: Connection) -> ContactFacts:
    found = read(aws, DESIRED, OBSERVED).facts(ContactFacts)
    assert found is not None
    return found


def test_a_member_is_named_by_its_id_and_the_management_account_by_none(aws: Connection, wire: Wire) -> None:
    wire.says(NONE, Answer.json(AlternateContact={**FOUND, "AlternateContactType": "BILLING"}))
    assert facts(aws).contacts == ((MANAGEMENT, "BILLING", None), (LOGS, "BILLING", ADA))
    assert [json.loads(body) for body in wire.bodies] == [
        {"AlternateContactType": "BILLING"},
        {"AlternateContactType": "BILLING", "AccountId": LOGS},
    ]


def test_a_denial_is_kept_as_not_read_and_another_error_ends_the_reading(aws: Connection, wire: Wire) -> None:
    wire.says(NONE, Answer.error("AccessDeniedException", 403))
    assert isinstance(facts(aws).contact(LOGS, "BILLING"), Unread)
    wire.says(Answer.error("ValidationException"))
    with pytest.raises(Rejected, match="ValidationException"):
        facts(aws)


def test_without_trusted_access_no_member_is_asked(aws: Connection, wire: Wire) -> None:
    wire.says(NONE)
    read(aws, DESIRED, observed_of({"organization": {}, "accounts": [ACCOUNT]}))
    assert len(wire.asked) == 1


def test_a_contact_is_set_whole(aws: Connection, wire: Wire) -> None:
    wire.says(NONE, Answer())
    id_index = IdIndex(OBSERVED, DESIRED)
    assert contact_of_account(aws, step("log-archive"), id_index) == ABSENT
    set_contact(aws, step("log-archive"), id_index)
    assert json.loads(wire.bodies[-1]) == {**FOUND, "AlternateContactType": "BILLING", "AccountId": LOGS}


def test_the_value_that_is_replaced_has_the_form_of_the_plan(aws: Connection, wire: Wire) -> None:
    wire.says(Answer.json(AlternateContact=FOUND))
    value = contact_of_account(aws, step(), IdIndex(OBSERVED, DESIRED))
    assert Contact(**json.loads(value)) == ADA


def test_no_more_than_ten_are_read_and_five_are_set_in_a_second(
    aws: Connection, wire: Wire, clock: CountingClock
) -> None:
    """One thread is slowed down as well: from within AWS's network it would be faster than that."""
    wire.says(NONE)
    id_index, began = IdIndex(OBSERVED, DESIRED), clock.now()
    for _ in range(21):
        contact_of_account(aws, step(), id_index)
    assert (clock.now() - began).total_seconds() == pytest.approx(2.0, abs=0.01)
    wire.says(Answer())
    began = clock.now()
    for _ in range(11):
        set_contact(aws, step(), id_index)
    assert (clock.now() - began).total_seconds() == pytest.approx(2.0, abs=0.01)


def test_a_file_without_contacts_asks_for_nothing(aws: Connection, wire: Wire) -> None:
    read(aws, desired_of().with_section(ContactsSpec()), OBSERVED)
    assert wire.asked == []
