"""What AWS would report after a plan was applied, as far as planners look: an oracle without AWS."""

from dataclasses import replace

from orgkit.model.declared_renames import renamed_paths
from orgkit.model.desired import Desired, UnitPath
from orgkit.model.observed import Account, Member, Observed, Unit
from orgkit.model.plan import Plan, Step
from orgkit.phases.account_imports.facts import Handshake, ImportFacts
from orgkit.phases.account_imports.steps import AcceptInvitation, InviteAccount
from orgkit.phases.accounts.steps import CreateAccount, MoveAccount, RenameAccount, TagAccount
from orgkit.phases.member_access.steps import AboutAccount, CreateReadRole, MakeManageable, RestrictReadRole
from orgkit.phases.organizational_units.steps import CreateUnit, RenameUnit, TagUnit


def after(plan: Plan, observed: Observed, desired: Desired) -> Observed:
    """AWS after every step; an AssertionError for a step that AWS could not do at its place in the plan."""
    for step in plan.steps:
        observed = _after(step, observed, desired)
    return observed


def _after(step: Step, observed: Observed, desired: Desired) -> Observed:
    match step:
        case CreateUnit():
            assert observed.unit(step.path) is None
            assert _is_there(step.path[:-1], observed)
            return replace(observed, units=(*observed.units, Unit(step.path, f"ou-{len(observed.units)}", step.tags)))
        case RenameUnit():
            assert observed.unit(step.path) is None
            assert observed.unit(step.former_path) is not None
            return renamed_paths(observed, {step.former_path: step.path[-1]})
        case TagUnit():
            assert observed.unit(step.path) is not None
            return replace(observed, units=tuple(_tagged(unit, step) for unit in observed.units))
        case CreateAccount():
            number = f"{len(observed.accounts) + 1:012}"
            made = Account(number, step.name, step.email, "ACTIVE", (), "CREATED", step.tags)
            return replace(observed, accounts=(*observed.accounts, made))
        case InviteAccount():
            sent = Handshake("h-1", step.account_id, "", "OPEN", "")
            facts = observed.facts(ImportFacts) or ImportFacts()
            return observed.with_facts(replace(facts, handshakes=(*_handshakes(observed), sent)))
        case AcceptInvitation():
            assert any(h.account_id == step.account_id and h.is_open for h in _handshakes(observed))
            joined = Account(step.account_id, step.name, f"{step.key}@there.example", "ACTIVE", (), "INVITED", ())
            return replace(observed, accounts=(*observed.accounts, joined))
        case AboutAccount():
            return _about_account(step, observed, desired)
    raise AssertionError(step)


def _about_account(step: AboutAccount, observed: Observed, desired: Desired) -> Observed:
    account = next(a for a in observed.accounts if a.id == _id_of(step, observed, desired))
    match step:
        case MoveAccount():
            assert _is_there(step.unit, observed)
            changed = replace(account, unit=step.unit)
        case RenameAccount():
            assert account.name == step.starts_from
            changed = replace(account, name=step.name)
        case TagAccount():
            changed = replace(account, tags=tuple((dict(account.tags) | dict(step.tags)).items()))
        case CreateReadRole() | MakeManageable() | RestrictReadRole():
            seen = Member(account.id, readable=True, current=True, access_role=True)
            return replace(observed, members=(*(m for m in observed.members if m.account_id != account.id), seen))
        case _:
            raise AssertionError(step)
    return replace(observed, accounts=tuple(changed if a.id == account.id else a for a in observed.accounts))


def _id_of(step: AboutAccount, observed: Observed, desired: Desired) -> str:
    spec = next(member for member in desired.members if member.key == step.key)
    emails = {account.email.casefold(): account.id for account in observed.accounts}
    return spec.id or emails[spec.email.casefold()]


def _is_there(path: UnitPath, observed: Observed) -> bool:
    return path == () or observed.unit(path) is not None


def _tagged(unit: Unit, step: TagUnit) -> Unit:
    return replace(unit, tags=tuple((dict(unit.tags) | dict(step.tags)).items())) if unit.path == step.path else unit


def _handshakes(observed: Observed) -> tuple[Handshake, ...]:
    facts = observed.facts(ImportFacts) or ImportFacts()
    assert isinstance(facts.handshakes, tuple)
    return facts.handshakes
