"""Arguments that a hand-over must write: each left out, or written otherwise, makes Terraform's plan non-empty."""

from collections.abc import Iterator
from dataclasses import dataclass

BILLING, POLICIES, MEMBERS = "10-billing.tf", "12-policies.tf", "member-roles.tf"
ACCOUNTS, ORGANIZATION, UNITS, TRAIL = "03-accounts.tf", "01-organization.tf", "02-units.tf", "05-trail.tf"
SSE, LIFECYCLE = "server_side_encryption_configuration", "lifecycle_configuration"


@dataclass(frozen=True)
class Variation:
    """A line or a text of a generated file, and what stands in its place.

    Attributes:
        file: The file.
        resource: Type and name of the block in which it is; "" for the whole file.
        old: The text.
        new: What stands in its place.
        address: The resource that a plan changes then.
        actions: What the plan does; an account must never be replaced unnoticed.
    """

    file: str
    resource: str
    old: str
    new: str
    address: str
    actions: tuple[str, ...] = ("update",)

    def apply(self, text: str) -> str:
        """Return the text of the file with the variation."""
        start = text.index(f"resource {self.resource} {{") if self.resource else 0
        end = text.index("\n}\n", start) if self.resource else len(text)
        block = text[start:end]
        assert self.old in block, (self.resource, self.old)
        return text[:start] + block.replace(self.old, self.new, 1) + text[end:]


REPLACED = ("delete", "create")


def variations() -> Iterator[Variation]:
    """Every row of the table: what is left out, and the resource that Terraform would change."""
    yield from _organization()
    yield from _trail()
    yield from _buckets()
    yield from _key()
    yield from _billing()
    yield from _policies()


def _organization() -> Iterator[Variation]:
    resource, address = '"aws_organizations_organization" "organization"', "aws_organizations_organization.organization"
    yield Variation(ORGANIZATION, resource, '    "iam.amazonaws.com",\n', "", address)
    yield Variation(ORGANIZATION, resource, '    "backup.amazonaws.com",\n', "", address)
    # Without this line the type that the provider does not accept is disabled, with every attachment.
    yield Variation(ORGANIZATION, resource, "    ignore_changes = [enabled_policy_types]\n", "", address)
    features = "aws_iam_organizations_features.organization"
    yield Variation(
        ORGANIZATION, '"aws_iam_organizations_features" "organization"', '"RootCredentialsManagement", ', "", features
    )
    live = 'aws_organizations_organizational_unit.level_3["Shops/Online/Live"]'
    yield Variation(UNITS, "", 'Name      = "Live"\n', "", live)
    till = 'aws_organizations_account.accounts["till"]'
    yield Variation(ACCOUNTS, "", '"Till@obriens-bakery.co.uk"', '"till@obriens-bakery.co.uk"', till, REPLACED)
    # Version 5.100 renames in place. [tried; older ones replace the account]
    yield Variation(ACCOUNTS, "", '= "Till, Ireland"\n', '= "Till"\n', till)
    yield Variation(ACCOUNTS, "", '"orgkit:key" = "till"\n', "", till)
    ignored = "ignore_changes = [role_name, iam_user_access_to_billing]"
    accounts = '"aws_organizations_account" "accounts"'
    for remaining in ("[role_name]", "[iam_user_access_to_billing]"):
        yield Variation(ACCOUNTS, accounts, ignored, f"ignore_changes = {remaining}", till, REPLACED)
    yield Variation(ACCOUNTS, accounts, "  email  ", "  close_on_deletion = true\n  email  ", till)


def _trail() -> Iterator[Variation]:
    resource, address = '"aws_cloudtrail" "organization"', "aws_cloudtrail.organization"
    lines = (
        "  is_organization_trail         = true\n", "  is_multi_region_trail         = true\n",
        "  enable_log_file_validation    = true\n", "  kms_key_id                    = aws_kms_key.trail.arn\n",
        '    Retention = "400 days"\n',
    )  # fmt: skip
    for line in lines:
        yield Variation(TRAIL, resource, line, "", address)


def _buckets() -> Iterator[Variation]:
    yield Variation(TRAIL, '"aws_s3_bucket" "logs"', '    ManagedBy = "orgkit"\n', "", "aws_s3_bucket.logs")
    for argument in ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"):
        block = "aws_s3_bucket_public_access_block"
        line = f"  {argument}".ljust(26) + "= true\n"
        yield Variation(TRAIL, f'"{block}" "logs"', line, "", f"{block}.logs")
    encryption = f"aws_s3_bucket_{SSE}"
    yield Variation(TRAIL, f'"{encryption}" "logs"', "    bucket_key_enabled = true\n", "", f"{encryption}.logs")
    line = "      kms_master_key_id = aws_kms_key.trail.arn\n"
    yield Variation(TRAIL, f'"{encryption}" "logs"', line, "", f"{encryption}.logs")
    versioning, ownership = "aws_s3_bucket_versioning", "aws_s3_bucket_ownership_controls"
    yield Variation(TRAIL, f'"{versioning}" "logs"', '"Enabled"', '"Suspended"', f"{versioning}.logs")
    yield Variation(TRAIL, f'"{ownership}" "logs"', '"BucketOwnerEnforced"', '"ObjectWriter"', f"{ownership}.logs")
    yield from _lifecycle()
    policy = "aws_s3_bucket_policy"
    yield Variation(TRAIL, f'"{policy}" "logs"', 'Principal = "*"', 'Principal = { AWS = "*" }', f"{policy}.logs")
    yield Variation(TRAIL, f'"{policy}" "logs"', '"s3:GetBucketAcl"', '"s3:GetBucketLocation"', f"{policy}.logs")


