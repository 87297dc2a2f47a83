"""Checks of what an organization would cost the account, and of its limits: plan, credits, account quota."""

from collections.abc import Iterator

from orgkit.model.desired import Desired
from orgkit.model.finding import Finding
from orgkit.model.observed import Unread
from orgkit.phases.management_account.findings import (
    HOME_REGION_PHASES,
    QUOTA_PHASES,
    AccountPlan,
    Facts,
    accounts_to_add,
)


def home_regions(facts: Facts) -> Iterator[Finding]:
    """Check that the home regions are enabled: those opened after March 2019 are off in each account at first."""
    item = "home region enabled"
    for answer in facts.home_regions:
        if answer.refusal is None:
            yield Finding.ok(item, f"{answer.region} answers in account {answer.account}.")
        else:
            yield Finding.stops(
                item,
                f"{answer.region} is not enabled in account {answer.account}: {answer.refusal.reason.rstrip('.')}.",
                answer.refusal.remedy,
                HOME_REGION_PHASES,
            )


def plan_and_credits(facts: Facts) -> Finding:
    """Check which plan and credits an organization would end; 01 repeats it in its question."""
    item, plan, membership = "account plan and credits", facts.plan, facts.organization
    if isinstance(plan, Unread):
        return Finding.from_unknown(item, plan.reason)
    if plan is None:
        return Finding.ok(item, "the account is older than account plans: there are no such credits to lose.")
    if membership is not None and not isinstance(membership, Unread):
        return Finding.ok(item, f"the plan is {plan.kind}, and the account is in an organization: 01 ends nothing.")
    message = _forfeits(plan)
    if not message:
        return Finding.ok(item, f"the plan is {plan.kind}, without credits.")
    return Finding.warns(item, f"{message}.", "use the credits first, if they are worth the wait; 01 asks again.")


def account_quota(facts: Facts, desired: Desired) -> Finding:
    """Check the account quota; closed accounts and open invitations count. 01, 02 and 05 add no accounts."""
    item, members, invited, quota = "account quota", facts.members, facts.invited, facts.quota
    if isinstance(members, Unread) or isinstance(invited, Unread) or isinstance(quota, Unread):
        unread = next(fact for fact in (quota, members, invited) if isinstance(fact, Unread))
        return Finding.from_unknown(item, unread.reason)
    member_count, invitation_count, added = (
        max(len(members), 1),
        len(invited),
        len(accounts_to_add(facts, desired)),
    )
    free_slots = max(quota - member_count - invitation_count, 0)
    message = (
        f"AWS allows {quota} accounts: {member_count} there (closed ones count), {invitation_count} invited, "
        f"{added} added by the file"
    )
    if added > free_slots:
        return Finding.stops(
            item,
            f"{message}; {free_slots} fit, {added - free_slots} do not.",
            "ask for more in Service Quotas (AWS Organizations, Default maximum number of accounts), which can take "
            "days, or take accounts out of the file.",
            QUOTA_PHASES,
        )
    return Finding.ok(item, f"{message}; all fit.")


def _forfeits(plan: AccountPlan) -> str:
    if plan.kind == "FREE":
        return f"creating the organization ends the Free plan and its credits of USD {plan.credits_usd}, at once"
    if float(plan.credits_usd) > 0:
        return f"creating the organization ends those of its credits (USD {plan.credits_usd}) that are of the Free Tier"
    return ""
