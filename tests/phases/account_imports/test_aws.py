"""Importing on the wire: inviting and accepting, each once, by the right account, whatever was there or got lost."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from orgkit.aws.rejections import OutcomeUnknown, Rejected
from orgkit.aws.session import Connection
from orgkit.errors import StepFailed
from orgkit.model.desired import ACCESS_ROLE, READ_ROLE, ImportSpec
from orgkit.model.matching import IdIndex
from orgkit.model.observed import Unread
from orgkit.model.plan import ABSENT
from orgkit.phases.account_imports.aws import accept_invitation, invite_account, read_handshakes, read_owner
from orgkit.phases.account_imports.steps import AcceptInvitation, InviteAccount
from tests.aws.conftest import Answer, CountingClock, Wire
from tests.aws.scene import identity, xml
from tests.plans.loader import ORGANIZATION, desired_of, observed_of

ID, OTHER = "111111111111", "222222222222"
INVITE = InviteAccount(key="dns", name="dns", account_id=ID)
ACCEPT = AcceptInvitation(key="dns", name="dns", account_id=ID, profile="dns", leaves="", starts_from=ABSENT)
SENT = "InviteAccountToOrganization"
Accept = Callable[[], IdIndex]


def handshake(state: str = "OPEN", organization: str = ORGANIZATION, **more: Any) -> dict[str, Any]:
    parties = [{"Id": ID, "Type": "ACCOUNT"}, {"Id": organization.removeprefix("o-"), "Type": "ORGANIZATION"}]
    return {"Id": "h-1", "State": state, "Action": "INVITE", "Parties": parties, **more}


def handshakes(*items: dict[str, Any]) -> Answer:
    return Answer.json(Handshakes=list(items))


def members(*ids: str) -> Answer:
    return Answer.json(Accounts=[{"Id": one} for one in ids])


def directory() -> IdIndex:
    return IdIndex(observed_of({"organization": {}}), desired_of())


@pytest.fixture
def invite(aws: Connection) -> Callable[[], None]:
    return lambda: invite_account(aws, INVITE, directory())


def test_an_invitation_names_the_account_by_its_id(invite: Callable[[], None], wire: Wire) -> None:
    wire.says(Answer.json(Handshake=handshake()))
    invite()
    assert wire.asked == [SENT]
    assert f'"Target": {{"Id": "{ID}", "Type": "ACCOUNT"}}' in wire.bodies[0]


def test_an_open_invitation_is_as_good_as_a_new_one(invite: Callable[[], None], wire: Wire) -> None:
    wire.says(Answer.error("DuplicateHandshakeException"))
    invite()
    assert wire.asked == [SENT]


def already_in_one() -> Answer:
    return Answer.error("HandshakeConstraintViolationException", Reason="ALREADY_IN_AN_ORGANIZATION")


def test_an_account_that_has_joined_meanwhile_needs_no_invitation(invite: Callable[[], None], wire: Wire) -> None:
    wire.says(already_in_one(), members(OTHER, ID))
    invite()
    assert wire.asked == [SENT, "ListAccounts"]


def test_an_account_of_another_organization_is_told_as_aws_tells_it(invite: Callable[[], None], wire: Wire) -> None:
    wire.says(already_in_one(), members(OTHER))
    with pytest.raises(Rejected) as rejection:
        invite()
    assert rejection.value.reason == "ALREADY_IN_AN_ORGANIZATION"


@pytest.mark.parametrize("reason", ["HANDSHAKE_RATE_LIMIT_EXCEEDED", "ACCOUNT_NUMBER_LIMIT_EXCEEDED", "NEXT_YEAR_S"])
def test_any_other_reason_ends_the_step_at_once(
    invite: Callable[[], None], wire: Wire, clock: CountingClock, reason: str
) -> None:
    wire.says(Answer.error("HandshakeConstraintViolationException", Reason=reason))
    with pytest.raises(Rejected, match=reason):
        invite()
    assert wire.asked == [SENT]
    assert clock.slept == []


def test_a_new_organization_that_is_not_ready_is_waited_for(
    invite: Callable[[], None], wire: Wire, clock: CountingClock
) -> None:
    wire.says(Answer.error("FinalizingOrganizationException"), Answer.json(Handshake=handshake()))
    invite()
    assert clock.slept == [60.0]


LOST = {
    "a reset": Answer(reset=True),
    "a server's failure": Answer.error("ServiceException", 500),
    "an empty answer": Answer(200, ""),
    "an answer to something else": Answer.json(Accounts=[]),
}


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST.keys())
def test_an_invitation_whose_answer_is_lost_is_sent_once_and_left_to_a_look(
    invite: Callable[[], None], wire: Wire, lost: Answer
) -> None:
    wire.says(lost)
    with pytest.raises(OutcomeUnknown):
        invite()
    assert wire.asked == [SENT]


@pytest.fixture
def accept(aws: Connection, own_environment: Path, wire: Wire) -> Accept:
    """Accept with the account's own profile; everything goes well unless a test says otherwise."""
    own_environment.write_text(
        "[profile dns]\naws_access_key_id = ASIADNS\naws_secret_access_key = s\naws_session_token = t\n"
    )
    wire.always |= {
        "GetCallerIdentity": identity(f"arn:aws:sts::{ID}:assumed-role/admin/jane"),
        "ListHandshakesForAccount": handshakes(handshake()),
        "AcceptHandshake": Answer.json(Handshake=handshake("ACCEPTED")),
        "ListAccounts": members(OTHER, ID),
    }

    def go() -> IdIndex:
        known = directory()
        accept_invitation(aws, ACCEPT, known)
        return known

    return go


