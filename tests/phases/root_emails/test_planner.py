"""15-emails sends a code, waits for its reader, and changes the email with it; one account never stands for another."""

from dataclasses import replace

import pytest

from orgkit.errors import NeedsDecision
from orgkit.model.desired import Desired, HandoverSpec
from orgkit.model.matching import match
from orgkit.model.observed import Observed, Unread
from orgkit.model.plan import Plan
from orgkit.phases.registry import phases_for, plan
from orgkit.phases.root_emails.facts import EmailFacts
from orgkit.phases.root_emails.phase import PHASE
from orgkit.phases.root_emails.steps import AcceptEmailChange, StartEmailChange
from tests.phases.alternate_contacts.test_planner import TRUSTED
from tests.plans.loader import desired_of, observed_of

OLD, NEW = "logs@acme.example", "aws-log-archive@acme.example"
ID = "222222222222"


def wanted(former: str = OLD) -> Desired:
    desired = desired_of()
    return replace(desired, accounts=(replace(desired.accounts[0], email_changed_from=former),))


def world(email: str = OLD, *, facts: EmailFacts | None = None, **organization) -> Observed:
    account = {"id": ID, "name": "log-archive", "email": email, "unit": "Security"}
    observed = observed_of({"organization": {**TRUSTED, **organization}, "accounts": [account]})
    return observed.with_facts(facts or EmailFacts())


def status(value: str | Unread, **more: tuple[str, ...]) -> EmailFacts:
    return EmailFacts((("log-archive", value),), **more)


def made(facts: EmailFacts, **more: str) -> Plan:
    return plan("emails", world(facts=facts, **more), wanted())


def test_without_a_change_under_way_a_code_is_sent() -> None:
    (step,) = made(status("")).steps
    assert step == StartEmailChange(
        key="log-archive", name="log-archive", email=NEW, starts_from=OLD, is_repeated=False
    )
    assert step.sentence.startswith(f"send a one-time code to {NEW}")


def test_a_code_that_was_sent_waits_for_its_reader_and_is_entered_once_it_is_known() -> None:
    waiting = made(status("PENDING"))
    assert waiting.empty
    assert waiting.waiting[0].who == f"the reader of {NEW}"
    assert "ORGKIT_EMAIL_CODES=log-archive=CODE" in waiting.waiting[0].what
    (step,) = made(status("PENDING", with_code=("log-archive",))).steps
    assert step == AcceptEmailChange(key="log-archive", name="log-archive", email=NEW, starts_from=OLD)
    assert step.losses == (f"account log-archive: {OLD} gets no mail to the root user any more",)


def test_a_code_that_was_lost_is_sent_again_where_a_person_asks_for_it() -> None:
    (step,) = made(status("PENDING", to_send_again=("log-archive",))).steps
    assert isinstance(step, StartEmailChange)
    assert step.sentence.startswith("send another one-time code")


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        (status("ACCEPTED"), "AWS has accepted"),
        (status(Unread("denied", "ask")), "how far a change is could not be read: denied ask"),
    ],
)
def test_what_aws_has_still_to_show_or_does_not_show_waits(facts: EmailFacts, text: str) -> None:
    result = made(facts)
    assert result.empty
    assert text in result.waiting[0].what


def test_without_trusted_access_or_where_terraform_owns_the_account_nothing_is_sent() -> None:
    result = plan("emails", world(facts=status(""), trusted_access=["iam.amazonaws.com"]), wanted())
    assert result.empty
    assert "trusted access" in result.waiting[0].what
    owned = plan("emails", world(facts=status("")), wanted().with_section(HandoverSpec(("accounts",))))
    assert owned.empty
    assert "Its provider may replace an account whose email is another" in owned.waiting[0].what


def test_a_change_that_is_done_and_a_file_without_one_leave_an_empty_plan() -> None:
    assert plan("emails", world(NEW), wanted()) == plan("emails", world(NEW), desired_of())
    assert plan("emails", world(NEW), wanted()).empty
    assert PHASE in phases_for(wanted())
    assert PHASE not in phases_for(desired_of())


def test_the_other_phases_know_the_account_by_both_emails() -> None:
    for email in (OLD, OLD.upper(), NEW):
        assert match(wanted().accounts[0], world(email)).id == ID
        assert not [step for step in plan("accounts", world(email), wanted()).steps if step.kind == "create-account"]
    with pytest.raises(NeedsDecision, match="an account named log-archive exists"):
        match(wanted("another@acme.example").accounts[0], world())


@pytest.mark.parametrize(
    ("email", "facts", "sent", "changed"),
    [
        (OLD, status(""), False, False),
        (OLD, status("PENDING"), True, False),
        (OLD, status("ACCEPTED"), False, True),
        (NEW, status(""), True, True),
    ],
)
def test_changes_without_an_answer_are_known_by_what_aws_shows(
    email: str, facts: EmailFacts, sent: bool, changed: bool
) -> None:
    start = StartEmailChange(key="log-archive", name="log-archive", email=NEW, starts_from=OLD, is_repeated=False)
    accept = AcceptEmailChange(key="log-archive", name="log-archive", email=NEW, starts_from=OLD)
    observed = world(email, facts=facts)
    assert PHASE.shows(start, observed, wanted()) is sent
    assert PHASE.shows(accept, observed, wanted()) is changed
    assert PHASE.shows(replace(start, is_repeated=True), world(facts=status("PENDING")), wanted()) is None
