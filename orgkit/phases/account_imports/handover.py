"""What phase 04 hands over to Terraform: the accounts that joined by invitation."""

from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.phases.accounts.handover import RENAME
from orgkit.phases.accounts.steps import MoveAccount, RenameAccount, TagAccount
from orgkit.phases.member_access.steps import CreateReadRole, RestrictReadRole
from orgkit.phases.terraform.part import Handover, HandoverPart, LeftOut
from orgkit.phases.terraform.tree import accounts_block, accounts_resource, managed_accounts, roles_left_out

NAME = "imported_accounts"


def hand_over(observed: Observed, desired: Desired) -> HandoverPart:
    """Return the accounts of `[imports]` that have joined."""
    pairs = managed_accounts(desired.imports, observed)
    items = (accounts_block(NAME, pairs, observed, desired), accounts_resource(NAME, pairs, observed, desired))
    return HandoverPart(
        "The accounts that joined the organization by invitation, by their keys in the parameters file.",
        items if pairs else (),
        (
            *(item for spec, account in pairs for item in roles_left_out(spec, account, desired)),
            LeftOut("invitations (handshakes)", "Terraform has no resource for them; orgkit sends them"),
        ),
    )


HANDOVER = Handover(
    hand_over,
    (MoveAccount, RenameAccount, TagAccount),
    {RenameAccount: RENAME},
    member_steps=(CreateReadRole, RestrictReadRole),
)
