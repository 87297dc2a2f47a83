"""How AWS is asked about invitations and the accounts' own view, and to invite and accept."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from orgkit.aws.constraints import advice
from orgkit.aws.retry import Refused
from orgkit.aws.session import Connection
from orgkit.errors import StepFailed
from orgkit.model.desired import READ_ROLE, ImportSpec
from orgkit.model.directory import Directory
from orgkit.model.imports import AcceptInvitation, InviteAccount
from orgkit.model.observed import Handshake, Owner, Unread
from orgkit.model.roles import also_trusted, parsed
from orgkit.plan import Step


def read_handshakes(aws: Connection) -> tuple[Handshake, ...] | Unread:
    """Every invitation that this organization sent, whatever became of it."""
    try:
        found = list(aws.pages("organizations", "ListHandshakesForOrganization", "Handshakes"))
    except Refused as refused:
        return Unread(str(refused))
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
    owner = aws.as_owner(step.profile)
    handshake = _open_for(owner, directory.organization_id)
    if handshake is not None:
        try:
            owner.mutate("organizations", "AcceptHandshake", expect="Handshake", HandshakeId=handshake)
        except Refused as refused:
            if refused.code != "HandshakeAlreadyInStateException":
                raise
    elif not _is_member(aws, step.account_id):
        raise StepFailed(
            f"account {step.account_id} sees no open invitation from organization {directory.organization_id}.",
            advice("", "") + " An expired invitation is sent again by planning again.",
        )
    aws.wait_for(f"account {step.name} to join", lambda: _is_member(aws, step.account_id) or None, every=5, at_most=600)
    directory.accounts[step.key] = step.account_id


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
        return Unread(str(refused))
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
        return None if refused.code.startswith("NoSuchEntity") else Unread(str(refused))
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
