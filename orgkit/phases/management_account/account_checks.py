"""Checks of the account itself: root user, sign-up, contacts, alias, long-lived keys."""

from orgkit.model.desired import Desired
from orgkit.model.finding import Finding
from orgkit.model.observed import Unread
from orgkit.phases.management_account.findings import BOOTSTRAP_PHASES, Facts, from_attestation


def root_access_keys(facts: Facts, desired: Desired) -> Finding:
    """Check that the root user has no access keys: nothing limits what they can do to the whole organization."""
    item = "root access keys"
    if isinstance(facts.root, Unread):
        unread = from_attestation(item, "root_access_keys", desired, facts.root.reason)
        return unread.stopping(BOOTSTRAP_PHASES)
    if facts.root.access_keys:
        return Finding.stops(
            item,
            "the root user has access keys.",
            "delete them: sign in as root, Security credentials, Access keys.",
            BOOTSTRAP_PHASES,
        )
    return Finding.ok(item, "the root user has none.")


def mfa_on_root(facts: Facts, desired: Desired) -> Finding:
    """Check that the root user has MFA: a password alone must not control an organization."""
    item = "MFA on root"
    if isinstance(facts.root, Unread):
        return from_attestation(item, "root_mfa", desired, facts.root.reason).stopping(BOOTSTRAP_PHASES)
    if not facts.root.mfa:
        return Finding.stops(
            item,
            "the root user signs in with a password alone.",
            "sign in as root, Security credentials, Assign MFA device; two devices are better than one.",
            BOOTSTRAP_PHASES,
        )
    return Finding.ok(item, "the root user has an MFA device.")


def sign_up(facts: Facts) -> Finding:
    """Check that AWS has activated the account, which it does once email, card, phone and support plan are set."""
    item = "sign-up"
    if isinstance(facts.state, Unread) or not facts.state:
        return Finding.from_unknown(
            item, facts.state.reason if isinstance(facts.state, Unread) else "AWS named no state."
        )
    if facts.state != "ACTIVE":
        return Finding.stops(
            item,
            f"the account is {facts.state}.",
            "finish the sign-up in the console (card, phone, support plan), or ask AWS.",
            BOOTSTRAP_PHASES,
        )
    return Finding.ok(item, "AWS says that the account is ACTIVE.")


def phone(facts: Facts, desired: Desired) -> Finding:
    """Check the phone number: AWS reports for some accounts whether it is verified; for others a person attests it."""
    item = "phone"
    if isinstance(facts.phone, Unread):
        return from_attestation(item, "phone_verified", desired, facts.phone.reason)
    if not facts.phone.present:
        return Finding.warns(
            item, "the primary contact has no phone number.", "add one (Account, Contact information)."
        )
    if facts.phone.verification == "VERIFIED":
        return Finding.ok(item, "the phone number of the primary contact is verified.")
    if facts.phone.verification in ("PENDING", "UNVERIFIED"):
        return Finding.warns(
            item,
            f"AWS says that the phone number is {facts.phone.verification}.",
            "verify it (Account, Contact information): without it a lost root user cannot be recovered.",
        )
    return from_attestation(item, "phone_verified", desired)


def support_plan(desired: Desired) -> Finding:
    """Return what the file attests: no API reports which support plan was chosen."""
    return from_attestation("support plan", "support_plan", desired)


def payment_method(desired: Desired) -> Finding:
    """Return what the file attests: no API reports it, and AWS refuses new accounts without a valid one."""
    return from_attestation("payment method", "payment_method", desired)


def email_verified(desired: Desired) -> Finding:
    """Return what the file attests: no API reports it, and AWS refuses invitations without it."""
    return from_attestation("root email", "email_verified", desired)


def security_contact(facts: Facts, desired: Desired) -> Finding:
    """Check that there is a security contact: AWS writes to it when keys have leaked."""
    item = "security contact"
    if isinstance(facts.security_contact, Unread):
        return from_attestation(item, "contacts", desired, facts.security_contact.reason)
    if not facts.security_contact:
        return Finding.warns(
            item, "there is none: AWS writes to the root email alone.", "add one (Account, Alternate contacts)."
        )
    return Finding.ok(item, "there is one.")


def account_alias(facts: Facts) -> Finding:
    """Check that the account has an alias for the sign-in page."""
    item = "account alias"
    if isinstance(facts.alias, Unread):
        return Finding.from_unknown(item, facts.alias.reason)
    if facts.alias is None:
        return Finding.warns(
            item, "there is none: people sign in by number.", "set one (IAM, Dashboard), if people sign in."
        )
    return Finding.ok(item, f"it is {facts.alias}.")


def iam_keys(facts: Facts) -> Finding:
    """Check for IAM users with access keys, which SCPs do not limit in this account."""
    item, keys = "IAM users with access keys", facts.keys
    if keys is None or isinstance(keys, Unread):
        return Finding.from_unknown(item, keys.reason if isinstance(keys, Unread) else "nobody looked.")
    if keys.users:
        return Finding.warns(
            item,
            f"{len(keys.users)} of {keys.looked_at} users looked at: {', '.join(keys.users[:5])}.",
            "after 01 use Identity Center, and delete the keys.",
        )
    if keys.incomplete:
        return Finding.from_unknown(
            item, f"none of the first {keys.looked_at}; there are more.", "look at the others in IAM."
        )
    return Finding.ok(item, f"none of {keys.looked_at} users has any.")
