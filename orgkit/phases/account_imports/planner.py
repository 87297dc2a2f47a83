"""What phase 04 should do: invite, accept where the file names a profile, make manageable, place."""

import json
from collections.abc import Iterator

from orgkit.errors import CouldNotRead
from orgkit.model.desired import Desired, ImportSpec, format_path, missing_tags, replaced_tags
from orgkit.model.lookalikes import account_warnings
from orgkit.model.matching import match_if_clear, match_or_decision
from orgkit.model.observed import Account, Observed, Unread
from orgkit.model.plan import ABSENT, Plan, Step, Waiting, starting_value
from orgkit.model.renames import Renames, held_by, suspected_renames, waiting_for
from orgkit.phases.account_imports.facts import Handshake, ImportFacts, Owner, last_ended
from orgkit.phases.account_imports.steps import AcceptInvitation, InviteAccount
from orgkit.phases.accounts.moves import move_waiting, plan_move
from orgkit.phases.accounts.steps import TagAccount
from orgkit.phases.member_access.role_drift import (
    can_be_entered,
    open_read_role,
    outdated_read_role,
    restrict_read_role,
    restrict_trust,
    role_drift,
    role_warnings,
)
from orgkit.phases.member_access.roles import commands_to_make, with_trust
from orgkit.phases.member_access.spec import MembersSpec
from orgkit.phases.member_access.steps import CreateReadRole, MakeManageable, RestrictReadRole


def plan(observed: Observed, desired: Desired) -> Plan:
    """Plan account by account, in the order of their keys; what only an owner can do is `waiting`, never a step."""
    imports = sorted(desired.imports, key=lambda spec: spec.key)
    decisions = tuple(decision for spec in imports if (decision := match_or_decision(spec, observed)[1]))
    blocked = {decision.blocks for decision in decisions}
    specs = [spec for spec in imports if spec.key not in blocked]
    renames = suspected_renames(desired, observed)
    return Plan(
        phase="imports",
        target=observed.target,
        steps=tuple(step for spec in specs for step in _steps(spec, observed, renames) if _is_wanted(step, desired)),
        needs=tuple(_needs(observed, desired, renames)),
        waiting=(
            *decisions,
            *waiting_for((spec.unit for spec in specs), renames),
            *(waiting for spec in specs for waiting in _waiting(spec, observed, desired)),
            *move_waiting(specs, "imports", observed),
        ),
        unmanaged=tuple(_unmanaged(observed, desired)),
        warnings=(
            *(warning for spec in specs for warning in _warnings(spec, observed)),
            *(account_warnings(desired, observed) if specs else ()),
        ),
    )


def _is_wanted(step: Step, desired: Desired) -> bool:
    """Return whether the file asks for a step: without a read role, orgkit makes and changes no roles."""
    is_about_roles = isinstance(step, MakeManageable | CreateReadRole | RestrictReadRole)
    return desired.section(MembersSpec).read_role or not is_about_roles


def _steps(spec: ImportSpec, observed: Observed, renames: Renames) -> Iterator[Step]:
    account = match_if_clear(spec, observed)
    if account is not None:
        yield from _adopt(spec, account, observed, renames)
    elif _blocking_reason(spec, observed) is None and not held_by(spec.unit, renames):
        yield from _invite_and_accept(spec, observed, renames)


def _invite_and_accept(spec: ImportSpec, observed: Observed, renames: Renames) -> Iterator[Step]:
    """Plan invitation, acceptance, roles and move if the account's profile can be used; otherwise the invitation."""
    if _open_invitation(spec, observed) is None:
        ended = last_ended(_invitations(spec, observed))
        yield InviteAccount(
            key=spec.key,
            name=spec.name,
            account_id=spec.id,
            starts_from=ended.summary if ended else ABSENT,
            reason=f"its last invitation is {ended.state}" if ended else "it is not in the organization",
        )
    if spec.profile is None:
        return
    owner = _owner(spec, observed)
    leaves = owner.organization_id if owner and isinstance(owner.organization_id, str) else ""
    if observed.organization and leaves == observed.organization.id:
        leaves = ""  # it has joined a moment ago, and AWS does not list it yet
    yield AcceptInvitation(
        key=spec.key, name=spec.name, account_id=spec.id, profile=spec.profile, leaves=leaves,
        starts_from=starting_value(leaves),
    )  # fmt: skip
    yield _make_manageable(spec, spec.profile, owner, "AWS makes no roles in invited accounts")
    yield from _restrict(spec, None, observed, is_made=True)
    yield from plan_move(spec, observed, renames, "accounts join in the root")
    if spec.tags:
        yield TagAccount(
            key=spec.key, name=spec.name, tags=spec.tags, starts_from=ABSENT, reason="accounts join without"
        )


