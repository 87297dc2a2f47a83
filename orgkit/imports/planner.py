"""What phase 04 should do: invite, accept where the file names a profile, make manageable, place."""

from collections.abc import Iterator

from orgkit.errors import CouldNotRead
from orgkit.model.accounts import CreateReadRole, MakeManageable, MoveAccount, TagAccount
from orgkit.model.desired import Desired, ImportSpec
from orgkit.model.imports import AcceptInvitation, InviteAccount
from orgkit.model.matching import match
from orgkit.model.observed import Account, Handshake, Observed, Owner, Unread
from orgkit.model.roles import commands_to_make, extra_reads
from orgkit.model.tags import missing
from orgkit.plan import Plan, Step, Waiting


def plan(observed: Observed, desired: Desired) -> Plan:
    """Account by account, in the order of their keys; what only an owner can do is `waiting`, never a step."""
    specs = sorted(desired.imports, key=lambda spec: spec.key)
    return Plan(
        phase="imports",
        target=observed.target,
        steps=tuple(step for spec in specs for step in _steps(spec, observed)),
        needs=tuple(_needs(observed, desired)),
        waiting=tuple(waiting for spec in specs for waiting in _waiting(spec, observed, desired)),
        unmanaged=tuple(_unmanaged(observed, desired)),
        warnings=tuple(warning for spec in specs for warning in _warnings(spec, observed)),
    )


def _steps(spec: ImportSpec, observed: Observed) -> Iterator[Step]:
    there = match(spec, observed)
    if there is not None:
        yield from _adopt(spec, there, observed)
    elif _held(spec, observed) is None:
        yield from _bring_in(spec, observed)


def _bring_in(spec: ImportSpec, observed: Observed) -> Iterator[Step]:
    """Everything up to its place, when the account's own profile lets us; only the invitation otherwise."""
    if _open_invitation(spec, observed) is None:
        ended = _ended_invitation(spec, observed)
        yield InviteAccount(
            key=spec.key,
            name=spec.name,
            account_id=spec.id,
            rests_on=(f"{ended.id} {ended.state}",) if ended else (),
            why=f"its last invitation is {ended.state}" if ended else "it is not in the organization",
        )
    if spec.profile is None:
        return
    owner = _owner(spec, observed)
    leaves = owner.organization_id if owner and isinstance(owner.organization_id, str) else ""
    yield AcceptInvitation(key=spec.key, name=spec.name, account_id=spec.id, profile=spec.profile, leaves=leaves)
    yield _make_manageable(spec, spec.profile, owner, "AWS makes no roles in invited accounts")
    if spec.unit:
        yield MoveAccount(key=spec.key, name=spec.name, unit=spec.unit, why="accounts join in the root")
    yield TagAccount(key=spec.key, name=spec.name, tags=spec.tags, why="these tags are missing or differ")


def _adopt(spec: ImportSpec, there: Account, observed: Observed) -> Iterator[Step]:
    """A member already: make it manageable *before* placing it, since an OU's policies may deny it later."""
    if not _manageable(there, observed):
        if spec.profile is not None and _held(spec, observed) is None:
            why = f"its roles could not be seen through {there.name}'s read role"
            yield _make_manageable(spec, spec.profile, _owner(spec, observed), why)
        elif there.joined == "CREATED":
            yield CreateReadRole(
                key=spec.key,
                name=spec.name,
                role_name=spec.role_name,
                services=(),
                why="this organization created it, so it has an access role",
            )
        else:
            return
    if there.unit != spec.unit:
        yield MoveAccount(key=spec.key, name=spec.name, unit=spec.unit, why=f"it is in {there.unit or 'the root'}")
    if lacking := missing(spec.tags, there.tags):
        yield TagAccount(key=spec.key, name=spec.name, tags=lacking, why="these tags are missing or differ")


def _waiting(spec: ImportSpec, observed: Observed, desired: Desired) -> Iterator[Waiting]:
    there = match(spec, observed)
    roles = commands_to_make(spec.role_name, observed.target.account, extra_reads(desired, spec.key))
    held = _held(spec, observed)
    who = f"the owner of account {spec.id}"
    if there is not None:
        if not _manageable(there, observed) and there.joined != "CREATED" and (spec.profile is None or held):
            yield Waiting(f"{spec.key}: its roles are unknown; make them, then run 04-imports again", who, roles)
    elif held is not None:
        yield Waiting(f"{spec.key}: {held}", "you")
    elif spec.profile is None:
        invitation = _open_invitation(spec, observed)
        what = f"{spec.key}: accept the invitation" + (f", open until {invitation.expires}" if invitation else "")
        yield Waiting(f"{what}, and make both roles", who, (*_accept(invitation), *roles) if invitation else ())


