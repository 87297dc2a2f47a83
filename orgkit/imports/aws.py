"""How AWS is asked about invitations and the accounts' own view, and to invite and accept."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from orgkit.aws.retry import Refused
from orgkit.aws.session import Connection
from orgkit.errors import StepFailed
from orgkit.model.desired import READ_ROLE, ImportSpec
from orgkit.model.directory import Directory
from orgkit.model.imports import AcceptInvitation, InviteAccount
from orgkit.model.observed import Handshake, Owner, Unread
from orgkit.model.roles import also_trusted, parsed
from orgkit.plan import Step

LOOK_AGAIN_AFTER = (5.0, 15.0)  # seconds


def read_handshakes(aws: Connection) -> tuple[Handshake, ...] | Unread:
    """Every invitation that this organization sent, whatever became of it."""
    try:
        found = list(aws.pages("organizations", "ListHandshakesForOrganization", "Handshakes"))
    except Refused as refused:
        return Unread(str(refused), refused.do)
    return tuple(sorted((_handshake(h) for h in found if h["Action"] == "INVITE"), key=lambda h: h.id))


def read_owner(aws: Connection, spec: ImportSpec) -> Owner:
    """What the account says of itself, through the profile that the file names."""
    assert spec.profile is not None
    try:
        owner = aws.as_owner(spec.profile)
        account = owner.read("sts", "GetCallerIdentity")["Account"]
        if account != spec.id:
            return _unusable(spec, f"it belongs to account {account}, not to {spec.id}")
        organization = _organization_of(owner)
        trails = _trails_of(owner)
    except Refused as refused:
        return _unusable(spec, str(refused))
    document = _trust_of(owner, spec.role_name)
    access = document if isinstance(document, Unread) else document is not None
    others = also_trusted(document, aws.caller().account) if isinstance(document, dict) else ()
    return Owner(spec.id, organization, trails, access, _has(owner, READ_ROLE), others)


def invite_account(aws: Connection, step: InviteAccount, directory: Directory) -> None:
    """Invite by account id; an open invitation of ours is as good as a new one."""
    try:
        aws.mutate(
            "organizations",
            "InviteAccountToOrganization",
            expect="Handshake",
            Target={"Id": step.account_id, "Type": "ACCOUNT"},
            Notes="Sent by orgkit: see the parameters file of the organization.",
        )
    except Refused as refused:
        if refused.code == "DuplicateHandshakeException":
            return
        if refused.reason == "ALREADY_IN_AN_ORGANIZATION" and _is_member(aws, step.account_id):
            return
        raise


def accept_invitation(aws: Connection, step: AcceptInvitation, directory: Directory) -> None:
    """Accept as the invited account, and wait until it is seen in the organization."""
    owner = _owner(aws, step)
    # The invitation may have been sent a moment ago, and an owner's list lags behind.
    handshake = _seen_within(aws, step, lambda: _open_for(owner, directory.organization_id))
    if handshake is not None:
        try:
            owner.mutate("organizations", "AcceptHandshake", expect="Handshake", HandshakeId=handshake)
        except Refused as refused:
            if refused.code != "HandshakeAlreadyInStateException":
                raise
    # AWS says that joining takes a moment; ten minutes are far beyond what anybody has reported.
    aws.wait_for(f"account {step.name} to join", lambda: _is_member(aws, step.account_id) or None, every=5, at_most=600)
    directory.accounts[step.key] = step.account_id


def _owner(aws: Connection, step: AcceptInvitation) -> Connection:
    """The profile's connection; another account than the step's may have an open invitation too."""
    owner = aws.as_owner(step.profile)
    account = owner.read("sts", "GetCallerIdentity")["Account"]
    if account != step.account_id:
        raise StepFailed(
            f"profile {step.profile} belongs to account {account}, not to {step.account_id}.",
            f"name a profile of that account under imports.{step.key}.profile.",
        )
    return owner


def _seen_within(aws: Connection, step: AcceptInvitation, look: Callable[[], str | None]) -> str | None:
    """The open invitation; None when the account is a member already."""
    for pause in (*LOOK_AGAIN_AFTER, None):
        handshake = look()
        if handshake is not None or _is_member(aws, step.account_id):
            return handshake
        if pause is not None:
            aws.progress(f"the invitation to be seen by account {step.name}", 0.0, pause)
            aws.clock.sleep(pause)
    raise StepFailed(
        f"account {step.account_id} sees no open invitation from this organization.",
        "look at it with `aws organizations list-handshakes-for-account`; then plan again: an expired or declined "
        "invitation is sent anew.",
    )


STEPS: dict[type[Step], Any] = {InviteAccount: invite_account, AcceptInvitation: accept_invitation}


def _handshake(found: dict[str, Any]) -> Handshake:
    parties = {party["Type"]: str(party["Id"]) for party in found.get("Parties", [])}
    expires = found.get("ExpirationTimestamp")
    return Handshake(
        id=str(found["Id"]),
        account_id=parties.get("ACCOUNT", ""),
        email=parties.get("EMAIL", ""),
        state=str(found["State"]),
        expires=expires.strftime("%Y-%m-%d %H:%M UTC") if isinstance(expires, datetime) else "",
    )


def _unusable(spec: ImportSpec, why: str) -> Owner:
    unread = Unread(why)
    return Owner(spec.id, unread, unread, unread, unread)


def _organization_of(owner: Connection) -> str | None:
    try:
        return str(owner.read("organizations", "DescribeOrganization")["Organization"]["Id"])
    except Refused as refused:
        if refused.code == "AWSOrganizationsNotInUseException":
            return None
        raise


def _trails_of(owner: Connection) -> tuple[str, ...] | Unread:
    try:
        found = owner.read("cloudtrail", "DescribeTrails", includeShadowTrails=False).get("trailList", [])
    except Refused as refused:
        return Unread(str(refused), refused.do)
    return tuple(sorted(str(trail["Name"]) for trail in found if not trail.get("IsOrganizationTrail")))


def _has(owner: Connection, role: str) -> bool | Unread:
    document = _trust_of(owner, role)
    return document if isinstance(document, Unread) else document is not None


def _trust_of(owner: Connection, role: str) -> dict[str, Any] | None | Unread:
    """The trust policy of a role of the account; None when there is no such role."""
    try:
        document: dict[str, Any] = parsed(
            owner.read("iam", "GetRole", RoleName=role)["Role"]["AssumeRolePolicyDocument"]
        )
    except Refused as refused:
        return None if refused.code.startswith("NoSuchEntity") else Unread(str(refused), refused.do)
    return document


def _open_for(owner: Connection, organization_id: str) -> str | None:
    found: Iterator[dict[str, Any]] = owner.pages("organizations", "ListHandshakesForAccount", "Handshakes")
    for handshake in found:
        parties = {party["Type"]: str(party["Id"]) for party in handshake.get("Parties", [])}
        if handshake["State"] in ("REQUESTED", "OPEN") and organization_id.endswith(parties.get("ORGANIZATION", "-")):
            return str(handshake["Id"])
    return None


def _is_member(aws: Connection, account_id: str) -> bool:
    return any(item["Id"] == account_id for item in aws.pages("organizations", "ListAccounts", "Accounts"))
