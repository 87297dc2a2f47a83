"""Why an account must not be put into quarantine, or must not be closed; pure functions.

What could not be read counts as a reason not to close, never as "nothing there".
"""

import re
from collections.abc import Iterator

from orgkit.model.desired import KEY_TAG, AccountSpec, Desired, HandoverSpec, ImportSpec, name_in
from orgkit.model.observed import Account, Observed, Unread
from orgkit.model.offboarding import OffboardedAccount
from orgkit.model.state_backend import StateBackendSpec
from orgkit.phases.offboarding.facts import UNKNOWN_OWNER, AccountFacts, OffboardingFacts
from orgkit.phases.offboarding.resource_policy import delegates_to

IDENTITY_CENTER = "sso.amazonaws.com"
_OWNER = re.compile(r"arn:[^:]+:kms:[^:]*:([0-9]{12}):")


def refusals(
    entry: OffboardedAccount, account: Account, facts: OffboardingFacts, observed: Observed, desired: Desired
) -> Iterator[str]:
    """Yield why an account is neither put into quarantine nor closed, as far as this was read."""
    own = facts.account(account.id)
    if account.id == observed.target.account:
        yield "it is the management account, which no organization can close"
    yield from _wanted_by_the_file(account, desired)
    yield from _in_a_terraform_state(entry, desired)
    if own is None:
        yield "nothing was read about it"
        return
    yield from _delegations(own)
    yield from _delegated_by_policy(account, facts)
    yield from _used_by_trails(own, facts)
    yield from _used_by_the_file(own, desired)
    if not isinstance(own.roles, Unread):
        for role in own.roles:
            yield (
                f"it has the break-glass role {role}: delete the role there, or take it out of "
                "[policies] break_glass_roles"
            )


def unread_reasons(facts: AccountFacts) -> Iterator[str]:
    """Yield what could not be read about an account: it can go into quarantine, and is not closed."""
    items = {
        "its moves in AWS's event history": facts.move,
        "its tags in AWS's event history": facts.tagged_at,
        "its buckets": facts.buckets,
        "its break-glass roles": facts.roles,
        "the numbers of its resources": facts.resources,
        "its costs": facts.costs,
    }
    yield from (f"{name} could not be read: {item.reason}" for name, item in items.items() if isinstance(item, Unread))


def _wanted_by_the_file(account: Account, desired: Desired) -> Iterator[str]:
    for spec in desired.members:
        is_same = account.id == spec.id or account.email.casefold() in spec.emails
        if is_same or account.tag.get(KEY_TAG) == spec.key:
            yield f"it is the file's {_place(spec)}{_purpose(spec, desired)}: take that out of the file first"


def _place(spec: AccountSpec | ImportSpec) -> str:
    return f"{'accounts' if isinstance(spec, AccountSpec) else 'imports'}.{spec.key}"


def _purpose(spec: AccountSpec | ImportSpec, desired: Desired) -> str:
    purposes = []
    if spec is desired.log_archive:
        purposes.append("the log archive account")
    if spec.key == desired.section(StateBackendSpec).account:
        purposes.append("the account of the state backend")
    return f", {' and '.join(purposes)}" if purposes else ""


def _in_a_terraform_state(entry: OffboardedAccount, desired: Desired) -> Iterator[str]:
    """Yield whether Terraform may own it: the file names phases, and no longer has the entry that says by which."""
    owned = [phase for phase in ("accounts", "imports") if phase in desired.section(HandoverSpec).phases]
    if owned and not entry.removed_from_terraform:
        yield (
            f"[handover] says that Terraform owns the accounts of {' and '.join(owned)}: if it has this one, remove it "
            "there from the state with a removed block and destroy = false, and apply that. Then write "
            f"offboarding.{entry.key}.removed_from_terraform = true"
        )


def _delegations(own: AccountFacts) -> Iterator[str]:
    if isinstance(own.services, Unread):
        yield f"whether it is a delegated administrator could not be read: {own.services.reason}"
    elif own.services:
        center = ", among them IAM Identity Center" if IDENTITY_CENTER in own.services else ""
        yield (
            f"it is the delegated administrator for {', '.join(own.services)}{center}: name another account for that "
            "first"
        )


def _delegated_by_policy(account: Account, facts: OffboardingFacts) -> Iterator[str]:
    policy = facts.resource_policy
    if isinstance(policy, Unread):
        yield f"the organization's resource policy, which may delegate to it, could not be read: {policy.reason}"
        return
    is_delegated = delegates_to(policy, account.id)
    if is_delegated is None:
        yield "the organization's resource policy, which may delegate to it, could not be understood"
    elif is_delegated:
        yield "the organization's resource policy delegates to it: take it out of that policy first"


def _used_by_trails(own: AccountFacts, facts: OffboardingFacts) -> Iterator[str]:
    if isinstance(facts.trails, Unread):
        yield f"the trails could not be read: {facts.trails.reason}"
        return
    buckets = set() if isinstance(own.buckets, Unread) else set(own.buckets)
    for trail in facts.trails:
        if trail.bucket in buckets:
            yield f"trail {trail.name} writes to its bucket {trail.bucket}"
        if trail.key_account == own.account:
            yield f"trail {trail.name} encrypts with a key of it"
        elif trail.key_account == UNKNOWN_OWNER:
            yield f"the account of the key of trail {trail.name} could not be read"


def _used_by_the_file(own: AccountFacts, desired: Desired) -> Iterator[str]:
    state = desired.section(StateBackendSpec)
    for name, arn in (("state_backend.kms_key", state.kms_key), ("records.sign_with", desired.records.sign_with)):
        owner = _OWNER.match(arn)
        if owner and owner[1] == own.account:
            yield f"{name} of the file is a key of it"
    if isinstance(own.buckets, Unread):
        return
    names = {
        "state_backend": state.with_account(own.account).bucket if state.account else "",
        "trail.bucket": name_in(desired.trail.bucket, own.account) if desired.trail.is_wanted else "",
        "trail.records_bucket": name_in(desired.trail.records_bucket, own.account) if desired.trail.is_wanted else "",
        "records.archive": desired.records.archive.removeprefix("s3://").partition("/")[0],
    }
    for name, bucket in names.items():
        if bucket and bucket in own.buckets:
            yield f"it has the bucket of the file's {name}, {bucket}"
