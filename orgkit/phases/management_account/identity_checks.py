"""Checks of the caller, of its account, and of the account's role in an organization that may already exist."""

from collections.abc import Iterator

from orgkit.errors import SESSION_WITHOUT_MFA
from orgkit.model.desired import Desired
from orgkit.model.finding import Finding
from orgkit.model.observed import Unread
from orgkit.phases.management_account.findings import BOOTSTRAP_PHASES, Facts


def caller_identity(facts: Facts) -> Finding:
    """Check that the caller is an identity of the `aws` partition."""
    item = "caller identity"
    if not facts.caller_arn:
        return Finding.from_unknown(item, "AWS named no identity.", "sign in again.")
    if not facts.caller_arn.startswith("arn:aws:"):
        return Finding.stops(
            item,
            f"{facts.caller_arn} is of another partition.",
            "use an account of the aws partition.",
            BOOTSTRAP_PHASES,
        )
    return Finding.ok(item, f"calls are made as {facts.caller_arn}.")


def root_user(facts: Facts) -> Finding:
    """Check that the caller is not the root user; connecting refuses it too, but the table should be complete."""
    item = "root user as caller"
    if not facts.caller_arn:
        return Finding.from_unknown(item, "AWS named no identity.", "sign in again.")
    if facts.caller_arn.endswith(":root"):
        return Finding.stops(
            item,
            "calls are made as the root user, whose rights nothing limits.",
            "sign in as an IAM user or role, with MFA.",
            BOOTSTRAP_PHASES,
        )
    return Finding.ok(item, "calls are not made as the root user.")


def session(facts: Facts) -> Iterator[Finding]:
    """Check the session: STS accepts a user's session without MFA, IAM does not, so phases that call IAM would fail."""
    if isinstance(facts.root, Unread) and facts.root.code == SESSION_WITHOUT_MFA:
        reason = f"IAM refuses this session, which STS accepts: it was begun without MFA ({facts.root.reason})."
        yield Finding.stops("session with MFA", reason, facts.root.remedy, BOOTSTRAP_PHASES)


def the_files_account(facts: Facts, desired: Desired) -> Finding:
    """Check that the account is the one in the file, by id, and by root email where an organization reports it."""
    item, spec, membership = "account the file names", desired.organization, facts.organization
    if not facts.caller_account:
        return Finding.from_unknown(item, "AWS named no account.", "sign in again.")
    if facts.caller_account != spec.management_account_id:
        return Finding.stops(
            item,
            f"calls go to account {facts.caller_account}; the file is for {spec.management_account_id}.",
            "sign in to the account that the file names, or use the file of this account.",
            BOOTSTRAP_PHASES,
        )
    email = membership.email if membership is not None and not isinstance(membership, Unread) else ""
    if email and email.casefold() != spec.email.casefold() and _is_own_organization(facts):
        return Finding.warns(
            item,
            f"its root email is {email}; the file says {spec.email}.",
            "correct organization.email in the file, or the root email in the console.",
        )
    return Finding.ok(item, f"account {facts.caller_account} is the one that the file names.")


def organization(facts: Facts, desired: Desired) -> Finding:
    """Check that there is no organization yet, or one of this account; an unreadable one stops every phase."""
    item, membership, pinned = "belongs here: organization", facts.organization, desired.organization.organization_id
    if isinstance(membership, Unread):
        return Finding.from_unknown(item, membership.reason).stopping(BOOTSTRAP_PHASES)
    if membership is None:
        return Finding.ok(item, "there is none yet: phase 01 creates it.")
    if not _is_own_organization(facts):
        return Finding.stops(
            item,
            f"the account is a member of organization {membership.id} of account {membership.management_account_id}.",
            "use the management account of that organization, or an account that is in none.",
            BOOTSTRAP_PHASES,
        )
    if pinned and pinned != membership.id:
        return Finding.stops(
            item,
            f"the file pins organization {pinned}; this account manages {membership.id}.",
            "use the file of this organization.",
            BOOTSTRAP_PHASES,
        )
    return Finding.ok(item, f"organization {membership.id} is there, and this is its management account.")


def feature_set(facts: Facts) -> Finding:
    """Check that all features are enabled: consolidated billing alone has nothing that later phases need."""
    item, details = "feature set", facts.organization
    if isinstance(details, Unread):
        return Finding.from_unknown(item, details.reason)
    if details is not None and details.feature_set != "ALL":
        return Finding.stops(
            item,
            f"organization {details.id} has consolidated billing only ({details.feature_set}): neither policies nor an "
            "organization trail nor trusted access work in it.",
            "enable all features in the console (AWS Organizations, Settings); every invited account has to agree.",
            BOOTSTRAP_PHASES,
        )
    return Finding.ok(
        item, "no organization yet: it is created with all features." if details is None else "all are enabled."
    )


def _is_own_organization(facts: Facts) -> bool:
    membership = facts.organization
    return (
        membership is not None
        and not isinstance(membership, Unread)
        and membership.management_account_id == facts.caller_account
    )
