"""What phase 03 hands over to Terraform: the accounts of the file that AWS has."""

from collections.abc import Iterator

from orgkit.model.desired import Desired
from orgkit.model.matching import known_ids
from orgkit.model.observed import Observed
from orgkit.phases.accounts.steps import CreateAccount, MoveAccount, RenameAccount, TagAccount
from orgkit.phases.member_access.steps import CreateReadRole, RestrictReadRole
from orgkit.phases.terraform.part import Handover, HandoverPart, LeftOut
from orgkit.phases.terraform.tree import (
    ACTIVE,
    NOT_IN_FILE,
    accounts_block,
    accounts_resource,
    managed_accounts,
    roles_left_out,
)


def hand_over(observed: Observed, desired: Desired) -> HandoverPart:
    """Return the accounts of `[accounts]`, and why each other one is left out."""
    pairs = managed_accounts(desired.accounts, observed)
    items = (
        accounts_block("accounts", pairs, observed, desired),
        accounts_resource("accounts", pairs, observed, desired),
    )
    return HandoverPart(
        "The accounts that orgkit created, by their keys in the parameters file. Terraform can create more: add an\n"
        "entry with a tag orgkit:key of its own, and orgkit makes the account readable.",
        items if pairs else (),
        (
            *(item for spec, account in pairs for item in roles_left_out(spec, account, desired)),
            *_other_accounts(observed, desired),
        ),
    )


def _other_accounts(observed: Observed, desired: Desired) -> Iterator[LeftOut]:
    ids = {*known_ids(desired, observed).values(), observed.target.account}
    for account in observed.accounts:
        subject = f"account {account.id} ({account.name})"
        if account.state != ACTIVE and account.id != observed.target.account:
            yield LeftOut(subject, f"it is {account.state}: Terraform would try to change or close it")
        elif account.id not in ids:
            yield LeftOut(subject, NOT_IN_FILE)
    yield LeftOut("requests that created accounts", "they are AWS's record of what was done")
    yield LeftOut("alternate contacts of the accounts", "orgkit sets them, where the file has [contacts]")
    yield LeftOut(
        "everything else in the accounts", "orgkit neither made nor adopted it, such as users and their roles"
    )


# [hashicorp/aws 5.100: `name` and `email` force replacement]
RENAME = (
    "Terraform owns this account. Its provider may replace an account whose name is another than in its configuration: "
    "destroy it and create one. Name the folder of the hand-over as folder in [handover]: then the run that renames it "
    "writes the files again"
)
HANDOVER = Handover(
    hand_over,
    (CreateAccount, MoveAccount, RenameAccount, TagAccount),
    {RenameAccount: RENAME},
    member_steps=(CreateReadRole, RestrictReadRole),
)