def test_an_open_invitation_is_accepted_and_the_account_is_known(accept: Accept, wire: Wire) -> None:
    assert accept().account("dns") == ID
    assert wire.asked == ["GetCallerIdentity", "ListHandshakesForAccount", "AcceptHandshake", "ListAccounts"]
    assert '"HandshakeId": "h-1"' in wire.bodies[2]


def test_another_account_than_the_file_s_accepts_nothing(accept: Accept, wire: Wire) -> None:
    """It may have been invited as well."""
    wire.always["GetCallerIdentity"] = identity(f"arn:aws:sts::{OTHER}:assumed-role/admin/jane")
    with pytest.raises(StepFailed, match=f"profile dns belongs to account {OTHER}, not to {ID}"):
        accept()
    assert wire.asked == ["GetCallerIdentity"]


def test_an_invitation_of_another_organization_is_not_accepted(accept: Accept, wire: Wire) -> None:
    wire.always["ListHandshakesForAccount"] = handshakes(handshake(organization="o-anotheronex"))
    wire.always["ListAccounts"] = members(OTHER)
    with pytest.raises(StepFailed, match=f"account {ID} sees no open invitation"):
        accept()
    assert "AcceptHandshake" not in wire.asked


@pytest.mark.parametrize("state", ["EXPIRED", "DECLINED", "CANCELED"])
def test_an_invitation_that_has_ended_is_looked_for_a_little_longer_and_told(
    accept: Accept, wire: Wire, clock: CountingClock, state: str
) -> None:
    wire.always["ListHandshakesForAccount"] = handshakes(handshake(state))
    wire.always["ListAccounts"] = members(OTHER)
    with pytest.raises(StepFailed) as failed:
        accept()
    assert "is sent again" in failed.value.remedy
    assert clock.slept == [5, 15]
    assert "AcceptHandshake" not in wire.asked


def test_an_invitation_that_is_not_seen_yet_is_waited_for(accept: Accept, wire: Wire, clock: CountingClock) -> None:
    del wire.always["ListHandshakesForAccount"]
    del wire.always["ListAccounts"]
    wire.says(handshakes(), members(OTHER), handshakes(handshake("REQUESTED")), members(ID))
    assert accept().account("dns") == ID
    assert clock.slept == [5]


def test_an_account_that_has_joined_already_accepts_nothing(accept: Accept, wire: Wire) -> None:
    wire.always["ListHandshakesForAccount"] = handshakes(handshake("ACCEPTED"))
    assert accept().account("dns") == ID
    assert "AcceptHandshake" not in wire.asked


def test_what_somebody_accepted_meanwhile_is_accepted(accept: Accept, wire: Wire) -> None:
    wire.always["AcceptHandshake"] = Answer.error("HandshakeAlreadyInStateException")
    assert accept().account("dns") == ID


