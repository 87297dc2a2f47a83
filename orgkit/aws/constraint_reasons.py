"""Every reason that Organizations has for a no, by the enum of its model; the build fails when botocore knows more."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Who has to do something about it."""

    WAIT = "W"  # nobody: it passes, and is waited for where that takes minutes
    USER = "U"  # the operator, or a colleague they ask
    BUG = "B"  # we: orgkit should not have asked for that
    NOT_OURS = "N"  # orgkit asks for nothing that is refused so


@dataclass(frozen=True)
class Reason:
    """A kind, and one sentence for the person."""

    kind: Kind
    explanation: str


WAIT, USER, BUG, NOT_CALLED = Kind.WAIT, Kind.USER, Kind.BUG, Kind.NOT_OURS

QUOTA = (
    "closed accounts and open invitations count too. In a new organization wait an hour; otherwise ask for more under "
    "Service Quotas, AWS Organizations, in us-east-1, as the management account; then run the phase again."
)
PAYMENT = "add a valid payment method to the management account."
SUPPORT = "ask AWS Support, then run the phase again."
LICENSE = "in AWS China the management account needs a validated business licence: ask AWS Support."
REMOVAL = "orgkit removes no account from the organization, and closes no management account."
TRANSFER = "orgkit transfers no billing: finish or withdraw the transfer in the Billing console."
DAILY_LIMIT_REMEDY = (
    "AWS's daily number of invitations is used up: run the phase again tomorrow, it goes on with what is left."
)
DELEGATED_ADMINISTRATOR = "orgkit registers no delegated administrator."


def _reasons(kind: Kind, explanation: str, *names: str) -> Mapping[str, Reason]:
    return dict.fromkeys(" ".join(names).split(), Reason(kind, explanation))


