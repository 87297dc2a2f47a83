"""Reads a case folder: what the file asks for, what AWS reports, and the plan that must come of it."""

import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from orgkit.model.desired import Desired
from orgkit.model.observed import Account, Handshake, Member, Observed, Organization, Owner, Unit, Unread
from orgkit.parameters.build import build
from orgkit.parameters.checks import check
from orgkit.parameters.validate import validate
from orgkit.plan import Plan, Target

HERE = Path(__file__).parent
MANAGEMENT, ORGANIZATION = "999999999999", "o-exampleorgid"
CONCEPTS = ("organization", "units", "accounts", "imports")
# What a case does not say about its organization: all is as base.toml asks.
AS_ASKED = {
    "id": ORGANIZATION,
    "management_account_id": MANAGEMENT,
    "management_email": "aws@acme.example",
    "feature_set": "ALL",
    "root_id": "r-root",
    "policy_types": {"RESOURCE_CONTROL_POLICY": "ENABLED", "SERVICE_CONTROL_POLICY": "ENABLED"},
    "trusted_access": ["cloudtrail.amazonaws.com", "iam.amazonaws.com"],
    "root_features": ["RootCredentialsManagement", "RootSessions"],
}


@dataclass(frozen=True)
class Case:
    """One folder tests/plans/<concept>/<case>/."""

    folder: Path

    @property
    def concept(self) -> str:
        return self.folder.parent.name

    @property
    def desired(self) -> Desired:
        return desired_of(self.folder / "desired.toml")

    @property
    def observed(self) -> Observed:
        return observed_of(json.loads((self.folder / "observed.json").read_text(encoding="utf-8")))

    @property
    def expected(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "expected.json").read_text(encoding="utf-8")))


def cases() -> list[Case]:
    """Every case of the concepts whose cases lie here."""
    return [Case(file.parent) for name in CONCEPTS for file in sorted((HERE / name).glob("*/observed.json"))]


def desired_of(delta: Path | None = None) -> Desired:
    """base.toml, and over it the sections and keys of `delta`, if there is such a file."""
    raw = tomllib.loads((HERE / "base.toml").read_text(encoding="utf-8"), parse_float=Decimal)
    if delta is not None and delta.exists():
        raw = _over(raw, tomllib.loads(delta.read_text(encoding="utf-8"), parse_float=Decimal))
    file, wrong = validate(raw)
    assert file is not None, wrong
    assert not wrong + check(raw), wrong + check(raw)
    return build(file, "0" * 64)


def observed_of(told: dict[str, Any]) -> Observed:
    """What AWS reports; the members that are left out are as AWS has them on a quiet day."""
    organization = None if told["organization"] is None else _organization(told["organization"])
    return Observed(
        target=Target(MANAGEMENT, organization.id if organization else None, "aws", "aws"),
        caller_arn=f"arn:aws:sts::{MANAGEMENT}:assumed-role/operator/jane",
        organization=organization,
        units=tuple(Unit(path, f"ou-root-{n:08}", _tags(tags)) for n, (path, tags) in enumerate(_units(told))),
        accounts=tuple(_account(account) for account in told.get("accounts", ())),
        handshakes=_read(told.get("handshakes", []), lambda found: tuple(Handshake(**each) for each in found)),
        owners=tuple(_owner(owner) for owner in told.get("owners", ())),
        members=tuple(Member(**member) for member in told.get("members", ())),
        credits_usd=_read(told.get("credits_usd"), lambda amount: amount),
        stops=tuple(told.get("stops", ())),
    )


def plan_as_told(plan: Plan) -> dict[str, Any]:
    """A plan in the words of expected.json; what is empty is left out."""
    told = {
        "steps": [step.sentence for step in plan.steps],
        "rests_on": [fact for step in plan.steps for fact in step.rests_on],
        "needs": list(plan.needs),
        "stops": list(plan.stops),
        "waiting": [f"{waiting.who}: {waiting.what}" for waiting in plan.waiting],
        "unmanaged": list(plan.unmanaged),
        "warnings": list(plan.warnings),
    }
    return {name: lines for name, lines in told.items() if lines}


def _over(base: dict[str, Any], delta: dict[str, Any]) -> dict[str, Any]:
    """Tables are merged, everything else is replaced."""
    both = {key: _over(base[key], delta[key]) for key in base.keys() & delta.keys() if isinstance(base[key], dict)}
    return base | delta | both


def _organization(told: dict[str, Any]) -> Organization:
    whole = AS_ASKED | told
    return Organization(
        **whole
        | {
            "policy_types": tuple(sorted(whole["policy_types"].items())),
            "trusted_access": tuple(whole["trusted_access"]),
            "root_features": _read(whole["root_features"], tuple),
        }
    )


def _units(told: dict[str, Any]) -> list[tuple[str, dict[str, str]]]:
    return sorted(told.get("units", {}).items(), key=lambda unit: unit[0].split("/"))


def _account(told: dict[str, Any]) -> Account:
    usual = {"state": "ACTIVE", "unit": "", "joined": "CREATED", "tags": {}}
    whole = usual | told
    return Account(**whole | {"tags": _tags(whole["tags"])})


def _owner(told: dict[str, Any]) -> Owner:
    usual = {"organization_id": None, "trails": [], "access_role": False, "read_role": False}
    whole = {key: _read(value, lambda it: it) for key, value in (usual | told).items()}
    return Owner(**whole | {"trails": _read(whole["trails"], tuple)})


def _read(value: Any, make: Callable[[Any], Any]) -> Any:
    """{"unread": "AWS's words"} stands for what could not be read."""
    if isinstance(value, Unread):
        return value
    return Unread(value["unread"]) if isinstance(value, dict) and "unread" in value else make(value)


def _tags(tags: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(tags.items()))
