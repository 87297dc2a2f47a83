"""What an organization would cost the account, and what stands in its way: plan and credits, quota, Control Tower."""

from orgkit.model.desired import Desired
from orgkit.model.management_account import AccountPlan, Facts, Finding
from orgkit.model.observed import Unread


def plan_and_credits(facts: Facts) -> Finding:
    """What an organization ends; it is said again in the question that 01 asks."""
    item, plan, there = "account plan and credits", facts.plan, facts.organization
    if isinstance(plan, Unread):
        return Finding.unknown(item, plan.why)
    if plan is None:
        return Finding.ok(item, "the account is older than account plans: there are no such credits to lose.")
    if there is not None and not isinstance(there, Unread):
        return Finding.ok(item, f"the plan is {plan.kind}, and the account is in an organization: 01 ends nothing.")
    what = _forfeits(plan)
    if not what:
        return Finding.ok(item, f"the plan is {plan.kind}, without credits.")
    return Finding.warns(item, f"{what}.", "use the credits first, if they are worth the wait; 01 asks again.")


def account_quota(facts: Facts, desired: Desired) -> Finding:
    """Closed accounts that are not gone yet and open invitations count; it warns only, since 05 needs no more."""
    item, members, invited, quota = "account quota", facts.members, facts.invited, facts.quota
    if isinstance(members, Unread) or isinstance(invited, Unread) or isinstance(quota, Unread):
        unread = next(each for each in (quota, members, invited) if isinstance(each, Unread))
        return Finding.unknown(item, unread.why)
    there, waiting, added = max(len(members), 1), len(invited), len(_added(members, invited, desired))
    room = max(quota - there - waiting, 0)
    what = (
        f"AWS allows {quota} accounts: {there} there (closed ones count), {waiting} invited, {added} added by the file"
    )
    if added > room:
        return Finding.warns(
            item,
            f"{what}; {room} fit, {added - room} do not.",
            "ask for more in Service Quotas (AWS Organizations, Default maximum number of accounts); it can take days.",
        )
    return Finding.ok(item, f"{what}; all fit.")


def control_tower(facts: Facts, desired: Desired) -> Finding:
    """A landing zone has an organization, OUs, trail and accounts of its own, and repairs what it calls drift."""
    item, zones, role = "no Control Tower", facts.landing_zones, facts.control_tower_role
    home = desired.organization.home_region
    if not isinstance(zones, Unread) and zones:
        return Finding.stops(
            item,
            f"Control Tower has a landing zone in {home}: it makes organization, OUs and trail itself, "
            "and undoes what others change.",
            "go on with Control Tower (Account Factory) instead of orgkit, or decommission the landing zone first.",
        )
    if isinstance(zones, Unread) or isinstance(role, Unread):
        return Finding.unknown(item, next(each.why for each in (zones, role) if isinstance(each, Unread)))
    if role:
        return Finding.warns(
            item,
            f"there is no landing zone in {home}, but the role AWSControlTowerAdmin exists.",
            "look at Control Tower in the console, in its own home region; delete the role if it was decommissioned.",
        )
    return Finding.ok(item, f"no landing zone in {home}, and no role of Control Tower's.")


def _forfeits(plan: AccountPlan) -> str:
    if plan.kind == "FREE":
        return f"creating the organization ends the Free plan and its credits of USD {plan.credits_usd}, at once"
    if float(plan.credits_usd) > 0:
        return f"creating the organization ends those of its credits (USD {plan.credits_usd}) that are of the Free Tier"
    return ""


def _added(members: tuple[tuple[str, str], ...], invited: tuple[str, ...], desired: Desired) -> list[str]:
    """Keys of the accounts that would be new in the organization."""
    ids, emails = {each for each, _ in members}, {email.casefold() for _, email in members}
    waiting = {each.casefold() for each in invited}
    new = [spec.key for spec in desired.accounts if spec.id not in ids and spec.email.casefold() not in emails]
    known = ids | waiting
    return new + [spec.key for spec in desired.imports if spec.id not in known and spec.email.casefold() not in waiting]
