"""Phase 05: log every account's API calls to the log archive account."""

from orgkit.phases.descriptor import Phase
from orgkit.phases.terraform.part import Handover
from orgkit.phases.trail.acl_step import SetAcl
from orgkit.phases.trail.adoption import adopt
from orgkit.phases.trail.choice import changes_control_tower
from orgkit.phases.trail.evidence import EVIDENCE
from orgkit.phases.trail.handover import hand_over
from orgkit.phases.trail.inventory import INVENTORY
from orgkit.phases.trail.key_steps import CreateAlias
from orgkit.phases.trail.planner import file_warnings, plan
from orgkit.phases.trail.section import SECTION
from orgkit.phases.trail.selector_steps import SetEventSelectors, TagTrail
from orgkit.phases.trail.steps import (
    READS_IN_MANAGEMENT,
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
    member_reads,
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

PHASE = Phase(
    number="05",
    name="trail",
    title="Log every account's API calls to the log archive account",
    label="trail",
    requires=("organization", "accounts"),
    reads=READS_IN_MANAGEMENT,
    section=SECTION,
    steps=STEPS,
    evidence=EVIDENCE,
    planner=plan,
    handover=Handover(hand_over, STEPS),
    adopt=adopt,
    stoppable=changes_control_tower,
    accounts=lambda desired: (desired.log_archive,) if desired.log_archive else (),
    member_reads=member_reads,
    file_warnings=file_warnings,
    inventory=INVENTORY,
)
