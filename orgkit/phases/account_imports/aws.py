"""AWS calls that read invitations and the view of the invited accounts, and that invite and accept."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.errors import StepFailed
from orgkit.model.canonical_json import normal_form
from orgkit.model.desired import READ_ROLE, Desired, ImportSpec, MemberRead
from orgkit.model.matching import IdIndex
from orgkit.model.observed import Observed, Unread
from orgkit.model.plan import ABSENT, starting_value
from orgkit.phases.account_imports.facts import EXPIRY_FORMAT, Handshake, ImportFacts, Owner, invitations_of, last_ended
from orgkit.phases.account_imports.steps import AcceptInvitation, InviteAccount
from orgkit.phases.accounts.aws import move_account, parent_id, tag_account, tags_of_account
from orgkit.phases.accounts.moves_aws import read_moves
from orgkit.phases.accounts.names_aws import name_of_account, read_names, rename_account
from orgkit.phases.accounts.steps import MoveAccount, RenameAccount, TagAccount
from orgkit.phases.handler import handle
from orgkit.phases.member_access.roles import deleted_in, denies, other_trusted_principals, read_policy, roles_to_change
from orgkit.phases.member_access.roles_aws import (
    both_roles_of,
    create_read_role,
    make_manageable,
    read_policy_of,
    read_role_of,
    read_role_trust_of,
    restrict_read_role,
    trust_of,
)
from orgkit.phases.member_access.steps import CreateReadRole, MakeManageable, RestrictReadRole

RECHECK_PAUSES = (5.0, 15.0)  # seconds


def read(aws: Connection, desired: Desired, observed: Observed) -> Observed:
    """Read the invitations, what the owners see, the effects of moves, and the names of accounts that are renamed."""
    handshakes = read_handshakes(aws) if observed.organization else ()
    owners = tuple(read_owner(aws, spec, desired.reads_in(spec.key)) for spec in desired.imports if spec.profile)
    observed = read_moves(aws, observed.with_facts(ImportFacts(handshakes, owners)), desired.imports)
    return read_names(aws, observed, desired.imports)


def read_handshakes(aws: Connection) -> tuple[Handshake, ...] | Unread:
    """Return every invitation that this organization sent, in any state."""
    try:
        return _sent_invitations(aws)
    except Rejected as rejection:
        return Unread(str(rejection), rejection.remedy)


def read_owner(aws: Connection, spec: ImportSpec, reads: Sequence[MemberRead]) -> Owner:
    """Read the account's own view, through the profile that the file names."""
    assert spec.profile is not None
    try:
        owner = aws.as_owner(spec.profile)
        account = owner.read("sts", "GetCallerIdentity")["Account"]
        if account != spec.id:
            return _unusable(spec, f"it belongs to account {account}, not to {spec.id}")
        organization = _organization_of(owner)
        trails = _trails_of(owner)
    except Rejected as rejection:
        return _unusable(spec, str(rejection))
    document = _read_unless_refused(lambda: trust_of(owner, spec.role_name))
    access = document if isinstance(document, Unread) else document is not None
    trusted_accounts = other_trusted_principals(document, aws.caller().account) if isinstance(document, dict) else ()
    read_document = _read_unless_refused(lambda: trust_of(owner, READ_ROLE))
    trusts = {spec.role_name: document, READ_ROLE: read_document}
    documents = {name: trusted for name, trusted in trusts.items() if isinstance(trusted, dict)}
    return Owner(
        spec.id,
        organization,
        trails,
        access,
        read_document if isinstance(read_document, Unread) else read_document is not None,
        trusted_accounts,
        _roles_to_change(aws, owner, trusts, reads),
        normal_form(read_document) if isinstance(read_document, dict) else "",
        tuple(name for name, trusted in documents.items() if denies(trusted, aws.caller().account)),
        deleted_in(documents),
    )


def invite_account(aws: Connection, step: InviteAccount, id_index: IdIndex) -> None:
    """Invite by account id; an open invitation of ours is as good as a new one."""
    try:
        aws.mutate(
            "organizations",
            "InviteAccountToOrganization",
            expect="Handshake",
            Target={"Id": step.account_id, "Type": "ACCOUNT"},
            Notes="Sent by orgkit: see the parameters file of the organization.",
        )
    except Rejected as rejection:
        if rejection.code == "DuplicateHandshakeException":
            return
        if rejection.reason == "ALREADY_IN_AN_ORGANIZATION" and _is_member(aws, step.account_id):
            return
        raise


def accept_invitation(aws: Connection, step: AcceptInvitation, id_index: IdIndex) -> None:
    """Accept as the invited account, and wait until it is seen in the organization."""
    owner = _owner(aws, step)
    # The invitation may have been sent a moment ago, and an owner's list lags behind.
    handshake = _wait_until_seen(aws, step, lambda: _open_for(owner, id_index.organization_id))
    if handshake is not None:
        try:
            owner.mutate("organizations", "AcceptHandshake", expect="Handshake", HandshakeId=handshake)
        except Rejected as rejection:
            if rejection.code != "HandshakeAlreadyInStateException":
                raise
    # AWS says that joining takes a moment; ten minutes are far longer than any reported case.
    aws.wait_for(f"account {step.name} to join", lambda: _is_member(aws, step.account_id) or None, every=5, at_most=600)
    id_index.accounts[step.key] = step.account_id


