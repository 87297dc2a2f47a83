"""Checks of the file's emails and ids: they are unique, follow the convention, and are not placeholders."""

from collections import Counter
from collections.abc import Iterable, Iterator

from orgkit.model.desired import Desired
from orgkit.model.finding import Finding
from orgkit.phases.management_account.findings import QUOTA_PHASES, Facts, accounts_to_add

# RFC 2606 and 6761: nobody can receive mail there, so the account's root user could never be recovered.
RESERVED_DOMAINS = ("example.com", "example.net", "example.org", "example", "test", "invalid", "localhost")
# What documents and moto use; ids of one digit twelve times over are found by rule.
PLACEHOLDERS = frozenset(
    ("123456789012", "210987654321", "012345678901", "111122223333", "444455556666", "777788889999", "123412341234")
)

SECTION_PHASES = {"accounts": "03", "imports": "04"}


def emails_unique(facts: Facts, desired: Desired) -> Finding:
    """Check that no two accounts share an email: AWS accepts each for one account only, whatever its case."""
    item, counted = "duplicate emails", Counter(email.casefold() for _, email in _emails(desired))
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
    places = _reserved_places(desired)
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
    places = _placeholder_places(desired)
    if places:
        return Finding.warns(
            item,
            f"this looks like an example's id: {', '.join(places.values())}.",
            "write the account's own id.",
            _phases(facts, desired, places),
        )
    return Finding.ok(item, "no account id looks like an example's.")


def example_values(desired: Desired) -> tuple[str, ...]:
    """Return a sentence for each kind of value that looks like an example's: fine on the sandbox, stopped on AWS."""
    ids, emails = ", ".join(_placeholder_places(desired).values()), ", ".join(_reserved_places(desired).values())
    return (
        *([f"this looks like an example's id: {ids}. On AWS write the account's own id."] if ids else []),
        *([f"no mail can arrive at {emails}. On AWS write emails of a domain of your own."] if emails else []),
    )


def _reserved_places(desired: Desired) -> dict[str, str]:
    return {place: f"{place} ({email})" for place, email in _emails(desired) if _is_reserved(email)}


def _placeholder_places(desired: Desired) -> dict[str, str]:
    return {place: f"{place} ({account})" for place, account in _ids(desired) if _is_placeholder(account)}


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


def _emails(desired: Desired) -> Iterator[tuple[str, str]]:
    yield "organization", desired.organization.email
    yield from ((f"accounts.{spec.key}", spec.email) for spec in desired.accounts)
    yield from ((f"imports.{spec.key}", spec.email) for spec in desired.imports if spec.email)


def _ids(desired: Desired) -> Iterator[tuple[str, str]]:
    yield "organization", desired.organization.management_account_id
    yield from ((f"accounts.{spec.key}", spec.id) for spec in desired.accounts if spec.id)
    yield from ((f"imports.{spec.key}", spec.id) for spec in desired.imports)


def _is_reserved(email: str) -> bool:
    domain = email.rpartition("@")[2].casefold().rstrip(".")
    return any(domain == name or domain.endswith(f".{name}") for name in RESERVED_DOMAINS)


def _is_placeholder(account: str) -> bool:
    return len(set(account)) == 1 or account in PLACEHOLDERS
