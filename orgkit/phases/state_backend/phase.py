"""Phase 09: make the bucket that Terraform and OpenTofu need before they can run, and the roles that use it."""

from orgkit.model.desired import AccountSpec, Desired, ImportSpec
from orgkit.model.state_backend import StateBackendSpec
from orgkit.phases.descriptor import Phase, PhasePlanner, PhaseSteps
from orgkit.phases.state_backend.file_warnings import file_warnings
from orgkit.phases.state_backend.reads import READS_IN_MANAGEMENT, member_reads


def _steps() -> PhaseSteps:
    from orgkit.phases.state_backend.steps import (
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
    )

    return PhaseSteps(
        reads=READS_IN_MANAGEMENT,
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
    )


def _planner() -> PhasePlanner:
    from orgkit.phases.state_backend.evidence import EVIDENCE
    from orgkit.phases.state_backend.planner import plan

    return PhasePlanner(plan, EVIDENCE)


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
    load_steps=_steps,
    load_planner=_planner,
    accounts=state_accounts,
    member_reads=member_reads,
    in_bootstrap=False,
    is_requested=lambda desired: bool(desired.section(StateBackendSpec).account),
    request_hint="[state_backend] of the file names an account",
    file_warnings=file_warnings,
)
