"""`[contacts]` of an organization that exists: the plan with it is empty, and nothing that was read is lost."""

from dataclasses import asdict, replace
from itertools import product

import pytest

from orgkit.aws.session import Connection
from orgkit.model.desired import ACCESS_ROLE, ImportSpec
from orgkit.model.observed import Unread
from orgkit.phases.alternate_contacts.adoption import NOT_SHOWN, adopt
from orgkit.phases.alternate_contacts.adoption_aws import read_to_adopt
from orgkit.phases.alternate_contacts.facts import ContactFacts
from orgkit.phases.alternate_contacts.planner import plan
from orgkit.phases.alternate_contacts.section import ContactsModel, build
from orgkit.phases.schema.section import Defaults
from tests.aws.conftest import Answer, Wire
from tests.phases.alternate_contacts.test_planner import ACCOUNT, ADA, BOB, LOGS, MANAGEMENT, OTHER, Contact, world
from tests.plans.loader import desired_of

UNREAD = Unread("AWS denied it.")
ODD = Contact("Eve", "x" * 51, "eve@acme.dev", "+1 555 0102")  # a title that is too long
RAW = {"accounts": {"log-archive": {"id": LOGS}}, "imports": {"dns": {"id": OTHER["id"]}}}
DNS = ImportSpec(
    "dns", OTHER["id"], "other", OTHER["email"], (), ACCESS_ROLE, None, leaves_other_organization=False, tags=()
)
FILE = replace(desired_of(), imports=(DNS,))
FOUND = {"none": None, "ada": ADA, "bob": BOB, "odd": ODD, "unread": UNREAD}


def observed_of_three(own, logs, other, kind="SECURITY", **organization):
    found = ((MANAGEMENT, kind, own), (LOGS, kind, logs), (OTHER["id"], kind, other))
    return world(*found, accounts=(ACCOUNT, OTHER), **organization)


@pytest.mark.parametrize(("own", "logs", "other"), list(product(FOUND, repeat=3)))
def test_whatever_contacts_there_are_the_section_changes_none_and_each_is_entered_listed_or_not_read(
    own: str, logs: str, other: str
) -> None:
    found = [FOUND[name] for name in (own, logs, other)]
    observed = observed_of_three(*found)
    adopted = adopt(observed, RAW)
    spec = build(ContactsModel.model_validate(adopted.values), Defaults(MANAGEMENT, "us-east-1", None))
    assert plan(observed, FILE.with_section(spec)).steps == ()
    entered = [contact for key in ("", "log-archive", "dns") for contact in dict(spec.contacts_of(key)).values()]
    listed = [item.subject for item in adopted.not_expressed]
    for contact in found:
        if isinstance(contact, Contact):
            assert contact in entered or any(str(contact) in subject for subject in listed)
    assert len(adopted.not_read) == found.count(UNREAD)
    assert {*entered} <= {ADA, BOB}


def test_what_all_accounts_have_is_stated_once_and_others_by_their_keys() -> None:
    adopted = adopt(observed_of_three(ADA, ADA, BOB), RAW)
    assert adopted.values == {"security": asdict(ADA), "accounts": {"dns": {"security": asdict(BOB)}}}
    assert adopted.not_expressed == []
    alone = adopt(observed_of_three(ADA, BOB, None), RAW)
    assert alone.values == {"accounts": {"log-archive": {"security": asdict(BOB)}}}
    (own,) = alone.not_expressed
    assert own.subject == f"SECURITY contact of the management account: {ADA}"


def test_contacts_of_members_that_aws_does_not_show_or_that_the_file_does_not_have_are_listed() -> None:
    hidden = adopt(world((MANAGEMENT, "BILLING", None), accounts=(ACCOUNT, OTHER), trusted_access=[]), RAW)
    assert [(item.subject, item.reason) for item in hidden.not_expressed] == [
        ("the alternate contacts of 2 member account(s)", NOT_SHOWN)
    ]
    (item,) = adopt(observed_of_three(ADA, ADA, BOB), {"accounts": RAW["accounts"]}).not_expressed
    assert (item.subject, item.reason) == (
        f"SECURITY contact of account other (333333333333): {BOB}", "the file does not have the account",
    )  # fmt: skip


def test_all_types_of_all_open_accounts_are_read_and_what_is_denied_hides_no_other(aws: Connection, wire: Wire) -> None:
    closed = {**OTHER, "state": "SUSPENDED"}
    own = Answer.json(
        AlternateContact={"Name": "Ada", "Title": "CFO", "EmailAddress": "ada@acme.dev", "PhoneNumber": "+1 555 0100"}
    )
    missing, denied = Answer.error("ResourceNotFoundException"), Answer.error("AccessDeniedException")
    wire.says(own, missing, denied, missing, own, missing)
    observed = read_to_adopt(aws, world(accounts=(ACCOUNT, closed)), "orgkit-read")
    facts = observed.facts(ContactFacts)
    assert facts is not None
    values = [(account, kind, type(found).__name__) for account, kind, found in facts.contacts]
    assert values == [
        (MANAGEMENT, "BILLING", "Contact"), (MANAGEMENT, "OPERATIONS", "NoneType"), (MANAGEMENT, "SECURITY", "Unread"),
        (LOGS, "BILLING", "NoneType"), (LOGS, "OPERATIONS", "Contact"), (LOGS, "SECURITY", "NoneType"),
    ]  # fmt: skip
    wire.says(missing)
    alone = read_to_adopt(aws, world(accounts=(ACCOUNT,), trusted_access=[]), "orgkit-read").facts(ContactFacts)
    assert alone is not None
    assert len(alone.contacts) == 3
