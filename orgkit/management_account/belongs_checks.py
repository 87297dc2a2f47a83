"""Both halves of the table: what belongs in the management account, and what does not but was found in it."""

from collections.abc import Iterator

from orgkit.model.desired import Desired
from orgkit.model.management_account import Facts, Finding, Look
from orgkit.model.observed import Unread

NAMES = 5  # as many as a sentence bears
MOVE = "move it to a member account: service control policies do not apply to the management account."


def trail(facts: Facts) -> Finding:
    """An organization trail belongs; a trail of the account's own makes ours its paid second copy."""
    item = "belongs here: organization trail"
    if isinstance(facts.trails, Unread):
        return Finding.unknown(item, facts.trails.why)
    own = [each.name for each in facts.trails if not each.organization]
    shared = [each.name for each in facts.trails if each.organization]
    if own:
        return Finding.warns(
            item,
            f"the account has a trail of its own ({', '.join(own[:NAMES])}): beside an organization trail "
            "one of them is a second copy, which AWS charges for.",
            "once the organization trail logs, stop the account's own; orgkit does not.",
        )
    if shared:
        return Finding.ok(item, f"{', '.join(shared[:NAMES])} is there.")
    return Finding.ok(item, "there is none yet: phase 05 creates it.")


def identity_center(facts: Facts) -> Finding:
    """People's sign-in; its organization instance can only be enabled by a person, in the console."""
    item, there = "belongs here: Identity Center", facts.identity_center
    if isinstance(there, Unread):
        return Finding.unknown(item, there.why)
    if "ACTIVE" in there:
        return Finding.ok(item, "an instance is there.")
    do = "after 01, enable the organization instance in the console (IAM Identity Center), in the home region."
    return Finding.warns(item, f"the instance is {there[0] or 'not active'}." if there else "there is no instance.", do)


def budgets(facts: Facts) -> Finding:
    """Somebody should hear of a bill before it comes."""
    item = "belongs here: budgets"
    if isinstance(facts.budgets, Unread):
        return Finding.unknown(item, facts.budgets.why)
    if not facts.budgets:
        return Finding.warns(
            item, "there is no budget.", "make one (Billing and Cost Management, Budgets); orgkit makes none."
        )
    return Finding.ok(item, f"there {'is' if facts.budgets == 1 else 'are'} {facts.budgets}.")


def cost_explorer(desired: Desired) -> Finding:
    """Each request to its API is billed, so that it is not asked."""
    why = "AWS bills every request to it, so that orgkit does not ask."
    return Finding.attested("belongs here: Cost Explorer", "cost_explorer", desired, why)


def workloads(facts: Facts) -> Iterator[Finding]:
    """One finding a service, over the regions that were looked at; nothing when nobody looked."""
    looks = facts.workloads or ()
    for service in dict.fromkeys(look.service for look in looks):
        yield _workload(service, [look for look in looks if look.service == service])


def _workload(service: str, looks: list[Look]) -> Finding:
    item = f"does not belong here: {service}"
    found = [f"{name} ({look.region})" for look in looks if not isinstance(look.found, Unread) for name in look.found]
    denied = [look.region for look in looks if isinstance(look.found, Unread)]
    where = ", ".join(look.region for look in looks if look.region not in denied)
    blind = "" if all(look.complete for look in looks) else "; what never had a tag is not seen there"
    missed = f"; not seen: {', '.join(denied)}" if denied else ""
    if found:
        more = f" and {len(found) - NAMES} more" if len(found) > NAMES else ""
        return Finding.warns(item, f"found {', '.join(found[:NAMES])}{more}; looked in {where}{missed}{blind}.", MOVE)
    if denied:
        why = next(look.found.why for look in looks if isinstance(look.found, Unread))
        return Finding.unknown(item, f"{why}; looked in {where or 'no region'}{missed}{blind}.")
    return Finding.ok(item, f"none found; looked in {where}{blind}.")
