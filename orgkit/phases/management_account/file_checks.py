"""Checks of the file's emails and ids: they are unique, follow the convention, and are not placeholders."""

from collections import Counter
from collections.abc import Iterable

from orgkit.model.desired import Desired
from orgkit.model.finding import Finding
from orgkit.phases.management_account.example_values import emails, placeholder_places, reserved_places
from orgkit.phases.management_account.findings import QUOTA_PHASES, Facts, accounts_to_add

SECTION_PHASES = {"accounts": "03", "imports": "04"}


def emails_unique(facts: Facts, desired: Desired) -> Finding:
    """Check that no two accounts share an email: AWS accepts each for one account only, whatever its case."""
    item, counted = "duplicate emails", Counter(email.casefold() for _, email in emails(desired))
    twice = sorted(email for email, times in counted.items() if times > 1)
    if twice:
        return Finding.warns(
            item,
            f"more than one account has {', '.join(twice)}.",
            "give each account an email of its own.",
            (*_before_the_organization(facts), *QUOTA_PHASES),
        )
    return Finding.ok(item, f"{len(counted)} emails, each once.")


def email_convention(facts: Facts, desired: Desired) -> Finding:
    """Check that emails follow the convention: one that does not is usually a typo, and the mail is lost."""
    item, convention = "email convention", desired.organization.email_convention
    if not convention:
        return Finding.ok(item, "the file states none.")
    violations = [
        spec.key
        for spec in desired.accounts
        if spec.email.casefold() != convention.replace("{key}", spec.key).replace("{name}", spec.name).casefold()
    ]
    if violations:
        return Finding.warns(
            item,
            f"{convention} is not followed by {', '.join(violations)}.",
            "correct these emails, or organization.email_convention.",
            _phases(facts, desired, [f"accounts.{key}" for key in violations]),
        )
    return Finding.ok(item, f"{convention} is followed by all {len(desired.accounts)} accounts that are created.")


def reserved_domains(facts: Facts, desired: Desired) -> Finding:
    """Check that no email has a domain that is reserved for documents and tests."""
    item = "reserved domains"
    places = reserved_places(desired)
    if places:
        return Finding.warns(
            item,
            f"no mail can arrive at {', '.join(places.values())}.",
            "write emails of a domain of your own.",
            _phases(facts, desired, places),
        )
    return Finding.ok(item, "all emails are of domains that can receive mail.")


def placeholder_ids(facts: Facts, desired: Desired) -> Finding:
    """Check that no account id is an example from a document."""
    item = "placeholder ids"
    places = placeholder_places(desired)
    if places:
        return Finding.warns(
            item,
            f"this looks like an example's id: {', '.join(places.values())}.",
            "write the account's own id.",
            _phases(facts, desired, places),
        )
    return Finding.ok(item, "no account id looks like an example's.")


def _phases(facts: Facts, desired: Desired, places: Iterable[str]) -> tuple[str, ...]:
    """Return the phases that would use these places; none for accounts that are in the organization already."""
    sections = {
        place.partition(".")[0] for place in places if place.partition(".")[2] in accounts_to_add(facts, desired)
    }
    numbers = [number for section, number in SECTION_PHASES.items() if section in sections]
    return (*_before_the_organization(facts), *numbers)


def _before_the_organization(facts: Facts) -> tuple[str, ...]:
    """Return the phases to stop while there is no organization: the file can still be corrected without loss."""
    return ("01",) if facts.organization is None else ()
