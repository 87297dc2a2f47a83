"""Facts about the management account, each a value or Unread, and the findings that follow from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from orgkit.dataclass import dataclass
from orgkit.model.desired import Desired
from orgkit.model.finding import VERDICTS, Finding, Verdict
from orgkit.model.observed import Unread
from orgkit.phases.management_account import control_tower

if TYPE_CHECKING:
    import pandas as pd

READS = (
    "account:GetAccountInformation", "account:GetAlternateContact", "account:GetContactInformation",
    "billing:GetCredits", "budgets:ViewBudget", "cloudtrail:DescribeTrails", "freetier:GetAccountPlanState",
    "iam:GetAccountSummary", "iam:ListAccountAliases", "organizations:DescribeOrganization",
    "organizations:ListAccounts", "organizations:ListHandshakesForOrganization", "servicequotas:ListServiceQuotas",
    "sso:ListInstances",
)  # fmt: skip
WORKLOAD_READS = (  # only phase 00 looks for workloads
    "account:ListRegions", "dynamodb:ListTables", "ec2:DescribeInstances", "ecs:ListClusters", "iam:GetRole",
    "iam:ListAccessKeys", "iam:ListUsers", "lambda:ListFunctions",
    "organizations:ListAWSServiceAccessForOrganization", "rds:DescribeDBInstances", "s3:ListAllMyBuckets",
    "tag:GetResources",
)  # fmt: skip

# The phases that findings stop. 05 and 10 start logging and alerting, which nothing may stop.
BOOTSTRAP_PHASES = ("01", "02", "03", "04")
QUOTA_PHASES = ("03", "04")
HOME_REGION_PHASES = ("05",)  # it can do nothing in a region that is off
CONTROL_TOWER_PHASES = (*control_tower.PHASES, *control_tower.PARTIAL_PHASES)
# IAM actions of the checks that every phase repeats before it changes something.
ACCOUNT_READS = ("account:GetAccountInformation", "iam:GetAccountSummary")
QUOTA_READS = ("organizations:ListHandshakesForOrganization", "servicequotas:ListServiceQuotas")

# The items of `[organization.attestations]`, and what a person states with each: AWS does not always report these.
ATTESTABLE = {
    "email_verified": "the root email is verified: AWS's message to it was answered",
    "phone_verified": "the phone number is verified",
    "support_plan": "a support plan is chosen (Basic is free)",
    "payment_method": "a payment method is there, and is valid",
    "root_mfa": "the root user has an MFA device",
    "contacts": "the security contact is set",
    "cost_explorer": "Cost Explorer was opened once in the console, which switches it on",
    "root_access_keys": "the root user has no access keys",
    "control_tower": "Control Tower owns nothing that the file changes",
}
NOT_REPORTED = "no API reports it, and the file attests nothing."


def from_attestation(item: str, name: str, desired: Desired, reason: str = NOT_REPORTED) -> Finding:
    """Return what a person states, with name and date; without that, what could not be seen is unknown."""
    attestation = next((statement for statement in desired.organization.attestations if statement.item == name), None)
    if attestation is None:
        remedy = (
            f"make sure that {ATTESTABLE[name]}; then attest it in the file: {name} = "
            '{ by = "your name", on = the date } under [organization.attestations].'
        )
        return Finding.from_unknown(item, reason, remedy)
    message = f"{ATTESTABLE[name]}: attested by {attestation.by} on {attestation.on}."
    return Finding(item, "ok", "attested", message)


@dataclass(frozen=True)
class Findings:
    """Every check, those that stop a phase first."""

    items: tuple[Finding, ...]

    @classmethod
    def from_findings(cls, findings: Iterable[Finding]) -> Findings:
        """Sort findings by verdict, and within a verdict in the order of the checks."""
        return cls(tuple(sorted(findings, key=lambda finding: VERDICTS.index(finding.verdict))))

    @property
    def stops(self) -> tuple[Finding, ...]:
        return self.with_verdict("stops")

    @property
    def warns(self) -> tuple[Finding, ...]:
        return self.with_verdict("warns")

    def with_verdict(self, verdict: Verdict) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.items if finding.verdict == verdict)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each check: item, the phases that it stops, how it is known, what was found, what to do."""
        import pandas as pd

        rows = [(f.item, f.effect, f.source, f.message, f.remedy) for f in self.items]
        return pd.DataFrame(rows, columns=["item", "effect", "how", "what", "do"], dtype="string")


