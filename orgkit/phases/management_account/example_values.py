"""Emails and account ids that come from an example: no mail can arrive there, and no such account exists."""

from collections.abc import Iterator

from orgkit.model.desired import Desired

# RFC 2606 and 6761: nobody can receive mail there, so the account's root user could never be recovered.
RESERVED_DOMAINS = ("example.com", "example.net", "example.org", "example", "test", "invalid", "localhost")
# What documents and moto use; ids of one digit twelve times over are found by rule.
PLACEHOLDERS = frozenset(
    ("123456789012", "210987654321", "012345678901", "111122223333", "444455556666", "777788889999", "123412341234")
)


def example_values(desired: Desired) -> tuple[str, ...]:
    """Return a sentence for each kind of value that looks like an example's: fine on the sandbox, stopped on AWS."""
    ids, emails = ", ".join(placeholder_places(desired).values()), ", ".join(reserved_places(desired).values())
    return (
        *([f"this looks like an example's id: {ids}. On AWS write the account's own id."] if ids else []),
        *([f"no mail can arrive at {emails}. On AWS write emails of a domain of your own."] if emails else []),
    )


def reserved_places(desired: Desired) -> dict[str, str]:
    """Return the places whose email nobody can receive, with the email."""
    return {place: f"{place} ({email})" for place, email in emails(desired) if _is_reserved(email)}


def placeholder_places(desired: Desired) -> dict[str, str]:
    """Return the places whose account id is one from a document, with the id."""
    return {place: f"{place} ({account})" for place, account in account_ids(desired) if _is_placeholder(account)}


def emails(desired: Desired) -> Iterator[tuple[str, str]]:
    """Yield each place of the file that has an email, and the email."""
    yield "organization", desired.organization.email
    yield from ((f"accounts.{spec.key}", spec.email) for spec in desired.accounts)
    yield from ((f"imports.{spec.key}", spec.email) for spec in desired.imports if spec.email)


def account_ids(desired: Desired) -> Iterator[tuple[str, str]]:
    """Yield each place of the file that has an account id, and the id."""
    yield "organization", desired.organization.management_account_id
    yield from ((f"accounts.{spec.key}", spec.id) for spec in desired.accounts if spec.id)
    yield from ((f"imports.{spec.key}", spec.id) for spec in desired.imports)


def _is_reserved(email: str) -> bool:
    domain = email.rpartition("@")[2].casefold().rstrip(".")
    return any(domain == name or domain.endswith(f".{name}") for name in RESERVED_DOMAINS)


def _is_placeholder(account: str) -> bool:
    return len(set(account)) == 1 or account in PLACEHOLDERS