def _lifecycle() -> Iterator[Variation]:
    name = f"aws_s3_bucket_{LIFECYCLE}"
    blocks = (
        '    transition {\n      days          = 30\n      storage_class = "STANDARD_IA"\n    }\n',
        "    noncurrent_version_expiration {\n      noncurrent_days = 365\n    }\n",
        "    expiration {\n      days = 400\n    }\n",
        "    abort_incomplete_multipart_upload {\n      days_after_initiation = 7\n    }\n",
        "    filter {}\n",
    )
    for block in blocks:
        yield Variation(TRAIL, f'"{name}" "logs"', block, "", f"{name}.logs")
    lock = "aws_s3_bucket_object_lock_configuration"
    yield Variation(TRAIL, f'"{lock}" "logs"', "      days = 31\n", "      years = 1\n", f"{lock}.logs")


def _billing() -> Iterator[Variation]:
    """The types that the table does not have."""
    budgets = 'aws_budgets_budget.budgets["orgkit-account-custody"]'
    yield Variation(BILLING, "", "include_tax                = false", "include_tax = true", budgets)
    yield Variation(BILLING, "", 'LinkedAccount = ["', 'LinkedAccount = ["1", "', budgets)
    yield Variation(BILLING, "", "          threshold                  = 80\n", "threshold = 81\n", budgets)
    monitor, alert = "aws_ce_anomaly_monitor", "aws_ce_anomaly_subscription"
    name = f'"{monitor}" "services"'
    yield Variation(BILLING, name, '"orgkit-services"', '"other"', f"{monitor}.services")
    name, address = f'"{alert}" "anomalies"', f"{alert}.anomalies"
    yield Variation(BILLING, name, "[aws_ce_anomaly_monitor.services.arn]", "[]", address)
    yield Variation(BILLING, name, '"ANOMALY_TOTAL_IMPACT_ABSOLUTE"', '"ANOMALY_TOTAL_IMPACT_PERCENTAGE"', address)
    tags = 'aws_ce_cost_allocation_tag.tags["orgkit:key"]'
    yield Variation(BILLING, '"aws_ce_cost_allocation_tag" "tags"', '"Active"', '"Inactive"', tags)


def _policies() -> Iterator[Variation]:
    policy = 'aws_organizations_policy.policies["deny-leaving"]'
    yield Variation(POLICIES, "", '"organizations:LeaveOrganization"', '"organizations:Leave*"', policy)
    yield Variation(POLICIES, "", '"Managed by orgkit"', '""', policy)


def of_members() -> Iterator[Variation]:
    """Roles in member accounts, where the file hands them over."""
    role, address = '"aws_iam_role" "read_role_till"', "aws_iam_role.read_role_till"
    yield Variation(MEMBERS, role, '  description = "orgkit: used from the management account"\n', "", address)
    yield Variation(MEMBERS, role, '"sts:AssumeRole"', '"sts:*"', address)
    policy = "aws_iam_role_policy.read_role_till"
    yield Variation(MEMBERS, '"aws_iam_role_policy" "read_role_till"', '"iam:GetRole", ', "", policy)


def _key() -> Iterator[Variation]:
    resource, address = '"aws_kms_key" "trail"', "aws_kms_key.trail"
    # Left out, the provider keeps the description that there is. [tried]
    yield Variation(TRAIL, resource, '"CloudTrail logs of trail bakery.trail"', '"other"', address)
    yield Variation(TRAIL, resource, '"kms:*"', '"kms:Describe*"', address)
    other_key, alias = '"11111111-2222-3333-4444-555555555555"', "aws_kms_alias.trail"
    yield Variation(TRAIL, '"aws_kms_alias" "trail"', "aws_kms_key.trail.key_id", other_key, alias)
    yield Variation(TRAIL, resource, "  enable_key_rotation = true\n", "", address)
    yield Variation(TRAIL, resource, '    "orgkit:purpose" = "alias/bakery-trail"\n', "", address)
    yield Variation(
        TRAIL, resource, "  enable_key_rotation", "  deletion_window_in_days = 30\n  enable_key_rotation", address
    )
