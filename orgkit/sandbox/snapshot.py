"""A snapshot of a live organization: one JSON file, from which a sandbox can begin."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from orgkit.errors import EXIT_PARAMETERS, OrgkitError
from orgkit.journal.file_writes import replace_file

SCHEMA = 1
MAX_BYTES = 32 * 1024 * 1024  # 10,000 accounts, each with a dozen tags, take about a quarter of it
MAX_PROBLEMS = 5  # that an error lists
ACCOUNT_ID = r"^[0-9]{12}$"
UNIT_ID = r"^ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}$"
PARENT_ID = r"^(r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32})$"
Tags = dict[str, str]


class InvalidSnapshot(OrgkitError):
    """The file is not a snapshot of an organization that this version can read."""

    summary = "The snapshot cannot be used; nothing was started."
    exit_code = EXIT_PARAMETERS


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SnapshotOrganization(_Part):
    """The organization itself, and what is enabled in its root."""

    id: str = Field(pattern=r"^o-[0-9a-z]{10,32}$")
    root_id: str = Field(pattern=r"^r-[0-9a-z]{4,32}$")
    feature_set: Literal["ALL", "CONSOLIDATED_BILLING"]
    management_account_id: str = Field(pattern=ACCOUNT_ID)
    management_email: str
    root_tags: Tags = {}
    policy_types: tuple[str, ...] = ()  # those that are enabled
    root_features: tuple[str, ...] = ()  # of centralized root access
    resource_policy: str = ""  # the document; "" for none


class TrustedService(_Part):
    """A service that works across the organization."""

    principal: str
    enabled_at: AwareDatetime | None = None


class DelegatedAdministrator(_Part):
    """An account that administers services for the organization."""

    account_id: str = Field(pattern=ACCOUNT_ID)
    enabled_at: AwareDatetime | None = None
    services: dict[str, AwareDatetime | None] = {}  # by principal


class SnapshotUnit(_Part):
    """An organizational unit."""

    id: str = Field(pattern=UNIT_ID)
    parent_id: str = Field(pattern=PARENT_ID)
    name: str
    tags: Tags = {}


class SnapshotRole(_Part):
    """A role by which orgkit enters a member account; documents are JSON."""

    name: str
    trust: str
    inline: dict[str, str] = {}  # documents by name
    attached: tuple[str, ...] = ()  # ARNs
    boundary: str = ""


class SnapshotAccount(_Part):
    """An account of the organization, the management account among them."""

    id: str = Field(pattern=ACCOUNT_ID)
    parent_id: str = Field(pattern=PARENT_ID)
    name: str
    email: str
    state: str  # UNKNOWN where AWS did not say, as for the next one
    joined_method: str
    joined_at: AwareDatetime
    tags: Tags = {}
    roles: tuple[SnapshotRole, ...] | None = None  # orgkit's read role and the access role; None: not read


class SnapshotHandshake(_Part):
    """An invitation, or another request between two accounts."""

    id: str
    action: str
    state: str
    requested_at: AwareDatetime
    expires_at: AwareDatetime
    party_type: str = ""  # ACCOUNT or EMAIL; "" for a request to the organization itself
    party_id: str = ""
    notes: str = ""
    parent: str = ""


class SnapshotPolicy(_Part):
    """A policy of the organization with the ids of its targets; the document of AWS's own ones is left out."""

    id: str
    name: str
    type: str
    description: str = ""
    is_of_aws: bool = False
    content: str = ""
    targets: tuple[str, ...] = ()
    tags: Tags = {}


class SnapshotTrail(_Part):
    """A trail of the management account; `settings` are those of DescribeTrails, and selectors are AWS's as well."""

    name: str
    home_region: str
    bucket: str
    settings: dict[str, Any] = {}
    is_logging: bool = False
    started_at: AwareDatetime | None = None
    stopped_at: AwareDatetime | None = None
    event_selectors: tuple[dict[str, Any], ...] = ()
    advanced_event_selectors: tuple[dict[str, Any], ...] = ()
    tags: Tags = {}


class SnapshotBucket(_Part):
    """A bucket; `settings` has the answer of each of its Get operations, without those that are not set."""

    name: str
    account_id: str = Field(pattern=ACCOUNT_ID)
    region: str
    settings: dict[str, dict[str, Any]] = {}


class SnapshotKey(_Part):
    """A key of KMS that a trail uses, or to which the alias of the file points."""

    arn: str = Field(pattern=r"^arn:aws:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$")
    state: str = "Enabled"
    description: str = ""
    policy: str
    created_at: AwareDatetime
    is_rotated: bool = False
    aliases: tuple[str, ...] = ()


class NotCopied(_Part):
    """What is not in the snapshot, and why: it may well be there in AWS."""

    subject: str
    reason: str
    is_general: bool = False  # of every snapshot, whatever AWS lets us read


