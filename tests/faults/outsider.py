"""Another operator: for each kind of step, how somebody else changes what it would replace, with plain boto3."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import boto3
from moto.s3.models import s3_backends

from orgkit.model.desired import READ_ROLE, AccountSpec, Desired, ImportSpec, UnitPath
from orgkit.model.matching import IdIndex
from orgkit.model.offboarding import NAME as QUARANTINE_POLICY
from orgkit.model.plan import Step
from orgkit.model.state_backend import STATE_ACCOUNT_ID, StateBackendSpec
from orgkit.phases.account_imports.steps import AcceptInvitation, InviteAccount
from orgkit.phases.accounts.steps import CreateAccount, MoveAccount, RenameAccount, TagAccount
from orgkit.phases.alternate_contacts.spec import ContactsSpec
from orgkit.phases.alternate_contacts.steps import SetContact
from orgkit.phases.billing.steps import ActivateCostTag, CreateAnomalyMonitor, CreateAnomalySubscription, CreateBudget
from orgkit.phases.member_access.steps import CreateReadRole, MakeManageable, RestrictReadRole
from orgkit.phases.offboarding.steps import (
    QUARANTINED_TAG,
    CloseAccount,
    QuarantineAccount,
    TagQuarantinedAccount,
)
from orgkit.phases.organization.steps import (
    CreateOrganization,
    EnablePolicyType,
    EnableRootFeature,
    EnableTrustedAccess,
)
from orgkit.phases.organizational_units.steps import CreateUnit, RenameUnit, TagUnit
from orgkit.phases.policies.spec import PoliciesSpec
from orgkit.phases.policies.steps import AttachPolicy, ChangePolicy, CreatePolicy
from orgkit.phases.policy_removal.spec import PolicyRemovalSpec
from orgkit.phases.policy_removal.steps import DeletePolicy, DetachPolicy
from orgkit.phases.root_emails.steps import AcceptEmailChange, StartEmailChange
from orgkit.phases.state_backend import steps as state
from orgkit.phases.state_backend.documents import AUDIENCE, ISSUER, ROLE_POLICY
from orgkit.phases.storage.steps import AboutBucket, BucketSetting
from orgkit.phases.trail import steps as trail
from orgkit.phases.trail.acl_step import SetAcl
from orgkit.phases.trail.facts import Key, TrailFacts
from orgkit.phases.trail.key_steps import CreateAlias
from orgkit.phases.trail.selector_steps import SetEventSelectors, TagTrail
from orgkit.policy_evaluation.policy_types import SCP
from orgkit.sandbox.corrections.organization import seed_another
from orgkit.sandbox.ids import one_time_code
from orgkit.sandbox.world import world
from tests.faults.matrix import OLD_EMAIL
from tests.faults.wire import ADDRESS

FOREIGN = {"Sid": "Foreign", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}


class Outsider:
    """Clients of the management account, of a member account, and of the owner of an account to be imported."""

    def __init__(self, desired: Desired, id_index: IdIndex) -> None:
        self.desired, self.ids = desired, id_index
        self.session = boto3.Session(profile_name="management", region_name="us-east-1")

    def client(self, service: str) -> Any:
        return self.session.client(service, endpoint_url=ADDRESS)

    def inside(self, service: str, key: str) -> Any:
        member = next(member for member in self.desired.members if member.key == key)
        role = f"arn:aws:iam::{self.ids.account(key)}:role/{member.role_name}"
        keys = self.client("sts").assume_role(RoleArn=role, RoleSessionName="outsider")["Credentials"]
        session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], "us-east-1")
        return session.client(service, endpoint_url=ADDRESS)

    def owner(self, service: str, profile: str) -> Any:
        session = boto3.Session(profile_name=profile, region_name="us-east-1")
        return session.client(service, endpoint_url=ADDRESS)

    def parent(self, account: str) -> str:
        pages = self.client("organizations").get_paginator("list_parents").paginate(ChildId=account)
        return next(str(parent["Id"]) for page in pages for parent in page["Parents"])

    def change(self, step: Step) -> None:
        """Change what the step starts from."""
        CHANGES[type(step)](self, step)


def _quarantine(by: Outsider, step: MoveAccount) -> None:
    aws, account = by.client("organizations"), by.ids.account(step.key)
    unit = aws.create_organizational_unit(ParentId=by.ids.root_id, Name="Quarantine")["OrganizationalUnit"]["Id"]
    aws.move_account(AccountId=account, SourceParentId=by.parent(account), DestinationParentId=unit)


def _tag(by: Outsider, resource: str, step: TagUnit | TagAccount) -> None:
    tags = [{"Key": key, "Value": "somebody else's"} for key, _ in step.tags]
    by.client("organizations").tag_resource(ResourceId=resource, Tags=tags)


def _release(by: Outsider, step: QuarantineAccount | CloseAccount) -> None:
    """Move it into another unit: out of the quarantine, or before it gets there."""
    parents = {"SourceParentId": by.parent(step.account), "DestinationParentId": by.ids.parent(("Security",))}
    by.client("organizations").move_account(AccountId=step.account, **parents)


def _tag_quarantined(by: Outsider, step: TagQuarantinedAccount) -> None:
    tags = [{"Key": QUARANTINED_TAG, "Value": "long ago"}]
    by.client("organizations").tag_resource(ResourceId=step.account, Tags=tags)


def create_old_account(by: Outsider) -> None:
    """Make the account that `[offboarding]` of the file wants closed."""
    by.client("organizations").create_account(AccountName="old-team", Email=OLD_EMAIL)
    world().clock.sleep(600)


def change_quarantine_policy(by: Outsider) -> None:
    """Give the policy of the quarantine another document."""
    (policy,) = [policy for policy in _policies(by, SCP) if policy["Name"] == QUARANTINE_POLICY]
    content = json.dumps({**OTHER_POLICY, "Id": "changed"})
    by.client("organizations").update_policy(PolicyId=policy["Id"], Content=content)


def _rename_unit(by: Outsider, path: UnitPath, name: str) -> None:
    unit = by.ids.parent(path)
    by.client("organizations").update_organizational_unit(OrganizationalUnitId=unit, Name=name)


def _rename_account(by: Outsider, key: str, name: str) -> None:
    world().clock.sleep(1)  # AWS takes one of these a second
    by.client("account").put_account_name(AccountId=by.ids.account(key), AccountName=name)


def _change_email(by: Outsider, key: str, email: str) -> None:
    aws, account = by.client("account"), by.ids.account(key)
    world().clock.sleep(20)  # AWS takes three of these in half a minute
    aws.start_primary_email_update(AccountId=account, PrimaryEmail=email)
    aws.accept_primary_email_update(AccountId=account, PrimaryEmail=email, Otp=one_time_code(email))
    world().clock.sleep(5 * 3600)  # afterwards it is an old change


def give_former_names(by: Outsider, members: Sequence[AccountSpec | ImportSpec]) -> None:
    """What the file renames has its former name again."""
    for spec in by.desired.units:
        if spec.renamed_from:
            _rename_unit(by, spec.path, spec.renamed_from)
    for member in members:
        if member.renamed_from:
            _rename_account(by, member.key, member.renamed_from)
        if member.email_changed_from:
            _change_email(by, member.key, member.email_changed_from)


def _set_contact(by: Outsider, key: str, kind: str, name: str) -> None:
    owner = {"AccountId": by.ids.account(key)} if key else {}
    contact = {"Name": name, "Title": "None", "EmailAddress": "joe@example.com", "PhoneNumber": "1"}
    world().clock.sleep(1)  # AWS takes some of these a second
    by.client("account").put_alternate_contact(**owner, AlternateContactType=kind, **contact)


def _create_account(by: Outsider, step: CreateAccount) -> None:
    world().clock.sleep(600)
    by.client("organizations").create_account(AccountName="another", Email=step.email)
    world().clock.sleep(600)


def _root_feature(by: Outsider, step: EnableRootFeature) -> None:
    aws = by.client("iam")
    if step.feature == "RootSessions":
        aws.enable_organizations_root_sessions()
    else:
        aws.enable_organizations_root_credentials_management()


def _read_role(iam: Any) -> None:
    """A role of that name, which trusts another account; or another policy for the one that is there."""
    statement = {**FOREIGN, "Action": "sts:AssumeRole"}
    if any(role["RoleName"] == READ_ROLE for role in iam.list_roles()["Roles"]):
        allowed = {"Effect": "Allow", "Action": ["iam:GetRole", "iam:GetRolePolicy", "s3:Get*"], "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        iam.put_role_policy(RoleName=READ_ROLE, PolicyName=READ_ROLE, PolicyDocument=document)
    else:
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.create_role(RoleName=READ_ROLE, AssumeRolePolicyDocument=document)


def _trust(iam: Any, account: str) -> None:
    """The read role lets in one more account."""
    document = iam.get_role(RoleName=READ_ROLE)["Role"]["AssumeRolePolicyDocument"]
    added = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
    document = {**document, "Statement": [*document["Statement"], added]}
    iam.update_assume_role_policy(RoleName=READ_ROLE, PolicyDocument=json.dumps(document))


def _invite(by: Outsider, step: InviteAccount) -> None:
    by.client("organizations").invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": step.account_id})


def _join_another(by: Outsider, step: AcceptInvitation) -> None:
    seed_another(next(account for account in world().seed.standalone if account.id == step.account_id))


def _setting(operation: str, **values: Any) -> Callable[[Outsider, Any], None]:
    def change(by: Outsider, step: BucketSetting) -> None:
        getattr(by.inside("s3", step.account), operation)(Bucket=_bucket_of(by, step), **values)

    return change


def _bucket_of(by: Outsider, step: AboutBucket) -> str:
    return step.bucket.replace(STATE_ACCOUNT_ID, by.ids.account(step.account))


def _versioning(by: Outsider, step: trail.SetVersioning | state.SetStateVersioning) -> None:
    other = "Suspended" if step.starts_from != "Suspended" else "Enabled"
    _setting("put_bucket_versioning", VersioningConfiguration={"Status": other})(by, step)


def _bucket_policy(by: Outsider, step: trail.SetBucketPolicy | state.SetStateBucketPolicy) -> None:
    statement = {**FOREIGN, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{_bucket_of(by, step)}/*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    _setting("put_bucket_policy", Policy=document)(by, step)


def _state_bucket(by: Outsider, step: state.CreateStateBucket) -> None:
    by.inside("s3", step.account).create_bucket(Bucket=_bucket_of(by, step), BucketNamespace=step.namespace)


def _provider(by: Outsider, step: state.CreateIdentityProvider) -> None:
    by.inside("iam", step.account).create_open_id_connect_provider(Url=f"https://{ISSUER}", ClientIDList=[AUDIENCE])


def _state_role(by: Outsider, step: state.CreateStateRole) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": [{**FOREIGN, "Action": "sts:AssumeRole"}]})
    by.inside("iam", step.account).create_role(RoleName=step.role, AssumeRolePolicyDocument=document)


def _state_role_trust(by: Outsider, step: state.SetStateRoleTrust) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": [{**FOREIGN, "Action": "sts:TagSession"}]})
    by.inside("iam", step.account).update_assume_role_policy(RoleName=step.role, PolicyDocument=document)


def _state_role_policy(by: Outsider, step: state.SetStateRolePolicy) -> None:
    allowed = {"Effect": "Allow", "Action": "s3:GetObjectAcl", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam = by.inside("iam", step.account)
    iam.put_role_policy(RoleName=step.role, PolicyName=ROLE_POLICY, PolicyDocument=document)


def _key(by: Outsider, step: trail.CreateKey | CreateAlias) -> None:
    kms = by.inside("kms", step.account)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=step.key_alias, TargetKeyId=key)


def _key_policy(by: Outsider, step: trail.SetKeyPolicy) -> None:
    kms = by.inside("kms", step.account)
    arn = json.loads(step.starts_from)["key"]
    policy = json.loads(kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"])
    policy["Statement"] += [{**FOREIGN, "Action": "kms:Decrypt", "Resource": "*"}]
    kms.put_key_policy(KeyId=arn, PolicyName="default", Policy=json.dumps(policy))


def _rotation(by: Outsider, step: trail.RotateKey) -> None:
    facts = by.ids.observed.facts(TrailFacts)
    assert facts is not None
    assert isinstance(facts.key, Key)
    by.inside("kms", step.account).enable_key_rotation(KeyId=facts.key.arn)


def _create_trail(by: Outsider, step: trail.CreateTrail) -> None:
    by.client("cloudtrail").create_trail(Name=step.trail, S3BucketName=step.bucket)


def _update_trail(by: Outsider, step: trail.UpdateTrail) -> None:
    by.client("cloudtrail").update_trail(Name=step.trail, IncludeGlobalServiceEvents=False)


def _event_selectors(by: Outsider, step: SetEventSelectors) -> None:
    resources = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]
    selectors = [{"ReadWriteType": "All", "IncludeManagementEvents": False, "DataResources": resources}]
    by.client("cloudtrail").put_event_selectors(TrailName=step.trail, EventSelectors=selectors)


def _tag_trail(by: Outsider, tags: Iterable[tuple[str, str]], trail: str, value: str = "somebody else's") -> None:
    foreign = [{"Key": key, "Value": value} for key, _ in tags]
    arn = f"arn:aws:cloudtrail:us-east-1:{by.ids.target.account}:trail/{trail}"
    by.client("cloudtrail").add_tags(ResourceId=arn, TagsList=foreign)


def _budget(by: Outsider, step: CreateBudget) -> None:
    budget = {
        "BudgetName": step.name, "BudgetType": "COST", "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": "1", "Unit": "USD"},
    }  # fmt: skip
    by.client("budgets").create_budget(AccountId=by.ids.target.account, Budget=budget)


def _monitor(by: Outsider, name: str) -> str:
    monitor = {"MonitorName": name, "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}
    return str(by.client("ce").create_anomaly_monitor(AnomalyMonitor=monitor)["MonitorArn"])


def _subscription(by: Outsider, step: CreateAnomalySubscription) -> None:
    aws = by.client("ce")
    monitors = [monitor["MonitorArn"] for monitor in aws.get_anomaly_monitors()["AnomalyMonitors"]]
    subscription = {
        "SubscriptionName": step.name, "MonitorArnList": monitors or [_monitor(by, "another")], "Frequency": "DAILY",
        "Subscribers": [{"Type": "EMAIL", "Address": "joe@example.com"}],
    }  # fmt: skip
    aws.create_anomaly_subscription(AnomalySubscription=subscription)


def _create_policy(by: Outsider, step: CreatePolicy) -> None:
    by.client("organizations").create_policy(
        Name=step.name, Type=step.type, Description="", Content=json.dumps({**OTHER_POLICY, "Id": "created"})
    )


def _policy_id(by: Outsider, step: CreatePolicy | ChangePolicy | AttachPolicy | DetachPolicy | DeletePolicy) -> str:
    return next((policy["Id"] for policy in _policies(by, step.type) if policy["Name"] == step.name), "p-00000000")


def _policies(by: Outsider, kind: str) -> list[dict[str, str]]:
    """All of one type, from all pages: the first may be empty."""
    pages = by.client("organizations").get_paginator("list_policies").paginate(Filter=kind)
    return [policy for page in pages for policy in page["Policies"]]


def _targets_of(by: Outsider, policy_id: str) -> list[str]:
    pages = by.client("organizations").get_paginator("list_targets_for_policy").paginate(PolicyId=policy_id)
    return [str(target["TargetId"]) for page in pages for target in page["Targets"]]


def _change_policy(by: Outsider, step: ChangePolicy) -> None:
    content = json.dumps({**OTHER_POLICY, "Id": "changed"})
    by.client("organizations").update_policy(PolicyId=_policy_id(by, step), Content=content)


def _attach_policy(by: Outsider, step: AttachPolicy) -> None:
    target = by.ids.parent(step.unit)
    by.client("organizations").attach_policy(PolicyId=_policy_id(by, step), TargetId=target)


def _attach_elsewhere(by: Outsider, step: DetachPolicy | DeletePolicy) -> None:
    """A policy that is to be taken away gets one more target: that it is deleted then would surprise somebody."""
    by.client("organizations").attach_policy(PolicyId=_policy_id(by, step), TargetId=by.ids.parent(("Infrastructure",)))


def _cost_tag(by: Outsider, step: ActivateCostTag) -> None:
    statuses = [{"TagKey": step.key, "Status": "Active"}]
    by.client("ce").update_cost_allocation_tags_status(CostAllocationTagsStatus=statuses)


RULE = {"ID": "foreign", "Status": "Enabled", "Filter": {"Prefix": "x/"}, "Expiration": {"Days": 1}}
OTHER_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"}],
}
KMS = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}

CHANGES: Mapping[type[Step], Callable[[Outsider, Any], Any]] = {
    CreateOrganization: lambda by, _: by.client("organizations").create_organization(FeatureSet="ALL"),
    EnableTrustedAccess: lambda by, step: by.client("organizations").enable_aws_service_access(
        ServicePrincipal=step.principal
    ),
    EnablePolicyType: lambda by, step: by.client("organizations").enable_policy_type(
        RootId=by.ids.root_id, PolicyType=step.policy_type
    ),
    EnableRootFeature: _root_feature,
    CreateUnit: lambda by, step: by.client("organizations").create_organizational_unit(
        ParentId=by.ids.parent(step.path[:-1]), Name=step.path[-1]
    ),
    RenameUnit: lambda by, step: _rename_unit(by, step.former_path, "Another name"),
    TagUnit: lambda by, step: _tag(by, by.ids.parent(step.path), step),
    CreateAccount: _create_account,
    MoveAccount: _quarantine,
    RenameAccount: lambda by, step: _rename_account(by, step.key, "another name"),
    TagAccount: lambda by, step: _tag(by, by.ids.account(step.key), step),
    CreateReadRole: lambda by, step: _read_role(by.inside("iam", step.key)),
    MakeManageable: lambda by, step: _read_role(by.owner("iam", step.profile)),
    RestrictReadRole: lambda by, step: _trust(by.inside("iam", step.key), "210987654321"),
    InviteAccount: _invite,
    AcceptInvitation: _join_another,
    trail.CreateBucket: lambda by, step: by.inside("s3", step.account).create_bucket(Bucket=step.bucket),
    trail.BlockPublicAccess: _setting(
        "put_public_access_block", PublicAccessBlockConfiguration={"IgnorePublicAcls": True}
    ),
    SetAcl: _setting("put_bucket_acl", ACL="private"),
    trail.SetOwnership: _setting(
        "put_bucket_ownership_controls", OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    ),
    trail.SetVersioning: _versioning,
    trail.SetEncryption: _setting("put_bucket_encryption", ServerSideEncryptionConfiguration={"Rules": [KMS]}),
    trail.SetBucketPolicy: _bucket_policy,
    trail.SetLifecycle: _setting("put_bucket_lifecycle_configuration", LifecycleConfiguration={"Rules": [RULE]}),
    trail.SetObjectLock: _setting(
        "put_object_lock_configuration",
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 2}},
        },
    ),
    trail.TagBucket: _setting("put_bucket_tagging", Tagging={"TagSet": [{"Key": "Owner", "Value": "joe"}]}),
    trail.CreateKey: _key,
    CreateAlias: _key,
    trail.SetKeyPolicy: _key_policy,
    trail.RotateKey: _rotation,
    trail.CreateTrail: _create_trail,
    trail.UpdateTrail: _update_trail,
    SetEventSelectors: _event_selectors,
    TagTrail: lambda by, step: _tag_trail(by, step.tags, step.trail),
    trail.StartLogging: lambda by, step: by.client("cloudtrail").start_logging(Name=step.trail),
    state.CreateStateBucket: _state_bucket,
    state.BlockStatePublicAccess: _setting(
        "put_public_access_block", PublicAccessBlockConfiguration={"IgnorePublicAcls": True}
    ),
    state.SetStateAcl: _setting("put_bucket_acl", ACL="private"),
    state.SetStateOwnership: _setting(
        "put_bucket_ownership_controls", OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    ),
    state.SetStateVersioning: _versioning,
    state.SetStateEncryption: _setting("put_bucket_encryption", ServerSideEncryptionConfiguration={"Rules": [KMS]}),
    state.SetStateBucketPolicy: _bucket_policy,
    state.SetStateLifecycle: _setting("put_bucket_lifecycle_configuration", LifecycleConfiguration={"Rules": [RULE]}),
    state.TagStateBucket: _setting("put_bucket_tagging", Tagging={"TagSet": [{"Key": "Owner", "Value": "joe"}]}),
    state.CreateIdentityProvider: _provider,
    state.CreateStateRole: _state_role,
    state.SetStateRoleTrust: _state_role_trust,
    state.SetStateRolePolicy: _state_role_policy,
    CreateBudget: _budget,
    CreateAnomalyMonitor: lambda by, _: _monitor(by, "another"),
    CreateAnomalySubscription: _subscription,
    ActivateCostTag: _cost_tag,
    CreatePolicy: _create_policy,
    ChangePolicy: _change_policy,
    AttachPolicy: _attach_policy,
    DetachPolicy: _attach_elsewhere,
    DeletePolicy: _attach_elsewhere,
    QuarantineAccount: _release,
    TagQuarantinedAccount: _tag_quarantined,
    CloseAccount: _release,
    StartEmailChange: lambda by, step: _change_email(by, step.key, "another@example.com"),
    AcceptEmailChange: lambda by, step: _change_email(by, step.key, "another@example.com"),
    SetContact: lambda by, step: _set_contact(by, step.account, step.type, "Joe"),
}


def drift(by: Outsider) -> None:
    """Change all that the bootstrap has made and that a step can set again."""
    organizations = by.client("organizations")
    organizations.disable_aws_service_access(ServicePrincipal="config.amazonaws.com")
    organizations.disable_policy_type(RootId=by.ids.root_id, PolicyType="RESOURCE_CONTROL_POLICY")
    by.client("iam").disable_organizations_root_sessions()
    for path in by.ids.units.values():
        organizations.tag_resource(ResourceId=path, Tags=[{"Key": "ManagedBy", "Value": "hand"}])
    for key, account in by.ids.accounts.items():
        parents = {"SourceParentId": by.parent(account), "DestinationParentId": by.ids.root_id}
        organizations.move_account(AccountId=account, **parents)
        organizations.tag_resource(ResourceId=account, Tags=[{"Key": "ManagedBy", "Value": "hand"}])
        allowed = {"Effect": "Allow", "Action": ["iam:Get*", "s3:*", "kms:*"], "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        iam = by.inside("iam", key)
        iam.put_role_policy(RoleName=READ_ROLE, PolicyName=READ_ROLE, PolicyDocument=document)
        _trust(iam, "123456789012")
    give_former_names(by, [member for member in by.desired.members if member.key in by.ids.accounts])
    for kind, _ in by.desired.section(ContactsSpec).contacts:
        for key in ("", *by.ids.accounts):
            _set_contact(by, key, kind, "Jim")
    _drift_of_policies(by)
    _drift_of_state(by)
    if by.ids.observed.facts(TrailFacts):
        _drift_of_logs(by)


def _drift_of_policies(by: Outsider) -> None:
    """Each policy of the file has another document, and is detached."""
    organizations = by.client("organizations")
    names = {policy.name for policy in by.desired.section(PoliciesSpec).policies}
    for policy in _policies(by, "SERVICE_CONTROL_POLICY"):
        if policy["Name"] in names:
            organizations.update_policy(PolicyId=policy["Id"], Content=json.dumps(OTHER_POLICY))
            for target in _targets_of(by, policy["Id"]):
                organizations.detach_policy(PolicyId=policy["Id"], TargetId=target)
    _make_removed_policies(by)


def _make_removed_policies(by: Outsider) -> None:
    """Each policy that the file removes is there again."""
    organizations = by.client("organizations")
    for removal in by.desired.section(PolicyRemovalSpec).removals:
        ids = {policy["Name"]: policy["Id"] for policy in _policies(by, removal.type)}
        content = json.dumps({**OTHER_POLICY, "Id": removal.policy})
        if removal.policy not in ids:
            made = organizations.create_policy(Name=removal.policy, Type=removal.type, Description="", Content=content)
            ids[removal.policy] = made["Policy"]["PolicySummary"]["Id"]
        attached = _targets_of(by, ids[removal.policy])
        for target in map(by.ids.parent, removal.units):
            if target not in attached:
                organizations.attach_policy(PolicyId=ids[removal.policy], TargetId=target)


def _drift_of_state(by: Outsider) -> None:
    """The bucket of the state has other settings, its roles other documents; nothing, as long as it is not there."""
    spec = by.desired.section(StateBackendSpec)
    if not spec.account or spec.account not in by.ids.accounts:
        return
    bucket = spec.with_account(by.ids.account(spec.account)).bucket
    if bucket not in s3_backends[by.ids.account(spec.account)]["aws"].buckets:
        return
    s3, iam = by.inside("s3", spec.account), by.inside("iam", spec.account)
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    rules = [{"ObjectOwnership": "BucketOwnerPreferred"}]
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": rules})
    s3.put_bucket_acl(Bucket=bucket, ACL="log-delivery-write")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    key = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/another"}
    rules = [{"ApplyServerSideEncryptionByDefault": key}]
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})
    statement = {**FOREIGN, "Action": "s3:GetObjectVersion", "Resource": f"arn:aws:s3:::{bucket}/*"}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    s3.delete_bucket_lifecycle(Bucket=bucket)
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "ManagedBy", "Value": "hand"}]})
    for role, _ in spec.github.roles if spec.github else ():
        allowed = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        iam.put_role_policy(RoleName=role, PolicyName=ROLE_POLICY, PolicyDocument=policy)
        document = json.dumps({"Version": "2012-10-17", "Statement": [{**FOREIGN, "Action": "sts:AssumeRole"}]})
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=document)


def _drift_of_logs(by: Outsider) -> None:
    spec, cloudtrail = by.desired.trail, by.client("cloudtrail")
    s3, kms = (by.inside(service, spec.log_archive_account) for service in ("s3", "kms"))
    cloudtrail.update_trail(Name=spec.name, EnableLogFileValidation=False)
    cloudtrail.put_event_selectors(TrailName=spec.name, EventSelectors=[{"ReadWriteType": "WriteOnly"}])
    _tag_trail(by, spec.tags[:1], spec.name, "hand")
    cloudtrail.stop_logging(Name=spec.name)
    blocked, lock = {"BlockPublicAcls": True}, {"Mode": "GOVERNANCE", "Days": 1}
    for bucket in ({"Bucket": spec.bucket}, {"Bucket": spec.records_bucket}):
        s3.put_public_access_block(**bucket, PublicAccessBlockConfiguration=blocked)
        rules = [{"ObjectOwnership": "BucketOwnerPreferred"}]
        s3.put_bucket_ownership_controls(**bucket, OwnershipControls={"Rules": rules})
        s3.put_bucket_acl(**bucket, ACL="log-delivery-write")
        retention = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": lock}}
        s3.put_object_lock_configuration(**bucket, ObjectLockConfiguration=retention)
        key = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/another"}
        rules = [{"ApplyServerSideEncryptionByDefault": key}]
        s3.put_bucket_encryption(**bucket, ServerSideEncryptionConfiguration={"Rules": rules})
        document = json.loads(s3.get_bucket_policy(**bucket)["Policy"])
        document["Statement"] = [each for each in document["Statement"] if each["Effect"] == "Allow"]
        if document["Statement"]:
            s3.put_bucket_policy(**bucket, Policy=json.dumps(document))
        else:  # S3 takes no policy without a statement
            s3.delete_bucket_policy(**bucket)
        s3.delete_bucket_lifecycle(**bucket)
        s3.put_bucket_tagging(**bucket, Tagging={"TagSet": [{"Key": "ManagedBy", "Value": "hand"}]})
    # S3 refuses it of a bucket with Object Lock; the step is for buckets that had versioning suspended before.
    for buckets in s3_backends.values():
        for name, record in buckets["aws"].buckets.items():
            if name == spec.records_bucket:
                record.versioning_status = "Suspended"
    arn = kms.describe_key(KeyId=spec.key_alias)["KeyMetadata"]["Arn"]
    policy = json.loads(kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"])
    policy["Statement"] = [each for each in policy["Statement"] if each["Sid"] != "AllowCloudTrailBucketKey"]
    kms.put_key_policy(KeyId=arn, PolicyName="default", Policy=json.dumps(policy))
    kms.disable_key_rotation(KeyId=arn)
    kms.delete_alias(AliasName=spec.key_alias)
