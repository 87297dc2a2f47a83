"""`[policy_removal]`: policies of the organization that are detached, and deleted where the file asks for it."""

import re
from collections import Counter
from collections.abc import Iterator

from pydantic import ConfigDict, Field

from orgkit.model.desired import UnitPath as Names
from orgkit.model.desired import format_path
from orgkit.phases.policies.section import NAME
from orgkit.phases.policy_removal.spec import POLICY_ID, PolicyRemovalSpec, RemovalSpec, is_policy_id
from orgkit.phases.schema.formats import quote
from orgkit.phases.schema.location import Violation, spell
from orgkit.phases.schema.raw import Raw, path, section, text
from orgkit.phases.schema.section import Defaults, Section
from orgkit.phases.schema.types import AccountId, PolicyTypeName, SectionModel, UnitPath
from orgkit.policy_evaluation.policy_types import AWS_MANAGED

_TARGETS = ("units", "accounts", "root")


class RemovalModel(SectionModel):
    """`[policy_removal.deny-leaving]`."""

    type: PolicyTypeName = Field(examples=['"SERVICE_CONTROL_POLICY"'])
    units: list[UnitPath] = []
    accounts: list[AccountId] = []
    root: bool = False
    delete: bool = False


class PolicyRemovalModel(SectionModel):
    """`[policy_removal]`: any number of policies by their names or ids."""

    model_config = ConfigDict(
        extra="allow", json_schema_extra={"propertyNames": {"pattern": f"^(?:{NAME}|{POLICY_ID})$"}}
    )
    __pydantic_extra__: dict[str, RemovalModel] = Field(init=False)

    @property
    def removals(self) -> dict[str, RemovalModel]:
        return self.__pydantic_extra__


def build(model: PolicyRemovalModel, defaults: Defaults) -> PolicyRemovalSpec:
    """Return the frozen value, sorted by the names of the policies."""
    removals = (
        RemovalSpec(
            policy, entry.type, tuple(sorted(entry.units)), tuple(sorted(entry.accounts)), entry.root, entry.delete
        )
        for policy, entry in sorted(model.removals.items())
    )
    return PolicyRemovalSpec(tuple(removals))


def names(raw: Raw) -> Iterator[Violation]:
    """Report a key that is neither a name that orgkit gives nor an id, and an entry that asks for nothing."""
    for name, table in _entries(raw):
        place = ("policy_removal", name)
        if not re.fullmatch(f"{NAME}|{POLICY_ID}", name):
            rule = "is neither a name of letters, digits, blanks or . _ - nor an id"
            yield place, f'{rule}: name the policy by its id, as "p-a1b2c3d4".'
        elif isinstance(raw["policy_removal"][name], dict) and not any(table.get(key) for key in (*_TARGETS, "delete")):
            yield place, "names nothing to remove: write units, accounts, root = true or delete = true."


def repetitions(raw: Raw) -> Iterator[Violation]:
    """Report a target that an entry has twice."""
    for name, table in _entries(raw):
        for key, values in (("units", [format_path(unit) for unit in _units(table)]), ("accounts", _accounts(table))):
            for value in (value for value, count in Counter(values).items() if count > 1):
                yield ("policy_removal", name, key), f"has {quote(value)} twice: keep one."


def policies_of_aws(raw: Raw) -> Iterator[Violation]:
    """Report what may never be done to AWS's own policies."""
    for name, table in _entries(raw):
        plain = name.removeprefix("p-")
        if plain not in AWS_MANAGED:
            continue
        if table.get("delete") is True:
            yield ("policy_removal", name, "delete"), f"{plain} is a policy of AWS itself, which is never deleted."
        if plain == "RCPFullAWSAccess":
            reason = "is never detached: a resource control policy allows nothing, so that nothing could replace it."
            yield ("policy_removal", name), reason


def still_wanted(raw: Raw) -> Iterator[Violation]:
    """Report what `[policies]` of the same file makes: runbook 12 would attach it again."""
    specs = section(raw, "policies")
    for name, table in _entries(raw):
        policy = section(specs, name)
        if is_policy_id(name) or not policy or text(policy, "type") != text(table, "type"):
            continue
        place = spell(("policies", name))
        if table.get("delete") is True:
            yield ("policy_removal", name, "delete"), f"{place} makes the policy: take it out of the file first."
        for unit in sorted(set(_units(table)) & set(_attached(policy))):
            yield (
                ("policy_removal", name, "units"),
                f"{place} attaches the policy to {quote(format_path(unit))}: take the unit out of its attach first.",
            )


def _entries(raw: Raw) -> list[tuple[str, Raw]]:
    return [(name, section(raw, "policy_removal", name)) for name in section(raw, "policy_removal")]


def _units(table: Raw) -> list[Names]:
    return _paths(table.get("units"))


def _attached(policy: Raw) -> list[Names]:
    return _paths(policy.get("attach"))


def _paths(values: object) -> list[Names]:
    return [unit for value in (values if isinstance(values, list) else ()) if (unit := path(value))]


def _accounts(table: Raw) -> list[str]:
    values = table.get("accounts")
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


SECTION = Section(
    "policy_removal", PolicyRemovalModel, build, PolicyRemovalModel(),
    (names, repetitions, policies_of_aws, still_wanted),
)  # fmt: skip
