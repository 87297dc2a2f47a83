"""What the parameters file asks for, as frozen values; nothing here knows AWS or TOML."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

from orgkit.sanitize.summary import Summary

ACCESS_ROLE = "OrganizationAccountAccessRole"  # the name AWS itself gives by default
READ_ROLE = "orgkit-read"
KEY_TAG = "orgkit:key"

_PATH_PARTS = re.compile(r"/|\\[/\\]|\\|[^/\\]+")
UnitPath = tuple[str, ...]  # the names from the root down, each of which may have a slash; () is the organization root
Tags = tuple[tuple[str, str], ...]
S = TypeVar("S")
LOG_ARCHIVE_ID = "<log archive account>"  # stands for its id in names that hold it, until the account exists


def missing_tags(desired: Tags, present: Tags) -> Tags:
    """Return the tags of `desired` that `present` lacks or has with another value; other tags are left alone."""
    values = dict(present)
    return tuple((key, value) for key, value in desired if values.get(key) != value)


def replaced_tags(tags: Tags, present: Tags) -> dict[str, str]:
    """Return what `present` has under the keys of `tags`: the values that setting them replaces."""
    values = dict(present)
    return {key: values[key] for key, _ in tags if key in values}


def name_in(name: str, log_archive_id: str) -> str:
    """Return the name of a bucket with the id of the log archive account in it."""
    return name.replace(LOG_ARCHIVE_ID, log_archive_id)


def is_name_of(name: str, bucket: str) -> bool:
    """Return whether a name of the file is that of a bucket, in whatever account."""
    return re.fullmatch(re.escape(name).replace(re.escape(LOG_ARCHIVE_ID), "[0-9]{12}"), bucket) is not None


def format_path(path: UnitPath) -> str:
    r"""Return a path as people read it, "" for the organization root: Security/Audit.

    A slash in a name is written as \/ and a backslash as \\, so that no two paths look the same.
    """
    return "/".join(name.replace("\\", r"\\").replace("/", r"\/") for name in path)


def quote_path(path: UnitPath) -> str:
    """Return a path as the parameters file writes it: in single quotes where TOML would read its backslashes."""
    text = format_path(path)
    return f"'{text}'" if "\\" in text and "'" not in text else json.dumps(text, ensure_ascii=False)


def parse_path(text: str) -> UnitPath:
    r"""Return the path that `format_path` writes so; a name between two slashes may be empty.

    Raises:
        ValueError: A backslash stands before something other than a slash or a backslash, or at the end.
    """
    names: list[list[str]] = [[]]
    for part in _PATH_PARTS.findall(text):
        if part == "/":
            names.append([])
        elif part == "\\":
            raise ValueError(r"has a single backslash: write / between levels, and \\ for a backslash in a name.")
        else:
            names[-1].append(part[-1] if part[0] == "\\" else part)
    return tuple("".join(parts) for parts in names) if text else ()


@dataclass(frozen=True)
class Attestation:
    """What a person states because no API reports it: item, name and ISO date."""

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
    tags: Tags
    approval_hours: int
    long_lived_keys: bool
    attestations: tuple[Attestation, ...] = ()


@dataclass(frozen=True)
class UnitSpec:
    """`[units."Security/Audit"]`: one organizational unit, by its path of names."""

    path: UnitPath
    tags: Tags
    renamed_from: str = ""  # the name under the same parent that it has in AWS until it is renamed

    @property
    def name(self) -> str:
        return self.path[-1]

    @property
    def parent(self) -> UnitPath:
        return self.path[:-1]


@dataclass(frozen=True)
class AccountSpec:
    """`[accounts.website-prod]`: a member account that orgkit creates."""

    key: str
    name: str
    email: str
    unit: UnitPath
    role_name: str
    iam_access_to_billing: bool
    tags: Tags
    id: str | None = None
    allow_stack_deletion: bool = False  # by a move out of the targets of a StackSet
    renamed_from: str = ""  # the name that it has in AWS until it is renamed
    email_changed_from: str = ""  # the root email that it has in AWS until that is changed

    @property
    def emails(self) -> frozenset[str]:
        """The root emails by which it is known, in lower case: the one of the file, and its earlier one."""
        return frozenset(email.casefold() for email in (self.email, self.email_changed_from) if email)


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
    tags: Tags
    allow_stack_deletion: bool = False  # by a move out of the targets of a StackSet
    renamed_from: str = ""  # the name that it has in AWS until it is renamed
    email_changed_from: str = ""  # the root email that it has in AWS until that is changed

    @property
    def emails(self) -> frozenset[str]:
        """The root emails by which it is known, in lower case: the one of the file, and its earlier one."""
        return frozenset(email.casefold() for email in (self.email, self.email_changed_from) if email)


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
    records_bucket: str  # "" for none
    region: str
    kms_key: bool
    transition_days: int
    expire_days: int
    noncurrent_days: int
    object_lock: ObjectLockSpec | None
    tags: Tags
    # Keys that the file leaves to their defaults: what is stronger in AWS stays.
    left_out: tuple[str, ...] = field(default=(), compare=False)
    bucket_namespace: str = "global"  # or account-regional: then the names of the buckets hold LOG_ARCHIVE_ID
    bucket_settings: bool = True  # False: the log bucket and the trail's key stay as they are
    is_wanted: bool = True  # False: the file has no [trail], and these are the defaults

    def with_account(self, log_archive_id: str | None) -> "TrailSpec":
        """Return the same with the id in the names of its buckets, where the account exists."""
        if log_archive_id is None:
            return self
        bucket, records = (name_in(name, log_archive_id) for name in (self.bucket, self.records_bucket))
        return replace(self, bucket=bucket, records_bucket=records)

    @property
    def key_alias(self) -> str:
        """The alias of its KMS key; unlike the name of a trail, it takes no dots."""
        return f"alias/{self.name.replace('.', '-')}"


@dataclass(frozen=True)
class ApproverSpec:
    """`[approval.approvers]`: a person by name, the key with which they sign, and who they are in AWS."""

    name: str
    key: str  # the public half, as PEM
    arns: tuple[str, ...] = ()  # users, sessions, or roles of which any session is meant


@dataclass(frozen=True)
class ApprovalSpec:
    """`[approval]`: who may approve a plan with a signature, who may apply, and whether these have to be two people.

    A name that stands in both tables is one person, whose identities are those of both.
    """

    approvers: tuple[ApproverSpec, ...] = ()
    four_eyes: bool = False
    operators: tuple[tuple[str, tuple[str, ...]], ...] = ()  # who may apply under four eyes: names and identities

    @property
    def approver_names(self) -> frozenset[str]:
        """Who may approve."""
        return frozenset(approver.name for approver in self.approvers)

    @property
    def operator_names(self) -> frozenset[str]:
        """Who may apply."""
        return frozenset(name for name, _ in self.operators)

    @property
    def people(self) -> tuple[str, ...]:
        """The names of all approvers and operators."""
        return tuple(sorted(self.approver_names | self.operator_names))

    def identities_of(self, name: str) -> tuple[str, ...]:
        """The identities of one person, those of both tables."""
        approver = self.approver(name)
        return (*(approver.arns if approver else ()), *dict(self.operators).get(name, ()))

    def approver(self, name: str) -> ApproverSpec | None:
        """The one of this name, if there is one."""
        return next((approver for approver in self.approvers if approver.name == name), None)


@dataclass(frozen=True)
class RecordsSpec:
    """`[records]`: what signs the chain of records, what they leave out, and where they are kept for good."""

    sign_with: str = ""  # the file of a private key, from the folder of the parameters file; or the ARN of a KMS key
    public_key: str = ""  # its public half, as PEM
    mask_emails: bool = False
    archive: str = ""  # s3://bucket/prefix


@dataclass(frozen=True)
class HandoverSpec:
    """`[handover]`: the phases whose resources Terraform owns, by their labels; whether it gets the members' roles."""

    phases: tuple[str, ...] = ()
    members: bool = False
    folder: str = ""  # of the files, which a run writes again that renames an account or changes its email


