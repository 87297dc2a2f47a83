"""The types of policy of AWS Organizations, with their limits and what they switch on: `policy_types.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
GRAMMAR_OF_IAM = (SCP, RCP)  # their documents have statements; all others have settings with operators such as @@assign
DEFAULT_TYPES = (RCP, SCP)  # of [organization] policy_types in the parameters file
AWS_MANAGED = ("FullAWSAccess", "RCPFullAWSAccess")  # names of the policies that AWS attaches everywhere itself


@dataclass(frozen=True)
class PolicyType:
    """One type of policy.

    Attributes:
        name: As the API has it: `SERVICE_CONTROL_POLICY`.
        max_characters: Of a document without white space; None where orgkit knows no limit.
        max_per_target: Policies of the type on one root, OU or account; None where orgkit knows no limit.
        source: Where the limits are from.
        paid_service: What a policy of the type can switch on, and AWS charges for; empty for nothing.
        monthly_cost: What that costs for each account and region; empty where orgkit does not know.
    """

    name: str
    max_characters: int | None = None
    max_per_target: int | None = None
    source: str = ""
    paid_service: str = ""
    monthly_cost: str = ""


@cache
def policy_types() -> Mapping[str, PolicyType]:
    """Return every type of policy by its name."""
    text = resources.files("orgkit.policy_evaluation").joinpath("policy_types.toml").read_text(encoding="utf-8")
    return {name: PolicyType(name, **values) for name, values in tomllib.loads(text).items()}