def reads_for(phase: str) -> tuple[str, ...]:
    """Return the IAM actions of the checks that the phase with this number repeats before it changes something."""
    reads = (
        (BOOTSTRAP_PHASES, ACCOUNT_READS),
        (QUOTA_PHASES, QUOTA_READS),
        (CONTROL_TOWER_PHASES, control_tower.READS),
    )
    return tuple(action for phases, actions in reads if phase in phases for action in actions)


@dataclass(frozen=True)
class Membership:
    """The organization that the account is in, and its management account."""

    id: str
    management_account_id: str
    email: str
    feature_set: str  # ALL | CONSOLIDATED_BILLING


@dataclass(frozen=True)
class RootUser:
    """What the account summary reports about the root user."""

    mfa: bool
    access_keys: bool


@dataclass(frozen=True)
class AccountPlan:
    """FREE or PAID, and what is left of the Free Tier credits, in US dollars."""

    kind: str
    credits_usd: str


@dataclass(frozen=True)
class Phone:
    """The phone number of the primary contact: whether there is one, and its verification ("" if AWS reports none)."""

    present: bool
    verification: str  # VERIFIED | PENDING | UNVERIFIED | NOT_SUPPORTED | ""


@dataclass(frozen=True)
class OwnTrail:
    """A trail that the account has already."""

    name: str
    organization: bool


@dataclass(frozen=True)
class HomeRegion:
    """A region of the file that has to be enabled in each account, and why it is off in one of them."""

    region: str
    account: str
    refusal: Unread | None  # None: it answers


@dataclass(frozen=True)
class Keys:
    """The IAM users that have access keys, of the first that were looked at."""

    users: tuple[str, ...]
    looked_at: int
    incomplete: bool  # there are users that were not looked at


@dataclass(frozen=True)
class WorkloadSearch:
    """One service in one region: the names of what was found, or why nothing could be seen."""

    service: str
    region: str
    names: tuple[str, ...] | Unread
    complete: bool = True  # False: only what carries tags, or did so once


@dataclass(frozen=True)
class IdentityCenter:
    """An instance of IAM Identity Center, and whether it is older than the organization, and so one account's alone."""

    owner: str
    status: str  # CREATE_IN_PROGRESS | CREATE_FAILED | DELETE_IN_PROGRESS | ACTIVE
    is_older: bool  # also true while there is no organization


@dataclass(frozen=True)
class Facts:
    """One reading of the management account; a value that AWS did not let us see is Unread, never empty."""

    caller_account: str
    caller_arn: str
    organization: Membership | Unread | None
    members: tuple[tuple[str, str], ...] | Unread  # (id, email), closed ones that still count among them
    invited: tuple[str, ...] | Unread  # account ids (or emails) of invitations that are open
    root: RootUser | Unread
    plan: AccountPlan | Unread | None  # None: the account is older than account plans
    quota: int | Unread
    state: str | Unread
    phone: Phone | Unread
    security_contact: bool | Unread
    alias: str | Unread | None
    trails: tuple[OwnTrail, ...] | Unread
    identity_center: tuple[IdentityCenter, ...] | Unread  # the instances that AWS lists to this account
    budgets: int | Unread
    control_tower: control_tower.ControlTower | None = None  # None: not looked for
    keys: Keys | Unread | None = None  # None: not looked for
    workloads: tuple[WorkloadSearch, ...] | None = None  # None: not looked for
    home_regions: tuple[HomeRegion, ...] = ()  # none: every account has those of the file, or they were not asked
    known_keys: frozenset[str] = frozenset()  # keys of the file whose accounts are known by tag, as a phase reads them


def accounts_to_add(facts: Facts, desired: Desired) -> tuple[str, ...]:
    """Return the keys of the accounts that would be new in the organization; one that was invited is not."""
    members = () if isinstance(facts.members, Unread) else facts.members
    invited = set() if isinstance(facts.invited, Unread) else {account.casefold() for account in facts.invited}
    ids, emails = {account for account, _ in members}, {email.casefold() for _, email in members}
    new = [spec.key for spec in desired.accounts if spec.id not in ids and spec.email.casefold() not in emails]
    new += [spec.key for spec in desired.imports if not {spec.id, spec.email.casefold()} & (ids | invited)]
    return tuple(key for key in new if key not in facts.known_keys)


def credits_of(facts: Facts) -> str | Unread | None:
    """Return the US dollars of credit that a Free-plan account would lose; None if it is not on the Free plan.

    The credits of a Paid plan are only a finding: whether creating an organization ends them is not known.
    """
    if facts.plan is None or isinstance(facts.plan, Unread):
        return facts.plan
    return facts.plan.credits_usd if facts.plan.kind == "FREE" else None
