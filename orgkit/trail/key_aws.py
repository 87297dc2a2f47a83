"""How AWS is asked about the trail's KMS key, and to make, protect and rotate it."""

from typing import Any

from orgkit.aws.retry import Refused
from orgkit.aws.session import Connection
from orgkit.errors import OutOfOrder
from orgkit.model.desired import TrailSpec
from orgkit.model.directory import Directory
from orgkit.model.observed import Key, TrailFacts
from orgkit.model.trail import CreateKey, InLogArchive, RotateKey, SetKeyPolicy
from orgkit.plan import Step
from orgkit.trail.documents import LOG_ARCHIVE, MANAGEMENT, ORGANIZATION, merged, render, session_policy

PURPOSE = "orgkit:purpose"  # by this tag a key is found whose creation was answered to nobody


def read_key(member: Connection, spec: TrailSpec) -> Key | None:
    """The key behind the alias; None when there is none, or when the file asks for none."""
    arn_and_state = find_alias(member, spec.key_alias, spec.region) if spec.kms_key else None
    if arn_and_state is None:
        return None
    arn, state = arn_and_state
    policy = member.read("kms", "GetKeyPolicy", region=spec.region, KeyId=arn, PolicyName="default")["Policy"]
    # A key that waits for its deletion does not tell whether it rotates.
    rotates = (
        state == "Enabled"
        and member.read("kms", "GetKeyRotationStatus", region=spec.region, KeyId=arn)["KeyRotationEnabled"]
    )
    return Key(arn, bool(rotates), str(policy), state)


def find_alias(member: Connection, alias: str, region: str) -> tuple[str, str] | None:
    """The ARN and state of the key that an alias names."""
    try:
        found = member.read("kms", "DescribeKey", region=region, KeyId=alias)["KeyMetadata"]
    except Refused as refused:
        if refused.code == "NotFoundException":
            return None
        raise
    return str(found["Arn"]), str(found["KeyState"])


def create_key(aws: Connection, step: CreateKey, directory: Directory) -> None:
    """Look before making: a key has no name that would refuse a second. The alias comes last: with it, all is done."""
    member = session(aws, step, directory)
    found = find_alias(member, step.key_alias, step.region)
    directory.key_arn = found[0] if found else _orphan(member, step) or _create(member, step, directory)
    member.mutate("kms", "EnableKeyRotation", region=step.region, KeyId=directory.key_arn)
    if found is None:
        member.mutate("kms", "CreateAlias", region=step.region, AliasName=step.key_alias, TargetKeyId=directory.key_arn)


def set_key_policy(aws: Connection, step: SetKeyPolicy, directory: Directory) -> None:
    """Our statements, and those of others as they are; AWS takes a policy as a whole only."""
    member, arn = session(aws, step, directory), key_arn(directory)
    there = member.read("kms", "GetKeyPolicy", region=step.region, KeyId=arn, PolicyName="default")["Policy"]
    policy = merged(there, render(step.statements, ids(directory, step)))
    member.mutate("kms", "PutKeyPolicy", region=step.region, KeyId=arn, PolicyName="default", Policy=policy)


def rotate_key(aws: Connection, step: RotateKey, directory: Directory) -> None:
    """Set, not toggled: doing it twice changes nothing."""
    member = session(aws, step, directory)
    member.mutate("kms", "EnableKeyRotation", region=step.region, KeyId=key_arn(directory))


STEPS: dict[type[Step], Any] = {CreateKey: create_key, SetKeyPolicy: set_key_policy, RotateKey: rotate_key}


def session(aws: Connection, step: InLogArchive, directory: Directory, bucket: str = "") -> Connection:
    """The access role of the log archive account, narrowed to what this step needs."""
    role = directory.desired.log_archive.role_name
    return aws.assume(directory.account(step.account), role, policy=session_policy(step, bucket, aws.partition))


def ids(directory: Directory, step: InLogArchive) -> dict[str, str]:
    """The ids behind the names in a plan's documents."""
    return {
        MANAGEMENT: directory.target.account,
        ORGANIZATION: directory.organization_id,
        LOG_ARCHIVE: directory.account(step.account),
    }


def key_arn(directory: Directory) -> str:
    """The key that this apply made, or that was there when it began."""
    facts = directory.observed.trail
    there = facts.key.arn if isinstance(facts, TrailFacts) and isinstance(facts.key, Key) else ""
    if not (directory.key_arn or there):
        raise OutOfOrder("the trail's KMS key is not there yet.", "plan again: its own step comes first.")
    return directory.key_arn or there


def _create(member: Connection, step: CreateKey, directory: Directory) -> str:
    answer = member.mutate(
        "kms",
        "CreateKey",
        region=step.region,
        expect="KeyMetadata",
        Description=f"CloudTrail logs of trail {step.trail}",
        Policy=merged(None, render(step.statements, ids(directory, step))),
        # KMS has names of its own for the two halves of a tag.
        Tags=[
            {"TagKey": key, "TagValue": value} for key, value in (dict(step.tags) | {PURPOSE: step.key_alias}).items()
        ],
    )["KeyMetadata"]
    return str(answer["Arn"])


def _orphan(member: Connection, step: CreateKey) -> str | None:
    """The oldest usable key with our tag and no alias: an earlier attempt made it and did not live to name it."""
    found = []
    for item in member.pages("kms", "ListKeys", "Keys", region=step.region):
        try:
            tags = member.pages("kms", "ListResourceTags", "Tags", region=step.region, KeyId=item["KeyId"])
            ours = {"TagKey": PURPOSE, "TagValue": step.key_alias} in list(tags)
        except Refused:
            continue  # a key whose policy shuts us out is none of ours
        if ours:
            found.append(member.read("kms", "DescribeKey", region=step.region, KeyId=item["KeyId"])["KeyMetadata"])
    usable = sorted((key for key in found if key["KeyState"] == "Enabled"), key=lambda key: str(key["CreationDate"]))
    return str(usable[0]["Arn"]) if usable else None
