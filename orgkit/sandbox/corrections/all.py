"""Every correction, imported so that it is registered: the one list of subjects."""

from orgkit.sandbox.corrections import (
    account,
    accounts,
    controltower,
    creation,
    freetier,
    handshakes,
    iam,
    identity_center,
    invitations,
    kms,
    organization,
    policies,
    policy_types,
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
    account,
    accounts,
    controltower,
    creation,
    freetier,
    handshakes,
    iam,
    identity_center,
    invitations,
    kms,
    organization,
    policies,
    policy_types,
    quotas,
    roles,
    s3,
    services,
    sts,
    tagging,
    trail,
    units,
)

__all__ = ["SUBJECTS", "install"]
