"""What a hand-over of phase 05 reads in addition to the facts of the phase."""

from dataclasses import dataclass

from orgkit.model.desired import Tags


@dataclass(frozen=True)
class TrailDetails:
    """What orgkit neither makes nor compares of a trail, and Terraform would remove."""

    sns_topic: str = ""
    log_group: str = ""
    log_role: str = ""
    insights: tuple[str, ...] = ()


@dataclass(frozen=True)
class BucketDetails:
    """Encryption and lock of a bucket as AWS has them.

    Attributes:
        name: The bucket.
        algorithm: Of its default encryption; "" for none.
        key: ARN of the KMS key; "" for S3's own.
        has_bucket_key: Whether an S3 bucket key is enabled.
        lock_mode: GOVERNANCE or COMPLIANCE; "" without a default retention.
        lock_days: Days of the default retention; 0 where AWS has years.
        lock_years: Years of the default retention; 0 where AWS has days.
    """

    name: str
    algorithm: str = ""
    key: str = ""
    has_bucket_key: bool = False
    lock_mode: str = ""
    lock_days: int = 0
    lock_years: int = 0


@dataclass(frozen=True)
class KeyDetails:
    """What orgkit does not compare of the KMS key."""

    description: str
    rotation_days: int
    tags: Tags


@dataclass(frozen=True)
class TrailHandoverFacts:
    """What Terraform has to be given of the trail, its buckets and its key."""

    trail: TrailDetails | None = None
    buckets: tuple[BucketDetails, ...] = ()
    key: KeyDetails | None = None