@pytest.mark.parametrize("code", ["InvalidHandshakeTransitionException", "AccessDeniedForDependencyException"])
def test_a_refusal_to_accept_ends_the_step(accept: Accept, wire: Wire, code: str) -> None:
    wire.always["AcceptHandshake"] = Answer.error(code)
    with pytest.raises(Rejected, match=code):
        accept()
    assert wire.asked.count("AcceptHandshake") == 1


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST.keys())
def test_an_acceptance_whose_answer_is_lost_is_sent_once_and_found_by_the_next(
    accept: Accept, wire: Wire, lost: Answer
) -> None:
    wire.always["AcceptHandshake"] = lost
    with pytest.raises(OutcomeUnknown):
        accept()
    wire.always["ListHandshakesForAccount"] = handshakes(handshake("ACCEPTED"))
    assert accept().account("dns") == ID
    assert wire.asked.count("AcceptHandshake") == 1


def test_an_account_that_does_not_join_is_waited_for_and_no_longer_than_ten_minutes(
    accept: Accept, wire: Wire, clock: CountingClock
) -> None:
    wire.always["ListAccounts"] = members(OTHER)
    with pytest.raises(StepFailed, match="account dns to join took longer than 600 s"):
        accept()
    assert sum(clock.slept) == pytest.approx(600, abs=5)


SPEC = ImportSpec(
    key="dns", name="dns", email="dns@acme.example", unit=(), role_name="OrganizationAccountAccessRole", tags=(),
    id=ID, profile="dns", leaves_other_organization=False,
)  # fmt: skip


def test_handshakes_that_could_not_be_read_say_whether_that_is_a_matter_of_rights(aws: Connection, wire: Wire) -> None:
    wire.says(Answer.error("AccessDeniedException"))
    denied = read_handshakes(aws)
    wire.says(Answer(200, ""))
    lost = read_handshakes(aws)
    assert isinstance(denied, Unread)
    assert isinstance(lost, Unread)
    assert denied.remedy == ""
    assert "AWS did not answer" in lost.remedy


def test_only_invitations_are_read_and_each_with_its_account_and_end(aws: Connection, wire: Wire) -> None:
    wire.says(handshakes(handshake(ExpirationTimestamp=1795521600), handshake(Action="ENABLE_ALL_FEATURES")))
    (found,) = read_handshakes(aws)  # type: ignore[misc]
    assert (found.account_id, found.state, found.expires) == (ID, "OPEN", "2026-11-24 12:00 UTC")


def test_what_an_owner_sees_is_only_believed_of_the_right_account(accept: Accept, aws: Connection, wire: Wire) -> None:
    wire.always["GetCallerIdentity"] = identity(f"arn:aws:sts::{OTHER}:assumed-role/admin/jane")
    owner = read_owner(aws, SPEC, ())
    assert isinstance(owner.organization_id, Unread)
    assert f"it belongs to account {OTHER}, not to {ID}" in owner.organization_id.reason


def test_what_an_owner_sees(accept: Accept, aws: Connection, wire: Wire) -> None:
    trails = [{"Name": "mine"}, {"Name": "theirs", "IsOrganizationTrail": True}]
    wire.always |= {
        "DescribeOrganization": Answer.error("AWSOrganizationsNotInUseException"),
        "DescribeTrails": Answer.json(trailList=trails),
        "GetRole": Answer(404, _no_such(), "text/xml"),
    }
    owner = read_owner(aws, SPEC, ())
    assert (owner.organization_id, owner.trails) == (None, ("mine",))
    assert (owner.access_role, owner.read_role, owner.also_trusted) == (False, False, ())
    denial = {"Statement": {"Effect": "Deny", "NotPrincipal": {"AWS": "AROAEXAMPLEEXAMPLEEXA"}, "Action": "sts:*"}}
    document = f"<Role><AssumeRolePolicyDocument>{quote(json.dumps(denial))}</AssumeRolePolicyDocument></Role>"
    wire.always["GetRole"] = Answer(200, xml("GetRole", document), "text/xml")
    wire.always["GetRolePolicy"] = Answer(404, _no_such(), "text/xml")
    assert read_owner(aws, SPEC, ()).denying == (ACCESS_ROLE, READ_ROLE)
    wire.always["GetRole"] = Answer(200, xml("GetRole", ""), "text/xml")
    assert isinstance(read_owner(aws, SPEC, ()).access_role, Unread), "half an answer is not `no such role`"


def _no_such() -> str:
    return "<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>m</Message></Error></ErrorResponse>"
