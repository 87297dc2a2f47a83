"""The KMS key that a call is about, also where the call names it by an alias, and its condition keys."""

from collections.abc import Mapping
from typing import Any

from moto.kms.models import Key, kms_backends

from orgkit.policy_evaluation.conditions import Values
from orgkit.policy_evaluation.requests import is_of_key
from orgkit.sandbox import wire
from orgkit.sandbox.world import world


def find_key(arn: str) -> Key | None:
    """Return a key by its ARN."""
    _, _, _, region, account, name = arn.split(":", 5)
    key: Key | None = kms_backends[account][region].keys.get(name.removeprefix("key/"))
    return key


def key_of_alias(call: wire.ParsedRequest, parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return the key that a call names by an alias, and the alias: the resource of the call is the key."""
    name = str(parameters.get("KeyId", ""))
    parts = name.split(":", 5)
    if not parts[-1].startswith("alias/"):
        return {}
    here = (call.region, world().principals[call.key].account)
    region, account = (parts[3], parts[4]) if len(parts) > 1 else here
    key_id = kms_backends[account][region].get_key_id_from_alias(parts[-1])
    arn = f"arn:aws:kms:{region}:{account}:key/{key_id}"
    return {"KeyId": arn if key_id else name, "RequestAlias": parts[-1]}


def key_context(call: wire.ParsedRequest, resource: str) -> dict[str, Values]:
    """Return the condition keys of a call about a key."""
    if call.service != "kms":
        return {}
    context: dict[str, Values] = {"kms:CallerAccount": world().principals[call.key].account}
    key = find_key(resource) if is_of_key(resource) else None
    if key is not None and key.aliases:
        context["kms:ResourceAliases"] = tuple(sorted(key.aliases))
    return context
