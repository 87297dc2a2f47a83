"""Everything that phase 05 can change."""

from orgkit.phases.trail.acl_step import SetAcl
from orgkit.phases.trail.key_steps import CreateAlias
from orgkit.phases.trail.selector_steps import SetEventSelectors, TagTrail
from orgkit.phases.trail.steps import (
    BlockPublicAccess,
    CreateBucket,
    CreateKey,
    CreateTrail,
    RotateKey,
    SetBucketPolicy,
    SetEncryption,
    SetKeyPolicy,
    SetLifecycle,
    SetObjectLock,
    SetOwnership,
    SetVersioning,
    StartLogging,
    TagBucket,
    UpdateTrail,
)

STEPS = (
    CreateBucket,
    BlockPublicAccess,
    SetAcl,
    SetOwnership,
    SetVersioning,
    SetEncryption,
    SetBucketPolicy,
    SetLifecycle,
    SetObjectLock,
    TagBucket,
    CreateKey,
    CreateAlias,
    SetKeyPolicy,
    RotateKey,
    CreateTrail,
    UpdateTrail,
    SetEventSelectors,
    TagTrail,
    StartLogging,
)
