"""AWS calls that put accounts into quarantine and close them; nothing else in orgkit closes one."""

from datetime import UTC
from functools import partial

from orgkit.aws import typed_account_ids
from orgkit.aws.person_settings import IDS_VARIABLE, require_known_keys
from orgkit.aws.rejections import Rejected
from orgkit.aws.resource_policy import read_resource_policy
from orgkit.aws.session import Connection
from orgkit.aws.tags import as_aws, read_tags_of
from orgkit.errors import NeedsDecision
from orgkit.model.desired import Desired
from orgkit.model.matching import IdIndex
from orgkit.model.observed import CLOSED_STATES, Observed
from orgkit.model.offboarding import NAME, OffboardingSpec
from orgkit.model.plan import ABSENT, starting_value
from orgkit.phases.accounts.moves_aws import read_moves
from orgkit.phases.handler import handle
from orgkit.phases.offboarding.account_aws import (
    delegated_services,
    month_of,
    read_account,
    read_attachment,
    read_costs,
    read_history,
    read_or_unread,
    read_trails,
)
from orgkit.phases.offboarding.facts import OffboardingFacts
from orgkit.phases.offboarding.planner import spec_of_move, state_of
from orgkit.phases.offboarding.quarantine_policy import quarantine_policy
from orgkit.phases.offboarding.resource_policy import delegates_to
from orgkit.phases.offboarding.steps import QUARANTINED_TAG, CloseAccount, QuarantineAccount, TagQuarantinedAccount
from orgkit.phases.organizational_units.aws import create_unit, unit_id
from orgkit.phases.organizational_units.steps import CreateUnit
from orgkit.phases.policies.aws import (
    attach_policy,
    attachment_state,
    change_policy,
    content_of_policy,
    create_policy,
    policy_summaries,
    read_policy,
)
from orgkit.phases.policies.steps import AttachPolicy, ChangePolicy, CreatePolicy
from orgkit.policy_evaluation.policy_types import SCP

CHANGED = "changed"  # the document of the policy of the quarantine


def read(aws: Connection, desired: Desired, observed: Observed) -> Observed:
    """Read the policy of the quarantine, the trails, and what speaks against closing each account."""
    spec, organization = desired.section(OffboardingSpec), observed.organization
    require_known_keys(IDS_VARIABLE, [entry.key for entry in spec.accounts], "[offboarding]")
    if organization is None:
        return observed
    now = aws.clock.now()
    pairs = [
        (entry, account)
        for entry in spec.accounts
        if (account := observed.account(entry.account)) and not account.is_closed
    ]
    if not pairs:
        return observed.with_facts(OffboardingFacts(now))
    moved = [spec_of_move(entry, account, spec.unit) for entry, account in pairs if account.unit != spec.unit]
    observed = read_moves(aws, observed, moved)
    month = month_of(now)
    ids = [account.id for _, account in pairs]
    read_one = partial(read_account, aws, desired, read_history(aws, ids), read_costs(aws, month, ids))
    enabled = (SCP, "ENABLED") in organization.policy_types
    summaries = policy_summaries(aws, SCP) if enabled else ()
    item = next((item for item in summaries if item["Name"] == NAME and not item.get("AwsManaged")), None)
    policy, unit = read_policy(aws, item, is_named=True) if item else None, observed.unit(spec.unit)
    facts = OffboardingFacts(
        read_at=now,
        month=str(month),
        policy=policy,
        attached_at=read_attachment(aws, policy.id, unit.id) if policy and unit else None,
        trails=read_trails(aws, desired),
        resource_policy=read_or_unread(lambda: read_resource_policy(aws)),
        accounts=tuple(read_one(entry) for entry, _ in pairs),
        typed=tuple((entry.key, typed) for entry, _ in pairs if (typed := typed_account_ids.id_of(entry.key))),
    )
    return observed.with_facts(facts)


