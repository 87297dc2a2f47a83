"""The sections and keys that a parameters file may have, with their types and defaults."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from orgkit.model.desired import ACCESS_ROLE, KEY_TAG
from orgkit.parameters import buckets, formats

TRUSTED_ACCESS = ("account", "cloudtrail", "config", "iam", "sso")  # the blog post's five
POLICY_TYPES = (  # every value of botocore's PolicyType
    "AISERVICES_OPT_OUT_POLICY", "BACKUP_POLICY", "BEDROCK_POLICY", "CHATBOT_POLICY", "DECLARATIVE_POLICY_EC2",
    "GUARDDUTY_POLICY", "INSPECTOR_POLICY", "NETWORK_SECURITY_DIRECTOR_POLICY", "RESOURCE_CONTROL_POLICY", "S3_POLICY",
    "SECURITYHUB_CSPM_POLICY", "SECURITYHUB_POLICY", "SERVICE_CONTROL_POLICY", "TAG_POLICY", "UPGRADE_ROLLOUT_POLICY",
)  # fmt: skip


def _policy_type(value: str) -> str:
    if value not in POLICY_TYPES:
        formats.refuse(value, f"is no policy type. {formats.suggest(value, POLICY_TYPES)}")
    return value


def _assumption(value: Any) -> Any:
    """One number stands for low, expected and high."""
    return value if isinstance(value, dict) else dict.fromkeys(("low", "expected", "high"), _amount(value))


def _approver(value: Any) -> Any:
    """A text is the key alone."""
    if not isinstance(value, str | dict):
        raise ValueError('must be a key in quotes, or { key = "…", arn = "…" }.')
    return {"key": value} if isinstance(value, str) else value


def _one_or_more(value: Any) -> Any:
    """One text stands for a list of it."""
    return [value] if isinstance(value, str) else value


def _amount(value: Any) -> Decimal:
    if isinstance(value, str | int | Decimal) and not isinstance(value, bool):
        try:
            amount = Decimal(value)
        except ArithmeticError:
            amount = Decimal("NaN")
        if amount.is_finite() and 0 <= amount < 10**15:
            return amount
    raise ValueError("must be a number of 0 or more, or { low = 1, expected = 2, high = 3 }.")


def _text(check: Callable[[str], str]) -> Any:
    return AfterValidator(check)


AccountId = Annotated[str, _text(formats.account_id)]
Email = Annotated[str, _text(formats.email)]
AccountName = Annotated[str, _text(formats.account_name)]
Label = Annotated[str, _text(formats.label)]
Key = Annotated[str, _text(formats.key)]
UnitPath = Annotated[str, _text(formats.unit_path)]
RoleName = Annotated[str, _text(formats.role_name)]
Region = Annotated[str, _text(formats.region)]
Arn = Annotated[str, _text(formats.identity)]
Bucket = Annotated[str, _text(buckets.bucket_name)]
Tags = dict[Annotated[str, _text(formats.tag_key)], Annotated[str, _text(formats.tag_value)]]
Amount = Annotated[Decimal, BeforeValidator(_amount)]


class Section(BaseModel):
    """A table of the file: no key but these, and no value is bent into another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Attested(Section):
    """Who looked, and when."""

    by: Label = Field(examples=['"Jane Doe"'])
    on: datetime.date = Field(examples=["2026-11-23"])


class Attestations(Section):
    """`[organization.attestations]`: what no API tells."""

    email_verified: Attested | None = None
    phone_verified: Attested | None = None
    support_plan: Attested | None = None
    root_mfa: Attested | None = None
    payment_method: Attested | None = None
    contacts: Attested | None = None
    cost_explorer: Attested | None = None


class Organization(Section):
    """`[organization]`."""

    management_account_id: AccountId = Field(examples=['"999999999999"'])
    email: Email = Field(examples=['"aws-management@example.com"'])
    name: Label = Field(examples=['"acme"'])
    organization_id: Annotated[str, _text(formats.organization_id)] | None = None
    home_region: Region = "us-east-1"
    trusted_access: list[Annotated[str, _text(formats.service_principal)]] = [
        f"{service}.amazonaws.com" for service in TRUSTED_ACCESS
    ]
    policy_types: list[Annotated[str, _text(_policy_type)]] = ["RESOURCE_CONTROL_POLICY", "SERVICE_CONTROL_POLICY"]
    centralized_root_access: bool = True
    email_convention: Annotated[str, _text(formats.email_convention)] | None = None
    approval_hours: int = Field(default=24, ge=1, le=168)
    long_lived_keys: bool = False
    tags: Tags = {}
    attestations: Attestations = Attestations()


