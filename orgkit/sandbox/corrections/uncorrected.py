"""Known differences from AWS that are not corrected: a rehearsal does not test them."""

# What, AWS, the sandbox.
UNCORRECTED: tuple[tuple[str, str, str], ...] = (
    (
        "Policies: evaluation",
        "IAM evaluates each call.",
        "As AWS documents it, never compared with AWS; the switch evaluate_policies turns it on and off.",
    ),
    (
        "Policies: what is not evaluated",
        "ACLs, KMS grants, VPC endpoint policies, Block Public Access, inactive keys, calls made for the caller.",
        "None of these; federated users may call IAM and STS, which AWS refuses.",
    ),
    (
        "Policies: delivery by AWS services",
        "Resource control policies bind AWS services, too, as when CloudTrail writes a log file.",
        "Those of CloudTrail are evaluated, when a trail is made or changed, and when its status is read; no others.",
    ),
    (
        "Policies: language",
        "Documents are validated.",
        "Bucket, key and trust policies need the elements of a statement; SCPs need only be JSON.",
    ),
    (
        "IAM: consistency",
        "A new role or policy is known everywhere only after some seconds.",
        "At once without policy_seconds of the seed, else all changes after the same time; reads show them at once.",
    ),
    (
        "CloudTrail: delivery",
        "A trail that logs writes files into its bucket, and CreateTrail a first test file.",
        "Nothing is written into the bucket; LookupEvents has the calls and what was asked, not what was answered.",
    ),
    (
        "S3: object lock",
        "A retained version cannot be deleted by anybody, in COMPLIANCE mode not even by the root user.",
        "As moto has it: deletions are refused, but the right to bypass governance is not checked.",
    ),
    (
        "S3: public access block of an account",
        "PutPublicAccessBlock of s3control holds for all buckets of an account.",
        "The call cannot reach the sandbox: the SDK puts the account into the host name.",
    ),
    (
        "KMS: use of keys by S3",
        "An object in a bucket that is encrypted with a key needs the key's policy to allow its use.",
        "Only CloudTrail's use of a key is checked.",
    ),
    (
        "Organizations: service-linked roles",
        "Creating or joining an organization makes AWSServiceRoleForOrganizations in the account.",
        "No such role is made, and none is missed.",
    ),
    (
        "Organizations: closed accounts",
        "A closed account refuses almost every call, and its State is CLOSED or SUSPENDED for 90 days.",
        "It is SUSPENDED for 90 days and answers as before.",
    ),
    (
        "Organizations: delegated administrators",
        "Registering one needs trusted access (SERVICE_ACCESS_NOT_ENABLED); most services allow only one.",
        "Neither is checked; a delegated administrator may read everything of the organization.",
    ),
    (
        "Organizations: policy changes",
        "PolicyChangesInProgressException while a policy is being attached; at most 10 SCPs a target.",
        "Policies are attached at once, and any number of them.",
    ),
    (
        "Organizations: billing transfer, resource policy, GovCloud",
        "There are operations for transfers of responsibility, a delegation policy, and GovCloud accounts.",
        "Each answers NotImplementedInSandbox.",
    ),
    (
        "Organizations: answers without content",
        "MoveAccount, AttachPolicy and DetachPolicy answer with nothing; EnablePolicyType with the root as it was.",
        "The three answer {}; EnablePolicyType has the policy type in its answer, ENABLED or PENDING_ENABLE.",
    ),
    (
        "IAM, STS: members of answers",
        "CreateRole has no MaxSessionDuration; AssumeRole has PackedPolicySize only with a session policy.",
        "CreateRole has both, and AssumeRole always PackedPolicySize.",
    ),
    (
        "KMS: aliases and tags",
        "An alias without its prefix names the prefix; keys of tags that begin with aws: are a TagException.",
        "The message is Invalid identifier; such tags are kept.",
    ),
    (
        "S3: an empty VersioningConfiguration",
        "PutBucketVersioning answers IllegalVersioningConfigurationException.",
        "PutBucketVersioning answers HTTP 404.",
    ),
    (
        "Account: regions, email",
        "Regions can be opted into; the one-time code arrives by email.",
        "The regions are fixed; the code is derived from the address (`orgkit sandbox code EMAIL`).",
    ),
    (
        "Rates of other services",
        "IAM, STS, S3, CloudTrail … throttle too.",
        "Organizations throttles, names and contacts of accounts, and whatever `--faults throttling` meets.",
    ),
    (
        "Costs",
        "Cost Explorer fills up within a day; calls cost money.",
        "Cost Explorer has what a test gave it; nothing costs anything.",
    ),
    (
        "Signatures",
        "A wrong signature, an old date or another session's token is refused.",
        "Who signs is read from the access key, who bears a web identity from its token; no signature is checked.",
    ),
    (
        "Partitions",
        "aws, aws-cn and aws-us-gov, each with its own accounts.",
        "Only aws, with Organizations in us-east-1.",
    ),
)
