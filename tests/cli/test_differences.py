"""`orgkit sandbox differences`: every correction has a row, a name that stays, and two sides."""

import re
from typing import Any

import pytest

from orgkit.sandbox.corrections import all as corrections
from orgkit.sandbox.corrections.registry import CORRECTIONS
from orgkit.sandbox.differences import Difference, as_json, differences
from tests.bootstrap.project import Project

# Names that people may have written down: the changelog lists each one that is removed.
KEPT = {
    "account.put_account_name",
    "cloudtrail.create_trail",
    "controltower.list_landing_zones",
    "freetier.get_account_plan_state",
    "iam.enable_organizations_root_sessions",
    "organizations.accept_handshake",
    "organizations.create_account",
    "organizations.create_organizational_unit",
    "organizations.invite_account_to_organization",
    "organizations.move_account",
    "organizations.throttling",
    "s3.create_bucket",
    "sts.assume_role",
}


@pytest.fixture(scope="module")
def rows() -> list[Difference]:
    return [row for subject in differences() for row in subject.differences]


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    return Project(tmp_path_factory.mktemp("differences")).orgkit("sandbox", "differences").stdout


def test_every_correction_has_a_row(rows):
    replaced = [attribute for row in rows for attribute in row.replaces]
    assert len(replaced) == len(set(replaced)) == len({(id(each.target), each.name) for each in CORRECTIONS})
    assert all(attribute.startswith("moto.") for attribute in replaced)


def test_every_row_has_a_name_of_its_own_and_two_sides(rows):
    names = [row.name for row in rows]
    assert len(names) == len(set(names))
    assert [name for name in names if not re.fullmatch(r"[a-z0-9_]+(\.\w+){1,2}", name)] == []
    assert [row.name for row in rows if not (row.aws and row.moto)] == []


def test_names_stay(rows):
    assert KEPT - {row.name for row in rows} == set()


def test_subjects_are_called_as_their_modules_say(rows):
    titles = {subject.title for subject in differences()}
    message = {" ".join((module.__doc__ or "").split()).rstrip(".") for module in corrections.SUBJECTS}
    assert len([title for title in titles if title in message]) >= len(titles) - 3


def test_what_a_person_reads_fits_80_columns_and_names_every_row(text, rows):
    assert max(map(len, text.splitlines())) <= 80
    lines = text.splitlines()
    assert [row.name for row in rows if f"  {row.name}" not in lines] == []
    assert "Known, and not corrected" in lines
    assert lines[-1].startswith(f"{len(rows)} corrected, ")


def test_a_program_reads_the_same(rows):
    output: dict[str, Any] = as_json()
    assert [row["name"] for row in output["corrected"]] == [row.name for row in rows]
    assert all(set(row) == {"subject", "name", "aws", "moto", "replaces", "source"} for row in output["corrected"])
    assert all(set(gap) == {"what", "aws", "sandbox"} for gap in output["uncorrected"])
