"""What reading a bucket with all of its settings takes."""

# Of the role that reads it.
BUCKET_READS = (
    "s3:ListBucket",  # HeadBucket
    "s3:GetBucketVersioning", "s3:GetBucketPublicAccessBlock", "s3:GetBucketOwnershipControls", "s3:GetBucketAcl",
    "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration", "s3:GetBucketPolicy",
    "s3:GetBucketObjectLockConfiguration", "s3:GetBucketTagging",
)  # fmt: skip