def _owner(aws: Connection, step: AcceptInvitation) -> Connection:
    """Return the profile's connection after checking its account: another account may have an open invitation too."""
    owner = aws.as_owner(step.profile)
    account = owner.read("sts", "GetCallerIdentity")["Account"]
    if account != step.account_id:
        raise StepFailed(
            f"profile {step.profile} belongs to account {account}, not to {step.account_id}.",
            f"name a profile of that account under imports.{step.key}.profile.",
        )
    return owner


def _wait_until_seen(aws: Connection, step: AcceptInvitation, look: Callable[[], str | None]) -> str | None:
    """Return the open invitation; None when the account is a member already."""
    for pause in (*RECHECK_PAUSES, None):
        handshake = look()
        if handshake is not None or _is_member(aws, step.account_id):
            return handshake
        if pause is not None:
            aws.progress(f"the invitation to be seen by account {step.name}", 0.0, pause)
            aws.clock.sleep(pause)
    raise StepFailed(
        f"account {step.account_id} sees no open invitation from this organization.",
        "look at it with `aws organizations list-handshakes-for-account`; then plan again: an expired or declined "
        "invitation is sent again.",
    )


def last_invitation(aws: Connection, step: InviteAccount, id_index: IdIndex) -> str:
    """Return the account's invitation that is open now, or the last one that ended."""
    spec = next(spec for spec in id_index.desired.imports if spec.key == step.key)
    handshakes = invitations_of(_sent_invitations(aws), spec)
    handshake = next((handshake for handshake in handshakes if handshake.is_open), last_ended(handshakes))
    return handshake.summary if handshake else ABSENT


def organization_of_account(aws: Connection, step: AcceptInvitation, id_index: IdIndex) -> str:
    """Return the organization that the account leaves by accepting; "absent" if it is in none, or already in ours."""
    organization_id = _organization_of(_owner(aws, step))
    return starting_value(None if organization_id == id_index.organization_id else organization_id)


HANDLERS = (
    handle(InviteAccount, invite_account, last_invitation),
    handle(AcceptInvitation, accept_invitation, organization_of_account),
    handle(MakeManageable, make_manageable, both_roles_of),
    handle(CreateReadRole, create_read_role, read_role_of),
    handle(RestrictReadRole, restrict_read_role, read_role_trust_of),
    handle(MoveAccount, move_account, parent_id),
    handle(RenameAccount, rename_account, name_of_account),
    handle(TagAccount, tag_account, tags_of_account),
)


def _sent_invitations(aws: Connection) -> tuple[Handshake, ...]:
    handshakes = aws.pages("organizations", "ListHandshakesForOrganization", "Handshakes")
    return tuple(sorted((_handshake(h) for h in handshakes if h["Action"] == "INVITE"), key=lambda h: h.id))


def _handshake(item: dict[str, Any]) -> Handshake:
    parties = {party["Type"]: str(party["Id"]) for party in item.get("Parties", [])}
    expires = item.get("ExpirationTimestamp")
    return Handshake(
        id=str(item["Id"]),
        account_id=parties.get("ACCOUNT", ""),
        email=parties.get("EMAIL", ""),
        state=str(item["State"]),
        expires=expires.strftime(EXPIRY_FORMAT) if isinstance(expires, datetime) else "",
    )


def _unusable(spec: ImportSpec, reason: str) -> Owner:
    unread = Unread(reason)
    return Owner(spec.id, unread, unread, unread, unread)


def _organization_of(owner: Connection) -> str | None:
    try:
        return str(owner.read("organizations", "DescribeOrganization")["Organization"]["Id"])
    except Rejected as rejection:
        if rejection.code == "AWSOrganizationsNotInUseException":
            return None
        raise


def _trails_of(owner: Connection) -> tuple[str, ...] | Unread:
    try:
        trails = owner.read("cloudtrail", "DescribeTrails", includeShadowTrails=False).get("trailList", [])
    except Rejected as rejection:
        return Unread(str(rejection), rejection.remedy)
    return tuple(sorted(str(trail["Name"]) for trail in trails if not trail.get("IsOrganizationTrail")))


def _roles_to_change(
    aws: Connection, owner: Connection, documents: Mapping[str, Any], reads: Sequence[MemberRead]
) -> str:
    """Return the same as `both_roles_of`; what could not be read counts as absent until apply reads it."""
    trusts = {role: None if isinstance(document, Unread) else document for role, document in documents.items()}
    policy = _read_unless_refused(lambda: read_policy_of(owner)) if trusts[READ_ROLE] is not None else None
    return roles_to_change(
        trusts, None if isinstance(policy, Unread) else policy, aws.caller().account, read_policy(reads)
    )


def _read_unless_refused(look: Callable[[], Any]) -> Any:
    try:
        return look()
    except Rejected as rejection:
        return Unread(str(rejection), rejection.remedy)


def _open_for(owner: Connection, organization_id: str) -> str | None:
    handshakes: Iterator[dict[str, Any]] = owner.pages("organizations", "ListHandshakesForAccount", "Handshakes")
    for handshake in handshakes:
        parties = {party["Type"]: str(party["Id"]) for party in handshake.get("Parties", [])}
        if handshake["State"] in ("REQUESTED", "OPEN") and organization_id.endswith(parties.get("ORGANIZATION", "-")):
            return str(handshake["Id"])
    return None


def _is_member(aws: Connection, account_id: str) -> bool:
    return any(item["Id"] == account_id for item in aws.pages("organizations", "ListAccounts", "Accounts"))
