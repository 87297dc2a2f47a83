"""Every correction, imported so that it is registered: the one list of subjects."""

from orgkit.sandbox.corrections import (
    account,
    accounts,
    controltower,
    creation,
    freetier,
    handshakes,
    iam,
    invitations,
    kms,
    organization,
    policies,
    quotas,
    roles,
    s3,
    services,
    sts,
    tagging,
    trail,
    units,
)
from orgkit.sandbox.corrections.registry import install

SUBJECTS = (
    account, accounts, controltower, creation, freetier, handshakes, iam, invitations, kms, organization, policies,
    quotas, roles, s3, services, sts, tagging, trail, units,
)  # fmt: skip

__all__ = ["SUBJECTS", "install"]
