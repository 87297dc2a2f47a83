"""What a person is told for the reasons that AWS gives when it refuses, and what to do about each."""

QUOTA = (
    "closed accounts and open invitations count too. In a new organization wait an hour; otherwise ask for more under "
    "Service Quotas, AWS Organizations, in us-east-1; then run the phase again."
)
ADVICE = {
    "ACCOUNT_NUMBER_LIMIT_EXCEEDED": QUOTA,
    "ACCOUNT_LIMIT_EXCEEDED": QUOTA,
    "EMAIL_ALREADY_EXISTS": "the e-mail belongs to an account outside this organization, or to a closed one: "
    "use another address, or invite that account under [imports].",
    "INVALID_EMAIL": "correct the e-mail in the parameters file.",
    "INVALID_ADDRESS": "correct the address of the management account in the console.",
    "INTERNAL_FAILURE": "a failure inside AWS: run the phase again; if it comes back, ask AWS Support.",
    "CONCURRENT_ACCOUNT_MODIFICATION": "the same request is already under way: run the phase again in some minutes.",
    "ACCOUNT_CREATION_NOT_COMPLETE": "finish the sign-up of the management account: payment, phone, support plan.",
    "MASTER_ACCOUNT_PAYMENT_INSTRUMENT_REQUIRED": "add a valid payment method to the management account.",
    "MISSING_PAYMENT_INSTRUMENT": "add a valid payment method to the management account.",
    "INVALID_PAYMENT_INSTRUMENT": "add a valid payment method to the management account.",
    "MASTER_ACCOUNT_MISSING_CONTACT_INFO": "add address and phone number to the management account.",
    "MEMBER_ACCOUNT_PAYMENT_INSTRUMENT_REQUIRED": "the invited account needs a payment method before it can join.",
    "EMAIL_VERIFICATION_CODE_EXPIRED": "verify the e-mail of the management account again.",
    "MANAGEMENT_ACCOUNT_EMAIL_NOT_VERIFIED": "verify the e-mail of the management account.",
    "HANDSHAKE_RATE_LIMIT_EXCEEDED": "AWS's daily number of invitations is used up: run the phase again tomorrow.",
    "ALREADY_IN_AN_ORGANIZATION": "the account has to leave its organization first, or accept a direct move.",
    "ORGANIZATION_NOT_IN_ALL_FEATURES_MODE": "enable all features in the console; every invited account must agree.",
    "OU_DEPTH_LIMIT_EXCEEDED": "AWS allows five levels of organizational units.",
    "OU_NUMBER_LIMIT_EXCEEDED": "AWS allows 2,000 organizational units.",
    "SERVICE_ACCESS_NOT_ENABLED": "add the service to organization.trusted_access and run 01-organization.",
    "MAX_TAG_LIMIT_EXCEEDED": "AWS allows 50 tags: remove some.",
    "TAG_POLICY_VIOLATION": "a tag policy of the organization forbids these tags.",
}
CODES = {
    "AccountOwnerNotVerifiedException": "verify the e-mail of the management account, in the console.",
    "AWSOrganizationsNotInUseException": "run 01-organization first.",
    "CloudTrailAccessNotEnabledException": "run 01-organization: CloudTrail has no trusted access.",
    "NoCredentials": "sign in to AWS.",
}


def advice(reason: str, code: str = "") -> str:
    """What to do; a reason that nobody knows yet is answered with the safe thing."""
    if reason in ADVICE:
        return ADVICE[reason]
    if code.startswith(("AccessDenied", "UnauthorizedOperation")):
        return "compare the identity's rights with `orgkit permissions`, then run the phase again."
    if code.startswith(("ExpiredToken", "RequestExpired")):
        return "sign in again and run the phase again under the same approval: it goes on from here."
    return CODES.get(code, "read AWS's answer above; then run the phase again: what is done stays done.")
