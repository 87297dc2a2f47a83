"""`[accounts]`: the member accounts to create, and the values that must be unique to each account of the file."""

from collections.abc import Iterator

from pydantic import Field

from orgkit.model.desired import ACCESS_ROLE, AccountSpec, format_path
from orgkit.phases.schema.formats import ROOT, quote, suggest
from orgkit.phases.schema.location import Place, Violation
from orgkit.phases.schema.raw import (
    PlacedString,
    Raw,
    common_tags,
    duplicates,
    members,
    path,
    section,
    text,
    unit_paths,
)
from orgkit.phases.schema.section import Defaults, Section, account_tags, too_many_tags
from orgkit.phases.schema.types import (
    AccountId,
    AccountName,
    AccountUnit,
    Email,
    FormerName,
    Key,
    RoleName,
    SectionModel,
    Tags,
)


class AccountModel(SectionModel):
    """`[accounts.website-prod]`."""

    name: AccountName | None = None
    email: Email = Field(examples=['"aws-website-prod@example.com"'])
    unit: AccountUnit = Field(examples=['"Production"'])
    role_name: RoleName = ACCESS_ROLE
    iam_access_to_billing: bool = False
    id: AccountId | None = None
    allow_stack_deletion: bool = False
    renamed_from: FormerName | None = None
    email_changed_from: Email | None = None
    tags: Tags = {}


def build(models: dict[str, AccountModel], defaults: Defaults) -> tuple[AccountSpec, ...]:
    """Return the accounts in the order of their keys."""
    return tuple(_account(key, model, defaults) for key, model in sorted(models.items()))


def _account(key: str, model: AccountModel, defaults: Defaults) -> AccountSpec:
    name = model.name or key
    return AccountSpec(
        key=key,
        name=name,
        email=model.email,
        unit=model.unit,
        role_name=model.role_name,
        iam_access_to_billing=model.iam_access_to_billing,
        tags=account_tags(key, name, defaults.common_tags, model.tags),
        id=model.id,
        allow_stack_deletion=model.allow_stack_deletion,
        renamed_from=model.renamed_from or "",
        email_changed_from=model.email_changed_from or "",
    )


def emails(raw: Raw) -> Iterator[Violation]:
    """Report an email that two accounts have: AWS identifies a root user by it, whatever its case."""
    uses = [_management(raw, "email")]
    uses += [((*member.place, "email"), member.text("email")) for member in members(raw)]
    uses += [((*member.place, "email_changed_from"), member.text("email_changed_from")) for member in members(raw)]
    yield from duplicates(uses, "every account needs an email of its own", str.casefold)


def ids(raw: Raw) -> Iterator[Violation]:
    """Report an account id that is in the file twice."""
    uses = [_management(raw, "management_account_id")]
    uses += [((*member.place, "id"), member.text("id")) for member in members(raw)]
    yield from duplicates(uses, "each account stands in the file once")


def names(raw: Raw) -> Iterator[Violation]:
    """Report a name that two accounts have: AWS allows it, but bills and alarms would be ambiguous."""
    sections = members(raw)
    uses = [((*m.place, "name"), m.name) for m in sections if "name" in m.table or not _is_second(m.place, raw)]
    yield from duplicates(uses, "give each account a name of its own")


def profiles(raw: Raw) -> Iterator[Violation]:
    """Report a profile that two accounts have: credentials of one account cannot accept for another."""
    uses = [((*member.place, "profile"), member.text("profile")) for member in members(raw)]
    yield from duplicates(uses, "a profile belongs to one account")


def keys(raw: Raw) -> Iterator[Violation]:
    """Report a key in [accounts] and [imports]: it names one account in plans, tags and records."""
    for member in members(raw):
        if _is_second(member.place, raw):
            yield member.place, f"is in [accounts.{member.key}] too: an account is either created or imported."


def placement(raw: Raw) -> Iterator[Violation]:
    """Report an account whose OU the file neither names nor implies as a parent."""
    known = unit_paths(names for key in section(raw, "units") if (names := path(key)))
    for member in members(raw):
        unit = path(member.table.get("unit"))
        if unit is not None and unit not in known:
            path_text = format_path(unit)
            hint = suggest(path_text, set(map(format_path, known))) or f"Add the section [units.{quote(path_text)}]."
            yield (*member.place, "unit"), f"the file has no unit {quote(path_text)}. {hint}"


def new_accounts_in_the_root(raw: Raw) -> Iterator[Violation]:
    """Report an account that would be created and left in the root: without its id, it may be a new one."""
    for key in section(raw, "accounts"):
        table = section(raw, "accounts", key)
        if table.get("unit") == ROOT and "id" not in table:
            yield (
                ("accounts", key, "unit"),
                f"is {quote(ROOT)}, where orgkit places no new account: name a unit, or the id of an account there.",
            )


def tag_counts(raw: Raw) -> Iterator[Violation]:
    """Report the accounts with more tags than AWS allows, the default tags included."""
    common = common_tags(raw)
    for member in members(raw):
        yield from too_many_tags(member.place, account_tags(member.key, "", common, member.tags))


def _management(raw: Raw, key: str) -> PlacedString:
    return ("organization", key), text(section(raw, "organization"), key)


def _is_second(place: Place, raw: Raw) -> bool:
    return place[0] == "imports" and place[1] in section(raw, "accounts")


SECTION = Section(
    "accounts", dict[Key, AccountModel], build, {},
    (emails, ids, names, profiles, keys, placement, new_accounts_in_the_root, tag_counts),
)  # fmt: skip
