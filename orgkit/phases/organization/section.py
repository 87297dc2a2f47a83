"""`[organization]`: the management account, and what is enabled for all accounts."""

import datetime
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from orgkit.model.decision import MAX_HOURS
from orgkit.model.desired import Attestation, OrganizationSpec
from orgkit.phases.schema import formats
from orgkit.phases.schema.formats import quote
from orgkit.phases.schema.location import Violation
from orgkit.phases.schema.raw import NO_TAGS, Raw, section, texts
from orgkit.phases.schema.section import Defaults, Section
from orgkit.phases.schema.types import (
    AccountId,
    Email,
    Label,
    PolicyTypeName,
    Region,
    SectionModel,
    Tags,
    checked_text,
    editor_check,
)
from orgkit.policy_evaluation.policy_types import DEFAULT_TYPES

TRUSTED_ACCESS = ("account", "cloudtrail", "config", "iam", "sso")  # the blog post's five


def _tags_or_none(value: Any) -> Any:
    """Return None for "none"."""
    return None if value == NO_TAGS else value


class Attested(SectionModel):
    """The person who checked, and the date."""

    by: Label = Field(examples=['"Jane Doe"'])
    on: datetime.date = Field(examples=["2026-11-23"])


class Attestations(SectionModel):
    """`[organization.attestations]`: what no API reports."""

    email_verified: Attested | None = None
    phone_verified: Attested | None = None
    support_plan: Attested | None = None
    root_mfa: Attested | None = None
    payment_method: Attested | None = None
    contacts: Attested | None = None
    cost_explorer: Attested | None = None
    root_access_keys: Attested | None = None
    control_tower: Attested | None = None


class OrganizationModel(SectionModel):
    """`[organization]`."""

    management_account_id: AccountId = Field(examples=['"999999999999"'])
    email: Email = Field(examples=['"aws-management@example.com"'])
    name: Label = Field(examples=['"acme"'])
    organization_id: (
        Annotated[str, checked_text(formats.organization_id), editor_check(formats.ORGANIZATION_ID)] | None
    ) = None
    home_region: Region = "us-east-1"
    trusted_access: list[
        Annotated[str, checked_text(formats.service_principal), editor_check(formats.SERVICE_PRINCIPAL)]
    ] = [f"{service}.amazonaws.com" for service in TRUSTED_ACCESS]
    policy_types: list[PolicyTypeName] = list(DEFAULT_TYPES)
    centralized_root_access: bool = True
    email_convention: (
        Annotated[str, checked_text(formats.email_convention), editor_check(formats.EMAIL_CONVENTION)] | None
    ) = None
    approval_hours: int = Field(default=24, ge=1, le=MAX_HOURS)
    long_lived_keys: bool = False
    tags: Annotated[Tags | None, BeforeValidator(_tags_or_none, json_schema_input_type=Tags | Literal["none"])] = {}
    attestations: Attestations = Attestations()


def build(model: OrganizationModel, defaults: Defaults) -> OrganizationSpec:
    """Return the frozen value; lists are sorted, so that the order of the file changes nothing."""
    return OrganizationSpec(
        management_account_id=model.management_account_id,
        email=model.email,
        name=model.name,
        organization_id=model.organization_id,
        home_region=model.home_region,
        trusted_access=tuple(sorted(model.trusted_access)),
        policy_types=tuple(sorted(model.policy_types)),
        centralized_root_access=model.centralized_root_access,
        email_convention=model.email_convention,
        tags=tuple(sorted((model.tags or {}).items())),
        approval_hours=model.approval_hours,
        long_lived_keys=model.long_lived_keys,
        attestations=_attestations(model.attestations),
    )


def _attestations(model: Attestations) -> tuple[Attestation, ...]:
    stated = ((item, getattr(model, item)) for item in sorted(Attestations.model_fields))
    return tuple(
        Attestation(item, by=attested.by, on=attested.on.isoformat())
        for item, attested in stated
        if attested is not None
    )


def trusted_access(raw: Raw) -> Iterator[Violation]:
    """Report a missing service principal that the trail or centralized root access needs."""
    organization = section(raw, "organization")
    services = texts(organization, "trusted_access", (f"{service}.amazonaws.com" for service in TRUSTED_ACCESS))
    if services is None:
        return
    if "trail" in raw and "cloudtrail.amazonaws.com" not in services:
        yield ("organization", "trusted_access"), 'add "cloudtrail.amazonaws.com": the organization trail needs it.'
    if organization.get("centralized_root_access", True) is True and "iam.amazonaws.com" not in services:
        yield (
            ("organization", "trusted_access"),
            'add "iam.amazonaws.com": centralized_root_access needs it (or set that to false).',
        )


def repeated_values(raw: Raw) -> Iterator[Violation]:
    """Report a value that a list has twice, which is probably a typing mistake."""
    organization = section(raw, "organization")
    for key in ("trusted_access", "policy_types"):
        values = texts(organization, key, ()) or []
        for value in sorted({item for item in values if values.count(item) > 1}):
            yield ("organization", key), f"has {quote(value)} twice: keep one."


SECTION = Section("organization", OrganizationModel, build, checks=(trusted_access, repeated_values))