class Snapshot(_Part):
    """Everything that was read of a live organization, and what could not be read."""

    schema_: Literal[1] = Field(1, alias="schema")
    taken_at: AwareDatetime
    is_masked: bool = False
    organization: SnapshotOrganization
    trusted_services: tuple[TrustedService, ...] = ()
    delegated_administrators: tuple[DelegatedAdministrator, ...] = ()
    units: tuple[SnapshotUnit, ...] = ()
    accounts: tuple[SnapshotAccount, ...]
    handshakes: tuple[SnapshotHandshake, ...] = ()
    policies: tuple[SnapshotPolicy, ...] = ()
    trails: tuple[SnapshotTrail, ...] = ()
    buckets: tuple[SnapshotBucket, ...] = ()
    keys: tuple[SnapshotKey, ...] = ()
    not_read: tuple[NotCopied, ...] = ()

    @model_validator(mode="after")
    def _check_references(self) -> "Snapshot":
        """Every id that a part names is there."""
        known = self._checked_tree()
        if self.organization.management_account_id not in known:
            raise ValueError("accounts: the management account is not there")
        for place, policy in _numbered("policies", self.policies):
            if unknown := [target for target in policy.targets if target not in known]:
                raise ValueError(f"{place}.targets: {unknown[0]} is neither the root nor a unit or account")
        for place, admin in _numbered("delegated_administrators", self.delegated_administrators):
            if admin.account_id not in known:
                raise ValueError(f"{place}.account_id: {admin.account_id} is not in accounts")
        return self

    def _checked_tree(self) -> set[str]:
        """Return the ids of root, units and accounts; a parent stands before its children."""
        known = {self.organization.root_id}
        for place, item in (*_numbered("units", self.units), *_numbered("accounts", self.accounts)):
            if item.id in known:
                raise ValueError(f"{place}.id: {item.id} is there twice")
            if item.parent_id not in known:
                raise ValueError(f"{place}.parent_id: {item.parent_id} is neither the root nor a unit before it")
            known.add(item.id)
        return known

    @property
    def management(self) -> SnapshotAccount:
        """The management account."""
        management_id = self.organization.management_account_id
        return next(account for account in self.accounts if account.id == management_id)

    def to_json(self) -> str:
        """Return the file's text, one member a line."""
        return json.dumps(self.model_dump(mode="json", by_alias=True), indent=1, ensure_ascii=True) + "\n"

    @classmethod
    def from_json(cls, text: str, name: str = "the snapshot") -> "Snapshot":
        """Return the snapshot that a text holds.

        Args:
            text: What `to_json` has returned.
            name: Of the file, for errors.

        Raises:
            InvalidSnapshot: The text is no snapshot, or of another schema; the error names each place.
        """
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise _invalid(name, f"it is not JSON: {error}") from None
        if not isinstance(values, dict) or values.get("schema") != SCHEMA:
            schema = values.get("schema") if isinstance(values, dict) else None
            raise _invalid(name, f"its schema is {schema!r:.40}, and this version of orgkit reads schema {SCHEMA}")
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise _invalid(name, "; ".join(_problems(error))) from None


def read_snapshot(path: Path) -> Snapshot:
    """Return the snapshot of a file.

    Raises:
        InvalidSnapshot: It is larger than MAX_BYTES, no text, or no snapshot.
    """
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise _invalid(str(path), f"it is larger than {MAX_BYTES // 1024**2} MiB")
    try:
        return Snapshot.from_json(content.decode("utf-8"), str(path))
    except UnicodeDecodeError as error:
        raise _invalid(str(path), f"byte {error.start} is not UTF-8") from None


def write_snapshot(snapshot: Snapshot, path: Path) -> None:
    """Write the file, readable by its owner alone: it has emails, and tags may hold secrets.

    Raises:
        InvalidSnapshot: It would be too large to be read again.
    """
    content = snapshot.to_json().encode()
    if len(content) > MAX_BYTES:
        raise _invalid(str(path), f"it would be larger than {MAX_BYTES // 1024**2} MiB")
    replace_file(path, content)


def _invalid(name: str, reason: str) -> InvalidSnapshot:
    return InvalidSnapshot(
        f"{name}: {reason}.", "take a new one: `orgkit rehearse FILE --like-live --keep-snapshot OUT`."
    )


def _problems(error: ValidationError) -> Iterator[str]:
    problems = error.errors(include_url=False, include_input=False)
    for problem in problems[:MAX_PROBLEMS]:
        place = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        yield f"{place}: {message}" if place else message
    if len(problems) > MAX_PROBLEMS:
        yield f"and {len(problems) - MAX_PROBLEMS} more"


def _numbered(name: str, items: tuple[Any, ...]) -> list[tuple[str, Any]]:
    return [(f"{name}.{number}", item) for number, item in enumerate(items)]


def as_json_value(value: Any) -> Any:
    """Return an answer of AWS as JSON has it: times as text."""
    if isinstance(value, Mapping):
        return {str(name): as_json_value(item) for name, item in value.items() if name != "ResponseMetadata"}
    if isinstance(value, list | tuple):
        return [as_json_value(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value
