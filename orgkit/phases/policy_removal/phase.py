"""Phase 13: detach policies, and delete them; the only phase that does."""

from orgkit.phases.descriptor import Phase
from orgkit.phases.policy_removal.evidence import EVIDENCE
from orgkit.phases.policy_removal.planner import plan
from orgkit.phases.policy_removal.section import SECTION
from orgkit.phases.policy_removal.steps import READS, DeletePolicy, DetachPolicy

PHASE = Phase(
    number="13",
    name="policy-removal",
    title="Detach policies that the file names, and delete them where it asks for that",
    label="policy-removal",
    requires=("organization",),
    reads=READS,
    section=SECTION,
    steps=(
        DetachPolicy,
        DeletePolicy,
    ),
    evidence=EVIDENCE,
    planner=plan,
    in_bootstrap=False,
    takes_away=True,
)
