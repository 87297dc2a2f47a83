"""AWS calls that read and change the name of a member account.

AWS documents that a change of an account can take four hours to be seen everywhere. So the service that changes the
name is asked for it, and not the list of accounts alone.
"""

from collections.abc import Iterable
from dataclasses import replace

from orgkit.aws.session import Connection
from orgkit.model.account_management import can_change_accounts
from orgkit.model.matching import IdIndex, match_if_clear
from orgkit.model.observed import Observed
from orgkit.model.plan import starting_value
from orgkit.phases.accounts.names import Spec
from orgkit.phases.accounts.steps import RenameAccount


def read_names(aws: Connection, observed: Observed, specs: Iterable[Spec]) -> Observed:
    """Return the reading with the current names of the accounts that the file renames."""
    if not can_change_accounts(observed):
        return observed
    matches = [(spec, match_if_clear(spec, observed)) for spec in specs if spec.renamed_from]
    ids = [account.id for _, account in matches if account]
    names = dict(zip(ids, aws.executor.map(lambda account: _name_of(aws, account), ids), strict=True))
    if not names:
        return observed
    accounts = (replace(account, name=names.get(account.id, account.name)) for account in observed.accounts)
    return replace(observed, accounts=tuple(accounts))


def _name_of(aws: Connection, account: str) -> str:
    return str(aws.read("account", "GetAccountInformation", AccountId=account)["AccountName"])


def rename_account(aws: Connection, step: RenameAccount, id_index: IdIndex) -> None:
    """Give it the new name; AWS answers with nothing."""
    aws.mutate("account", "PutAccountName", AccountId=id_index.account(step.key), AccountName=step.name)


def name_of_account(aws: Connection, step: RenameAccount, id_index: IdIndex) -> str:
    """Return the name that the account has now."""
    return starting_value(_name_of(aws, id_index.account(step.key)))