def _adopt(spec: ImportSpec, account: Account, observed: Observed, renames: Renames) -> Iterator[Step]:
    """Plan for an existing member: make it manageable *before* moving it, since an OU's policies may deny that."""
    member = observed.member(account.id)
    if member is not None and member.denial is not None:
        return  # no change to its roles would help: the policy stays in force
    can_enter = member is None or can_be_entered(spec, member, observed.target.account)
    is_made = not _manageable(account, observed)
    if is_made:
        if spec.profile is not None and _blocking_reason(spec, observed) is None:
            reason = "its roles could not be seen, or are not as they have to be"
            yield _make_manageable(spec, spec.profile, _owner(spec, observed), reason)
        elif account.join_method == "CREATED" and not _is_readable(account, observed) and can_enter:
            yield CreateReadRole(
                key=spec.key,
                name=spec.name,
                role_name=spec.role_name,
                services=(),
                starts_from=_read_role(account, observed),
                reason="this organization created it, so it has an access role",
            )
        elif account.join_method != "CREATED":
            return
        else:
            is_made = False
    if is_made or can_enter:
        yield from _restrict(spec, account, observed, is_made=is_made)
    yield from plan_move(spec, observed, renames, f"it is in {format_path(account.unit) or 'the root'}")
    if missing := missing_tags(spec.tags, account.tags):
        yield TagAccount(
            key=spec.key, name=spec.name, tags=missing, reason="these tags are missing or differ",
            starts_from=starting_value(replaced_tags(missing, account.tags)),
        )  # fmt: skip


def _waiting(spec: ImportSpec, observed: Observed, desired: Desired) -> Iterator[Waiting]:
    account = match_if_clear(spec, observed)
    makes_roles = desired.section(MembersSpec).read_role
    roles = commands_to_make(spec.role_name, observed.target.account, desired.reads_in(spec.key)) if makes_roles else ()
    blocking_reason = _blocking_reason(spec, observed)
    owner = f"the owner of account {spec.id}"
    if account is not None:
        yield from _role_tasks(spec, account, observed, desired) if makes_roles else ()
    elif blocking_reason is not None:
        yield Waiting(f"{spec.key}: {blocking_reason}", "you")
    elif spec.profile is None:
        invitation = _open_invitation(spec, observed)
        task = f"{spec.key}: accept the invitation" + (f", open until {invitation.expires}" if invitation else "")
        task += ", and make both roles" if makes_roles else ""
        yield Waiting(task, owner, (*_accept(invitation), *roles) if invitation else ())


def _role_tasks(spec: ImportSpec, account: Account, observed: Observed, desired: Desired) -> Iterator[Waiting]:
    """Yield the changes to the roles of a member account that only its owner can make."""
    member, management_id = observed.member(account.id), observed.target.account
    if member is not None:
        yield from role_drift(spec, account, member, management_id)
        if member.denial is not None:
            return
    if _manageable(account, observed) or (spec.profile is not None and _blocking_reason(spec, observed) is None):
        return
    if account.join_method != "CREATED":
        roles = commands_to_make(spec.role_name, management_id, desired.reads_in(spec.key))
        task = f"{spec.key}: its roles are unknown; make them, then run 04-imports again"
        yield Waiting(task, f"the owner of account {spec.id}", roles)
    elif member is None or can_be_entered(spec, member, management_id):
        return
    else:
        yield from outdated_read_role(spec, account, member, desired.reads_in(spec.key))
    if member is not None:
        yield from open_read_role(spec, account, member, management_id)


def _accept(invitation: Handshake) -> tuple[str, ...]:
    return (f"aws organizations accept-handshake --region us-east-1 --handshake-id {invitation.id}",)


def _blocking_reason(spec: ImportSpec, observed: Observed) -> str | None:
    """Return why this account waits for a person's decision; None if nothing blocks it."""
    owner = _owner(spec, observed)
    if owner is None or spec.profile is None:
        return None
    if isinstance(owner.organization_id, Unread):
        return _unusable(spec.profile, owner.organization_id)
    if owner.denying:
        return (
            f"the trust policy of {' and of '.join(f'role {name}' for name in owner.denying)} in it denies the "
            f"management account {observed.target.account}; orgkit removes no denial. Remove that statement, then plan "
            "again"
        )
    own_organization = observed.organization.id if observed.organization else None
    organization_id = owner.organization_id
    if organization_id and organization_id != own_organization and not spec.leaves_other_organization:
        return (
            f"it is in organization {organization_id}; accepting would take it out of there. "
            f"Set imports.{spec.key}.leaves_other_organization = true if that is meant"
        )
    return None


