"""What phase 09 reads, in the management account and in the account of the state."""

from orgkit.model.desired import Desired, MemberRead
from orgkit.model.state_backend import STATE_ACCOUNT_ID, StateBackendSpec
from orgkit.phases.storage.reads import BUCKET_READS

READS_IN_MANAGEMENT = ("sts:AssumeRole",)


def member_reads(desired: Desired, key: str) -> tuple[MemberRead, ...]:
    """Return the bucket and GitHub's identity provider in the account of the state; nothing in any other."""
    spec = desired.section(StateBackendSpec)
    if not spec.account or key != spec.account:
        return ()
    # The role is that account's, whose id IAM puts in: only into the part of an ARN after the account. [IAM User Guide,
    # policy variables]
    bucket = f"arn:aws:s3:::{spec.bucket.replace(STATE_ACCOUNT_ID, '${aws:PrincipalAccount}')}"
    reads = [MemberRead("StateBucket", BUCKET_READS, (bucket,))]
    if spec.github:
        from orgkit.phases.state_backend.documents import provider_arn  # late: it reads the language of policies

        reads.append(MemberRead("Provider", ("iam:GetOpenIDConnectProvider",), (provider_arn("aws", "*"),)))
    return tuple(reads)
