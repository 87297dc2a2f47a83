"""(facts, desired, target) → findings: every check of phase 00, pure, with what stops 01 and what only warns."""

from collections.abc import Iterator

from orgkit.management_account import account_checks as account
from orgkit.management_account import belongs_checks as belongs
from orgkit.management_account import file_checks as file
from orgkit.management_account import identity_checks as identity
from orgkit.management_account import readiness_checks as readiness
from orgkit.model.desired import Desired
from orgkit.model.management_account import Facts, Finding, Findings
from orgkit.plan import Target


def check(facts: Facts, desired: Desired, target: Target) -> Findings:
    """Every finding; those with the verdict "stops" stop phase 01."""
    return Findings.of(_findings(facts, desired, target))


def _findings(facts: Facts, desired: Desired, target: Target) -> Iterator[Finding]:
    yield from _of_the_account(facts, desired)
    yield from (_stops_on_aws(finding, target) for finding in _of_the_file(desired))
    yield from _of_what_belongs(facts, desired)


def _of_the_account(facts: Facts, desired: Desired) -> Iterator[Finding]:
    yield identity.who_am_i(facts)
    yield identity.root_user(facts)
    yield identity.the_files_account(facts, desired)
    yield identity.organization(facts, desired)
    yield identity.feature_set(facts)
    yield readiness.control_tower(facts, desired)
    yield account.root_access_keys(facts)
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


def _of_the_file(desired: Desired) -> Iterator[Finding]:
    yield file.emails_unique(desired)
    yield file.email_convention(desired)
    yield file.reserved_domains(desired)
    yield file.placeholder_ids(desired)


def _of_what_belongs(facts: Facts, desired: Desired) -> Iterator[Finding]:
    yield belongs.trail(facts)
    yield belongs.identity_center(facts)
    yield belongs.budgets(facts)
    yield belongs.cost_explorer(desired)
    if facts.keys is not None:
        yield account.iam_keys(facts)
    yield from belongs.workloads(facts)


def _stops_on_aws(finding: Finding, target: Target) -> Finding:
    """Sandboxes live on example.com and 111111111111: what stands in the file stops nothing there."""
    if finding.verdict == "ok" or target.kind != "aws":
        return finding
    return Finding(finding.item, "stops", finding.how, finding.what, finding.do)