def _unusable(profile: str, unread: Unread) -> str:
    if unread.remedy:
        return f"what profile {profile} sees could not be read: {unread.reason}: {unread.remedy}"
    return f"profile {profile} cannot be used: {unread.reason}"


def _warnings(spec: ImportSpec, observed: Observed) -> Iterator[str]:
    owner, account = _owner(spec, observed), match_if_clear(spec, observed)
    yield from (f"{spec.key}: {note}" for note in (owner.notes if owner else ()))
    if owner is not None and owner.trails and not isinstance(owner.trails, Unread):
        yield (
            f"{spec.key} has a trail of its own ({', '.join(owner.trails)}): the organization trail becomes its second "
            "copy, which AWS charges for: 06-costs shows how much"
        )
    if spec.profile is None and account is None:
        yield f"{spec.key}: unknown without a profile: whether it is in another organization or has a trail of its own"
    if account is not None and (member := observed.member(account.id)) is not None:
        yield from role_warnings(spec, account, member, observed.target.account)
    if account is not None and account.name != spec.name:
        yield f"{spec.key} is named {account.name} in AWS; the file says {spec.name}"
    if account is not None and account.email.casefold() != spec.email.casefold():
        yield f"{spec.key} has the root email {account.email} in AWS; the file says {spec.email}"


def _needs(observed: Observed, desired: Desired, renames: Renames) -> Iterator[str]:
    if observed.organization is None:
        yield "the organization does not exist yet: run 01-organization"
        return
    for path in sorted({spec.unit for spec in desired.imports if spec.unit}):
        if observed.unit(path) is None and not held_by(path, renames):
            yield f"organizational unit {format_path(path)} does not exist yet: run 02-units"


def _unmanaged(observed: Observed, desired: Desired) -> Iterator[str]:
    """Invitations to accounts that the file does not import."""
    handshakes = _facts(observed).handshakes
    if isinstance(handshakes, Unread):
        return
    ids, emails = {spec.id for spec in desired.imports}, {spec.email.casefold() for spec in desired.imports}
    for handshake in handshakes:
        if handshake.is_open and handshake.account_id not in ids and handshake.email.casefold() not in emails:
            yield f"invitation {handshake.id} to {handshake.account_id or handshake.email}, {handshake.state}"


def _make_manageable(spec: ImportSpec, profile: str, owner: Owner | None, reason: str) -> MakeManageable:
    return MakeManageable(
        key=spec.key,
        name=spec.name,
        account_id=spec.id,
        profile=profile,
        role_name=spec.role_name,
        also_trusted=owner.also_trusted if owner else (),
        starts_from=owner.roles if owner else ABSENT,
        reason=reason,
    )


def _manageable(account: Account, observed: Observed) -> bool:
    """Return whether both roles are as required, as seen through the read role."""
    member = observed.member(account.id)
    return member is not None and _is_readable(account, observed) and member.access_role is True


def _restrict(spec: ImportSpec, account: Account | None, observed: Observed, *, is_made: bool) -> Iterator[Step]:
    """Restrict the trust policy of the read role; if an earlier step makes the role, the policy that it leaves."""
    member = observed.member(account.id) if account else None
    owner, management_id = _owner(spec, observed), observed.target.account
    if member is not None and member.roles:
        yield from restrict_read_role(spec, member, management_id, is_completed=is_made)
    elif owner is not None and owner.read_trust:
        yield from restrict_trust(spec, with_trust(json.loads(owner.read_trust), management_id), management_id)


def _is_readable(account: Account, observed: Observed) -> bool:
    member = observed.member(account.id)
    return member is not None and member.readable and member.current


def _read_role(account: Account, observed: Observed) -> str:
    return member.read_role if (member := observed.member(account.id)) else ABSENT


def _facts(observed: Observed) -> ImportFacts:
    return observed.facts(ImportFacts) or ImportFacts()


def _owner(spec: ImportSpec, observed: Observed) -> Owner | None:
    return _facts(observed).owner(spec.id)


def _open_invitation(spec: ImportSpec, observed: Observed) -> Handshake | None:
    return next((h for h in _invitations(spec, observed) if h.is_open), None)


def _invitations(spec: ImportSpec, observed: Observed) -> tuple[Handshake, ...]:
    facts = _facts(observed)
    if isinstance(handshakes := facts.handshakes, Unread):
        raise CouldNotRead(
            f"the invitations that the organization sent: {handshakes.reason}",
            handshakes.remedy
            or "allow organizations:ListHandshakesForOrganization (see `orgkit permissions imports`).",
        )
    return facts.invitations_to(spec)
