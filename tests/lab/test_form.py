"""The form for the parameters file, as a person fills it in; no kernel and no AWS is needed for it."""

import html
import re
from pathlib import Path
from typing import Any

import pytest

from orgkit.lab.draft import Draft, example
from orgkit.lab.form import Form
from orgkit.lab.form_widgets import STYLE
from orgkit.runbook.interactive.jupyterlab import SHARED_DATA


@pytest.fixture
def form(tmp_path: Path) -> Form:
    (tmp_path / "outputs").mkdir()
    (tmp_path / "parameters").mkdir()
    file = tmp_path / "parameters" / "acme.toml"
    file.write_bytes(example().read_bytes())
    return Form(Draft.load(file))


def labels(widget: Any) -> list[str]:
    children = getattr(widget, "children", ())
    own = [widget.description] if type(widget).__name__ in ("Text", "Textarea", "Button", "Dropdown") else []
    return own + [label for child in children for label in labels(child)]


def test_every_field_and_button_has_a_label(form: Form) -> None:
    found = labels(form.box)
    assert len(found) > 15
    assert all(found)


def test_tree_and_cost_are_drawn_anew_as_one_types(form: Form) -> None:
    assert "website-prod" in form.tree.value
    assert "USD" in form.cost.value
    before = form.cost.value
    form.fields["accounts", "+"].value = "website-test"
    form.fields["accounts", "add"].click()
    assert "website-test" in form.tree.value
    assert form.cost.value != before
    assert form.fields["accounts", "website-test", "email"].value == "aws-website-test@example.com"
    assert "[accounts.website-test]" in form.whole.value


def test_a_problem_takes_the_place_of_tree_and_cost_until_it_is_mended(form: Form) -> None:
    form.fields["accounts", "website-prod", "unit"].value = "Prodution"
    assert "1 problem:" in form.problems.value
    assert "Did you mean Production?" in form.problems.value
    assert form.tree.value == ""
    form.fields["accounts", "website-prod", "unit"].value = "Production"
    assert "well-formed" in form.problems.value
    assert "website-prod" in form.tree.value


def units_of(form: Form) -> set[tuple[str, ...]]:
    desired = form.draft.check().desired
    assert desired is not None, form.problems.value
    return {unit.path for unit in desired.units}


def test_a_unit_is_added_below_another_and_removed(form: Form) -> None:
    form.fields["units", "parent"].value, form.fields["units", "+"].value = "Security", "Audit"
    form.fields["units", "add"].click()
    assert ("Security", "Audit") in units_of(form)
    assert '\n[units."Security/Audit"]' in form.whole.value
    form.fields["units", "Security", "remove"].click()
    assert "Security/Audit lies in Security: remove or move it first." in form.saved.value
    form.fields["units", "Security/Audit", "remove"].click()
    assert units_of(form) == {("Production",), ("Infrastructure",), ("Security",)}
    form.fields["units", "add"].click()
    assert "Type the name of the new unit first." in form.saved.value


def test_a_unit_is_renamed_with_all_that_lies_in_it(form: Form) -> None:
    before = form.whole.value
    form.fields["units", "parent"].value, form.fields["units", "+"].value = "Security", "Audit"
    form.fields["units", "add"].click()
    form.fields["units", "Security", "name"].value = "CI/CD & Security"
    assert units_of(form) >= {("CI/CD & Security",), ("CI/CD & Security", "Audit")}
    assert form.fields["accounts", "log-archive", "unit"].value == r"CI\/CD & Security"
    form.fields["units", r"CI\/CD & Security", "name"].value = "Security"
    form.fields["units", "Security/Audit", "remove"].click()
    assert [line for line in before.splitlines() if line not in form.whole.value.splitlines()] == []  # comments too


def test_a_unit_is_moved_into_another_and_never_into_itself(form: Form) -> None:
    form.fields["units", "Security", "parent"].value = "Infrastructure"
    assert ("Infrastructure", "Security") in units_of(form)
    assert form.fields["accounts", "log-archive", "unit"].value == "Infrastructure/Security"
    assert "Infrastructure/Security" not in form.fields["units", "Infrastructure", "parent"].options
    form.fields["units", "Infrastructure/Security", "parent"].value = ""
    assert ("Security",) in units_of(form)


def test_a_name_that_is_taken_changes_nothing_and_the_field_shows_what_the_file_has(form: Form) -> None:
    before = form.whole.value
    for typed, message in (
        ("Production", "Production cannot take the place of Security."),
        (" ", "A unit needs a name."),
    ):
        form.fields["units", "Security", "name"].value = typed
        assert message in form.saved.value
        assert form.whole.value == before
        assert form.fields["units", "Security", "name"].value == "Security"


