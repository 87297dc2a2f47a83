"""What is read of the management account, each value or Unread, and the findings that come of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from orgkit.model.desired import Desired
from orgkit.model.observed import Unread

if TYPE_CHECKING:
    import pandas as pd

Verdict = Literal["stops", "warns", "ok"]
How = Literal["checked", "attested", "unknown"]
VERDICTS: tuple[Verdict, ...] = ("stops", "warns", "ok")  # in the order in which a person should read them

READS = (
    "account:GetAccountInformation", "account:GetAlternateContact", "account:GetContactInformation",
    "budgets:ViewBudget", "cloudtrail:DescribeTrails", "controltower:ListLandingZones",
    "freetier:GetAccountPlanState", "iam:GetAccountSummary", "iam:GetRole", "iam:ListAccountAliases",
    "organizations:DescribeOrganization", "organizations:ListAccounts",
    "organizations:ListHandshakesForOrganization", "servicequotas:ListServiceQuotas", "sso:ListInstances",
)  # fmt: skip
WORKLOAD_READS = (  # only phase 00 looks for workloads
    "account:ListRegions", "dynamodb:ListTables", "ec2:DescribeInstances", "ecs:ListClusters", "iam:ListAccessKeys",
    "iam:ListUsers", "lambda:ListFunctions", "rds:DescribeDBInstances", "s3:ListAllMyBuckets", "tag:GetResources",
)  # fmt: skip

# The items of `[organization.attestations]`, and what a person states with each: what AWS does not always tell.
ATTESTABLE = {
    "email_verified": "the root e-mail is verified: AWS's message to it was answered",
    "phone_verified": "the phone number is verified",
    "support_plan": "a support plan is chosen (Basic is free)",
    "payment_method": "a payment method is there, and is valid",
    "root_mfa": "the root user has an MFA device",
    "contacts": "the security contact is set",
    "cost_explorer": "Cost Explorer was opened once in the console, which switches it on",
}
ALLOW = "allow this read (`orgkit permissions 00` lists all that are needed), then run 00 again."
UNTOLD = "no API tells it, and the file attests nothing."


@dataclass(frozen=True)
class Finding:
    """One check: what it says, how that is known, and whether it stops phase 01."""

    item: str
    verdict: Verdict
    how: How
    what: str
    do: str = ""

    @classmethod
    def ok(cls, item: str, what: str, do: str = "") -> Finding:
        return cls(item, "ok", "checked", what, do)

    @classmethod
    def warns(cls, item: str, what: str, do: str) -> Finding:
        return cls(item, "warns", "checked", what, do)

    @classmethod
    def stops(cls, item: str, what: str, do: str) -> Finding:
        return cls(item, "stops", "checked", what, do)

    @classmethod
    def unknown(cls, item: str, why: str, do: str = ALLOW) -> Finding:
        """What could not be seen is never ok."""
        return cls(item, "warns", "unknown", f"could not be checked: {why}", do)

    @classmethod
    def attested(cls, item: str, name: str, desired: Desired, why: str = UNTOLD) -> Finding:
        """A person's word, with who and when; without it, what could not be seen is unknown."""
        said = next((each for each in desired.organization.attestations if each.item == name), None)
        if said is None:
            do = f"see to it that {ATTESTABLE[name]}; then attest {name} in the file, with name and date."
            return cls.unknown(item, why, do)
        return cls(item, "ok", "attested", f"{ATTESTABLE[name]}: attested by {said.by} on {said.on}.")


@dataclass(frozen=True)
class Findings:
    """Every check, those that stop 01 first."""

    items: tuple[Finding, ...]

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Findings:
        """In the order of their verdicts, and within that as they were checked."""
        return cls(tuple(sorted(findings, key=lambda finding: VERDICTS.index(finding.verdict))))

    @property
    def stops(self) -> tuple[Finding, ...]:
        return self.those("stops")

    @property
    def warns(self) -> tuple[Finding, ...]:
        return self.those("warns")

    def those(self, verdict: Verdict) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.items if finding.verdict == verdict)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def to_frame(self) -> pd.DataFrame:
        """One row a check: item, what it means for 01, how it is known, what was found, what to do."""
        import pandas as pd

        says = {"stops": "stops 01", "warns": "warns", "ok": "ok"}
        rows = [(f.item, says[f.verdict], f.how, f.what, f.do) for f in self.items]
        return pd.DataFrame(rows, columns=["item", "for 01", "how", "what", "do"], dtype="string")


@dataclass(frozen=True)
class Membership:
    """The organization that the account is in, and whose it is."""

    id: str
    management_account_id: str
    email: str
    feature_set: str  # ALL | CONSOLIDATED_BILLING


@dataclass(frozen=True)
class RootUser:
    """What the account summary tells of the root user."""

    mfa: bool
    access_keys: bool


@dataclass(frozen=True)
class AccountPlan:
    """FREE or PAID, and what is left of the Free Tier credits, in US dollars."""

    kind: str
    credits_usd: str


@dataclass(frozen=True)
class Phone:
    """The phone number of the primary contact: whether there is one, and AWS's word on it ("" when it says none)."""

    present: bool
    verification: str  # VERIFIED | PENDING | UNVERIFIED | NOT_SUPPORTED | ""


@dataclass(frozen=True)
class OwnTrail:
    """A trail that the account has already."""

    name: str
    organization: bool


@dataclass(frozen=True)
class Keys:
    """The IAM users that have access keys, of the first that were looked at."""

    users: tuple[str, ...]
    looked_at: int
    more: bool  # there are users that were not looked at


@dataclass(frozen=True)
class Look:
    """One service in one region: the names of what was found, or why nothing could be seen."""

    service: str
    region: str
    found: tuple[str, ...] | Unread
    complete: bool = True  # False: only what carries tags, or did so once


@dataclass(frozen=True)
class Facts:
    """One reading of the management account; a value that AWS did not let us see is Unread, never empty."""

    caller_account: str
    caller_arn: str
    organization: Membership | Unread | None
    members: tuple[tuple[str, str], ...] | Unread  # (id, e-mail), closed ones that still count among them
    invited: tuple[str, ...] | Unread  # account ids (or e-mails) of invitations that are open
    root: RootUser | Unread
    plan: AccountPlan | Unread | None  # None: the account is older than account plans
    quota: int | Unread
    state: str | Unread
    phone: Phone | Unread
    security_contact: bool | Unread
    alias: str | Unread | None
    landing_zones: int | Unread
    control_tower_role: bool | Unread  # its role is global: a sign of a landing zone in another region
    trails: tuple[OwnTrail, ...] | Unread
    identity_center: tuple[str, ...] | Unread  # status of each instance that this account owns
    budgets: int | Unread
    keys: Keys | Unread | None = None  # None: not looked for
    workloads: tuple[Look, ...] | None = None  # None: not looked for


def credits_of(facts: Facts) -> str | Unread | None:
    """The US dollars of credit that a Free-plan account would lose; None when it is on no Free plan.

    A Paid plan's credits are a finding and not in here: whether an organization ends those is not known.
    """
    if facts.plan is None or isinstance(facts.plan, Unread):
        return facts.plan
    return facts.plan.credits_usd if facts.plan.kind == "FREE" else None
