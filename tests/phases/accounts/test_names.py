"""`renamed_from` of an account: the name is asked of the service that changes it, and Terraform's is left."""

from pathlib import Path

import pytest

from orgkit.aws.session import Connection
from orgkit.model.desired import HandoverSpec
from orgkit.model.matching import IdIndex
from orgkit.phases.accounts.names_aws import name_of_account, read_names, rename_account
from orgkit.phases.accounts.phase import PHASE
from orgkit.phases.accounts.steps import RenameAccount
from orgkit.phases.registry import plan
from tests.aws.conftest import Answer, Wire
from tests.plans.loader import Case

FOLDER = Path(__file__).parents[2] / "plans" / "accounts"
CASE = Case(FOLDER / "renamed-from")
OBSERVED, DESIRED = CASE.observed, CASE.desired
ID = "222222222222"
(STEP,) = [step for step in plan("accounts", OBSERVED, DESIRED).steps if isinstance(step, RenameAccount)]


def test_a_list_that_still_has_the_old_name_does_not_rename_again(aws: Connection, wire: Wire) -> None:
    """AWS documents that a change of an account can take four hours to be seen everywhere."""
    wire.says(Answer.json(AccountId=ID, AccountName="Log archive"))
    observed = read_names(aws, OBSERVED, DESIRED.accounts)
    assert observed.account(ID).name == "Log archive"
    assert not [step for step in plan("accounts", observed, DESIRED).steps if isinstance(step, RenameAccount)]
    assert PHASE.shows(STEP, observed, DESIRED) is True
    assert PHASE.shows(STEP, OBSERVED, DESIRED) is False


def test_nothing_is_asked_where_no_account_is_renamed_or_aws_would_refuse(aws: Connection, wire: Wire) -> None:
    for name in ("renamed-from-without-trusted-access", "everything-there"):
        case = Case(FOLDER / name)
        assert read_names(aws, case.observed, case.desired.accounts) == case.observed
    assert wire.asked == []


def test_a_list_that_already_has_the_new_name_of_an_account_that_was_renamed_back_is_corrected(
    aws: Connection, wire: Wire
) -> None:
    wire.says(Answer.json(AccountId=ID, AccountName="Log archive"))
    renamed = read_names(aws, OBSERVED, DESIRED.accounts)
    wire.says(Answer.json(AccountId=ID, AccountName="log-archive"))
    observed = read_names(aws, renamed, DESIRED.accounts)
    assert [step.id for step in plan("accounts", observed, DESIRED).steps if isinstance(step, RenameAccount)] == [
        STEP.id
    ]


def test_an_account_is_renamed_by_its_id(aws: Connection, wire: Wire) -> None:
    wire.says(Answer.json(AccountId=ID, AccountName="log-archive"), Answer())
    id_index = IdIndex(OBSERVED, DESIRED)
    assert name_of_account(aws, STEP, id_index) == STEP.starts_from
    rename_account(aws, STEP, id_index)
    assert wire.bodies[-1] == '{"AccountId": "222222222222", "AccountName": "Log archive"}'


@pytest.mark.parametrize(("phase", "case"), [("accounts", "renamed-from"), ("imports", "renamed-from")])
def test_an_account_that_terraform_owns_is_not_renamed(phase: str, case: str) -> None:
    world = Case(FOLDER.parent / phase / case)
    owned = plan(phase, world.observed, world.desired.with_section(HandoverSpec((phase,))))
    assert not [step for step in owned.steps if isinstance(step, RenameAccount)]
    (waiting,) = [waiting for waiting in owned.waiting if "rename account" in waiting.what]
    assert "Its provider may replace an account" in waiting.what