# ConstraintViolationExceptionReason
CONSTRAINTS: Mapping[str, Reason] = {
    "ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED": Reason(
        WAIT, "five accounts are being created already: run the phase again when one of them is finished."
    ),
    "ACCOUNT_NUMBER_LIMIT_EXCEEDED": Reason(WAIT, QUOTA),  # in the organization's first hour; then a person must act
    "HANDSHAKE_RATE_LIMIT_EXCEEDED": Reason(WAIT, DAILY_LIMIT_REMEDY),
    "ACCOUNT_CREATION_NOT_COMPLETE": Reason(
        USER, "finish the sign-up of the management account: payment, phone, support plan."
    ),
    **_reasons(USER, PAYMENT, "MASTER_ACCOUNT_PAYMENT_INSTRUMENT_REQUIRED", "INVALID_PAYMENT_INSTRUMENT"),
    "MEMBER_ACCOUNT_PAYMENT_INSTRUMENT_REQUIRED": Reason(
        USER, "the invited account needs a payment method before it can join."
    ),
    "MASTER_ACCOUNT_MISSING_CONTACT_INFO": Reason(USER, "add address and phone number to the management account."),
    "MASTER_ACCOUNT_ADDRESS_DOES_NOT_MATCH_MARKETPLACE": Reason(
        USER, "the management account's address belongs to another seller of AWS: ask AWS Support to migrate it."
    ),
    "MASTER_ACCOUNT_MISSING_BUSINESS_LICENSE": Reason(USER, LICENSE),
    "MASTER_ACCOUNT_NOT_GOVCLOUD_ENABLED": Reason(
        NOT_CALLED, "orgkit makes no GovCloud accounts: the management account has none."
    ),
    "EMAIL_VERIFICATION_CODE_EXPIRED": Reason(USER, "verify the email of the management account again."),
    "ORGANIZATION_NOT_IN_ALL_FEATURES_MODE": Reason(
        USER, "enable all features in the console; every invited account must agree."
    ),
    "CREATE_ORGANIZATION_IN_BILLING_MODE_UNSUPPORTED_REGION": Reason(BUG, "orgkit always asks for all features."),
    "ALL_FEATURES_MIGRATION_ORGANIZATION_SIZE_LIMIT_EXCEEDED": Reason(
        USER, "with more than 5,000 accounts AWS Support assists in enabling all features: open a case."
    ),
    "OU_DEPTH_LIMIT_EXCEEDED": Reason(USER, "AWS allows five levels of organizational units."),
    "OU_NUMBER_LIMIT_EXCEEDED": Reason(USER, "AWS allows 2,000 organizational units."),
    "POLICY_NUMBER_LIMIT_EXCEEDED": Reason(USER, "the organization has as many policies as AWS allows: remove some."),
    "POLICY_CONTENT_LIMIT_EXCEEDED": Reason(USER, "the policy is longer than AWS allows: shorten it."),
    "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED": Reason(
        USER, "as many policies of that type are attached as AWS allows: detach one."
    ),
    "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED": Reason(
        USER, "every root, unit and account needs an SCP: attach a replacement there first."
    ),
    "SERVICE_ACCESS_NOT_ENABLED": Reason(
        BUG, "add the service to organization.trusted_access and run 01-organization."
    ),
    "MAX_TAG_LIMIT_EXCEEDED": Reason(USER, "AWS allows 50 tags: remove some."),
    "TAG_POLICY_VIOLATION": Reason(USER, "a tag policy of the organization forbids these tags."),
    **_reasons(
        USER,
        DELEGATED_ADMINISTRATOR + " Look at the delegated administrators of the service in the console.",
        "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR",
        "CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR",
        "DELEGATED_ADMINISTRATOR_EXISTS_FOR_THIS_SERVICE",
        "MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED",
    ),
    **_reasons(NOT_CALLED, DELEGATED_ADMINISTRATOR, "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG"),
    **_reasons(
        NOT_CALLED, "orgkit switches no service and no policy type off.", "POLICY_TYPE_ENABLED_FOR_THIS_SERVICE"
    ),
    **_reasons(
        NOT_CALLED,
        REMOVAL,
        "ACCOUNT_CANNOT_LEAVE_ORGANIZATION",
        "ACCOUNT_CANNOT_LEAVE_WITHOUT_EULA",
        "ACCOUNT_CANNOT_LEAVE_WITHOUT_PHONE_VERIFICATION",
        "CANNOT_CLOSE_MANAGEMENT_ACCOUNT",
        "WAIT_PERIOD_ACTIVE",  # four days
    ),
    "CLOSE_ACCOUNT_QUOTA_EXCEEDED": Reason(
        USER, "AWS closes only a part of the accounts within 30 days: run the phase again in some days."
    ),
    "CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED": Reason(
        USER, "AWS closes three accounts at the same time: run the phase again when these are closed."
    ),
    **_reasons(
        NOT_CALLED,
        TRANSFER,
        "ACCOUNT_NOT_ACTIVE_FOR_TRANSFER_RESPONSIBILITY",
        "ACTIVE_RESPONSIBILITY_TRANSFER_PROCESS",
        "RESPONSIBILITY_TRANSFER_MAX_INBOUND_QUOTA_VIOLATION",
        "RESPONSIBILITY_TRANSFER_MAX_LEVEL_VIOLATION",
        "RESPONSIBILITY_TRANSFER_MAX_OUTBOUND_QUOTA_VIOLATION",
        "RESPONSIBILITY_TRANSFER_MAX_TRANSFERS_QUOTA_VIOLATION",
        "TRANSFER_RESPONSIBILITY_SOURCE_DELETION_IN_PROGRESS",
        "TRANSFER_RESPONSIBILITY_TARGET_DELETION_IN_PROGRESS",
        "TRANSFER_RESPONSIBILITY_UPDATE_NOT_ALLOWED",
        "UNSUPPORTED_PRICING",
    ),
    "UNMET_BILLING_PREREQUISITE": Reason(USER, f"AWS does not support the present billing configuration: {SUPPORT}"),
}

