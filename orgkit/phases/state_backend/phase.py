"""Phase 09: make the bucket that Terraform and OpenTofu need before they can run, and the roles that use it."""

from orgkit.model.desired import AccountSpec, Desired, ImportSpec
from orgkit.model.state_backend import StateBackendSpec
from orgkit.phases.descriptor import Phase
from orgkit.phases.state_backend.evidence import EVIDENCE
from orgkit.phases.state_backend.inventory import INVENTORY
from orgkit.phases.state_backend.planner import file_warnings, plan
from orgkit.phases.state_backend.section import SECTION
from orgkit.phases.state_backend.steps import (
    READS_IN_MANAGEMENT,
    BlockStatePublicAccess,
    CreateIdentityProvider,
    CreateStateBucket,
    CreateStateRole,
    SetStateAcl,
    SetStateBucketPolicy,
    SetStateEncryption,
    SetStateLifecycle,
    SetStateOwnership,
    SetStateRolePolicy,
    SetStateRoleTrust,
    SetStateVersioning,
    TagStateBucket,
    member_reads,
)


def state_accounts(desired: Desired) -> tuple[AccountSpec | ImportSpec, ...]:
    """Return the account of the state, if the file names one."""
    member = desired.member(desired.section(StateBackendSpec).account)
    return (member,) if member else ()


PHASE = Phase(
    number="09",
    name="state-backend",
    title="Make the bucket for the state of Terraform and OpenTofu, and the roles that use it",
    label="state-backend",
    requires=("organization", "accounts"),
    reads=READS_IN_MANAGEMENT,
    section=SECTION,
    steps=(
        CreateStateBucket,
        BlockStatePublicAccess,
        SetStateAcl,
        SetStateOwnership,
        SetStateVersioning,
        SetStateEncryption,
        SetStateBucketPolicy,
        SetStateLifecycle,
        TagStateBucket,
        CreateIdentityProvider,
        CreateStateRole,
        SetStateRoleTrust,
        SetStateRolePolicy,
    ),
    evidence=EVIDENCE,
    planner=plan,
    accounts=state_accounts,
    member_reads=member_reads,
    in_bootstrap=False,
    is_requested=lambda desired: bool(desired.section(StateBackendSpec).account),
    request_hint="[state_backend] of the file names an account",
    file_warnings=file_warnings,
    inventory=INVENTORY,
)
