"""Phase 14: set the alternate contacts of every account."""

from orgkit.phases.alternate_contacts.spec import ContactsSpec
from orgkit.phases.descriptor import Phase, PhasePlanner, PhaseSteps


def _steps() -> PhaseSteps:
    from orgkit.phases.alternate_contacts.steps import READS, SetContact

    return PhaseSteps(reads=READS, steps=(SetContact,))


def _planner() -> PhasePlanner:
    from orgkit.phases.alternate_contacts.evidence import EVIDENCE
    from orgkit.phases.alternate_contacts.planner import plan

    return PhasePlanner(plan, EVIDENCE)


PHASE = Phase(
    number="14",
    name="alternate-contacts",
    title="Set the alternate contacts of every account",
    label="contacts",
    requires=("organization", "accounts"),
    load_steps=_steps,
    load_planner=_planner,
    in_bootstrap=False,
    is_requested=lambda desired: not desired.section(ContactsSpec).is_empty,
    request_hint="[contacts] of the file names contacts",
)
