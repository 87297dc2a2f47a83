"""KMS: key ids that repeat whatever the order of calls, the usage of a key, and its rotation."""

import hashlib
import json
from datetime import timedelta
from typing import Any

import moto.kms.responses as kms_responses
from moto.kms.models import Key, KmsBackend
from moto.kms.responses import KmsResponse

from orgkit.sandbox import ids
from orgkit.sandbox.corrections.documents import find_problem
from orgkit.sandbox.corrections.principals import names_deleted_principal
from orgkit.sandbox.corrections.registry import corrects, refusal
from orgkit.sandbox.world import world

_create_key = KmsBackend.create_key
_to_dict = Key.to_dict
_enable_rotation = KmsResponse.enable_key_rotation
_check_policy_name = kms_responses._assert_default_policy
_put_policy = KmsBackend.put_key_policy
RECORDINGS = "localstack at 8b9a79f0, tests/aws/services/kms, recorded on AWS"
ROTATION_DAYS = 365  # where EnableKeyRotation names no period


@corrects(
    KmsBackend,
    moto="CreateKey gives a random id, as AWS does: another one in each rehearsal. A key is for nothing by default.",
    source=f"{RECORDINGS}: test_create_key.",
)
def create_key(self: KmsBackend, policy: str | None, key_usage: str | None, *args: Any, **kwargs: Any) -> Key:
    """CreateKey gives a random id; the sandbox derives it, so that two rehearsals can be compared."""
    if policy:
        _check_policy(policy)
    key: Key = _create_key(self, policy, key_usage or "ENCRYPT_DECRYPT", *args, **kwargs)
    key.multi_region = bool(key.multi_region)
    tags = self.tagger.get_tag_dict_for_resource(key.id)
    natural_key = (self.account_id, self.region_name, key.description, sorted(tags.items()))
    used = self.keys.keys() - {key.id}
    fresh = world().free_id(used, lambda number: ids.uuid("key", *natural_key, number), "key", str(natural_key))
    if not key.multi_region and "mrk-" not in key.id:
        rename_key(self, key, fresh)
    return key


def rename_key(backend: KmsBackend, key: Key, fresh: str) -> None:
    """Give a key another id."""
    backend.tagger.copy_tags(key.id, fresh)
    backend.tagger.delete_all_tags_for_resource(key.id)
    backend.keys.pop(key.id)
    key.arn, key.policy = key.arn.replace(key.id, fresh), key.policy.replace(key.id, fresh)
    key.id = fresh
    backend.keys[fresh] = key


@corrects(
    Key,
    "to_dict",
    moto="DescribeKey has no KeyUsage, MultiRegion and CurrentKeyMaterialId, and SigningAlgorithms that are empty.",
    source=f"{RECORDINGS}: test_create_key.",
)
def describe_key(self: Key) -> dict[str, Any]:
    """DescribeKey has what a key is for, MultiRegion, and of a symmetric key CurrentKeyMaterialId."""
    metadata: dict[str, Any] = _to_dict(self)["KeyMetadata"]
    if self.key_spec == "SYMMETRIC_DEFAULT" and self.origin == "AWS_KMS":
        metadata["CurrentKeyMaterialId"] = hashlib.sha256(self.id.encode()).hexdigest()
    return {"KeyMetadata": {name: value for name, value in metadata.items() if value not in (None, [])}}


@corrects(
    KmsResponse,
    moto="EnableKeyRotation loses RotationPeriodInDays.",
    source="The model of the API: 90 to 2560 days, 365 where none are named.",
)
def enable_key_rotation(self: KmsResponse) -> str:
    """EnableKeyRotation keeps RotationPeriodInDays."""
    days = self._get_param("RotationPeriodInDays") or ROTATION_DAYS
    if not 90 <= int(days) <= 2560:
        raise refusal("ValidationException", "RotationPeriodInDays has to be from 90 to 2560.")
    answer = str(_enable_rotation(self))
    key = self.kms_backend.keys[self.kms_backend.get_key_id(self._get_param("KeyId"))]
    key.rotation_days, key.rotation_begins = int(days), world().clock.now()
    return answer


@corrects(
    KmsResponse,
    moto="GetKeyRotationStatus has KeyRotationEnabled alone.",
    source=f"{RECORDINGS}: test_key_enable_rotation_status.",
)
def get_key_rotation_status(self: KmsResponse) -> str:
    """GetKeyRotationStatus has the KeyId, and with rotation its period and next date."""
    self._validate_cmk_id(self._get_param("KeyId"))
    key = self.kms_backend.keys[self.kms_backend.get_key_id(self._get_param("KeyId"))]
    answer: dict[str, Any] = {"KeyId": key.id, "KeyRotationEnabled": key.key_rotation_status}
    if key.key_rotation_status:
        following = key.rotation_begins + timedelta(days=key.rotation_days)
        answer |= {"RotationPeriodInDays": key.rotation_days, "NextRotationDate": following.timestamp()}
    return json.dumps(answer)


@corrects(
    kms_responses,
    "_assert_default_policy",
    moto="GetKeyPolicy and PutKeyPolicy need a PolicyName.",
    source="The model of the API: PolicyName may be left out, and is default then.",
)
def check_policy_name(policy_name: str | None) -> None:
    """GetKeyPolicy and PutKeyPolicy have the policy name default where none is given."""
    _check_policy_name(policy_name or "default")


@corrects(
    KmsBackend,
    moto="PutKeyPolicy keeps deleted principals, and any text; one that is not JSON makes later uses of the key fail.",
    source="The model of the API: MalformedPolicyDocumentException.",
)
def put_key_policy(self: KmsBackend, key_id: str, policy: str) -> None:
    """PutKeyPolicy refuses an invalid policy, and a principal that was deleted: MalformedPolicyDocumentException."""
    _check_policy(policy)
    if names_deleted_principal(policy):
        message = "Policy contains a statement with one or more invalid principals."
        raise refusal("MalformedPolicyDocumentException", message)
    _put_policy(self, key_id, policy)


def _check_policy(policy: str) -> None:
    problem = find_problem(policy)
    if problem:
        raise refusal("MalformedPolicyDocumentException", problem)


@corrects(
    kms_responses,
    moto="A Deny of the key policy denies DescribeKey, whatever its principals and conditions are.",
)
def validate_policy(*_arguments: Any) -> None:
    """A statement of a key policy denies where its principals and conditions apply."""
    # It is evaluated before moto is asked.
