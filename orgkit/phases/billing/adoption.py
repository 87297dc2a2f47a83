"""`[billing]` as AWS has it: orgkit's own alerts, and the tags that bills are split by."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from orgkit.model.desired import KEY_TAG
from orgkit.model.observed import Observed, Unread
from orgkit.phases.adopted import Adopted, Unexpressed, unread_of, valid_values
from orgkit.phases.billing.facts import AdoptedAlerts
from orgkit.phases.billing.planner import ALERT
from orgkit.phases.billing.steps import NAME_PREFIX
from orgkit.phases.schema import formats
from orgkit.phases.schema.raw import Raw

MAX_ALERTS = 10
NO_PLACE = "the file asks for orgkit's own budgets and alerts alone; orgkit leaves the others as they are"


def adopt(observed: Observed, _: Raw) -> Adopted:
    """Return the section with the emails of orgkit's alerts; the alternative names none, and so changes nothing."""
    facts = observed.facts(AdoptedAlerts) or AdoptedAlerts()
    emails, _violations = valid_values(_alert_emails(facts), formats.email, str)
    quiet = _section(facts, [])
    if not emails or len(emails) > MAX_ALERTS:
        return quiet
    loud = _section(facts, emails)
    return replace(loud, alternatives=(quiet,))


def _section(facts: AdoptedAlerts, emails: list[str]) -> Adopted:
    tags: list[str] = [] if isinstance(facts.tags, Unread) else list(facts.tags)
    values: dict[str, Any] = {} if tags == [KEY_TAG] else {"cost_allocation_tags": tags}
    comments = {"cost_allocation_tags": "Not read: none, so that orgkit activates none."}
    return Adopted(
        values={**values, **({"alerts": emails} if emails else {})},
        comments=comments if isinstance(facts.tags, Unread) else {},
        not_expressed=tuple(_not_expressed(facts, is_orgkit=bool(emails))),
        not_read=(
            *unread_of("budgets", facts.budgets),
            *unread_of("anomaly monitors", facts.monitors),
            *unread_of("anomaly subscriptions", facts.subscriptions),
            *unread_of("cost allocation tags", facts.tags),
        ),
    )


def _alert_emails(facts: AdoptedAlerts) -> tuple[str, ...]:
    if isinstance(facts.subscriptions, Unread):
        return ()
    return next((item.emails for item in facts.subscriptions if item.name == ALERT), ())


def _not_expressed(facts: AdoptedAlerts, *, is_orgkit: bool) -> Iterator[Unexpressed]:
    """Yield budgets and alerts, without those that the emails of the file ask for."""
    for items in (facts.budgets, facts.monitors, facts.subscriptions):
        for item in () if isinstance(items, Unread) else items:
            if not (is_orgkit and item.name.startswith(NAME_PREFIX)):
                yield Unexpressed(str(item), NO_PLACE)
