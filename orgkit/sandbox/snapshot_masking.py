"""A snapshot without names, emails, ids and values of tags: the same value has the same replacement everywhere."""

from collections.abc import Iterable, Iterator
from typing import Any

from orgkit.sandbox.masked_documents import is_document, mask_document
from orgkit.sandbox.masked_names import Names
from orgkit.sandbox.snapshot import Snapshot

DOCUMENTS = ("content", "resource_policy", "trust", "policy", "Policy")
FREE_TEXT = ("ID", "Prefix", "Name", "aliases")  # names that people choose; "Name" is of an event selector
KINDS_OF_NAMES = (
    ("units", "unit-name"), ("accounts", "account-name"), ("policies", "policy-name"), ("trails", "trail"),
)  # fmt: skip


def mask_snapshot(snapshot: Snapshot, buckets: Iterable[str] = ()) -> Snapshot:
    """Return the snapshot with names, emails, ids and values of tags replaced.

    Keys of tags, names of services, regions and times stay. So does the rest of documents, such as names of roles.

    Args:
        snapshot: What was copied.
        buckets: Names that documents may have, too: those of the parameters file.
    """
    names, values = Names(), snapshot.model_dump(mode="json", by_alias=True)
    names.roles = tuple({role.name for account in snapshot.accounts for role in account.roles or ()})
    kept_policies = {policy["id"] for policy in values["policies"] if policy["is_of_aws"]}
    for kind, value in _ids(snapshot):
        if value not in kept_policies:
            names.replace(kind, value)
    for part, kind in KINDS_OF_NAMES:
        for item in values[part]:
            if not item.get("is_of_aws"):
                item["name"] = names.replace(kind, item["name"])
    for name in (*buckets, *_buckets(snapshot)):
        names.bucket(name)
    _mask_fields(values, names)
    return Snapshot.model_validate({**_mask_texts(values, names), "is_masked": True})


def _buckets(snapshot: Snapshot) -> Iterator[str]:
    yield from (bucket.name for bucket in snapshot.buckets)
    yield from (trail.bucket for trail in snapshot.trails)


def _ids(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Yield every id, email and alias: they may be in documents, too."""
    yield "organization", snapshot.organization.id
    yield "root", snapshot.organization.root_id
    for account in snapshot.accounts:
        yield "account", account.id
        yield from _email(account.email)
    yield from _email(snapshot.organization.management_email)
    yield "unit-prefix", f"ou-{snapshot.organization.root_id.removeprefix('r-')}"  # of a pattern for all of its units
    yield from (("unit", unit.id) for unit in snapshot.units)
    yield from (("policy", policy.id) for policy in snapshot.policies)
    yield from (("handshake", handshake.id) for handshake in snapshot.handshakes)
    yield from (("key", key.arn.rpartition("/")[2]) for key in snapshot.keys)
    yield from (("alias", alias.removeprefix("alias/")) for key in snapshot.keys for alias in key.aliases)
    yield from (("key-prefix", str(trail.settings.get("S3KeyPrefix") or "")) for trail in snapshot.trails)


def _email(email: str) -> Iterator[tuple[str, str]]:
    yield "email", email
    yield "domain", email.rpartition("@")[2]


def _mask_fields(values: dict[str, Any], names: Names) -> None:
    """Replace what is free text, and values of tags."""
    values["organization"]["root_tags"] = _tags(values["organization"]["root_tags"], names)
    for part in ("units", "accounts", "policies", "trails"):
        for item in values[part]:
            item["tags"] = _tags(item["tags"], names)
    _mask_handshakes(values["handshakes"], names)
    for item in (*values["policies"], *values["keys"]):
        item["description"] = item["description"] if item.get("is_of_aws") else ""
    _mask_log_places(values, names)
    for item in values["not_read"]:
        if not item["is_general"]:  # AWS's message may name anything
            item["subject"], item["reason"] = _kind_of(item["subject"]), "masked"


def _mask_log_places(values: dict[str, Any], names: Names) -> None:
    """Replace the names of buckets, and the prefixes that trails have in them."""
    for item in values["buckets"]:
        item["name"] = names.bucket(item["name"])
    for item in values["trails"]:
        item["bucket"] = names.bucket(item["bucket"])
        if prefix := item["settings"].get("S3KeyPrefix"):
            item["settings"]["S3KeyPrefix"] = names.replace("key-prefix", prefix)


def _mask_handshakes(handshakes: list[dict[str, Any]], names: Names) -> None:
    for item in handshakes:
        item["id"], item["notes"] = names.replace("handshake", item["id"]), ""
        item["parent"] = names.replace("handshake", item["parent"])
        item["party_id"] = names.replace("email" if item["party_type"] == "EMAIL" else "account", item["party_id"])


def _kind_of(subject: str) -> str:
    """Return what a subject is about, without its name."""
    words = subject.split()
    return subject if len(words) < 2 or words[0] in ("trusted", "delegated", "centralized", "the") else words[0]


def _tags(tags: dict[str, str], names: Names) -> dict[str, str]:
    return {key: names.replace("tag", value) for key, value in tags.items()}


def _policy_name(name: str, names: Names) -> str:
    return name if name in names.roles else names.in_text(name)


def _mask_texts(value: Any, names: Names, key: str = "") -> Any:
    """Return the same with ids replaced in every text, and names in documents and ARNs."""
    if isinstance(value, dict) and key == "inline":
        return {_policy_name(name, names): mask_document(text, names) for name, text in value.items()}
    if isinstance(value, dict):
        return {names.in_ids(name): _mask_texts(part, names, name) for name, part in value.items()}
    if isinstance(value, list):
        return [_mask_texts(part, names, key) for part in value]
    return _mask_text(value, names, key) if isinstance(value, str) else value


def _mask_text(text: str, names: Names, key: str) -> str:
    if key in DOCUMENTS or is_document(text):
        return mask_document(text, names)
    if key == "Value":  # of a tag, in the tags of a bucket and in the filter of a lifecycle rule
        return names.replace_pattern("tag", text)
    return names.in_text(text) if key in FREE_TEXT or text.startswith("arn:") else names.in_ids(text)
