"""Phase 15: change root emails of member accounts, each with its one-time code."""

from orgkit.model.desired import Desired
from orgkit.phases.descriptor import Phase, PhasePlanner, PhaseSteps


def _steps() -> PhaseSteps:
    from orgkit.phases.root_emails.steps import READS, AcceptEmailChange, StartEmailChange

    return PhaseSteps(reads=READS, steps=(StartEmailChange, AcceptEmailChange))


def _planner() -> PhasePlanner:
    from orgkit.phases.root_emails.evidence import EVIDENCE
    from orgkit.phases.root_emails.planner import plan

    return PhasePlanner(plan, EVIDENCE)


def is_requested(desired: Desired) -> bool:
    """Return whether the file changes a root email."""
    return any(spec.email_changed_from for spec in desired.members)


PHASE = Phase(
    number="15",
    name="root-emails",
    title="Change root emails of member accounts, each with its one-time code",
    label="emails",
    requires=("organization", "accounts"),
    load_steps=_steps,
    load_planner=_planner,
    in_bootstrap=False,
    needs_person=True,
    is_requested=is_requested,
    request_hint="an account of the file has email_changed_from",
)