class Unit(Section):
    """`[units."Security/Audit"]`."""

    tags: Tags = {}


class Account(Section):
    """`[accounts.website-prod]`."""

    name: AccountName | None = None
    email: Email = Field(examples=['"aws-website-prod@example.com"'])
    unit: UnitPath = Field(examples=['"Production"'])
    role_name: RoleName = ACCESS_ROLE
    iam_access_to_billing: bool = False
    id: AccountId | None = None
    tags: Tags = {}


class Import(Section):
    """`[imports.dns]`."""

    id: AccountId = Field(examples=['"111111111111"'])
    name: AccountName | None = None
    email: Email = Field(examples=['"aws-dns@example.com"'])
    unit: UnitPath = Field(examples=['"Infrastructure"'])
    role_name: RoleName = ACCESS_ROLE
    profile: Label | None = None
    leaves_other_organization: bool = False
    tags: Tags = {}


class ObjectLock(Section):
    """Write-once protection of the log bucket."""

    mode: Literal["GOVERNANCE", "COMPLIANCE"] = Field(examples=['"GOVERNANCE"'])
    days: int = Field(ge=1, le=36500, examples=["90"])


class Trail(Section):
    """`[trail]`."""

    name: Annotated[str, _text(buckets.trail_name)] = "org-trail"
    log_archive_account: str = Field(examples=['"log-archive"'])
    bucket: Bucket | None = None
    records_bucket: Bucket | None = None
    region: Region | None = None
    kms_key: bool = False
    transition_days: int = Field(default=90, ge=0, le=36500)
    expire_days: int = Field(default=0, ge=0, le=36500)
    noncurrent_days: int = Field(default=365, ge=0, le=36500)
    object_lock: ObjectLock | None = None
    tags: Tags = {}


class Range(Section):
    """An assumption of the estimate, as three numbers that do not fall."""

    low: Amount = Field(examples=["1"])
    expected: Amount = Field(examples=["2"])
    high: Amount = Field(examples=["3"])

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if not self.low <= self.expected <= self.high:
            raise ValueError("must rise: write low, expected and high so that none is less than the one before.")
        return self


class Costs(Section):
    """`[costs]`: two choices, and any number of assumptions, whose names the estimate knows."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Annotated[Range, BeforeValidator(_assumption)]] = Field(init=False)

    free_tier: Literal["none", "legacy_12_month", "post_2025_07_credits"] = "none"
    config_recording: Literal["continuous", "daily"] = "continuous"

    @property
    def assumptions(self) -> dict[str, Range]:
        return self.__pydantic_extra__


class Billing(Section):
    """`[billing]`: where actual costs are read, and who is told when they grow."""

    source: Literal["cost_explorer", "duckdb", "athena"] = "cost_explorer"
    place: str = ""
    table: Annotated[str, Field(pattern=r"^([A-Za-z0-9_]{1,128}\.[A-Za-z0-9_]{1,128})?$")] = ""
    alerts: Annotated[list[Email], Field(max_length=10)] = []
    cost_allocation_tags: list[Annotated[str, Field(min_length=1, max_length=128)]] = [KEY_TAG]
    output: Annotated[str, Field(pattern=r"^(s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.*)?$")] = ""


class Approver(Section):
    """`[approval.approvers]`, in the long form."""

    key: str = Field(examples=['"ada.pub"'])
    arn: Annotated[list[Arn] | None, BeforeValidator(_one_or_more)] = None


class Approval(Section):
    """`[approval]`: signed approvals; how long they hold stands in `[organization]`."""

    four_eyes: bool = False
    approvers: dict[Label, Annotated[Approver, BeforeValidator(_approver)]] = {}


class Records(Section):
    """`[records]`."""

    sign_with: str = ""
    public_key: str = ""
    mask_emails: bool = False
    archive: Annotated[str, _text(buckets.archive)] = ""


class File(Section):
    """The whole parameters file."""

    organization: Organization
    units: dict[UnitPath, Unit] = {}
    accounts: dict[Key, Account] = {}
    imports: dict[Key, Import] = {}
    trail: Trail
    costs: Costs = Costs()
    billing: Billing = Billing()
    approval: Approval = Approval()
    records: Records = Records()
