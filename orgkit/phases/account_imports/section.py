"""`[imports]`: the existing accounts to bring into the organization."""

from pydantic import Field

from orgkit.model.desired import ACCESS_ROLE, ImportSpec
from orgkit.phases.schema.section import Defaults, Section, account_tags
from orgkit.phases.schema.types import (
    AccountId,
    AccountName,
    AccountUnit,
    Email,
    FormerName,
    Key,
    Label,
    RoleName,
    SectionModel,
    Tags,
)


class ImportModel(SectionModel):
    """`[imports.dns]`."""

    id: AccountId = Field(examples=['"111111111111"'])
    name: AccountName | None = None
    email: Email = Field(examples=['"aws-dns@example.com"'])
    unit: AccountUnit = Field(examples=['"Infrastructure"'])
    role_name: RoleName = ACCESS_ROLE
    profile: Label | None = None
    leaves_other_organization: bool = False
    allow_stack_deletion: bool = False
    renamed_from: FormerName | None = None
    email_changed_from: Email | None = None
    tags: Tags = {}


def build(models: dict[str, ImportModel], defaults: Defaults) -> tuple[ImportSpec, ...]:
    """Return the imports in the order of their keys."""
    return tuple(_import(key, model, defaults) for key, model in sorted(models.items()))


def _import(key: str, model: ImportModel, defaults: Defaults) -> ImportSpec:
    name = model.name or key
    return ImportSpec(
        key=key,
        id=model.id,
        name=name,
        email=model.email,
        unit=model.unit,
        role_name=model.role_name,
        profile=model.profile,
        leaves_other_organization=model.leaves_other_organization,
        allow_stack_deletion=model.allow_stack_deletion,
        renamed_from=model.renamed_from or "",
        email_changed_from=model.email_changed_from or "",
        tags=account_tags(key, name, defaults.common_tags, model.tags),
    )


# What contradicts another account is checked with [accounts], for both sections at once.
SECTION = Section("imports", dict[Key, ImportModel], build, {})
