"""What a person is told to do about a no of AWS: by its reason, else by its code, else the safe thing."""

from orgkit.aws.reasons import REASONS, SPELLED_OTHERWISE, Kind, Reason
from orgkit.aws.retry import DO

REPORT = "This should not happen: report it with the run's record."
CODES = {
    "AccountOwnerNotVerifiedException": "verify the e-mail of the management account, in the console.",
    "AWSOrganizationsNotInUseException": "run 01-organization first.",
    "CloudTrailAccessNotEnabledException": "run 01-organization: CloudTrail has no trusted access.",
    "NoCredentials": "sign in to AWS.",
}


def advice(reason: str, code: str = "") -> str:
    """What to do; a reason that nobody knows yet stands, with AWS's message, in the error itself."""
    if reason_of(reason) is not None:
        return ADVICE[SPELLED_OTHERWISE.get(reason, reason)]
    if code.startswith(("AccessDenied", "UnauthorizedOperation")):
        return "compare the identity's rights with `orgkit permissions`, then run the phase again."
    if code in CODES:
        return CODES[code]
    passing = next((do for codes, do in DO.items() if code in codes), "")
    return passing or "read AWS's answer above; then run the phase again: what is done stays done."


def reason_of(name: str) -> Reason | None:
    """What is known of a reason; None for one that AWS has added since."""
    return REASONS.get(SPELLED_OTHERWISE.get(name, name))


def _told(reason: Reason) -> str:
    return f"{reason.told} {REPORT}" if reason.kind in (Kind.BUG, Kind.NOT_OURS) else reason.told


ADVICE = {name: _told(reason) for name, reason in REASONS.items()}
