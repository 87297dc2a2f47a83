"""Phase 00: check the manually created account before anything depends on it."""

from orgkit.phases.descriptor import Phase, PhaseSteps


def _steps() -> PhaseSteps:
    from orgkit.phases.management_account.control_tower import READS as CONTROL_TOWER_READS
    from orgkit.phases.management_account.findings import READS, WORKLOAD_READS

    return PhaseSteps(reads=tuple(sorted({*READS, *CONTROL_TOWER_READS, *WORKLOAD_READS})))


PHASE = Phase(
    number="00",
    name="management-account",
    title="Check the manually created account before anything depends on it",
    label="management-account",
    load_steps=_steps,
    reads_members=True,
    reads_tree=False,
)
