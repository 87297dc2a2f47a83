"""What the parameters file asks for, as frozen values; nothing here knows AWS or TOML."""

from dataclasses import dataclass, field
from decimal import Decimal

ACCESS_ROLE = "OrganizationAccountAccessRole"  # the name AWS itself gives by default
READ_ROLE = "orgkit-read"
KEY_TAG = "orgkit:key"

UnitPath = str  # "Security/Audit"; "" is the organization root


@dataclass(frozen=True)
class Attestation:
    """What a person states because no API tells it: item, name and ISO date."""

    item: str
    by: str
    on: str


@dataclass(frozen=True)
class OrganizationSpec:
    """`[organization]`: the account that owns all others, and what is switched on for all."""

    management_account_id: str
    email: str
    name: str
    organization_id: str | None
    home_region: str
    trusted_access: tuple[str, ...]
    policy_types: tuple[str, ...]
    centralized_root_access: bool
    email_convention: str | None
    tags: tuple[tuple[str, str], ...]
    approval_hours: int
    long_lived_keys: bool
    attestations: tuple[Attestation, ...] = ()


@dataclass(frozen=True)
class UnitSpec:
    """`[units."Security/Audit"]`: one organizational unit, by its path of names."""

    path: UnitPath
    tags: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def parent(self) -> UnitPath:
        return self.path.rpartition("/")[0]


@dataclass(frozen=True)
class AccountSpec:
    """`[accounts.website-prod]`: a member account that orgkit creates."""

    key: str
    name: str
    email: str
    unit: UnitPath
    role_name: str
    iam_access_to_billing: bool
    tags: tuple[tuple[str, str], ...]
    id: str | None = None


@dataclass(frozen=True)
class ImportSpec:
    """`[imports.dns]`: an account that exists already and is to join."""

    key: str
    id: str
    name: str
    email: str
    unit: UnitPath
    role_name: str
    profile: str | None
    leaves_other_organization: bool
    tags: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ObjectLockSpec:
    """Write-once protection of a bucket: GOVERNANCE or COMPLIANCE, for a number of days."""

    mode: str
    days: int


@dataclass(frozen=True)
class TrailSpec:
    """`[trail]`: the organization trail, and the buckets in the log archive account."""

    name: str
    log_archive_account: str  # a key of [accounts] or [imports]
    bucket: str
    records_bucket: str
    region: str
    kms_key: bool
    transition_days: int
    expire_days: int
    noncurrent_days: int
    object_lock: ObjectLockSpec | None
    tags: tuple[tuple[str, str], ...]

    @property
    def key_alias(self) -> str:
        """The alias of its KMS key; unlike the name of a trail, it takes no dots."""
        return f"alias/{self.name.replace('.', '-')}"


@dataclass(frozen=True)
class CostsSpec:
    """`[costs]`: the assumptions of an estimate; each is (low, expected, high)."""

    assumptions: tuple[tuple[str, tuple[Decimal, Decimal, Decimal]], ...] = ()
    free_tier: str = "none"  # the programme of the management account: see orgkit.costs.prices.PROGRAMMES
    config_recording: str = "continuous"  # or "daily"


@dataclass(frozen=True)
class BillingSpec:
    """`[billing]`: where actual costs are read, and who is told when they grow; what a source does not need is ""."""

    source: str = "cost_explorer"  # or "duckdb" or "athena"
    place: str = ""  # of a data export's files: a folder, or s3://bucket/prefix
    table: str = ""  # of Athena: database.table
    output: str = ""  # of Athena: s3://bucket/prefix
    alerts: tuple[str, ...] = ()  # e-mails
    cost_allocation_tags: tuple[str, ...] = (KEY_TAG,)


@dataclass(frozen=True)
class ApproverSpec:
    """`[approval.approvers]`: a person by name, the key with which they sign, and who they are in AWS."""

    name: str
    key: str  # the public half, as PEM
    arns: tuple[str, ...] = ()  # users, sessions, or roles of which any session is meant


@dataclass(frozen=True)
class ApprovalSpec:
    """`[approval]`: who may approve a plan with a signature, and whether each plan needs one by somebody else."""

    approvers: tuple[ApproverSpec, ...] = ()
    four_eyes: bool = False

    def approver(self, name: str) -> ApproverSpec | None:
        """The one of this name, if there is one."""
        return next((each for each in self.approvers if each.name == name), None)


@dataclass(frozen=True)
class RecordsSpec:
    """`[records]`: what signs the chain of records, what they leave out, and where they are kept for good."""

    sign_with: str = ""  # the file of a private key, from the folder of the parameters file; or the ARN of a KMS key
    public_key: str = ""  # its public half, as PEM
    mask_emails: bool = False
    archive: str = ""  # s3://bucket/prefix


@dataclass(frozen=True)
class Desired:
    """One parameters file, whole and valid."""

    organization: OrganizationSpec
    units: tuple[UnitSpec, ...]
    accounts: tuple[AccountSpec, ...]
    imports: tuple[ImportSpec, ...]
    trail: TrailSpec
    costs: CostsSpec = field(default_factory=CostsSpec)
    billing: BillingSpec = field(default_factory=BillingSpec)
    approval: ApprovalSpec = field(default_factory=ApprovalSpec)
    records: RecordsSpec = field(default_factory=RecordsSpec)
    sha256: str = ""  # of the file's bytes
    prices: str = ""  # rows of the price book that lies beside the file; they go over the shipped ones

    @property
    def members(self) -> tuple["AccountSpec | ImportSpec", ...]:
        """Every account beside the management account, created or imported."""
        return (*self.accounts, *self.imports)

    @property
    def log_archive(self) -> "AccountSpec | ImportSpec":
        """The account that keeps the logs."""
        return next(member for member in self.members if member.key == self.trail.log_archive_account)
