"""How AWS is asked about the trail's KMS key, and to make, protect and rotate it."""

from collections.abc import Iterable

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.errors import OutOfOrder
from orgkit.model.desired import TrailSpec
from orgkit.model.matching import IdIndex
from orgkit.model.plan import DISABLED, ENABLED, starting_value
from orgkit.phases.handler import handle
from orgkit.phases.trail.documents import (
    LOG_ARCHIVE,
    MANAGEMENT,
    ORGANIZATION,
    render,
    session_policy,
)
from orgkit.phases.trail.facts import Key, TrailFacts
from orgkit.phases.trail.key_steps import CreateAlias
from orgkit.phases.trail.steps import CreateKey, InLogArchive, RotateKey, SetKeyPolicy
from orgkit.policy_evaluation.merge import merge

PURPOSE = "orgkit:purpose"  # by this tag a key is found whose creation was answered to nobody


def read_key(member: Connection, spec: TrailSpec, keys_in_use: Iterable[str] = ()) -> Key | None:
    """Find the key by its alias, or where that is gone by what it encrypts.

    Args:
        member: The log archive account.
        spec: `[trail]`.
        keys_in_use: ARNs of the keys of that account that the trail and its bucket name.

    Returns:
        None when there is none, or when the file asks for none.
    """
    names = (spec.key_alias, *keys_in_use) if spec.kms_key else ()
    answers = ((name, find_alias(member, name, spec.region)) for name in names)
    name, arn_and_state = next(((name, answer) for name, answer in answers if answer), ("", None))
    if arn_and_state is None:
        return None
    arn, state = arn_and_state
    policy = _policy(member, arn, spec.region)
    # A key that waits for its deletion does not tell whether it rotates.
    rotates = (
        state == "Enabled"
        and member.read("kms", "GetKeyRotationStatus", region=spec.region, KeyId=arn)["KeyRotationEnabled"]
    )
    return Key(arn, bool(rotates), policy, state, has_alias=name == spec.key_alias)


def find_alias(member: Connection, name: str, region: str) -> tuple[str, str] | None:
    """The ARN and state of the key that an alias or an ARN names."""
    try:
        metadata = member.read("kms", "DescribeKey", region=region, KeyId=name)["KeyMetadata"]
    except Rejected as rejection:
        if rejection.code == "NotFoundException":
            return None
        raise
    return str(metadata["Arn"]), str(metadata["KeyState"])


def create_key(aws: Connection, step: CreateKey, id_index: IdIndex) -> None:
    """Look before making: a key has no name that would refuse a second. The alias comes last: with it, all is done."""
    member = session(aws, step, id_index)
    key = find_alias(member, step.key_alias, step.region)
    id_index.key_arn = key[0] if key else _find_orphan(member, step) or _create(member, step, id_index)
    member.mutate("kms", "EnableKeyRotation", region=step.region, KeyId=id_index.key_arn)
    if key is None:
        member.mutate("kms", "CreateAlias", region=step.region, AliasName=step.key_alias, TargetKeyId=id_index.key_arn)


def create_alias(aws: Connection, step: CreateAlias, id_index: IdIndex) -> None:
    """Look before making: AWS refuses an alias that is there, also for the same key."""
    member = session(aws, step, id_index)
    if find_alias(member, step.key_alias, step.region) is None:
        member.mutate("kms", "CreateAlias", region=step.region, AliasName=step.key_alias, TargetKeyId=step.key_arn)


def set_key_policy(aws: Connection, step: SetKeyPolicy, id_index: IdIndex) -> None:
    """Our statements, and those of others as they are; AWS takes a policy as a whole only."""
    member, arn = session(aws, step, id_index), key_arn(id_index)
    document = _policy(member, arn, step.region)
    result = merge(document, render(step.statements, ids(id_index, step)), removes=step.removes)
    member.mutate("kms", "PutKeyPolicy", region=step.region, KeyId=arn, PolicyName="default", Policy=result.document)


def rotate_key(aws: Connection, step: RotateKey, id_index: IdIndex) -> None:
    """Set, not toggled: doing it twice changes nothing."""
    member = session(aws, step, id_index)
    member.mutate("kms", "EnableKeyRotation", region=step.region, KeyId=key_arn(id_index))


