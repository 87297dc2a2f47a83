"""Lifecycle rules of others that delete objects earlier than the file says."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from orgkit.phases.storage.documents import RULE


class KeepsObjects(Protocol):
    """A section of the file that says for how many days objects are kept; 0 is for ever."""

    @property
    def expire_days(self) -> int:
        """Days of an object."""

    @property
    def noncurrent_days(self) -> int:
        """Days of an older version."""


def lifecycle_findings(
    spec: KeepsObjects, bucket: str, rules: Sequence[Mapping[str, Any]], prefixes: Sequence[str]
) -> Iterator[str]:
    """Yield a line for each rule that deletes what the file keeps.

    Args:
        spec: The section, with the days to keep objects.
        bucket: The bucket's name.
        rules: The rules as AWS returns them.
        prefixes: The prefixes of the objects to keep.
    """
    for rule in rules:
        if rule.get("ID") == RULE or rule.get("Status") != "Enabled" or not _is_about(rule, prefixes):
            continue
        losses = [*_expiration(spec, rule), *_older_versions(spec, rule)]
        if losses:
            subject = f"lifecycle rule {rule.get('ID') or 'without ID'} of bucket {bucket}"
            yield f"{subject} deletes what the file keeps: {' and '.join(losses)}."


def _expiration(spec: KeepsObjects, rule: Mapping[str, Any]) -> Iterator[str]:
    expiration = rule.get("Expiration") or {}
    days, date = expiration.get("Days"), expiration.get("Date")
    period = f"{spec.expire_days} days" if spec.expire_days else "for ever"
    if date:
        yield f"all objects on {str(date)[:10]} (the file: {period} each)"
    elif days and (not spec.expire_days or int(days) < spec.expire_days):
        yield f"objects after {days} {_days(days)} (the file: {period})"


def _older_versions(spec: KeepsObjects, rule: Mapping[str, Any]) -> Iterator[str]:
    days = (rule.get("NoncurrentVersionExpiration") or {}).get("NoncurrentDays")
    if days and (not spec.noncurrent_days or int(days) < spec.noncurrent_days):
        period = f"{spec.noncurrent_days} days" if spec.noncurrent_days else "for ever"
        yield f"older versions after {days} {_days(days)} (the file: {period})"


def _days(number: object) -> str:
    return "day" if str(number) == "1" else "days"


def _is_about(rule: Mapping[str, Any], prefixes: Sequence[str]) -> bool:
    """Return whether the rule's filter matches the objects, which have no tags, and any size."""
    rule_filter = rule.get("Filter") or {}
    parts = {**rule_filter, **(rule_filter.get("And") or {})}
    if parts.get("Tag") or parts.get("Tags"):
        return False
    prefix = str(parts.get("Prefix") or rule.get("Prefix") or "")
    return any(prefix.startswith(other) or other.startswith(prefix) for other in prefixes)
