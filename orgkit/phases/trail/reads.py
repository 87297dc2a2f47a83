"""What phase 05 reads, in the management account and in the log archive account."""

from orgkit.model.desired import Desired, MemberRead, name_in
from orgkit.phases.storage.reads import BUCKET_READS

# What planning reads, by account. The policy of the log archive account's read role consists of the first; its S3 part
# covers only the two buckets of the file.
READS_IN_LOG_ARCHIVE = (
    *BUCKET_READS,
    "kms:DescribeKey", "kms:GetKeyRotationStatus", "kms:GetKeyPolicy",
)  # fmt: skip
READS_IN_MANAGEMENT = (
    "sts:AssumeRole", "cloudtrail:ListTrails", "cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus",
    "cloudtrail:GetEventSelectors", "cloudtrail:ListTags",
    "s3:ListAllMyBuckets",  # ListBuckets: whether a bucket that is not the log archive account's is our own
)  # fmt: skip


def member_reads(desired: Desired, key: str) -> tuple[MemberRead, ...]:
    """Return the two buckets, and keys, in the log archive account; nothing in any other."""
    trail = desired.trail
    if not trail.is_wanted or key != trail.log_archive_account:
        return ()
    # The role is the log archive account's, whose id IAM puts in.
    buckets_to_read = filter(None, (trail.bucket, trail.records_bucket))
    names = (name_in(name, "${aws:PrincipalAccount}") for name in sorted(buckets_to_read))
    buckets = tuple(f"arn:aws:s3:::{name}" for name in names)
    return (
        MemberRead("Buckets", tuple(action for action in READS_IN_LOG_ARCHIVE if action.startswith("s3:")), buckets),
        MemberRead("Keys", tuple(action for action in READS_IN_LOG_ARCHIVE if action.startswith("kms:")), ("*",)),
    )
