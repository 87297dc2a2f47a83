"""Checks of what belongs in the management account, and of what was found in it but does not belong."""

from collections.abc import Iterator

from orgkit.model.desired import Desired
from orgkit.model.finding import Finding
from orgkit.model.observed import Unread
from orgkit.phases.management_account.findings import Facts, Membership, WorkloadSearch, from_attestation

NAMES = 5  # in one sentence
# [IAM Identity Center User Guide: Organization and account instances; API reference: CreateInstance, DeleteInstance]
ACCOUNT_INSTANCE = (
    "Such an account instance has no permission sets and gives nobody access to other accounts. AWS cannot turn it "
    "into the organization's instance, which starts without its users, groups and application assignments."
)
REPLACE = (
    "note who uses it and for which applications. After 01, delete it by hand (IAM Identity Center, Settings), since "
    "an account has one instance at most; then enable the organization instance in the console."
)
KEEP = (
    "ask its owner whether it is still needed: people who sign in there have a second identity; a service control "
    "policy that denies sso:CreateInstance keeps further ones away."
)
MOVE = "move it to a member account: service control policies do not apply to the management account."


def trail(facts: Facts) -> Finding:
    """Check for a trail of the account's own: with it, the organization trail is a paid second copy."""
    item = "belongs here: organization trail"
    if isinstance(facts.trails, Unread):
        return Finding.from_unknown(item, facts.trails.reason)
    own = [own_trail.name for own_trail in facts.trails if not own_trail.organization]
    shared = [own_trail.name for own_trail in facts.trails if own_trail.organization]
    if own:
        return Finding.warns(
            item,
            f"the account has a trail of its own ({', '.join(own[:NAMES])}): with an organization trail as well, "
            "one of them is a second copy, which AWS charges for.",
            "once the organization trail logs, stop the account's own; orgkit does not.",
        )
    if shared:
        return Finding.ok(item, f"{', '.join(shared[:NAMES])} is there.")
    return Finding.ok(item, "there is none yet: phase 05 creates it.")


def identity_center(facts: Facts) -> Finding:
    """Check for the organization instance of IAM Identity Center, which only a person can enable, in the console."""
    item, instances = "belongs here: Identity Center", facts.identity_center
    if isinstance(instances, Unread):
        return Finding.from_unknown(item, instances.reason)
    own = [instance for instance in instances if instance.owner == facts.caller_account]
    older = [instance for instance in own if instance.is_older and instance.status == "ACTIVE"]
    management = facts.organization.management_account_id if isinstance(facts.organization, Membership) else ""
    foreign_owners = [i.owner for i in instances if i.owner not in (facts.caller_account, management)]
    if older:
        return Finding.warns(
            item, f"this account has an instance from before the organization. {ACCOUNT_INSTANCE}", REPLACE
        )
    if foreign_owners:
        owners = ", ".join(foreign_owners[:NAMES])
        return Finding.warns(item, f"account {owners} has an instance of its own. {ACCOUNT_INSTANCE}", KEEP)
    if any(instance.status == "ACTIVE" for instance in own):
        return Finding.ok(item, "an instance of the organization is there.")
    remedy = "after 01, enable the organization instance in the console (IAM Identity Center), in the home region."
    return Finding.warns(
        item, f"the instance is {own[0].status or 'not active'}." if own else "there is no instance.", remedy
    )


def budgets(facts: Facts) -> Finding:
    """Check for a budget, so that someone is notified before the bill arrives."""
    item = "belongs here: budgets"
    if isinstance(facts.budgets, Unread):
        return Finding.from_unknown(item, facts.budgets.reason)
    if not facts.budgets:
        remedy = "name an email under [billing] alerts of the file: phase 10 then creates budgets and alerts."
        return Finding.warns(item, "there is no budget.", remedy)
    return Finding.ok(item, f"there {'is' if facts.budgets == 1 else 'are'} {facts.budgets}.")


def cost_explorer(desired: Desired) -> Finding:
    """Return what the file attests: AWS bills each request to this API, so orgkit does not send one."""
    reason = "AWS bills every request to it, so orgkit does not ask."
    return from_attestation("belongs here: Cost Explorer", "cost_explorer", desired, reason)


def workloads(facts: Facts) -> Iterator[Finding]:
    """Yield one finding for each service, over the regions that were searched; nothing without a search."""
    looks = facts.workloads or ()
    for service in dict.fromkeys(look.service for look in looks):
        yield _workload(service, [look for look in looks if look.service == service])


def _workload(service: str, looks: list[WorkloadSearch]) -> Finding:
    item = f"does not belong here: {service}"
    names = [f"{name} ({look.region})" for look in looks if not isinstance(look.names, Unread) for name in look.names]
    denied = [look.region for look in looks if isinstance(look.names, Unread)]
    regions = ", ".join(look.region for look in looks if look.region not in denied)
    suffix_for_untagged = "" if all(look.complete for look in looks) else "; what never had a tag is not seen there"
    missed = f"; not seen: {', '.join(denied)}" if denied else ""
    if names:
        suffix = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
        return Finding.warns(
            item, f"found {', '.join(names[:NAMES])}{suffix}; looked in {regions}{missed}{suffix_for_untagged}.", MOVE
        )
    if denied:
        reason = next(look.names.reason for look in looks if isinstance(look.names, Unread))
        return Finding.from_unknown(item, f"{reason}; looked in {regions or 'no region'}{missed}{suffix_for_untagged}.")
    return Finding.ok(item, f"none found; looked in {regions}{suffix_for_untagged}.")