def _accept(invitation: Handshake) -> tuple[str, ...]:
    return (f"aws organizations accept-handshake --region us-east-1 --handshake-id {invitation.id}",)


def _held(spec: ImportSpec, observed: Observed) -> str | None:
    """Why this account is left alone until a person has decided; None when nothing holds it."""
    owner = _owner(spec, observed)
    if owner is None or spec.profile is None:
        return None
    if isinstance(owner.organization_id, Unread):
        return _unusable(spec.profile, owner.organization_id)
    ours = observed.organization.id if observed.organization else None
    other = owner.organization_id
    if other and other != ours and not spec.leaves_other_organization:
        return (
            f"it is in organization {other}; accepting would take it out of there. "
            f"Set imports.{spec.key}.leaves_other_organization = true if that is meant"
        )
    return None


def _unusable(profile: str, unread: Unread) -> str:
    if unread.do:
        return f"what profile {profile} sees could not be read: {unread.why}: {unread.do}"
    return f"profile {profile} cannot be used: {unread.why}"


def _warnings(spec: ImportSpec, observed: Observed) -> Iterator[str]:
    owner, there = _owner(spec, observed), match(spec, observed)
    if owner is not None and owner.trails and not isinstance(owner.trails, Unread):
        yield (
            f"{spec.key} has a trail of its own ({', '.join(owner.trails)}): the organization trail becomes its second "
            "copy, which AWS charges for: 06-costs tells how much"
        )
    if spec.profile is None and there is None:
        yield f"{spec.key}: unknown without a profile: whether it is in another organization or has a trail of its own"
    if there is not None and there.name != spec.name:
        yield f"{spec.key} is named {there.name} in AWS; the file says {spec.name}"
    if there is not None and there.email.casefold() != spec.email.casefold():
        yield f"{spec.key} has the root e-mail {there.email} in AWS; the file says {spec.email}"


def _needs(observed: Observed, desired: Desired) -> Iterator[str]:
    if observed.organization is None:
        yield "the organization does not exist yet: run 01-organization"
        return
    for path in sorted({spec.unit for spec in desired.imports if spec.unit}):
        if observed.unit(path) is None:
            yield f"organizational unit {path} does not exist yet: run 02-units"


def _unmanaged(observed: Observed, desired: Desired) -> Iterator[str]:
    """Invitations to accounts that the file does not import."""
    if isinstance(observed.handshakes, Unread):
        return
    for handshake in observed.handshakes:
        if handshake.is_open and not any(_is_for(handshake, spec) for spec in desired.imports):
            yield f"invitation {handshake.id} to {handshake.account_id or handshake.email}, {handshake.state}"


def _make_manageable(spec: ImportSpec, profile: str, owner: Owner | None, why: str) -> MakeManageable:
    return MakeManageable(
        key=spec.key,
        name=spec.name,
        account_id=spec.id,
        profile=profile,
        role_name=spec.role_name,
        also_trusted=owner.also_trusted if owner else (),
        why=why,
    )


def _manageable(there: Account, observed: Observed) -> bool:
    """Both roles are seen to be right, through the read role."""
    member = observed.member(there.id)
    return member is not None and member.readable and member.current and member.access_role is True


def _owner(spec: ImportSpec, observed: Observed) -> Owner | None:
    return next((owner for owner in observed.owners if owner.account_id == spec.id), None)


def _open_invitation(spec: ImportSpec, observed: Observed) -> Handshake | None:
    return next((h for h in _invitations(spec, observed) if h.is_open), None)


def _ended_invitation(spec: ImportSpec, observed: Observed) -> Handshake | None:
    ended = [h for h in _invitations(spec, observed) if h.state in ("DECLINED", "EXPIRED", "CANCELED")]
    return max(ended, key=lambda h: h.expires, default=None)


def _invitations(spec: ImportSpec, observed: Observed) -> tuple[Handshake, ...]:
    if isinstance(observed.handshakes, Unread):
        raise CouldNotRead(
            f"the invitations that the organization sent: {observed.handshakes.why}",
            observed.handshakes.do
            or "allow organizations:ListHandshakesForOrganization (see `orgkit permissions imports`).",
        )
    return tuple(h for h in observed.handshakes if _is_for(h, spec))


def _is_for(handshake: Handshake, spec: ImportSpec) -> bool:
    """An invitation names its account by id, or, when somebody sent it so, by e-mail."""
    return handshake.account_id == spec.id or handshake.email.casefold() == spec.email.casefold()
