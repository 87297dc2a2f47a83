"""What the file says of e-mails and ids: unique, by the convention, and no placeholder that was left in."""

from collections import Counter
from collections.abc import Iterator

from orgkit.model.desired import Desired
from orgkit.model.management_account import Finding

# RFC 2606 and 6761: nobody can receive mail there, so that the account's root user could never be recovered.
RESERVED = ("example.com", "example.net", "example.org", "example", "test", "invalid", "localhost")
# What documents and moto use; ids of one digit twelve times over are found by rule.
PLACEHOLDERS = frozenset(
    ("123456789012", "210987654321", "012345678901", "111122223333", "444455556666", "777788889999", "123412341234")
)


def emails_unique(desired: Desired) -> Finding:
    """AWS takes an e-mail for one account only, whatever its case."""
    item, counted = "e-mails unique", Counter(email.casefold() for _, email in _emails(desired))
    twice = sorted(email for email, times in counted.items() if times > 1)
    if twice:
        return Finding.warns(
            item, f"more than one account has {', '.join(twice)}.", "give each account an e-mail of its own."
        )
    return Finding.ok(item, f"{len(counted)} e-mails, each once.")


def email_convention(desired: Desired) -> Finding:
    """An e-mail off the convention is most often a slip of the pen, and the root user's mail goes nowhere."""
    item, convention = "e-mail convention", desired.organization.email_convention
    if not convention:
        return Finding.ok(item, "the file states none.")
    off = [
        spec.key
        for spec in desired.accounts
        if spec.email.casefold() != convention.replace("{key}", spec.key).replace("{name}", spec.name).casefold()
    ]
    if off:
        return Finding.warns(
            item,
            f"{convention} is not followed by {', '.join(off)}.",
            "correct these e-mails, or organization.email_convention.",
        )
    return Finding.ok(item, f"{convention} is followed by all {len(desired.accounts)} accounts that are created.")


def reserved_domains(desired: Desired) -> Finding:
    """Domains that are there for documents and tests."""
    item = "no reserved domain"
    found = [f"{place} ({email})" for place, email in _emails(desired) if _is_reserved(email)]
    if found:
        return Finding.warns(
            item, f"no mail can arrive at {', '.join(found)}.", "write e-mails of a domain of your own."
        )
    return Finding.ok(item, "all e-mails are of domains that can receive mail.")


def placeholder_ids(desired: Desired) -> Finding:
    """Account ids out of a document."""
    item = "no placeholder id"
    found = [f"{place} ({account})" for place, account in _ids(desired) if _is_placeholder(account)]
    if found:
        return Finding.warns(
            item, f"this looks like an example's id: {', '.join(found)}.", "write the account's own id."
        )
    return Finding.ok(item, "no account id looks like an example's.")


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
    return any(domain == name or domain.endswith(f".{name}") for name in RESERVED)


def _is_placeholder(account: str) -> bool:
    return len(set(account)) == 1 or account in PLACEHOLDERS
