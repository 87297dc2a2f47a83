"""Organizations to estimate: the blog post's, or any number of accounts."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from orgkit.costs.estimate.assumptions import CostsSpec
from orgkit.model.desired import AccountSpec, Desired, ImportSpec, OrganizationSpec, TrailSpec
from orgkit.model.plan import Target

Build = Callable[..., Desired]


@pytest.fixture(scope="session")
def build() -> Build:
    return _build


@pytest.fixture(scope="session")
def target() -> Target:
    return Target("000000000000", "o-example123", "aws", "emulator")


def _build(
    accounts: tuple[str, ...] = ("website-prod", "log-archive"),
    imports: tuple[str, ...] = ("dns",),
    trusted_access: tuple[str, ...] = ("cloudtrail.amazonaws.com", "config.amazonaws.com"),
    kms_key: bool = False,
    region: str = "us-east-1",
    free_tier: str = "none",
    config_recording: str = "continuous",
    **assumptions: Any,
) -> Desired:
    return Desired(
        organization=_organization(trusted_access, region),
        units=(),
        accounts=tuple(AccountSpec(k, k.title(), f"{k}@example.com", (), "Role", False, ()) for k in accounts),
        imports=tuple(
            ImportSpec(k, f"{n:012d}", k.title(), f"{k}@example.com", (), "Role", None, False, ())
            for n, k in enumerate(imports, start=111111111111)
        ),
        trail=TrailSpec("org", "log-archive", "logs", "records", region, kms_key, 90, 365, 30, None, ()),
        sections=(
            CostsSpec(
                tuple((name, _amounts(value)) for name, value in assumptions.items()), free_tier, config_recording
            ),
        ),
    )


def _amounts(value: Any) -> tuple[Decimal, Decimal, Decimal]:
    low, expected, high = value if isinstance(value, tuple) else (value, value, value)
    return (Decimal(low), Decimal(expected), Decimal(high))


def _organization(trusted_access: tuple[str, ...], region: str) -> OrganizationSpec:
    return OrganizationSpec(
        management_account_id="000000000000",
        email="management@example.com",
        name="Example",
        organization_id=None,
        home_region=region,
        trusted_access=trusted_access,
        policy_types=(),
        centralized_root_access=True,
        email_convention=None,
        tags=(),
        approval_hours=24,
        long_lived_keys=False,
    )
