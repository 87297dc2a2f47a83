"""A management account about which nothing is to be said, a file that fits it, and an AWS that answers from a table."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from orgkit.aws.executor import Executor, SerialExecutor
from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Caller
from orgkit.model.desired import AccountSpec, Attestation, Desired, ImportSpec, OrganizationSpec, TrailSpec
from orgkit.model.plan import Target
from orgkit.phases.management_account.control_tower import ControlTower
from orgkit.phases.management_account.findings import (
    ATTESTABLE,
    AccountPlan,
    Facts,
    IdentityCenter,
    Keys,
    Phone,
    RootUser,
    WorkloadSearch,
)

ACCOUNT, CREATED, IMPORTED = "518273645091", "602938475610", "718293645012"
ARN = f"arn:aws:iam::{ACCOUNT}:user/ada"
CALLER = Caller(ACCOUNT, ARN, "ASIAEXAMPLE")

WELL = Facts(
    caller_account=ACCOUNT,
    caller_arn=ARN,
    organization=None,
    members=(),
    invited=(),
    root=RootUser(mfa=True, access_keys=False),
    plan=AccountPlan("PAID", "0.00"),
    quota=10,
    state="ACTIVE",
    phone=Phone(present=True, verification="VERIFIED"),
    security_contact=True,
    alias="acme",
    trails=(),
    identity_center=(IdentityCenter(ACCOUNT, "ACTIVE", is_older=False),),
    budgets=1,
    control_tower=ControlTower(trusted_access=False, regions=("eu-central-1", "us-east-1"), role=False),
    keys=Keys(users=(), looked_at=1, incomplete=False),
    workloads=(WorkloadSearch("EC2 instances", "us-east-1", ()),),
)


def desired_with(*, attested: tuple[str, ...] = tuple(ATTESTABLE), **organization: Any) -> Desired:
    """A file with one account to create and one to import; everything is attested unless said otherwise."""
    spec = OrganizationSpec(
        management_account_id=ACCOUNT, email="aws-management@acme.dev", name="acme", organization_id=None,
        home_region="eu-central-1", trusted_access=(), policy_types=(), centralized_root_access=True,
        email_convention="aws-{key}@acme.dev", tags=(), approval_hours=24, long_lived_keys=False,
        attestations=tuple(Attestation(item, "Ada Lovelace", "2026-11-20") for item in attested),
    )  # fmt: skip
    account = AccountSpec(
        key="log-archive", name="log-archive", email="aws-log-archive@acme.dev", unit=("Security",), role_name="Admin",
        iam_access_to_billing=False, tags=(),
    )  # fmt: skip
    imported = ImportSpec(
        key="dns", id=IMPORTED, name="dns", email="dns@acme.dev", unit=("Security",), role_name="Admin", profile=None,
        leaves_other_organization=False, tags=(),
    )  # fmt: skip
    trail = TrailSpec(
        name="acme", log_archive_account="log-archive", bucket="acme-logs", records_bucket="acme-records",
        region="eu-central-1", kms_key=False, transition_days=90, expire_days=400, noncurrent_days=30,
        object_lock=None, tags=(),
    )  # fmt: skip
    return Desired(replace(spec, **organization), (), (account,), (imported,), trail)


def target_of(kind: str) -> Target:
    return Target(ACCOUNT, None, "aws", kind)


@dataclass(frozen=True)
class Call:
    """What was asked; `member` is that of a paged answer."""

    name: str
    region: str | None
    parameters: dict[str, Any]
    member: str | None


class FakeAws:
    """Connection's seam: read and pages, answered from a table; what is not in it is denied."""

    clock = SimpleNamespace(now=lambda: datetime(2026, 11, 24, tzinfo=UTC))
    executor: Executor = SerialExecutor()

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.calls: list[Call] = []

    def read(self, service: str, operation: str, *, region: str | None = None, **parameters: Any) -> dict[str, Any]:
        return self._answer(Call(f"{service}:{operation}", region, parameters, None))

    def pages(
        self, service: str, operation: str, member: str, *, region: str | None = None, **parameters: Any
    ) -> Iterator[Any]:
        yield from self._answer(Call(f"{service}:{operation}", region, parameters, member)).get(member, [])

    def recent(self, _name: str, _seconds: float, read: Callable[[], Any]) -> Any:
        return read()

    def regions_of(self, _: str) -> set[str]:
        return {"us-east-1", "eu-central-1", "eu-west-1", "ap-east-1"}

    def _answer(self, call: Call) -> dict[str, Any]:
        self.calls.append(call)
        answer = self.answers.get(call.name, Rejected(call.name, "AccessDeniedException", "", "not allowed", "r-1"))
        if callable(answer):
            by_region = {"region": call.region} if "region" in answer.__code__.co_varnames else {}
            answer = answer(**by_region, **call.parameters)
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)


def refused(code: str) -> Rejected:
    return Rejected("call", code, "", "no", "r-1")


@pytest.fixture
def desired() -> Desired:
    return desired_with()
