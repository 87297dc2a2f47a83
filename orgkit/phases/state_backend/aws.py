"""AWS calls that read and make the state backend, in the account that the file names."""

import json
from collections.abc import Callable
from typing import Any

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.errors import NeedsDecision
from orgkit.model.canonical_json import normal_form
from orgkit.model.desired import READ_ROLE, Desired
from orgkit.model.matching import IdIndex, match_if_clear
from orgkit.model.observed import Observed, Unread
from orgkit.model.plan import ABSENT, starting_value
from orgkit.model.state_backend import STATE_ACCOUNT_ID, StateBackendSpec
from orgkit.phases.handler import handle
from orgkit.phases.member_access.member_roles_aws import is_not_readable, read_roles
from orgkit.phases.member_access.roles import parse_document
from orgkit.phases.member_access.roles_aws import NOT_FOUND_CODES, trust_of
from orgkit.phases.state_backend.documents import (
    AUDIENCE,
    ISSUER,
    ORGANIZATION,
    ROLE_POLICY,
    fill_in,
    provider_arn,
    session_policy,
    state_rule,
)
from orgkit.phases.state_backend.facts import Provider, StateFacts
from orgkit.phases.state_backend.steps import (
    AboutRole,
    BlockStatePublicAccess,
    CreateIdentityProvider,
    CreateStateBucket,
    CreateStateRole,
    InStateAccount,
    SetStateAcl,
    SetStateBucketPolicy,
    SetStateEncryption,
    SetStateLifecycle,
    SetStateOwnership,
    SetStateRolePolicy,
    SetStateRoleTrust,
    SetStateVersioning,
    TagStateBucket,
)
from orgkit.phases.storage import bucket_changes_aws as changes
from orgkit.phases.storage.bucket import value_of_setting
from orgkit.phases.storage.bucket_aws import SETTINGS, Foreign, Place, read_bucket
from orgkit.phases.storage.documents import render
from orgkit.phases.storage.steps import AboutBucket, BucketSetting


def read(aws: Connection, desired: Desired, observed: Observed) -> Observed:
    """Read the bucket, the identity provider and the roles, through the read role of the account alone."""
    spec = desired.section(StateBackendSpec)
    member = desired.member(spec.account)
    account = match_if_clear(member, observed) if member else None
    if account is None:
        return observed
    return observed.with_facts(_read_account(aws, spec.with_account(account.id), account.id))


def _read_account(aws: Connection, spec: StateBackendSpec, account: str) -> StateFacts:
    try:
        member = aws.assume(account, READ_ROLE)
    except Rejected as rejection:
        if not is_not_readable(rejection):
            raise  # as where the account itself is read, whichever of the two comes first
        return StateFacts(unread=Unread(f"{READ_ROLE} cannot be assumed in account {account}"))
    place = Place(member, spec.bucket, spec.region, account)
    reads: tuple[Callable[[], Any], ...] = (lambda: read_bucket(place),)
    if spec.github:
        names = [name for name, _ in spec.github.roles]
        reads = (*reads, lambda: _provider(member, account), lambda: read_roles(member, names))
    try:
        return StateFacts(*member.executor.map(lambda read: read(), reads))
    except Rejected as rejection:
        return StateFacts(unread=Unread(str(rejection), rejection.remedy))


