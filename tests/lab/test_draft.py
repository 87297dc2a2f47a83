"""Writing a parameters file: values by their place, every remark kept, nobody's work undone."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orgkit.errors import OrgkitError, RecordExists
from orgkit.lab.draft import Draft, example, place_to_save
from orgkit.parameters import load

EXAMPLE = example().read_text(encoding="utf-8")


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    (tmp_path / "outputs").mkdir()
    (tmp_path / "parameters").mkdir()
    file = tmp_path / "parameters" / "acme.toml"
    file.write_text(EXAMPLE)
    return Draft.load(file)


def test_a_file_that_is_not_there_begins_as_the_example(tmp_path: Path) -> None:
    draft = Draft.load(tmp_path / "new.toml")
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
    assert ("Security", "Audit") in {unit.path for unit in desired.units}
    assert {account.key: account.email for account in desired.accounts}["audit"] == "aws-audit@example.com"
    draft.remove("accounts", "audit")
    draft.remove("units", "Security/Audit")
    assert tomllib.loads(draft.text) == tomllib.loads(EXAMPLE)
    assert [line for line in EXAMPLE.splitlines() if line.startswith("#") and line not in draft.text] == []


def test_sections_can_be_added_to_a_file_that_has_none_of_the_kind(tmp_path: Path) -> None:
    file = tmp_path / "small.toml"
    file.write_text('[organization]\nname = "x"\n')
    draft = Draft.load(file)
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


def test_a_text_is_parsed_once_for_all_values_that_are_read_of_it(draft: Draft) -> None:
    document = draft.document
    assert draft.value("organization", "name") == "example"
    assert draft.document is document
    draft.put("bakery", "organization", "name")
    assert draft.document is not document
    assert draft.value("organization", "name") == "bakery"


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
    draft = Draft.load(file)
    assert place_to_save(draft) == "parameters/acme.toml"
    draft.put("Bake / Sons", "organization", "name")
    assert place_to_save(draft) == "parameters/Bake---Sons.toml"


APART = f'{EXAMPLE}\n[accounts.shop]\nemail = "aws-shop@example.com"\nunit = "Production"\n\n[units.Late]\n'
INLINE = """
[organization]
name = "x"
[units]
A = { tags = { B = "c" } }
[accounts]
log = { email = "log@x.example", unit = "A" }
"""
DOTTED = 'organization.name = "x"\nunits.A.tags.B = "c"\naccounts.log.email = "log@x.example"\n'
BRACES = 'accounts = { log = { email = "log@x.example" } }\nunits = { A = {} }\n'


@pytest.mark.parametrize("text", [EXAMPLE, APART, INLINE, DOTTED, BRACES, "", "# only a remark"])
def test_however_a_file_is_written_a_change_says_exactly_what_was_meant_or_is_refused(
    tmp_path: Path, text: str
) -> None:
    file = tmp_path / "acme.toml"
    file.write_text(text)
    draft = Draft(text, file)
    steps: list[tuple[Callable[[], None], Callable[[dict[str, Any]], object]]] = [
        (lambda: draft.add("units", "A/B", {}), lambda raw: raw.setdefault("units", {}).setdefault("A/B", {})),
        (lambda: draft.add("accounts", "data", {"email": "d@x.example", "unit": "A/B"}),
         lambda raw: raw.setdefault("accounts", {}).update(data={"email": "d@x.example", "unit": "A/B"})),
        (lambda: draft.put("e@x.example", "accounts", "data", "email"),
         lambda raw: raw["accounts"]["data"].update(email="e@x.example")),
        (lambda: draft.put("y", "organization", "name"),
         lambda raw: raw.setdefault("organization", {}).update(name="y")),
        (lambda: draft.remove("accounts", "data"), lambda raw: raw["accounts"].pop("data")),
        (lambda: draft.remove("units", "A/B"), lambda raw: raw["units"].pop("A/B")),
    ]  # fmt: skip
    for change, meant in steps:
        before = draft.text
        raw = tomllib.loads(before)
        try:
            change()
        except OrgkitError:
            if text not in (BRACES, DOTTED) or draft.text != before:
                raise
            return
        meant(raw)
        after = tomllib.loads(draft.text)
        for section in ("units", "accounts"):
            assert after.get(section, {}) == raw.get(section, {}), draft.text
        assert after.get("organization") == raw.get("organization")


def test_a_list_of_names_is_shown_as_the_path_that_it_is(draft: Draft) -> None:
    draft.add("units", r"CI\/CD", {})
    draft.text = draft.text.replace('unit = "Production"', 'unit = ["CI/CD"]')
    assert draft.value("accounts", "website-prod", "unit") == r"CI\/CD"
    draft.put(draft.value("accounts", "website-prod", "unit"), "accounts", "website-prod", "unit")
    desired = draft.check().desired
    assert desired is not None
    assert {account.key: account.unit for account in desired.accounts}["website-prod"] == ("CI/CD",)
