"""What phase 09 should do: a protected bucket for the state, and the roles with which GitHub's jobs use it."""

from collections.abc import Iterable, Iterator, Mapping

from orgkit.errors import CouldNotRead
from orgkit.model.desired import AccountSpec, Desired, ImportSpec
from orgkit.model.matching import match_or_decision
from orgkit.model.observed import Account, Observed
from orgkit.model.plan import Plan, Step, Waiting
from orgkit.model.state_backend import STATE_ACCOUNT_ID, StateBackendSpec
from orgkit.phases.member_access.role_drift import access_role_waiting, can_be_entered
from orgkit.phases.state_backend.bucket_steps import (
    BucketCase,
    bucket_steps,
    bucket_unmanaged,
    bucket_waiting,
    bucket_warnings,
)
from orgkit.phases.state_backend.documents import ORGANIZATION
from orgkit.phases.state_backend.facts import StateFacts
from orgkit.phases.state_backend.role_steps import role_steps, role_unmanaged, role_waiting
from orgkit.phases.storage.bucket import Bucket

WITHOUT_ACCOUNT = "The state backend is not planned until then."


def plan(observed: Observed, desired: Desired) -> Plan:
    """Plan the bucket, then the identity provider and the roles; nothing where the file names no account."""
    spec = desired.section(StateBackendSpec)
    member_spec = desired.member(spec.account)
    if member_spec is None:
        return Plan(phase="state-backend", target=observed.target)
    account, decision = match_or_decision(member_spec, observed, WITHOUT_ACCOUNT)
    facts, ids = _facts(observed, account), ids_of(observed, account.id if account else None)
    partition = observed.target.partition
    case = _bucket_case(spec, facts, ids, observed)
    steps = (*bucket_steps(case), *role_steps(spec, facts, ids, partition))
    entry = tuple(_entry(steps, observed, member_spec, account))
    is_held = decision is not None or bool(entry)
    waiting = (*bucket_waiting(case), *role_waiting(spec, facts, ids, partition))
    return Plan(
        phase="state-backend",
        target=observed.target,
        steps=() if is_held else steps,
        needs=() if decision else tuple(_needs(observed, member_spec, account)),
        waiting=(*((decision,) if decision else ()), *entry, *waiting),
        unmanaged=(*bucket_unmanaged(case), *role_unmanaged(spec, facts)),
        warnings=tuple(bucket_warnings(case)),
    )


def ids_of(observed: Observed, account_id: str | None) -> dict[str, str]:
    """Return the ids that are known, by their placeholders in a plan."""
    organization = observed.organization
    ids = {STATE_ACCOUNT_ID: account_id, ORGANIZATION: organization.id if organization else None}
    return {name: value for name, value in ids.items() if value}


def _bucket_case(spec: StateBackendSpec, facts: StateFacts, ids: Mapping[str, str], observed: Observed) -> BucketCase:
    name = spec.with_account(ids.get(STATE_ACCOUNT_ID)).bucket
    bucket = facts.bucket or Bucket(name, exists=False)
    accounts = frozenset(account.id for account in observed.accounts)
    return BucketCase(spec, bucket, ids, accounts, observed.target.partition)


def _facts(observed: Observed, account: Account | None) -> StateFacts:
    """Return what is in the account; nothing as long as it does not exist or cannot be read."""
    facts = observed.facts(StateFacts)
    if facts is None or account is None or not _is_readable(observed, account):
        return StateFacts()
    if facts.unread is not None:
        raise CouldNotRead(
            f"the state backend in account {account.id}: {facts.unread.reason}",
            facts.unread.remedy
            or "run 03-accounts again (04-imports for an import), which brings the role orgkit-read up to date; a "
            "service control policy may also deny it.",
        )
    return facts


def _entry(
    steps: Iterable[Step], observed: Observed, spec: AccountSpec | ImportSpec, account: Account | None
) -> Iterator[Waiting]:
    """Yield the task to repair the account's access role, if steps need it and it cannot be used."""
    member = observed.member(account.id) if account else None
    if account is None or member is None or not member.readable or not any(steps):
        return
    if not can_be_entered(spec, member, observed.target.account):
        yield access_role_waiting(spec, account, observed.target.account, WITHOUT_ACCOUNT)


def _needs(observed: Observed, spec: AccountSpec | ImportSpec, account: Account | None) -> Iterator[str]:
    if observed.organization is None:
        yield "the organization does not exist yet: run 01-organization"
    phase = "04-imports" if isinstance(spec, ImportSpec) else "03-accounts"
    if account is None:
        yield f"account {spec.key}, which is to keep the state, does not exist yet: run {phase}"
    elif not _is_readable(observed, account):
        yield f"orgkit-read cannot be assumed in account {spec.key}: run {phase}"


def _is_readable(observed: Observed, account: Account) -> bool:
    member = observed.member(account.id)
    return member is not None and member.readable