@dataclass(frozen=True)
class MemberRead:
    """What planning reads in one member account: one statement of its read role."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]  # ARNs, or ("*",)


@dataclass(frozen=True, repr=False)
class Desired(Summary):
    """One parameters file, whole and valid.

    The sections that several phases and the cost estimate read have fields of their own. Those that one topic alone
    reads are in `sections` and are looked up by class: `desired.section(BillingSpec)`.
    """

    organization: OrganizationSpec
    units: tuple[UnitSpec, ...]
    accounts: tuple[AccountSpec, ...]
    imports: tuple[ImportSpec, ...]
    trail: TrailSpec
    sections: tuple[object, ...] = ()
    approval: ApprovalSpec = field(default_factory=ApprovalSpec)
    records: RecordsSpec = field(default_factory=RecordsSpec)
    member_reads: tuple[
        tuple[str, tuple[MemberRead, ...]], ...
    ] = ()  # by the key of an account, in addition to the usual
    sha256: str = ""  # of the file's bytes
    prices: str = ""  # rows of the price book next to the file; they take precedence over the shipped ones

    def summary(self) -> dict[str, object]:
        """The organization, and how much of what the file asks for."""
        counted = {"units": self.units, "accounts": self.accounts, "imports": self.imports}
        return {"name": self.organization.name, **{name: len(items) for name, items in counted.items()}}

    def section(self, kind: type[S]) -> S:
        """Return the section of that class, or its default where the file does not have it."""
        return next((section for section in self.sections if isinstance(section, kind)), None) or kind()

    def with_section(self, section: object) -> "Desired":
        """Return the same file with another value of one section."""
        other_sections = (other for other in self.sections if type(other) is not type(section))
        return replace(self, sections=(*other_sections, section))

    def reads_in(self, key: str) -> tuple[MemberRead, ...]:
        """Return what the read role of this member account has to allow in addition to the usual."""
        return self._reads.get(key, ())

    @cached_property
    def members(self) -> tuple["AccountSpec | ImportSpec", ...]:
        """Every account except the management account, created or imported."""
        return (*self.accounts, *self.imports)

    @property
    def pinned_accounts(self) -> tuple[str, ...]:
        """The keys of the accounts of [accounts] whose id is in the file: they are there already."""
        return tuple(spec.key for spec in self.accounts if spec.id)

    @property
    def log_archive(self) -> "AccountSpec | ImportSpec | None":
        """The account that keeps the logs; None for a file without [trail]."""
        return self._members_by_key[self.trail.log_archive_account] if self.trail.is_wanted else None

    def member(self, key: str) -> "AccountSpec | ImportSpec | None":
        """Return the account with that key, created or imported; None when the file has none."""
        return self._members_by_key.get(key)

    @cached_property
    def _members_by_key(self) -> Mapping[str, "AccountSpec | ImportSpec"]:
        return {member.key: member for member in reversed(self.members)}  # the first one of a key counts

    @cached_property
    def _reads(self) -> Mapping[str, tuple[MemberRead, ...]]:
        return dict(self.member_reads)