def test_the_unit_of_an_account_is_chosen_from_those_of_the_file(form: Form) -> None:
    assert form.fields["accounts", "website-prod", "unit"].options == ("Infrastructure", "Production", "Security")
    assert form.fields["trail", "log_archive_account"].options == ("website-prod", "log-archive")


def test_an_account_gets_another_key_also_where_the_trail_names_it(form: Form) -> None:
    before = form.whole.value
    form.fields["accounts", "log-archive", "key"].value = "logs"
    assert form.fields["trail", "log_archive_account"].value == "logs"
    assert form.fields["accounts", "logs", "email"].value == "aws-log-archive@example.com"
    assert "well-formed" in form.problems.value
    assert [line for line in before.splitlines() if line not in form.whole.value.splitlines()] == [
        "[accounts.log-archive]",
        'log_archive_account = "log-archive"',
    ]
    form.fields["imports", "dns", "key"].value = "names"
    assert "\n[imports.names]\n" in form.whole.value
    assert form.fields["imports", "names", "id"].value == "111111111111"


@pytest.mark.parametrize("typed", ["website-prod", "dns", "", "Log Archive"])
def test_a_key_that_is_taken_or_is_none_changes_nothing(form: Form, typed: str) -> None:
    before = form.whole.value
    form.fields["accounts", "log-archive", "key"].value = typed
    assert f"{typed!r} cannot be the key of log-archive." in html.unescape(form.saved.value)
    assert form.whole.value == before
    assert form.fields["accounts", "log-archive", "key"].value == "log-archive"


def test_no_style_of_the_form_reaches_the_banner() -> None:
    """JupyterLab's page is one for all notebooks; a class of both once hid the account in the banner."""
    extension = SHARED_DATA / "labextensions" / "orgkit" / "static"
    banner = set(re.findall(r"orgkit-[a-z-]+", (extension / "style.css").read_text()))
    banner |= set(re.findall(r"'(orgkit-[a-z-]+)'", (extension / "remoteEntry.js").read_text()))
    assert "orgkit-head" in banner
    assert set(re.findall(r"\.(orgkit-[a-z-]+)", STYLE)) & banner == set()


def test_alerts_stand_below_their_comment_and_go_without_a_trace(form: Form) -> None:
    before = form.whole.value
    form.fields["alerts",].value = "finance@example.com\n\nops@example.com\n"
    assert '#alerts = []\nalerts = ["finance@example.com", "ops@example.com"]\n' in form.whole.value
    assert "well-formed" in form.problems.value
    form.fields["alerts",].value = "finance"
    assert "1 problem:" in form.problems.value
    form.fields["alerts",].value = ""
    assert form.whole.value == before


def test_the_text_and_the_fields_are_one(form: Form) -> None:
    form.whole.value = form.whole.value.replace('name = "example"', 'name = "bakery"')
    assert form.fields["organization", "name"].value == "bakery"
    form.whole.value = form.whole.value.replace("[trail]", "[trail")
    assert "problem" in form.problems.value
    assert form.rows.children == ()  # nothing to fill in while the text cannot be read
    form.whole.value = form.whole.value.replace("[trail", "[trail]")
    assert form.fields["organization", "name"].value == "bakery"


def test_a_name_that_acts_is_only_text(form: Form) -> None:
    form.fields["organization", "name"].value = "<script>alert(1)</script>"
    form.fields["accounts", "website-prod", "email"].value = "<img src=x onerror=alert(1)>"
    for shown in (form.problems.value, form.tree.value, form.cost.value):
        assert "<script" not in shown
        assert "<img" not in shown


def test_saving_says_where_and_what_is_still_wrong(form: Form) -> None:
    form.fields["accounts", "website-prod", "unit"].value = "Prodution"
    form.save_button.click()
    assert "Saved to parameters/acme.toml. It has 1 problem(s) still." in form.saved.value
    assert "Prodution" in form.draft.path.read_text()
    form.place.value = "parameters/other.toml"
    form.save_button.click()
    assert "orgkit lab parameters/other.toml" in form.saved.value


def test_an_error_of_a_callback_is_written_into_the_form(form: Form) -> None:
    form.place.value = "nowhere/at/all.toml"
    form.save_button.click()
    assert "This could not be done: FileNotFoundError" in form.saved.value
    form.fields["accounts", "add"].click()
    assert "Type the key" in form.saved.value


@pytest.mark.parametrize("name", ["bootstrap/elsewhere.toml", "parameters/nested.toml"])
def test_files_that_nobody_made_for_it_are_shown_as_they_are(name: str, tmp_path: Path) -> None:
    file = tmp_path / "any.toml"
    file.write_bytes((Path(__file__).parents[1] / name).read_bytes())
    form = Form(Draft.load(file))
    assert form.whole.value == file.read_text()
    assert "well-formed" in form.problems.value
    assert "USD" in form.cost.value
