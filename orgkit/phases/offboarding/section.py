"""`[offboarding]`: accounts that are put into quarantine, and closed."""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import ConfigDict, Field

from orgkit.model.desired import ACCESS_ROLE
from orgkit.model.offboarding import NAME, OffboardedAccount, OffboardingSpec
from orgkit.phases.schema.formats import KEY, label, quote, refuse, unit_path
from orgkit.phases.schema.location import Violation, spell
from orgkit.phases.schema.raw import Raw, duplicates, members, path, section, text, texts
from orgkit.phases.schema.section import Defaults, Section
from orgkit.phases.schema.types import AccountId, RoleName, SectionModel, checked_text, editor_check
from orgkit.policy_evaluation.policy_types import DEFAULT_TYPES, SCP

MAX_REASON = 200  # characters: the plan and the record show it in one line


def reason(value: str) -> str:
    """Check why an account goes."""
    if len(value) > MAX_REASON:
        refuse(value, f"has {len(value)} characters; write up to {MAX_REASON}.")
    return label(value)


def unit_name(value: str) -> str:
    """Check the name of a unit below the root: policies of units above it would hold in the quarantine, too."""
    names = unit_path(value)
    if not isinstance(names, tuple) or names != (value,):
        refuse(value, "is not the name of a unit directly below the organization root: write one without slashes.")
    return value


class OffboardedModel(SectionModel):
    """`[offboarding.old-team]`."""

    account: AccountId
    reason: Annotated[
        str,
        checked_text(reason),
        editor_check(r"\S(?:.*\S)?", maxLength=MAX_REASON),
        Field(examples=['"the team was dissolved"']),
    ]
    role_name: RoleName = ACCESS_ROLE
    removed_from_terraform: bool = False


class OffboardingModel(SectionModel):
    """`[offboarding]`: one key, and any number of accounts by keys of their own."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"propertyNames": {"pattern": f"^(?:{KEY})$"}})
    __pydantic_extra__: dict[str, OffboardedModel] = Field(init=False)

    unit: Annotated[str, checked_text(unit_name), editor_check(r"[^/\\]+", maxLength=128)] = "Quarantine"

    @property
    def accounts(self) -> dict[str, OffboardedModel]:
        return self.__pydantic_extra__


def build(model: OffboardingModel, defaults: Defaults) -> OffboardingSpec:
    """Return the frozen value, sorted by keys."""
    accounts = (
        OffboardedAccount(key, entry.account, entry.reason, entry.role_name, entry.removed_from_terraform)
        for key, entry in sorted(model.accounts.items())
    )
    return OffboardingSpec((model.unit,), tuple(accounts))


def keys(raw: Raw) -> Iterator[Violation]:
    """Report a key that cannot be typed as one word."""
    for key, _ in _entries(raw):
        if not re.fullmatch(KEY, key):
            yield ("offboarding", key), "is not a key: write up to 41 lower case letters, digits or -."


def accounts(raw: Raw) -> Iterator[Violation]:
    """Report an account that is named twice, that the file still wants, or that owns the organization."""
    uses = [(("offboarding", key, "account"), text(table, "account")) for key, table in _entries(raw)]
    yield from duplicates(uses, "keep one of the two")
    places = {member.text("id"): member.place for member in members(raw)}
    management = text(section(raw, "organization"), "management_account_id")
    for place, account in uses:
        if account is None:
            continue
        if account == management:
            yield place, f"{quote(account)} is the management account, which no organization can close."
        elif account in places:
            owner = spell(places[account])
            yield place, f"{quote(account)} is {owner}, which the file still wants: take that out of the file first."


def unit_of_others(raw: Raw) -> Iterator[Violation]:
    """Report what else the file puts into the unit of the quarantine: its policy would lock it up."""
    if not _entries(raw):
        return
    unit = text(section(raw, "offboarding"), "unit") or OffboardingModel.model_fields["unit"].default
    uses: list[tuple[tuple[str, ...], object]] = [(("units", key), key) for key in section(raw, "units")]
    uses += [((*member.place, "unit"), member.table.get("unit")) for member in members(raw)]
    for place, value in uses:
        if (path(value) or ("",))[0] == unit:
            yield place, f"is in {quote(unit)}, the unit of the quarantine, where everybody is locked out: rename one."


def policy_type(raw: Raw) -> Iterator[Violation]:
    """Report a file that does not enable the type of the quarantine policy."""
    enabled = texts(section(raw, "organization"), "policy_types", DEFAULT_TYPES)
    if _entries(raw) and enabled is not None and SCP not in enabled:
        yield ("offboarding",), f"needs {SCP}, which [organization] policy_types does not enable: add it there."


def policy_name(raw: Raw) -> Iterator[Violation]:
    """Report a policy of the file that has the name of the quarantine's: the two phases would change it in turn."""
    if NAME in section(raw, "policies"):
        yield ("policies", NAME), "is the policy of the quarantine, which 16-offboarding makes: rename it."


def _entries(raw: Raw) -> list[tuple[str, Raw]]:
    """Return the key and table of each account."""
    own = OffboardingModel.model_fields
    table = section(raw, "offboarding")
    return [(key, section(raw, "offboarding", key)) for key in table if key not in own]


SECTION = Section(
    "offboarding", OffboardingModel, build, OffboardingModel(),
    (keys, accounts, unit_of_others, policy_type, policy_name),
)  # fmt: skip
