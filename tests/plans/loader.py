"""Reads a case folder: what the file asks for, what AWS reports, and the plan that must come of it."""

import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from orgkit.model.desired import Desired, parse_path
from orgkit.model.finding import Finding
from orgkit.model.observed import Account, Member, Observed, Organization, Unit, Unread
from orgkit.model.plan import ABSENT, DISABLED, Plan, Target
from orgkit.parameters.build import build
from orgkit.parameters.validate import check, validate
from orgkit.phases.account_imports.facts import Handshake, ImportFacts, Owner
from orgkit.phases.accounts.moves import MoveFacts

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


def reviewed(plan: Plan, at: datetime | str, planning: str = "0" * 32, **extra: Any) -> Plan:
    """The plan as one planning, made at that time."""
    return plan.with_review(plan.review(at if isinstance(at, str) else at.isoformat(), planning, **extra))


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


def raw_of(delta: Path | None = None) -> dict[str, Any]:
    """base.toml, and over it the sections and keys of `delta`, if there is such a file."""
    raw = tomllib.loads((HERE / "base.toml").read_text(encoding="utf-8"), parse_float=Decimal)
    if delta is not None and delta.exists():
        raw = _over(raw, tomllib.loads(delta.read_text(encoding="utf-8"), parse_float=Decimal))
    return raw


def desired_of(delta: Path | None = None) -> Desired:
    """What these files ask for."""
    raw = raw_of(delta)
    file, wrong = validate(raw)
    assert file is not None, wrong
    assert not wrong + check(raw), wrong + check(raw)
    return build(file, "0" * 64)


def observed_of(output: dict[str, Any]) -> Observed:
    """What AWS reports; the members that are left out are as AWS has them on a quiet day."""
    organization = None if output["organization"] is None else _organization(output["organization"])
    return Observed(
        target=Target(MANAGEMENT, organization.id if organization else None, "aws", "aws"),
        caller_arn=f"arn:aws:sts::{MANAGEMENT}:assumed-role/operator/jane",
        organization=organization,
        units=tuple(
            Unit(parse_path(path), f"ou-root-{n:08}", _tags(tags)) for n, (path, tags) in enumerate(_units(output))
        ),
        accounts=tuple(_account(account) for account in output.get("accounts", ())),
        members=tuple(Member(**member) for member in output.get("members", ())),
        phase_facts=(
            MoveFacts(),
            ImportFacts(
                _read(output.get("handshakes", []), lambda found: tuple(Handshake(**each) for each in found)),
                tuple(_owner(owner) for owner in output.get("owners", ())),
            ),
        ),
        credits_usd=_read(output.get("credits_usd"), lambda amount: amount),
        findings=tuple(Finding.stops("a check", line, "fix it.", ("01",)) for line in output.get("stops", ())),
    )


def plan_as_told(plan: Plan) -> dict[str, Any]:
    """A plan in the words of expected.json; what is empty is left out."""
    output = {
        "steps": [step.sentence for step in plan.steps],
        "starts_from": [
            f"{step.id}: {step.starts_from}" for step in plan.steps if step.starts_from not in (ABSENT, DISABLED)
        ],
        "needs": list(plan.needs),
        "stops": [finding.message for finding in plan.stops],
        "stopped": [step.sentence for step in plan.stopped_steps],
        "waiting": [f"{waiting.who}: {waiting.what}" for waiting in plan.waiting],
        "unmanaged": list(plan.unmanaged),
        "warnings": list(plan.warnings),
    }
    return {name: lines for name, lines in output.items() if lines}


def _over(base: dict[str, Any], delta: dict[str, Any]) -> dict[str, Any]:
    """Tables are merged, everything else is replaced."""
    both = {key: _over(base[key], delta[key]) for key in base.keys() & delta.keys() if isinstance(base[key], dict)}
    return base | delta | both


def _organization(output: dict[str, Any]) -> Organization:
    whole = AS_ASKED | output
    return Organization(
        **whole
        | {
            "policy_types": tuple(sorted(whole["policy_types"].items())),
            "trusted_access": tuple(whole["trusted_access"]),
            "root_features": _read(whole["root_features"], tuple),
        }
    )


def _units(output: dict[str, Any]) -> list[tuple[str, dict[str, str]]]:
    return sorted(output.get("units", {}).items(), key=lambda unit: parse_path(unit[0]))


def _account(output: dict[str, Any]) -> Account:
    usual = {"state": "ACTIVE", "unit": "", "join_method": "CREATED", "tags": {}}
    whole = usual | output
    return Account(**whole | {"tags": _tags(whole["tags"]), "unit": parse_path(whole["unit"])})


def _owner(output: dict[str, Any]) -> Owner:
    usual = {"organization_id": None, "trails": [], "access_role": False, "read_role": False}
    whole = {key: _read(value, lambda it: it) for key, value in (usual | output).items()}
    return Owner(**whole | {"trails": _read(whole["trails"], tuple)})


def _read(value: Any, make: Callable[[Any], Any]) -> Any:
    """{"unread": "AWS's words"} stands for what could not be read."""
    if isinstance(value, Unread):
        return value
    return Unread(value["unread"]) if isinstance(value, dict) and "unread" in value else make(value)


def _tags(tags: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(tags.items()))
