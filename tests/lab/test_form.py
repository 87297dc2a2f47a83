"""The form for the parameters file, as a person fills it in; no kernel and no AWS is needed for it."""

from pathlib import Path
from typing import Any

import pytest

from orgkit.lab.draft import Draft, example
from orgkit.lab.form import Form


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


def test_units_are_lines(form: Form) -> None:
    form.fields["units",].value = "Production\nInfrastructure\nSecurity\nSecurity/Audit\n\n"
    assert '\n[units."Security/Audit"]' in form.whole.value
    assert "Audit" in form.tree.value
    form.fields["units",].value = "Production\nInfrastructure\nSecurity"
    assert '\n[units."Security/Audit"]' not in form.whole.value
    assert "well-formed" in form.problems.value


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
