"""Phase 03: create the member accounts and place them."""

from orgkit.phases.accounts.adoption import adopt
from orgkit.phases.accounts.evidence import EVIDENCE
from orgkit.phases.accounts.handover import HANDOVER
from orgkit.phases.accounts.inventory import INVENTORY
from orgkit.phases.accounts.planner import plan
from orgkit.phases.accounts.section import SECTION
from orgkit.phases.accounts.steps import READS, CreateAccount, MoveAccount, RenameAccount, TagAccount
from orgkit.phases.descriptor import Phase
from orgkit.phases.member_access.steps import CreateReadRole, RestrictReadRole

PHASE = Phase(
    number="03",
    name="accounts",
    title="Create the member accounts and place them",
    label="accounts",
    requires=("organization", "units"),
    reads=READS,
    section=SECTION,
    steps=(
        CreateAccount,
        MoveAccount,
        RenameAccount,
        TagAccount,
        CreateReadRole,
        RestrictReadRole,
    ),
    evidence=EVIDENCE,
    planner=plan,
    handover=HANDOVER,
    adopt=adopt,
    accounts=lambda desired: desired.accounts,
    inventory=INVENTORY,
)