def _provider(member: Connection, account: str) -> Provider | None:
    arn = provider_arn(member.partition, account)
    try:
        answer = member.read("iam", "GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn)
    except Rejected as rejection:
        if rejection.code in NOT_FOUND_CODES:
            return None
        raise
    return Provider(tuple(sorted(answer.get("ClientIDList", ()))))


def create_bucket(aws: Connection, step: CreateStateBucket, id_index: IdIndex) -> None:
    """Make the bucket unless it exists."""
    changes.create_bucket(_place(aws, step, id_index), "state_backend", step.namespace)


def block_public_access(aws: Connection, step: BlockStatePublicAccess, id_index: IdIndex) -> None:
    """Set all four settings."""
    changes.block_public_access(_place(aws, step, id_index))


def set_acl(aws: Connection, step: SetStateAcl, id_index: IdIndex) -> None:
    """Set the canned ACL of a new bucket: only the owner has access."""
    changes.set_acl(_place(aws, step, id_index))


def set_ownership(aws: Connection, step: SetStateOwnership, id_index: IdIndex) -> None:
    """Set BucketOwnerEnforced."""
    changes.set_ownership(_place(aws, step, id_index))


def set_versioning(aws: Connection, step: SetStateVersioning, id_index: IdIndex) -> None:
    """Enable versioning."""
    changes.set_versioning(_place(aws, step, id_index))


def set_encryption(aws: Connection, step: SetStateEncryption, id_index: IdIndex) -> None:
    """Set the default for new objects."""
    changes.set_encryption(_place(aws, step, id_index), step.key_arn)


def set_bucket_policy(aws: Connection, step: SetStateBucketPolicy, id_index: IdIndex) -> None:
    """Set orgkit's statements, and keep those of others."""
    required = render(step.statements, _ids(id_index, step.account))
    changes.set_bucket_policy(_place(aws, step, id_index), required, ())


def set_lifecycle(aws: Connection, step: SetStateLifecycle, id_index: IdIndex) -> None:
    """Set orgkit's rule, and keep those of others."""
    changes.set_lifecycle(_place(aws, step, id_index), state_rule(step.noncurrent_days))


def tag_bucket(aws: Connection, step: TagStateBucket, id_index: IdIndex) -> None:
    """Set the step's tags, and keep the others."""
    changes.tag_bucket(_place(aws, step, id_index), step.tags)


def create_provider(aws: Connection, step: CreateIdentityProvider, id_index: IdIndex) -> None:
    """Make the provider; IAM takes GitHub's certificates from its own list of authorities, without a thumbprint."""
    member = _in_iam(aws, step, id_index)
    try:
        member.mutate(
            "iam", "CreateOpenIDConnectProvider", expect="OpenIDConnectProviderArn", Url=f"https://{ISSUER}",
            ClientIDList=[AUDIENCE],
        )  # fmt: skip
    except Rejected as rejection:
        if not rejection.code.startswith("EntityAlreadyExists"):
            raise


def create_role(aws: Connection, step: CreateStateRole, id_index: IdIndex) -> None:
    """Make the role with its trust policy; one that an attempt with a lost response has made counts as made."""
    member, document = _in_iam(aws, step, id_index), fill_in(step.trust, _ids(id_index, step.account))
    try:
        member.mutate(
            "iam", "CreateRole", expect="Role", RoleName=step.role, AssumeRolePolicyDocument=document,
            Description="orgkit: uses the state of Terraform and OpenTofu from GitHub Actions",
        )  # fmt: skip
    except Rejected as rejection:
        if not rejection.code.startswith("EntityAlreadyExists"):
            raise
        _check_trust(step, trust_of(member, step.role), document)


def _check_trust(step: CreateStateRole, existing: Any, required: str) -> None:
    if existing is not None and normal_form(existing) != normal_form(json.loads(required)):
        raise NeedsDecision(
            f"role {step.role} has been made in the meantime in account {step.account}, and trusts others.",
            "find out who made it; then plan again: the plan shows the difference.",
        )


def set_role_trust(aws: Connection, step: SetStateRoleTrust, id_index: IdIndex) -> None:
    """Replace the trust policy of the role."""
    document = fill_in(step.trust, _ids(id_index, step.account))
    _in_iam(aws, step, id_index).mutate(
        "iam", "UpdateAssumeRolePolicy", RoleName=step.role, PolicyDocument=document
    )  # fmt: skip


def set_role_policy(aws: Connection, step: SetStateRolePolicy, id_index: IdIndex) -> None:
    """Set orgkit's inline policy of the role; its other policies stay."""
    document = fill_in(step.policy, _ids(id_index, step.account))
    _in_iam(aws, step, id_index).mutate(
        "iam", "PutRolePolicy", RoleName=step.role, PolicyName=ROLE_POLICY, PolicyDocument=document
    )  # fmt: skip


def region_of_bucket(aws: Connection, step: CreateStateBucket, id_index: IdIndex) -> str:
    """Return the bucket's current region; if it belongs to another account, the step itself fails."""
    try:
        return starting_value(_place(aws, step, id_index).head())
    except Foreign:
        return ABSENT


def setting_of_bucket(aws: Connection, step: BucketSetting, id_index: IdIndex) -> str:
    """Return the current value that the step would replace."""
    return value_of_setting(step.setting, SETTINGS[step.setting](_place(aws, step, id_index)))


def audiences_of_provider(aws: Connection, step: CreateIdentityProvider, id_index: IdIndex) -> str:
    """Return the audiences of the provider that is there now."""
    provider = _provider(_in_iam(aws, step, id_index), id_index.account(step.account))
    return ABSENT if provider is None else starting_value(list(provider.audiences) or "no audience")


def trust_of_role(aws: Connection, step: CreateStateRole | SetStateRoleTrust, id_index: IdIndex) -> str:
    """Return the current trust policy of the role."""
    return starting_value(trust_of(_in_iam(aws, step, id_index), step.role))


def policy_of_role(aws: Connection, step: SetStateRolePolicy, id_index: IdIndex) -> str:
    """Return the current document of orgkit's inline policy of the role."""
    try:
        answer = _in_iam(aws, step, id_index).read(
            "iam", "GetRolePolicy", RoleName=step.role, PolicyName=ROLE_POLICY
        )  # fmt: skip
    except Rejected as rejection:
        if rejection.code in NOT_FOUND_CODES:
            return ABSENT
        raise
    return starting_value(parse_document(answer["PolicyDocument"]))


HANDLERS = (
    handle(CreateStateBucket, create_bucket, region_of_bucket),
    handle(BlockStatePublicAccess, block_public_access, setting_of_bucket),
    handle(SetStateAcl, set_acl, setting_of_bucket),
    handle(SetStateOwnership, set_ownership, setting_of_bucket),
    handle(SetStateVersioning, set_versioning, setting_of_bucket),
    handle(SetStateEncryption, set_encryption, setting_of_bucket),
    handle(SetStateBucketPolicy, set_bucket_policy, setting_of_bucket),
    handle(SetStateLifecycle, set_lifecycle, setting_of_bucket),
    handle(TagStateBucket, tag_bucket, setting_of_bucket),
    handle(CreateIdentityProvider, create_provider, audiences_of_provider),
    handle(CreateStateRole, create_role, trust_of_role),
    handle(SetStateRoleTrust, set_role_trust, trust_of_role),
    handle(SetStateRolePolicy, set_role_policy, policy_of_role),
)


def _place(aws: Connection, step: AboutBucket, id_index: IdIndex) -> Place:
    name = fill_in(step.bucket, _ids(id_index, step.account))
    member = _session(aws, step, id_index, f"arn:{aws.partition}:s3:::{name}")
    return Place(member, name, step.region, id_index.account(step.account))


def _in_iam(aws: Connection, step: AboutRole | CreateIdentityProvider, id_index: IdIndex) -> Connection:
    account = id_index.account(step.account)
    provider = provider_arn(aws.partition, account)
    resource = provider if isinstance(step, CreateIdentityProvider) else _role_arn(aws, account, step.role)
    return _session(aws, step, id_index, resource)


def _role_arn(aws: Connection, account: str, role: str) -> str:
    return f"arn:{aws.partition}:iam::{account}:role/{role}"


def _session(aws: Connection, step: InStateAccount | AboutBucket, id_index: IdIndex, resource: str) -> Connection:
    """Return a session of the account's access role, restricted to what this step needs."""
    member = id_index.desired.member(step.account)
    assert member is not None  # the plan is of this file
    policy = session_policy(step.actions_in_account(), resource)
    return aws.assume(id_index.account(step.account), member.role_name, policy=policy)


def _ids(id_index: IdIndex, key: str) -> dict[str, str]:
    """Return the ids for the placeholders in a plan's documents."""
    return {STATE_ACCOUNT_ID: id_index.account(key), ORGANIZATION: id_index.organization_id}
