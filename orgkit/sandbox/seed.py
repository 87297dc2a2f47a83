"""The initial state of a sandbox: the management account, the standalone accounts, and their settings."""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from orgkit.errors import EmulatorTrouble

# What a person may set for a try: each has one value, and none is of the parameters file.
SETTABLE = frozenset({
    "account_quota", "consolidated_billing", "control_tower", "control_tower_region", "controls_only", "credits_usd",
    "email_verified", "evaluate_policies", "finalizing_seconds", "mfa", "plan", "policy_seconds", "role_seconds",
    "root_access_keys",
})  # fmt: skip
PLANS = ("FREE", "PAID")


@dataclass(frozen=True)
class StandaloneAccount:
    """An account that is in no organization of ours and has an owner of its own."""

    id: str
    name: str
    email: str
    profile: str | None = None  # of its owner; None: orgkit's file names none, the sandbox calls it owner-<id>
    has_trail: bool = False
    in_another_organization: bool = False

    @property
    def owner_profile(self) -> str:
        return self.profile or f"owner-{self.id}"


@dataclass(frozen=True)
class OwnPolicy:
    """A policy of the user's that the organization has as soon as its type is enabled and its target is there.

    Attributes:
        name: Its name in AWS.
        type: As AWS writes it: `SERVICE_CONTROL_POLICY`.
        content: The document, as JSON.
        units: The paths of the units that it is attached to, each from the top down.
        emails: Of the accounts that it is attached to; with neither, it is attached to the root.
    """

    name: str
    type: str
    content: str
    units: tuple[tuple[str, ...], ...] = ()
    emails: tuple[str, ...] = ()

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> "OwnPolicy":
        return cls(**{**values, "units": tuple(map(tuple, values["units"])), "emails": tuple(values["emails"])})


@dataclass(frozen=True)
class Seed:
    """Everything that differs between one sandbox and another; the defaults are a fresh Free-plan account."""

    management_account_id: str
    management_email: str
    management_alias: str = ""
    management_name: str = "management"
    standalone: tuple[StandaloneAccount, ...] = ()
    organization_id: str = ""  # that the first organization gets: the one that a parameters file pins
    snapshot: str = ""  # of a live organization, as JSON: the sandbox begins with it; "" for none
    account_quota: int = 10
    credits_usd: str = "200"
    plan: Literal["FREE", "PAID"] = "FREE"
    mfa: bool = True
    root_access_keys: bool = False
    consolidated_billing: bool = False  # an organization is there already, without all features
    control_tower: bool = False
    control_tower_region: str = "us-east-1"
    controls_only: bool = False  # its landing zone 4.0 has controls alone
    regions: tuple[str, ...] = ()  # that the account has enabled; (): those that need no opting in
    email_verified: bool = True
    evaluate_policies: bool = False  # a call needs policies that allow it
    operator_policies: tuple[str, ...] = ()  # documents that the operator has in place of AdministratorAccess
    own_policies: tuple[OwnPolicy, ...] = ()
    policies_at_creation: bool = False  # CreateOrganization enables SCPs in the root, as the API's description has it
    finalizing_seconds: float = 0  # how long CreateOrganization leaves the organization unfinished
    creation_seconds: tuple[float, float] = (20, 40)  # of an account, on the sandbox's clock
    creation_failures: tuple[str, ...] = ()  # FailureReasons of the first CreateAccount requests, one each in order
    role_seconds: float = 20  # until a created account's access role can be assumed
    services_seconds: float = 0  # until S3 and KMS answer in a created account
    policy_seconds: float = 0  # until a change of a role or policy is effective
    policy_type_seconds: float = 0  # from EnablePolicyType, PENDING_ENABLE, to ENABLED
    direct_move: bool = True  # an account may accept while in another organization, and moves (AWS since 2025/26)
    throttling: bool = True  # all of Organizations' rates; CreateAccount's holds always
    empty_pages: int = 0  # one in so many pages of Organizations' lists is empty and not the last; 0: none
    credentials_seconds: float = 0  # until the profiles' temporary credentials end, on the sandbox's clock; 0: never
    latency_seconds: float = 0.05  # of every call, on the sandbox's clock
    faults: tuple[str, ...] = ()  # kinds of orgkit.sandbox.faults, spread over the calls
    fault_seed: int = 0  # which calls they meet

    def with_values(self, assignments: Iterable[str]) -> "Seed":
        """Return the seed with other values for some of its fields.

        Args:
            assignments: Each a field of a single value and what it is to be, such as `root_access_keys=true`.

        Raises:
            EmulatorTrouble: The field does not exist, or the value is invalid.
        """
        changes: dict[str, Any] = {}
        for assignment in assignments:
            name, _, text = assignment.partition("=")
            current = getattr(self, name, None) if name in SETTABLE else None
            value = _value_like(current, text)
            if value is None:
                raise EmulatorTrouble(
                    f"{assignment!r:.80} is not a field of a sandbox's account with a valid value.",
                    f"write NAME=VALUE, with true or false for a switch. The names are {', '.join(sorted(SETTABLE))}.",
                )
            changes[name] = value
        return replace(self, **changes)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Seed":
        return cls.from_values(json.loads(text))

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> "Seed":
        known = {field.name for field in fields(cls)}
        selected = {name: value for name, value in values.items() if name in known}
        selected["standalone"] = tuple(StandaloneAccount(**account) for account in values.get("standalone", ()))
        selected["own_policies"] = tuple(map(OwnPolicy.from_values, values.get("own_policies", ())))
        for name in ("creation_seconds", "creation_failures", "faults", "operator_policies", "regions"):
            if name in selected:
                selected[name] = tuple(selected[name])
        return cls(**selected)


def _value_like(current: object, text: str) -> object:
    """Parse the text as a value of the same type; return None if it is not one."""
    if isinstance(current, bool):
        return {"true": True, "false": False}.get(text)
    if isinstance(current, int | float):
        return type(current)(text) if re.fullmatch(r"[0-9]{1,6}", text) else None
    if current in PLANS:
        return text if text in PLANS else None
    return text if isinstance(current, str) and re.fullmatch(r"[a-z0-9.-]{1,40}", text) else None