# HandshakeConstraintViolationExceptionReason
HANDSHAKES: Mapping[str, Reason] = {
    "ACCOUNT_NUMBER_LIMIT_EXCEEDED": CONSTRAINTS["ACCOUNT_NUMBER_LIMIT_EXCEEDED"],
    "HANDSHAKE_RATE_LIMIT_EXCEEDED": CONSTRAINTS["HANDSHAKE_RATE_LIMIT_EXCEEDED"],
    "ORGANIZATION_MEMBERSHIP_CHANGE_RATE_LIMIT_EXCEEDED": Reason(
        WAIT, "the account has changed its organization too short a time ago: run the phase again in some hours."
    ),
    "ALREADY_IN_AN_ORGANIZATION": Reason(
        USER, "the account has to leave its organization first, or accept a direct move."
    ),
    "INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES": Reason(
        USER, "finish enabling all features first: every account has to agree; then run the phase again."
    ),
    "PAYMENT_INSTRUMENT_REQUIRED": Reason(USER, "the account needs a payment method before it can join."),
    "ORGANIZATION_FROM_DIFFERENT_SELLER_OF_RECORD": Reason(
        USER, "the account buys AWS from another seller, or is in another partition: it cannot join."
    ),
    "MANAGEMENT_ACCOUNT_EMAIL_NOT_VERIFIED": Reason(USER, "verify the email of the management account."),
    "UNUSED_PREPAYMENT_BALANCE": Reason(USER, f"a prepaid balance is left: {SUPPORT}"),
    "LEGACY_PERMISSIONS_STILL_IN_USE": Reason(
        USER, "migrate the organization to the fine-grained IAM actions for billing first."
    ),
    "PAST_DUE_INVOICE": Reason(USER, "pay the invoice that is past due, then run the phase again."),
    "TARGET_ACCOUNT_VALIDATION_FAILURE": Reason(USER, f"AWS refuses that account: {SUPPORT}"),
    **_reasons(
        BUG,
        "orgkit asks for all features when it makes an organization, and never later.",
        "ORGANIZATION_ALREADY_HAS_ALL_FEATURES",
        "ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION",
    ),
    **_reasons(NOT_CALLED, TRANSFER, "RESPONSIBILITY_TRANSFER_ALREADY_EXISTS", "SOURCE_AND_TARGET_CANNOT_MATCH"),
}

# CreateAccountFailureReason
CREATIONS: Mapping[str, Reason] = {
    "INTERNAL_FAILURE": Reason(
        WAIT, "a failure inside AWS, twice: run the phase again later; if it comes back, ask AWS Support."
    ),
    "CONCURRENT_ACCOUNT_MODIFICATION": Reason(
        WAIT, "the same request is already under way: run the phase again in some minutes."
    ),
    "ACCOUNT_LIMIT_EXCEEDED": Reason(USER, QUOTA),
    "EMAIL_ALREADY_EXISTS": Reason(
        USER,
        "the email belongs to an account outside this organization, or to a closed one: "
        "use another address, or invite that account under [imports].",
    ),
    "INVALID_EMAIL": Reason(USER, "correct the email in the parameters file."),
    "INVALID_ADDRESS": Reason(USER, "correct the address of the management account in the console."),
    **_reasons(USER, PAYMENT, "MISSING_PAYMENT_INSTRUMENT", "INVALID_PAYMENT_INSTRUMENT"),
    **_reasons(
        USER,
        LICENSE,
        "MISSING_BUSINESS_VALIDATION",
        "FAILED_BUSINESS_VALIDATION",
        "INVALID_IDENTITY_FOR_BUSINESS_VALIDATION",
        "UNKNOWN_BUSINESS_VALIDATION",
    ),
    "PENDING_BUSINESS_VALIDATION": Reason(
        USER, "AWS is still validating the business licence: run the phase again when it has ended."
    ),
    "GOVCLOUD_ACCOUNT_ALREADY_EXISTS": Reason(NOT_CALLED, "orgkit makes no GovCloud accounts."),
    "UPDATE_EXISTING_RESOURCE_POLICY_WITH_TAGS_NOT_SUPPORTED": Reason(
        BUG, "a resource policy that is there already cannot be given tags."
    ),
}

