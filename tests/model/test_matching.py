"""Which account a spec means: closed accounts, ambiguous ones, and advice that changes the situation."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orgkit.errors import NeedsDecision
from orgkit.model.desired import ACCESS_ROLE, KEY_TAG, AccountSpec, ImportSpec
from orgkit.model.matching import match, match_if_clear, match_or_decision
from orgkit.model.observed import Account, Observed
from tests.plans.loader import MANAGEMENT, observed_of

EMAIL, SUCCESSOR, KEY = "web@acme.example", "web2@acme.example", "web"
CLOSED = ["SUSPENDED", "PENDING_CLOSURE", "CLOSED"]
MANAGING = Account(MANAGEMENT, "acme", "aws@acme.example", "ACTIVE", (), "INVITED", ())
EMPTY = replace(observed_of({"organization": {}}), accounts=(MANAGING,))


def spec_of(email: str = EMAIL, **fields: str) -> AccountSpec:
    spec = AccountSpec(KEY, "website", email, (), ACCESS_ROLE, iam_access_to_billing=False, tags=())
    return replace(spec, **fields)


def account_of(
    number: int, email: str = EMAIL, state: str = "ACTIVE", name: str = "website", tag: str = KEY
) -> Account:
    return Account(f"{number:012}", name, email, state, (), "CREATED", ((KEY_TAG, tag),) if tag else ())


def with_accounts(*accounts: Account) -> Observed:
    return replace(EMPTY, accounts=(MANAGING, *accounts))


@pytest.mark.parametrize("state", CLOSED)
@pytest.mark.parametrize("tag", [KEY, ""])
def test_a_closed_account_claims_neither_key_nor_name_against_a_successor(state: str, tag: str) -> None:
    closed = account_of(1, state=state, tag=tag)
    assert match(spec_of(SUCCESSOR), with_accounts(closed)) is None
    successor = account_of(2, SUCCESSOR)
    assert match(spec_of(SUCCESSOR), with_accounts(closed, successor)) == successor


@pytest.mark.parametrize("state", CLOSED)
def test_a_closed_account_keeps_its_email_and_its_id(state: str) -> None:
    closed = account_of(1, state=state)
    pinned = spec_of(SUCCESSOR, id=closed.id)
    imported = ImportSpec(KEY, closed.id, "website", SUCCESSOR, (), ACCESS_ROLE, None, False, ())
    for spec in (spec_of(), pinned, imported):
        with pytest.raises(NeedsDecision, match=f"is {state}"):
            match(spec, with_accounts(closed))


def test_a_closed_account_with_the_tag_of_a_live_one_makes_nothing_ambiguous() -> None:
    live = account_of(2)
    assert match(spec_of(), with_accounts(account_of(1, "old@acme.example", "SUSPENDED"), live)) == live


def test_two_live_accounts_with_one_tag_are_ambiguous_and_both_are_named() -> None:
    _, decision = match_or_decision(spec_of(), with_accounts(account_of(1), account_of(2, SUCCESSOR)))
    assert decision is not None
    assert decision.blocks == KEY
    assert "000000000001, 000000000002" in decision.what


def test_the_management_account_is_no_account_of_the_file_whatever_its_tag() -> None:
    tagged = replace(MANAGING, tags=((KEY_TAG, KEY),))
    assert match(spec_of(), replace(EMPTY, accounts=(tagged,))) is None


@dataclass(frozen=True)
class Situation:
    """One entry of the file and the accounts that AWS has."""

    spec: AccountSpec | None  # None: taken out of the file
    observed: Observed

    @property
    def decision(self) -> NeedsDecision | None:
        if self.spec is None:
            return None
        try:
            match(self.spec, self.observed)
        except NeedsDecision as decision:
            return decision
        return None


def alternatives(decision: NeedsDecision) -> list[str]:
    """The ways out that a remedy offers: of several accounts with one tag, any of them may be the one that is meant."""
    commands = re.findall(r"aws organizations untag-resource \S+ \d+ \S+ \S+", decision.remedy)
    if len(commands) > 1 and "those that are not meant" in decision.remedy:
        return ["; ".join(c for c in commands if c != kept) for kept in commands]
    parts = re.split(r"; if not, |,? or, for |, or (?=take)", decision.remedy)
    return [part for part in parts if part.strip()]


def follow(advice: str, situation: Situation) -> Situation:
    """Do what one alternative says, to the letter."""
    spec, observed = situation.spec, situation.observed
    assert spec is not None
    if f"take accounts.{KEY} and what names it out" in advice:
        return Situation(None, observed)
    if email := re.search(rf'write accounts\.{KEY}\.email = "(.*?)"', advice):
        spec = replace(spec, email=email[1])
    if f"give accounts.{KEY} another email" in advice:
        spec = replace(spec, email="fresh@acme.example")
    if f"change accounts.{KEY}.name" in advice:
        spec = replace(spec, name="a fresh name")
    if re.search(rf"remove accounts\.{KEY}\.id", advice):
        spec = replace(spec, id=None)
    untagged = re.findall(r"untag-resource --resource-id (\d+) --tag-keys orgkit:key", advice)
    accounts = [replace(a, tags=()) if a.id in untagged else a for a in observed.accounts]
    if "reopen it with AWS Support" in advice:
        meant = spec.id or next(a.id for a in accounts if a.email.casefold() == spec.email.casefold())
        accounts = [replace(a, state="ACTIVE") if a.id == meant else a for a in accounts]
    return Situation(spec, replace(observed, accounts=tuple(accounts)))


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Up to four accounts that have the name, key, email or id of one entry, or are like it; emails are unique."""
    emails = draw(st.lists(st.sampled_from([EMAIL, SUCCESSOR, "other@acme.example", "x@acme.example"]), unique=True))
    accounts = [
        account_of(
            number,
            email,
            draw(st.sampled_from(["ACTIVE", "PENDING_ACTIVATION", *CLOSED])),
            draw(st.sampled_from(["website", "wеbsite", "shop"])),  # the second one with a Cyrillic letter
            draw(st.sampled_from([KEY, KEY, "shop", ""])),
        )
        for number, email in enumerate(emails, 1)
    ]
    pinned = draw(st.sampled_from([None, None, "000000000099", *(a.id for a in accounts)]))
    name = draw(st.sampled_from(["website", "acme"]))
    email = draw(st.sampled_from([EMAIL, EMAIL.upper(), SUCCESSOR]))
    return Situation(replace(spec_of(email), id=pinned, name=name), with_accounts(*accounts))


