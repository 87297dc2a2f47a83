"""Every resource that the sandbox's server has, and whether a hand-over imports it or says that it is left out."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Dump = Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]
# Parts of resources, credentials and AWS's own: nothing that Terraform could manage.
NO_RESOURCES = {
    "budgets": ("Notification",),
    "iam": ("AWSManagedPolicy", "AccessKey", "AccountSummary", "SigningCertificate"),
    "organizations": ("FakeRoot", "FakeServiceAccess"),
    "s3": (
        "FakeAcl", "FakeGrant", "FakeGrantee", "LifecycleFilter", "LifecycleRule", "LifecycleTransition",
        "PublicAccessBlock", "FakeTagging", "FakeTagSet", "FakeTag",
    ),
    "sts": ("AssumedRole", "Token"),
}  # fmt: skip
IDS = {  # which attribute is the import id, or a part of it
    "Alias": "alias_name", "Budget": "name", "FakeBucket": "name", "FakeOrganization": "id", "Key": "id",
    "FakeOrganizationalUnit": "id", "FakePolicy": "id", "ManagedPolicy": "id", "MemberAccount": "id", "Role": "name",
    "FakeAccount": "id", "Trail": "arn", "User": "name",
}  # fmt: skip
IN_ACCOUNTS = "everything else in the accounts"
OF_EVERY_ACCOUNT = ("ec2",)  # default networks
CONTACTS = "alternate contacts of the accounts"
BUDGETS = "budgets, anomaly monitors with their alerts, and cost allocation tags"  # where the file asks for none


def unaccounted(dump: Dump, imports: Sequence[tuple[str, str]], left_out: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Yield each resource that has neither an import nor a line in the list of what is left out."""
    ids = {import_id for _, import_id in imports}
    subjects = [item["subject"] for item in left_out]
    for service, classes in dump.items():
        for kind, items in classes.items():
            if kind in NO_RESOURCES.get(service, ()) or (service in OF_EVERY_ACCOUNT and IN_ACCOUNTS in subjects):
                continue
            for item in items:
                identity = _identity(kind, item)
                if not (_is_imported(identity, ids) or _is_left_out(kind, item, identity, subjects)):
                    yield f"{service} {kind} {identity}"


def _identity(kind: str, item: Mapping[str, Any]) -> str:
    if kind == "Budget":
        return str(item["budget"]["BudgetName"])
    if kind == "FakeDelegatedAdministrator":
        return f" for {', '.join(item['services'])}"  # the dump does not have the account
    return kind if kind == "AlternateContact" else str(item[IDS[kind]])  # the dump does not have its account


def _is_imported(identity: str, ids: set[str]) -> bool:
    return identity in ids or any(import_id.endswith(f":{identity}") for import_id in ids)


def _is_left_out(kind: str, item: Mapping[str, Any], identity: str, subjects: Sequence[str]) -> bool:
    if kind in ("ManagedPolicy", "FakePolicy") and "FullAWSAccess" in identity:
        return any("FullAWSAccess" in subject for subject in subjects)
    if kind == "Role":
        account = str(item["account_id"])
        if identity.startswith("AWSServiceRoleFor"):
            return any("AWSServiceRoleFor" in subject for subject in subjects)
        named = (
            f"roles orgkit-read and {identity} " in s or identity == "orgkit-read" for s in subjects if account in s
        )
        if any(named):
            return True
    if (kind, CONTACTS in subjects) == ("AlternateContact", True):
        return True
    if kind == "Budget" and BUDGETS in subjects:
        return True
    named_here = any(identity in subject for subject in subjects)
    return named_here or (kind in ("Role", "User", "Trail", "FakeBucket") and IN_ACCOUNTS in subjects)
