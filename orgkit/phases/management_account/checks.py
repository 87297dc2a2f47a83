"""(facts, desired, target) → findings: every check of phase 00, pure, with the phases that each stops."""

from collections.abc import Iterator

from orgkit.model.desired import Desired
from orgkit.model.finding import Finding
from orgkit.model.plan import Target
from orgkit.phases.management_account import account_checks as account
from orgkit.phases.management_account import belongs_checks as belongs
from orgkit.phases.management_account import control_tower
from orgkit.phases.management_account import file_checks as file
from orgkit.phases.management_account import identity_checks as identity
from orgkit.phases.management_account import readiness_checks as readiness
from orgkit.phases.management_account.findings import Facts, Findings


def check(facts: Facts, desired: Desired, target: Target) -> Findings:
    """Every finding; those with the verdict "stops" stop the phases that they name, the others warn or are ok."""
    return Findings.from_findings(_findings(facts, desired, target))


def _findings(facts: Facts, desired: Desired, target: Target) -> Iterator[Finding]:
    yield from _account_checks(facts, desired)
    yield from (_stops_on_aws(finding, target) for finding in _file_checks(facts, desired))
    yield from _placement_checks(facts, desired)


def _account_checks(facts: Facts, desired: Desired) -> Iterator[Finding]:
    yield identity.caller_identity(facts)
    yield identity.root_user(facts)
    yield from identity.session(facts)
    yield identity.the_files_account(facts, desired)
    yield identity.organization(facts, desired)
    yield identity.feature_set(facts)
    if facts.control_tower is not None:
        yield control_tower.check(facts.control_tower, desired)
    yield from readiness.home_regions(facts)
    yield account.root_access_keys(facts, desired)
    yield account.mfa_on_root(facts, desired)
    yield account.sign_up(facts)
    yield account.phone(facts, desired)
    yield account.support_plan(desired)
    yield account.payment_method(desired)
    yield account.email_verified(desired)
    yield readiness.plan_and_credits(facts)
    yield readiness.account_quota(facts, desired)
    yield account.security_contact(facts, desired)
    yield account.account_alias(facts)


def _file_checks(facts: Facts, desired: Desired) -> Iterator[Finding]:
    yield file.emails_unique(facts, desired)
    yield file.email_convention(facts, desired)
    yield file.reserved_domains(facts, desired)
    yield file.placeholder_ids(facts, desired)


def _placement_checks(facts: Facts, desired: Desired) -> Iterator[Finding]:
    yield belongs.trail(facts)
    yield belongs.identity_center(facts)
    yield belongs.budgets(facts)
    yield belongs.cost_explorer(desired)
    if facts.keys is not None:
        yield account.iam_keys(facts)
    yield from belongs.workloads(facts)


def _stops_on_aws(finding: Finding, target: Target) -> Finding:
    """Let the finding stop its phases on AWS alone: sandboxes use example.com and 111111111111."""
    return finding.stopping(finding.phases) if finding.phases and target.kind == "aws" else finding