def quarantine_account(aws: Connection, step: QuarantineAccount, id_index: IdIndex) -> None:
    """Move it out of the approved unit: AWS rejects the move if the account is in another one by then."""
    parents = {"SourceParentId": step.starts_from, "DestinationParentId": id_index.parent(step.unit)}
    try:
        aws.mutate("organizations", "MoveAccount", AccountId=step.account, **parents)
    except Rejected as rejection:
        if rejection.code != "DuplicateAccountException":  # it is at the destination already
            raise


def tag_account(aws: Connection, step: TagQuarantinedAccount, id_index: IdIndex) -> None:
    """Tag it with the time of now."""
    now = aws.clock.now().astimezone(UTC).isoformat(timespec="seconds")
    aws.mutate("organizations", "TagResource", ResourceId=step.account, Tags=as_aws(((QUARANTINED_TAG, now),)))


def close_account(aws: Connection, step: CloseAccount, id_index: IdIndex) -> None:
    """Close it, if a person has typed its id in this process; one that is closed or being closed counts as closed.

    It is sent once: where AWS asks to wait, what speaks against closing has to be read again first.
    """
    if typed_account_ids.id_of(step.key) != step.account:
        raise NeedsDecision(
            f"nobody has typed the id of account {step.name} in this process.",
            f"run the phase again with ORGKIT_CLOSE_ACCOUNTS={step.key}=ID.",
        )
    try:
        aws.mutate_once("organizations", "CloseAccount", AccountId=step.account)
    except Rejected as rejection:
        if rejection.code not in ("AccountAlreadyClosedException", "ConflictException"):
            raise
        if _state(aws, step.account) not in CLOSED_STATES:
            raise


def parent_of_account(aws: Connection, step: QuarantineAccount, id_index: IdIndex) -> str:
    """Return the unit, or root, where the account is now."""
    return starting_value(_parent(aws, step.account))


def tag_of_account(aws: Connection, step: TagQuarantinedAccount, id_index: IdIndex) -> str:
    """Return the value of the tag that the account has now."""
    return dict(read_tags_of(aws, step.account)).get(QUARANTINED_TAG) or ABSENT


def state_before_closing(aws: Connection, step: CloseAccount, id_index: IdIndex) -> str:
    """Return what the account is, and whether the policy binds it; absent for one that is closed or being closed."""
    state = _state(aws, step.account)
    if state in CLOSED_STATES:
        return ABSENT
    return state_of(
        state,
        _parent(aws, step.account) or "",
        delegated_services(aws, step.account),
        is_delegated=delegates_to(read_resource_policy(aws), step.account),
        tag=dict(read_tags_of(aws, step.account)).get(QUARANTINED_TAG, ""),
        policy=_policy_state(aws, id_index),
    )


def _policy_state(aws: Connection, id_index: IdIndex) -> str:
    """Return whether the policy of the quarantine is attached to its unit, with the document of the file."""
    content = quarantine_policy(id_index.desired)
    unit = id_index.desired.section(OffboardingSpec).unit
    attachment = attachment_state(aws, AttachPolicy(name=NAME, type=SCP, unit=unit, accounts=()), id_index)
    document = content_of_policy(aws, CreatePolicy(name=NAME, type=SCP, content=content), id_index)
    return attachment if document == content else CHANGED


HANDLERS = (
    handle(CreateUnit, create_unit, unit_id),
    handle(CreatePolicy, create_policy, content_of_policy),
    handle(ChangePolicy, change_policy, content_of_policy),
    handle(AttachPolicy, attach_policy, attachment_state),
    handle(QuarantineAccount, quarantine_account, parent_of_account),
    handle(TagQuarantinedAccount, tag_account, tag_of_account),
    handle(CloseAccount, close_account, state_before_closing),
)


def _state(aws: Connection, account: str) -> str:
    answer = aws.read("organizations", "DescribeAccount", AccountId=account)
    return str(answer["Account"].get("State", "UNKNOWN"))  # never Status: AWS removed it in September 2026


def _parent(aws: Connection, account: str) -> str | None:
    parents = aws.pages("organizations", "ListParents", "Parents", ChildId=account)
    return next((str(parent["Id"]) for parent in parents), None)
