"""Phase 12: create policies, and attach them to organizational units."""

from orgkit.phases.descriptor import Phase
from orgkit.phases.policies.adoption import adopt
from orgkit.phases.policies.evidence import EVIDENCE
from orgkit.phases.policies.handover import HANDOVER
from orgkit.phases.policies.inventory import INVENTORY
from orgkit.phases.policies.planner import file_warnings, plan
from orgkit.phases.policies.section import SECTION
from orgkit.phases.policies.spec import PoliciesSpec
from orgkit.phases.policies.steps import READS, AttachPolicy, ChangePolicy, CreatePolicy

PHASE = Phase(
    number="12",
    name="policies",
    title="Create policies, and attach them to organizational units",
    label="policies",
    requires=("organization", "units"),
    reads=READS,
    section=SECTION,
    steps=(
        CreatePolicy,
        ChangePolicy,
        AttachPolicy,
    ),
    evidence=EVIDENCE,
    planner=plan,
    handover=HANDOVER,
    adopt=adopt,
    in_bootstrap=False,
    is_requested=lambda desired: bool(desired.section(PoliciesSpec).policies),
    request_hint="[policies] of the file names one",
    file_warnings=file_warnings,
    inventory=INVENTORY,
)