# AccessDeniedForDependencyExceptionReason
DEPENDENCIES: Mapping[str, Reason] = {
    "ACCESS_DENIED_DURING_CREATE_SERVICE_LINKED_ROLE": Reason(
        USER,
        "the identity may not make AWS's service-linked role: it needs iam:CreateServiceLinkedRole for "
        "organizations.amazonaws.com (see `orgkit permissions`).",
    ),
}


# InvalidInputExceptionReason: the file's own texts are checked before anything is sent, so that the rest is our fault.
INPUTS: Mapping[str, Reason] = {
    **_reasons(
        BUG,
        "AWS does not accept what orgkit sent: its answer above names the value.",
        """
        CALLER_REQUIRED_FIELD_MISSING DUPLICATE_TAG_KEY IMMUTABLE_POLICY INPUT_REQUIRED INVALID_ENUM
        INVALID_ENUM_POLICY_TYPE INVALID_LIST_MEMBER INVALID_NEXT_TOKEN INVALID_PARTY_TYPE_TARGET
        INVALID_PATTERN_TARGET_ID INVALID_PRINCIPAL INVALID_RESOURCE_POLICY_JSON INVALID_SYNTAX_ORGANIZATION_ARN
        INVALID_SYNTAX_POLICY_ID MAX_LIMIT_EXCEEDED_FILTER MAX_VALUE_EXCEEDED MIN_VALUE_EXCEEDED
        MOVING_ACCOUNT_BETWEEN_DIFFERENT_ROOTS NON_DETACHABLE_POLICY TARGET_NOT_SUPPORTED
        UNSUPPORTED_ACTION_IN_RESOURCE_POLICY UNSUPPORTED_POLICY_TYPE_IN_RESOURCE_POLICY
        UNSUPPORTED_RESOURCE_IN_RESOURCE_POLICY
        """,
    ),
    **_reasons(
        USER,
        "correct the value that AWS's answer names in the parameters file; AWS also refuses what looks like a script.",
        "INVALID_PATTERN",
        "INVALID_FULL_NAME_TARGET",
        "MAX_LENGTH_EXCEEDED",
        "MIN_LENGTH_EXCEEDED",
        "INVALID_EMAIL_ADDRESS_TARGET",
    ),
    "INVALID_ROLE_NAME": Reason(USER, "correct role_name in the parameters file: AWSServiceRoleFor… is AWS's own."),
    "INVALID_SYSTEM_TAGS_PARAMETER": Reason(USER, "tags that begin with aws: are AWS's own: rename them in the file."),
    "UNRECOGNIZED_SERVICE_PRINCIPAL": Reason(USER, "correct organization.trusted_access: AWS knows no such service."),
    **_reasons(
        NOT_CALLED,
        TRANSFER,
        """
        UNSUPPORTED_ACTION_IN_RESPONSIBILITY_TRANSFER START_DATE_NOT_BEGINNING_OF_MONTH
        START_DATE_NOT_BEGINNING_OF_DAY START_DATE_TOO_EARLY START_DATE_TOO_LATE INVALID_START_DATE
        END_DATE_NOT_END_OF_MONTH END_DATE_TOO_EARLY END_DATE_TOO_LATE INVALID_END_DATE
        """,
    ),
}

ENUMS: Mapping[str, Mapping[str, Reason]] = {
    "ConstraintViolationExceptionReason": CONSTRAINTS,
    "HandshakeConstraintViolationExceptionReason": HANDSHAKES,
    "CreateAccountFailureReason": CREATIONS,
    "InvalidInputExceptionReason": INPUTS,
    "AccessDeniedForDependencyExceptionReason": DEPENDENCIES,
}
# AWS's documentation spells these otherwise than its model: whichever it sends is understood.
SPELLING_VARIANTS = {
    "IDENTITY_INVALID_BUSINESS_VALIDATION": "INVALID_IDENTITY_FOR_BUSINESS_VALIDATION",
    "INVALID_PAGINATION_TOKEN": "INVALID_NEXT_TOKEN",
    "MAX_FILTER_LIMIT_EXCEEDED": "MAX_LIMIT_EXCEEDED_FILTER",
}
REASONS: Mapping[str, Reason] = {name: reason for table in ENUMS.values() for name, reason in table.items()}
