"""Writing a parameters file: values by their place, every remark kept, nobody's work undone."""

import tomllib
from pathlib import Path

import pytest

from orgkit.errors import RecordExists
from orgkit.lab.draft import Draft, example, place_to_save
from orgkit.parameters import load

EXAMPLE = example().read_text(encoding="utf-8")


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    (tmp_path / "outputs").mkdir()
    (tmp_path / "parameters").mkdir()
    file = tmp_path / "parameters" / "acme.toml"
    file.write_text(EXAMPLE)
    return Draft.of(file)


def test_a_file_that_is_not_there_begins_as_the_example(tmp_path: Path) -> None:
    draft = Draft.of(tmp_path / "new.toml")
    assert draft.text == EXAMPLE
    draft.save(tmp_path / "new.toml")
    assert (tmp_path / "new.toml").read_text() == EXAMPLE


def test_one_value_changes_one_line_and_no_remark(draft: Draft) -> None:
    draft.put("444444444444", "organization", "management_account_id")
    before, after = EXAMPLE.splitlines(), draft.text.splitlines()
    assert len(before) == len(after)
    assert [(a, b) for a, b in zip(before, after, strict=True) if a != b] == [
        ('management_account_id = "999999999999"', 'management_account_id = "444444444444"')
    ]
    assert draft.value("organization", "management_account_id") == "444444444444"


def test_an_optional_value_that_is_emptied_goes_and_one_that_is_needed_is_a_problem(draft: Draft) -> None:
    draft.put("", "imports", "dns", "profile", optional=True)
    assert "profile" not in tomllib.loads(draft.text)["imports"]["dns"]
    assert draft.check().problems == ()
    draft.put("", "accounts", "website-prod", "email")
    (problem,) = draft.check().problems
    assert problem.place == "accounts.website-prod.email"


def test_accounts_and_units_come_and_go_and_the_rest_stays(draft: Draft) -> None:
    draft.add("units", "Security/Audit", {})
    draft.add("accounts", "audit", {"email": draft.email_of("audit"), "unit": "Security/Audit"})
    desired = draft.check().desired
    assert desired is not None
    assert "Security/Audit" in {unit.path for unit in desired.units}
    assert {account.key: account.email for account in desired.accounts}["audit"] == "aws-audit@example.com"
    draft.remove("accounts", "audit")
    draft.remove("units", "Security/Audit")
    assert tomllib.loads(draft.text) == tomllib.loads(EXAMPLE)
    assert [line for line in EXAMPLE.splitlines() if line.startswith("#") and line not in draft.text] == []


def test_sections_can_be_added_to_a_file_that_has_none_of_the_kind(tmp_path: Path) -> None:
    file = tmp_path / "small.toml"
    file.write_text('[organization]\nname = "x"\n')
    draft = Draft.of(file)
    draft.add("units", "A", {})
    draft.add("accounts", "log", {"email": "log@x.example", "unit": "A"})
    draft.put("log", "trail", "log_archive_account")
    assert tomllib.loads(draft.text) == {
        "organization": {"name": "x"},
        "units": {"A": {}},
        "accounts": {"log": {"email": "log@x.example", "unit": "A"}},
        "trail": {"log_archive_account": "log"},
    }


def test_a_text_that_is_no_toml_is_told_and_left_as_it_is(draft: Draft) -> None:
    draft.text = broken = EXAMPLE.replace("[trail]", "[trail")
    assert draft.document is None
    draft.put("x", "organization", "name")
    draft.add("units", "A", {})
    assert draft.text == broken
    assert draft.check().problems[0].place.startswith("line ")


def test_the_words_are_those_of_orgkit_check(draft: Draft) -> None:
    draft.put("Prodution", "accounts", "website-prod", "unit")
    draft.save(draft.path)
    with pytest.raises(Exception, match="Prodution") as invalid:
        load(draft.path)
    assert [str(p) for p in draft.check().problems] == [str(p) for p in invalid.value.problems]


def test_what_somebody_else_wrote_meanwhile_is_not_undone(draft: Draft) -> None:
    draft.put("mine", "organization", "name")
    draft.path.write_text("theirs")
    with pytest.raises(RecordExists, match="has changed since"):
        draft.save(draft.path)
    assert draft.path.read_text() == "theirs"
    other = draft.path.with_name("other.toml")
    other.write_text("there")
    with pytest.raises(RecordExists, match="is there already"):
        draft.save(other)
    assert other.read_text() == "there"
    assert sorted(path.name for path in draft.path.parent.iterdir()) == ["acme.toml", "other.toml"]


def test_saving_keeps_who_may_read_the_file_and_can_be_done_again(draft: Draft) -> None:
    draft.path.chmod(0o640)
    for name in ("one", "two"):
        draft.put(name, "organization", "name")
        draft.save(draft.path)
        assert tomllib.loads(draft.path.read_text())["organization"]["name"] == name
    assert draft.path.stat().st_mode & 0o777 == 0o640


def test_the_example_is_saved_under_another_name(tmp_path: Path) -> None:
    (tmp_path / "outputs").mkdir()
    (tmp_path / "parameters").mkdir()
    file = tmp_path / "parameters" / "example.toml"
    file.write_text(EXAMPLE)
    draft = Draft.of(file)
    assert place_to_save(draft) == "parameters/acme.toml"
    draft.put("Bake / Sons", "organization", "name")
    assert place_to_save(draft) == "parameters/Bake---Sons.toml"
