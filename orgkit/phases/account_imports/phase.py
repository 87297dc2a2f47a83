"""Phase 04: import existing accounts."""

from orgkit.phases.account_imports.adoption import adopt
from orgkit.phases.account_imports.evidence import EVIDENCE
from orgkit.phases.account_imports.handover import HANDOVER
from orgkit.phases.account_imports.inventory import INVENTORY
from orgkit.phases.account_imports.planner import plan
from orgkit.phases.account_imports.section import SECTION
from orgkit.phases.account_imports.steps import READS, AcceptInvitation, InviteAccount
from orgkit.phases.accounts.steps import MoveAccount, RenameAccount, TagAccount
from orgkit.phases.descriptor import Phase
from orgkit.phases.member_access.steps import CreateReadRole, MakeManageable, RestrictReadRole

PHASE = Phase(
    number="04",
    name="account-imports",
    title="Import existing accounts",
    label="imports",
    requires=("organization", "units"),
    reads=READS,
    section=SECTION,
    steps=(
        InviteAccount,
        AcceptInvitation,
        MakeManageable,
        CreateReadRole,
        RestrictReadRole,
        MoveAccount,
        RenameAccount,
        TagAccount,
    ),
    evidence=EVIDENCE,
    planner=plan,
    handover=HANDOVER,
    adopt=adopt,
    accounts=lambda desired: desired.imports,
    inventory=INVENTORY,
)