def key_of_alias(aws: Connection, step: CreateKey | CreateAlias, id_index: IdIndex) -> str:
    """The key that has this alias by now: it comes last, so that a key without it is one that was not finished."""
    key = find_alias(session(aws, step, id_index), step.key_alias, step.region)
    return starting_value(key[0] if key else None)


def policy_of_key(aws: Connection, step: SetKeyPolicy, id_index: IdIndex) -> str:
    """The policy of the key by now."""
    arn = key_arn(id_index)
    return Key(arn, rotates=False, policy=_policy(session(aws, step, id_index), arn, step.region)).policy_to_change


def rotation_of_key(aws: Connection, step: RotateKey, id_index: IdIndex) -> str:
    """Whether the key is rotated by now."""
    member, arn = session(aws, step, id_index), key_arn(id_index)
    status = member.read("kms", "GetKeyRotationStatus", region=step.region, KeyId=arn)
    return ENABLED if status["KeyRotationEnabled"] else DISABLED


HANDLERS = (
    handle(CreateKey, create_key, key_of_alias),
    handle(CreateAlias, create_alias, key_of_alias),
    handle(SetKeyPolicy, set_key_policy, policy_of_key),
    handle(RotateKey, rotate_key, rotation_of_key),
)


def session(aws: Connection, step: InLogArchive, id_index: IdIndex, bucket: str = "") -> Connection:
    """The access role of the log archive account, narrowed to what this step needs."""
    role = id_index.desired.log_archive.role_name
    return aws.assume(id_index.account(step.account), role, policy=session_policy(step, bucket, aws.partition))


def ids(id_index: IdIndex, step: InLogArchive) -> dict[str, str]:
    """The ids behind the names in a plan's documents."""
    return {
        MANAGEMENT: id_index.target.account,
        ORGANIZATION: id_index.organization_id,
        LOG_ARCHIVE: id_index.account(step.account),
    }


def key_arn(id_index: IdIndex) -> str:
    """The key that this apply made, or that was there when it began."""
    facts = id_index.observed.facts(TrailFacts)
    arn = facts.key.arn if isinstance(facts, TrailFacts) and isinstance(facts.key, Key) else ""
    if not (id_index.key_arn or arn):
        raise OutOfOrder("the trail's KMS key is not there yet.", "plan again: its own step comes first.")
    return id_index.key_arn or arn


def _create(member: Connection, step: CreateKey, id_index: IdIndex) -> str:
    answer = member.mutate(
        "kms",
        "CreateKey",
        region=step.region,
        expect="KeyMetadata",
        Description=f"CloudTrail logs of trail {step.trail}",
        Policy=merge(None, render(step.statements, ids(id_index, step))).document,
        # KMS has names of its own for the two halves of a tag.
        Tags=[
            {"TagKey": key, "TagValue": value} for key, value in (dict(step.tags) | {PURPOSE: step.key_alias}).items()
        ],
    )["KeyMetadata"]
    return str(answer["Arn"])


def _policy(member: Connection, arn: str, region: str) -> str:
    return str(member.read("kms", "GetKeyPolicy", region=region, KeyId=arn, PolicyName="default")["Policy"])


def _find_orphan(member: Connection, step: CreateKey) -> str | None:
    """The oldest usable key with our tag and no alias: an earlier attempt made it and did not live to name it."""
    arns = []
    for item in member.pages("kms", "ListKeys", "Keys", region=step.region):
        try:
            tags = member.pages("kms", "ListResourceTags", "Tags", region=step.region, KeyId=item["KeyId"])
            is_tagged = {"TagKey": PURPOSE, "TagValue": step.key_alias} in list(tags)
        except Rejected:
            continue  # a key whose policy shuts us out is none of ours
        if is_tagged:
            arns.append(member.read("kms", "DescribeKey", region=step.region, KeyId=item["KeyId"])["KeyMetadata"])
    usable = sorted((key for key in arns if key["KeyState"] == "Enabled"), key=lambda key: str(key["CreationDate"]))
    return str(usable[0]["Arn"]) if usable else None
