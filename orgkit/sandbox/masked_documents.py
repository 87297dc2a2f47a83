"""Documents of policies without names: what has a meaning for AWS stays, such as actions and condition keys."""

import json
import re
from typing import Any

from orgkit.sandbox.masked_names import Names

ELEMENTS_OF_AWS = ("version", "effect", "action", "notaction")  # elements with words of AWS alone
VALUES_OF_AWS = ("true", "false", "*")
SERVICE = re.compile(r"(?!.*\.s3[.-])[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?")  # a principal; buckets have hosts as well
TAG_CONDITION = re.compile(r"(?i)[\w-]+:(?:principal|resource|request|existingobject|requestobject)tag/.+")
TAG_VALUE = "tag_value"  # of policies that are not for IAM
# Keys of policies that are not for IAM; all others in them are names or keys of tags.
SYNTAX = frozenset(
    (
        "tags", "plans", "rules", "regions", "selections", "services", "default", "resources", "conditions",
        "lifecycle", "client", "platforms", "targets", "schedule", "backup", "security_hub", "inspector",
        "ec2_attributes", "copy_actions",
    )
)  # fmt: skip


def is_document(text: str) -> bool:
    """Return whether a text looks like JSON, which a policy of AWS is."""
    return text.lstrip()[:1] in ("{", "[")


def mask_document(text: str, names: Names) -> str:
    """Return a policy with names, emails, ids and values of tags replaced, in one line.

    Args:
        text: The policy. Where it is no JSON, it is taken for a sentence.
        names: The replacements.
    """
    try:
        value = json.loads(text)
        is_for_iam = isinstance(value, dict) and any(key.casefold() == "statement" for key in value)
        document = _in_statements(value, names) if is_for_iam else _in_settings(value, names)
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        return names.in_text(text)


def _in_statements(value: Any, names: Names, element: str = "") -> Any:
    """Return a part of a policy of IAM's language; `element` is the key around it, in lower case."""
    if isinstance(value, dict):
        if element == "condition":
            return {operator: _in_condition(pairs, names, operator) for operator, pairs in value.items()}
        return {names.in_ids(key): _in_statements(part, names, key.casefold()) for key, part in value.items()}
    if isinstance(value, list):
        return [_in_statements(part, names, element) for part in value]
    if not isinstance(value, str):
        return value
    if element in ELEMENTS_OF_AWS:
        return names.in_ids(value)
    return names.in_word(names.in_text(value)) if element == "sid" else _value(value, names)


def _in_condition(pairs: Any, names: Names, operator: str) -> Any:
    """Return the keys of a condition with their values; keys of tags stay."""
    if not isinstance(pairs, dict):
        return _in_statements(pairs, names)
    return {
        names.in_ids(key): values if operator.casefold() == "null" else _condition_value(key, values, names)
        for key, values in pairs.items()
    }


def _condition_value(key: str, value: Any, names: Names) -> Any:
    if isinstance(value, list):
        return [_condition_value(key, part, names) for part in value]
    if not isinstance(value, str):
        return _in_statements(value, names)
    if TAG_CONDITION.fullmatch(key):
        return names.replace_pattern("tag", value)
    return names.object_key(value) if key.casefold() == "s3:prefix" else _value(value, names)


def _value(text: str, names: Names) -> str:
    if text.casefold() in VALUES_OF_AWS:
        return text
    return names.in_ids(text) if SERVICE.fullmatch(text) else names.in_text(text)


def _in_settings(value: Any, names: Names, *, is_tag_value: bool = False) -> Any:
    """Return a part of a policy of another language, such as a tag policy."""
    if isinstance(value, dict):
        return {
            key if key in SYNTAX else names.in_text(key): _in_settings(
                part, names, is_tag_value=is_tag_value or key == TAG_VALUE
            )
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [_in_settings(part, names, is_tag_value=is_tag_value) for part in value]
    if not isinstance(value, str) or value.startswith("@@"):
        return value
    return names.replace_pattern("tag", value) if is_tag_value else _value(value, names)
