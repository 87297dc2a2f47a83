"""What an estimate leaves out or takes for granted, in sentences for the person who reads its total."""

from orgkit.costs.estimate.assumptions import CostsSpec
from orgkit.costs.estimate.usage import CONFIG
from orgkit.costs.prices.prices import PriceBook, borrowed_note
from orgkit.model.desired import Desired

# Trusted access to these leads to no charge, or to one that the estimate counts.
SCOPE_NOTE = (
    CONFIG,
    "account.amazonaws.com",
    "cloudtrail.amazonaws.com",
    "iam.amazonaws.com",
    "member.org.stacksets.cloudformation.amazonaws.com",
    "ram.amazonaws.com",
    "servicequotas.amazonaws.com",
    "sso.amazonaws.com",
    "tagpolicies.tag.amazonaws.com",
)
ALWAYS_FREE = "No free tier but what is always free, counted once for the whole organization."
FREE_TIER = {
    "none": ALWAYS_FREE,
    "post_2025_07_credits": f"{ALWAYS_FREE} The credits of the programme end when the organization is created.",
    "legacy_12_month": (
        "What is always free and the 12-month offer are counted once for the whole organization. The offer ended "
        "12 months after sign-up, for everybody by July 2026."
    ),
}


def notes(desired: Desired, book: PriceBook) -> tuple[str, ...]:
    """Return what the amounts rest on in addition to the assumptions, as sentences."""
    sentences = [
        "The scenarios are joint (everything low, everything high): the range is wider than chance would make it.",
        FREE_TIER[desired.section(CostsSpec).free_tier],
        "What runs in the accounts, taxes, support plans and discounts are not in it.",
        "Logs are counted at the price of S3 Standard; what the lifecycle moves or deletes is not taken off.",
    ]
    if desired.trail.kms_key:
        sentences.append("The first and the second yearly rotation of the trail's KMS key add 1 USD a month each.")
    if borrowed_line := borrowed_note(book.prices.values(), desired.trail.region):
        sentences.append(f"{borrowed_line} To read its own: orgkit prices refresh --region {desired.trail.region}")
    if uncounted := [name for name in desired.organization.trusted_access if name not in SCOPE_NOTE]:
        sentences.append(f"Not estimated: what these charge once they are switched on: {', '.join(uncounted)}.")
    return tuple(sentences)
