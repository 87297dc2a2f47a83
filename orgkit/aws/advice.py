"""Suggested remedies for AWS rejections: by constraint reason, then by error code, then a safe default."""

from orgkit.aws.constraint_reasons import REASONS, SPELLING_VARIANTS, Kind, Reason
from orgkit.aws.rejections import REMEDIES, UNREACHABLE_CODES, Rejected
from orgkit.errors import CouldNotRead, Unreachable

REPORT = "This should not happen: report it with the run's record."
CODES = {
    "AccountOwnerNotVerifiedException": "verify the email of the management account, in the console.",
    "AWSOrganizationsNotInUseException": "run 01-organization first.",
    "CloudTrailAccessNotEnabledException": "run 01-organization: CloudTrail has no trusted access.",
}


def remedy_for(rejection: Rejected) -> str:
    """What to do about a rejection: by what it says itself, else by its reason and code."""
    denial = rejection.denial if reason_of(rejection.reason) is None else None
    return rejection.remedy or (denial.remedy if denial else advice(rejection.reason, rejection.code))


def could_not_read(rejection: Rejected) -> CouldNotRead:
    """The error for a read that AWS rejected, or did not answer."""
    error = Unreachable if rejection.code in UNREACHABLE_CODES else CouldNotRead
    return error(f"{rejection}.", remedy_for(rejection))


def advice(reason: str, code: str = "") -> str:
    """What to do; a reason that nobody knows yet stands, with AWS's message, in the error itself."""
    if reason_of(reason) is not None:
        return ADVICE[SPELLING_VARIANTS.get(reason, reason)]
    if code.startswith(("AccessDenied", "UnauthorizedOperation")):
        return "compare the identity's rights with `orgkit permissions`, then run the phase again."
    if code in CODES:
        return CODES[code]
    passing = next((remedy for codes, remedy in REMEDIES.items() if code in codes), "")
    return passing or "read AWS's answer above; then run the phase again: what is done stays done."


def reason_of(name: str) -> Reason | None:
    """What is known of a reason; None for one that AWS has added since."""
    return REASONS.get(SPELLING_VARIANTS.get(name, name))


def _explanation(reason: Reason) -> str:
    return f"{reason.explanation} {REPORT}" if reason.kind in (Kind.BUG, Kind.NOT_OURS) else reason.explanation


ADVICE = {name: _explanation(reason) for name, reason in REASONS.items()}
