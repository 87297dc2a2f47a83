"""A snapshot without names, emails, ids and values of tags: the same value has the same replacement everywhere."""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from orgkit.sandbox.snapshot import Snapshot

EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
NUMBER = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")  # an account id, wherever it is
TEXT = 3  # characters of the shortest name that is replaced inside a longer text


class _Names:
    """Replacements by value, numbered in the order of their appearance: nobody can compute them back."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}
        self._replacements: set[str] = set()

    def replace(self, kind: str, value: str) -> str:
        """Return the replacement of a value; "" stays."""
        if not value:
            return value
        if (kind, value) not in self._known:
            number = self._counts[kind] = self._counts.get(kind, 0) + 1
            self._known[kind, value] = FORMS.get(kind, kind + "-{}").format(number)
            self._replacements.add(self._known[kind, value])
        return self._known[kind, value]

    def in_text(self, text: str) -> str:
        """Return a text with every known id and name, every email and every account id replaced."""
        text = self._pattern.sub(lambda match: self._in_texts[match[0]], text) if self._in_texts else text
        text = EMAIL.sub(lambda match: self._replace_unknown("email", match[0]), text)
        return NUMBER.sub(lambda match: self._replace_unknown("account", match[0]), text)

    def _replace_unknown(self, kind: str, value: str) -> str:
        return value if value in self._replacements else self.replace(kind, value)

    @cached_property
    def _in_texts(self) -> dict[str, str]:
        return {value: new for (kind, value), new in self._known.items() if kind in IN_TEXT and len(value) >= TEXT}

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """Of whole words: a trail may be called main, and a service domain."""
        longest_first = sorted(self._in_texts, key=len, reverse=True)
        return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])")


FORMS = {
    "account": "9{:011}", "email": "account-{}@masked.example", "organization": "o-masked{:06}", "root": "r-mask{}",
    "unit": "ou-mask-{:08}", "policy": "p-{:08}", "handshake": "h-{:08}", "tag": "value-{}",
    "key": "00000000-0000-4000-a000-{:012}",
}  # fmt: skip
IN_TEXT = (
    "account",
    "email",
    "organization",
    "root",
    "unit",
    "policy",
    "bucket",
    "trail",
    "key",
)  # of documents and ARNs


def mask_snapshot(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with names, emails, ids and values of tags replaced.

    Keys of tags, names of services, regions and times stay, and so does the rest of documents: names of roles and
    tags in a condition, for example.
    """
    names, values = _Names(), snapshot.model_dump(mode="json", by_alias=True)
    kept_policies = {policy["id"] for policy in values["policies"] if policy["is_of_aws"]}
    for kind, value in _ids(snapshot):
        if value not in kept_policies:
            names.replace(kind, value)
    for part, kind in KINDS_OF_NAMES:
        for item in values[part]:
            if not item.get("is_of_aws"):
                item["name"] = names.replace(kind, item["name"])
    _mask_fields(values, names)
    return Snapshot.model_validate({**_mask_texts(values, names), "is_masked": True})


KINDS_OF_NAMES = (
    ("units", "unit-name"), ("accounts", "account-name"), ("policies", "policy-name"), ("trails", "trail"),
    ("buckets", "bucket"),
)  # fmt: skip


def _ids(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Yield every id, email and bucket name: they may be in documents, too."""
    yield "organization", snapshot.organization.id
    yield "root", snapshot.organization.root_id
    for account in snapshot.accounts:
        yield "account", account.id
        yield "email", account.email
    yield "email", snapshot.organization.management_email
    yield from (("unit", unit.id) for unit in snapshot.units)
    yield from (("policy", policy.id) for policy in snapshot.policies)
    yield from (("handshake", handshake.id) for handshake in snapshot.handshakes)
    yield from (("bucket", bucket.name) for bucket in snapshot.buckets)
    yield from (("bucket", trail.bucket) for trail in snapshot.trails)
    yield from (("key", key.arn.rpartition("/")[2]) for key in snapshot.keys)


def _mask_fields(values: dict[str, Any], names: _Names) -> None:
    """Replace what is free text, and values of tags."""
    values["organization"]["root_tags"] = _tags(values["organization"]["root_tags"], names)
    for part in ("units", "accounts", "policies", "trails"):
        for item in values[part]:
            item["tags"] = _tags(item["tags"], names)
    _mask_handshakes(values["handshakes"], names)
    for item in (*values["policies"], *values["keys"]):
        item["description"] = item["description"] if item.get("is_of_aws") else ""
    for item in values["buckets"]:
        for pair in item["settings"].get("GetBucketTagging", {}).get("TagSet", []):
            pair["Value"] = names.replace("tag", pair["Value"])
    for item in values["not_read"]:
        if not item["is_general"]:  # AWS's message may name anything
            item["subject"], item["reason"] = _kind_of(item["subject"]), "masked"


def _mask_handshakes(handshakes: list[dict[str, Any]], names: _Names) -> None:
    for item in handshakes:
        item["id"], item["notes"] = names.replace("handshake", item["id"]), ""
        item["parent"] = names.replace("handshake", item["parent"])
        item["party_id"] = names.replace("email" if item["party_type"] == "EMAIL" else "account", item["party_id"])


def _kind_of(subject: str) -> str:
    """Return what a subject is about, without its name."""
    words = subject.split()
    return subject if len(words) < 2 or words[0] in ("trusted", "delegated", "centralized", "the") else words[0]


def _tags(tags: dict[str, str], names: _Names) -> dict[str, str]:
    return {key: names.replace("tag", value) for key, value in tags.items()}


def _mask_texts(value: Any, names: _Names) -> Any:
    """Return the same with known ids replaced in every text: documents, ARNs, keys of maps."""
    if isinstance(value, dict):
        return {names.in_text(name): _mask_texts(part, names) for name, part in value.items()}
    if isinstance(value, list):
        return [_mask_texts(part, names) for part in value]
    return names.in_text(value) if isinstance(value, str) else value
