"""A file that asks for less than orgkit makes by default: no tags, no roles, no records bucket, no trail."""

from pathlib import Path
from typing import Any

import pytest

from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.parameters import examine
from orgkit.phases.registry import plan
from orgkit.phases.schema.location import Violation, spell
from tests.plans.loader import observed_of, raw_of

ARCHIVE = {
    "id": "222222222222", "name": "log-archive", "email": "aws-log-archive@acme.example", "unit": "Security",
}  # fmt: skip


def examined(**sections: dict[str, Any]) -> tuple[Desired | None, list[Violation]]:
    raw = raw_of()
    for name, values in sections.items():
        raw[name] = {**raw.get(name, {}), **values}
    return examine(raw, Path(), str)


def desired_with(**sections: dict[str, Any]) -> Desired:
    desired, wrong = examined(**sections)
    assert desired is not None, wrong
    return desired


def problems(**sections: dict[str, Any]) -> list[str]:
    return [f"{spell(place)} {message}" for place, message in examined(**sections)[1]]


def organization(unit: str = "Security", **account: Any) -> Observed:
    return observed_of(
        {
            "organization": {},
            "units": {"Security": {}},
            "accounts": [{**ARCHIVE, "unit": unit, "tags": {}, **account}],
        }
    )


STATE = {"state": {"email": "state@acme.example", "unit": "Security"}}
NO_ROLE = {"members": {"read_role": False}}
NO_TAGS = {"organization": {"tags": "none"}}
AS_IT_IS = {"trail": {"bucket_settings": False, "records_bucket": False}}


def test_without_tags_nothing_is_tagged_but_where_a_section_has_tags_of_its_own() -> None:
    desired = desired_with(**NO_TAGS, units={"Security": {"tags": {"Owner": "Zoë"}}})
    assert [dict(unit.tags) for unit in desired.units] == [{"Owner": "Zoë"}]
    assert desired.accounts[0].tags == desired.trail.tags == ()
    steps = plan("units", organization(), desired).steps
    assert [step.sentence for step in steps] == ["tag organizational unit Security: Owner=Zoë"]


@pytest.mark.parametrize("value", ["None", "all"])
def test_another_word_for_tags_is_refused(value: str) -> None:
    (problem,) = problems(organization={"tags": value})
    assert problem.startswith(f'organization.tags is the text "{value}": write a section')


def test_without_a_read_role_accounts_get_no_roles() -> None:
    labels = [step.kind for step in plan("accounts", organization(), desired_with()).steps]
    assert labels == ["tag-account", "create-read-role"]
    desired = desired_with(**NO_ROLE, **AS_IT_IS, **NO_TAGS)
    made = plan("accounts", organization(), desired)
    assert (made.steps, made.waiting) == ((), ())


def test_without_a_read_role_imports_get_no_roles_and_wait_for_none() -> None:
    entry = {"dns": {"id": "111111111111", "email": "dns@acme.example", "unit": "Security"}}
    member = {"id": "111111111111", "name": "dns", "email": "dns@acme.example", "join_method": "INVITED"}
    observed = organization(**member)
    assert plan("imports", observed, desired_with(imports=entry)).waiting
    made = plan("imports", observed, desired_with(**NO_ROLE, **AS_IT_IS, **NO_TAGS, imports=entry))
    assert (made.steps, made.waiting) == ((), ())


def test_without_a_read_role_a_trail_whose_buckets_would_be_compared_is_refused() -> None:
    assert [problem.split()[0] for problem in problems(**NO_ROLE)] == ["trail.bucket_settings", "trail.records_bucket"]
    assert problems(**NO_ROLE, **AS_IT_IS) == []


def test_without_a_read_role_a_state_backend_is_refused() -> None:
    (problem,) = problems(**NO_ROLE, **AS_IT_IS, state_backend={"account": "state"}, accounts=STATE)
    assert problem == "members.read_role is false, and [state_backend] needs that role in its account: write true."


def test_a_file_without_a_trail_plans_none_and_says_so() -> None:
    raw = raw_of()
    del raw["trail"]
    raw["organization"]["trusted_access"] = ["iam.amazonaws.com"]
    desired, wrong = examine(raw, Path(), str)
    assert desired is not None, wrong
    assert desired.log_archive is None
    made = plan("trail", organization(), desired)
    assert made.steps == ()
    assert made.warnings == ("The file has no [trail]: orgkit sets up no log of the calls in all accounts.",)


def test_an_account_stays_in_the_root_and_is_not_moved_there() -> None:
    desired = desired_with(accounts={"log-archive": {"email": ARCHIVE["email"], "id": ARCHIVE["id"], "unit": "/"}})
    assert desired.accounts[0].unit == ()
    in_the_root = plan("accounts", organization(unit=""), desired)
    assert "move-account" not in [step.kind for step in in_the_root.steps]
    assert in_the_root.waiting == ()
    elsewhere = plan("accounts", organization(), desired)
    assert "move-account" not in [step.kind for step in elsewhere.steps]
    (waiting,) = elsewhere.waiting
    assert waiting.what.startswith("log-archive: it is in Security, and the file says the organization root")


def test_no_new_account_is_left_in_the_root() -> None:
    (problem,) = problems(accounts={"log-archive": {"email": ARCHIVE["email"], "unit": "/"}})
    assert problem.startswith('accounts.log-archive.unit is "/", where orgkit places no new account')


def test_no_unit_is_the_root() -> None:
    assert any("has an empty level" in problem for problem in problems(units={"/": {}}))
