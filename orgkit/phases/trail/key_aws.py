"""AWS calls that read, make, protect and rotate the trail's KMS key."""

from collections.abc import Iterable

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.errors import OutOfOrder
from orgkit.model.desired import TrailSpec
from orgkit.model.matching import IdIndex
from orgkit.model.plan import DISABLED, ENABLED, starting_value
from orgkit.phases.handler import handle
from orgkit.phases.storage.documents import render
from orgkit.phases.trail.documents import LOG_ARCHIVE, MANAGEMENT, ORGANIZATION, session_policy
from orgkit.phases.trail.facts import Key, TrailFacts
from orgkit.phases.trail.key_steps import CreateAlias
from orgkit.phases.trail.steps import CreateKey, InLogArchive, RotateKey, SetKeyPolicy
from orgkit.policy_evaluation.merge import merge

PURPOSE = "orgkit:purpose"  # by this tag orgkit finds a key whose creation had no response


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
    # AWS does not report the rotation of a key that is pending deletion.
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
    """Make the key unless it exists: AWS would make a second one. The alias comes last: with it, the step is done."""
    member = session(aws, step, id_index)
    key = find_alias(member, step.key_alias, step.region)
    id_index.key_arn = key[0] if key else _find_orphan(member, step) or _create(member, step, id_index)
    member.mutate("kms", "EnableKeyRotation", region=step.region, KeyId=id_index.key_arn)
    if key is None:
        member.mutate("kms", "CreateAlias", region=step.region, AliasName=step.key_alias, TargetKeyId=id_index.key_arn)


def create_alias(aws: Connection, step: CreateAlias, id_index: IdIndex) -> None:
    """Make the alias unless it exists: AWS refuses an existing alias, also for the same key."""
    member = session(aws, step, id_index)
    if find_alias(member, step.key_alias, step.region) is None:
        member.mutate("kms", "CreateAlias", region=step.region, AliasName=step.key_alias, TargetKeyId=step.key_arn)


def set_key_policy(aws: Connection, step: SetKeyPolicy, id_index: IdIndex) -> None:
    """Set orgkit's statements, and keep those of others: AWS replaces a policy as a whole."""
    member, arn = session(aws, step, id_index), key_arn(id_index)
    document = _policy(member, arn, step.region)
    result = merge(document, render(step.statements, ids(id_index, step)), removes=step.removes)
    member.mutate("kms", "PutKeyPolicy", region=step.region, KeyId=arn, PolicyName="default", Policy=result.document)


def rotate_key(aws: Connection, step: RotateKey, id_index: IdIndex) -> None:
    """Enable rotation; doing it twice changes nothing."""
    member = session(aws, step, id_index)
    member.mutate("kms", "EnableKeyRotation", region=step.region, KeyId=key_arn(id_index))


def key_of_alias(aws: Connection, step: CreateKey | CreateAlias, id_index: IdIndex) -> str:
    """Return the key that has this alias now; a key without the alias is unfinished, since the alias comes last."""
    key = find_alias(session(aws, step, id_index), step.key_alias, step.region)
    return starting_value(key[0] if key else None)


def policy_of_key(aws: Connection, step: SetKeyPolicy, id_index: IdIndex) -> str:
    """Return the current policy of the key."""
    arn = key_arn(id_index)
    return Key(arn, rotates=False, policy=_policy(session(aws, step, id_index), arn, step.region)).policy_to_change


def rotation_of_key(aws: Connection, step: RotateKey, id_index: IdIndex) -> str:
    """Return whether the key is rotated now."""
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
    """Return a session of the log archive account's access role, restricted to what this step needs."""
    archive = id_index.desired.log_archive
    assert archive is not None  # without [trail] there is no such step
    policy = session_policy(step, bucket, aws.partition)
    return aws.assume(id_index.account(step.account), archive.role_name, policy=policy)


def ids(id_index: IdIndex, step: InLogArchive) -> dict[str, str]:
    """Return the ids for the placeholders in a plan's documents."""
    return {
        MANAGEMENT: id_index.target.account,
        ORGANIZATION: id_index.organization_id,
        LOG_ARCHIVE: id_index.account(step.account),
    }


def key_arn(id_index: IdIndex) -> str:
    """Return the key that this apply made, or that existed when it began."""
    facts = id_index.observed.facts(TrailFacts)
    arn = facts.key.arn if isinstance(facts, TrailFacts) and isinstance(facts.key, Key) else ""
    if not (id_index.key_arn or arn):
        raise OutOfOrder("the trail's KMS key does not exist yet.", "plan again: its own step comes first.")
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
    """Return the oldest usable key with orgkit's tag and no alias: an interrupted attempt made it."""
    arns = []
    for item in member.pages("kms", "ListKeys", "Keys", region=step.region):
        try:
            tags = member.pages("kms", "ListResourceTags", "Tags", region=step.region, KeyId=item["KeyId"])
            is_tagged = {"TagKey": PURPOSE, "TagValue": step.key_alias} in list(tags)
        except Rejected:
            continue  # orgkit did not make a key whose policy denies it access
        if is_tagged:
            arns.append(member.read("kms", "DescribeKey", region=step.region, KeyId=item["KeyId"])["KeyMetadata"])
    usable = sorted((key for key in arns if key["KeyState"] == "Enabled"), key=lambda key: str(key["CreationDate"]))
    return str(usable[0]["Arn"]) if usable else None