def ways(situation: Situation, passed: tuple[Situation, ...] = ()) -> Iterator[tuple[Situation, ...]]:
    """Every way through all the advice, as long as there is any."""
    passed = (*passed, situation)
    decision = situation.decision
    if decision is None:
        yield passed
        return
    assert len(passed) < 12, [(step.spec, str(step.decision)) for step in passed]
    for advice in alternatives(decision):
        after = follow(advice, situation)
        assert after != situation, f"this changes nothing: {advice}"
        assert after not in passed, f"this leads back: {advice}"
        if after.decision is not None:
            assert str(after.decision) != str(decision), f"this leads to the same advice: {advice}"
        yield from ways(after, passed)


@settings(max_examples=400)
@given(situations())
def test_every_remedy_changes_the_situation_and_none_leads_back(situation: Situation) -> None:
    assert all(way[-1].decision is None for way in ways(situation))


@settings(max_examples=200)
@given(situations())
def test_an_account_is_blocked_exactly_where_nobody_can_say_which_is_meant(situation: Situation) -> None:
    assert situation.spec is not None
    _, decision = match_or_decision(situation.spec, situation.observed)
    assert (decision is None) is (situation.decision is None)
    matched = match_if_clear(situation.spec, situation.observed)
    if matched is not None:
        assert not matched.is_closed
        assert matched.email.casefold() == situation.spec.email.casefold()


def test_of_two_accounts_with_the_email_of_the_file_the_open_one_is_meant() -> None:
    email = spec_of().email
    live = account_of(2, email, tag="")
    assert match(spec_of(), with_accounts(account_of(1, email, state="SUSPENDED"), live)) == live
