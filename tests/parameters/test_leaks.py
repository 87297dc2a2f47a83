"""A secret in a parameters file is refused by its place, and no message shows it."""

from pathlib import Path

import pytest

from orgkit.errors import ParametersInvalid
from orgkit.model.desired import parse_path
from orgkit.parameters import load, load_text
from tests.records.test_redact import LEAKS

HERE = Path(__file__).parent
WHOLE = (HERE / "nested.toml").read_text()
SHOWABLE = {name: leak for name, leak in LEAKS.items() if "'" not in leak and leak.isprintable()}


def refusal_of(text: str) -> ParametersInvalid:
    with pytest.raises(ParametersInvalid) as refusal:
        load_text(text, "x.toml", HERE)
    assert "CANARY" not in str(refusal.value)
    return refusal.value


@pytest.mark.parametrize("leak", SHOWABLE.values(), ids=SHOWABLE)
def test_a_secret_of_any_kind_is_refused_where_it_stands(leak: str) -> None:
    problem = refusal_of(f"{WHOLE}\n[units.Leak.tags]\nNote = '{leak}'\n").problems[0]
    assert problem.place == "units.Leak.tags.Note"
    assert "holds a secret (" in problem.message
    assert problem.message.startswith(f"line {len(WHOLE.splitlines()) + 3}: ")


@pytest.mark.parametrize("heading", ['[units."{}"]', '[accounts."{}"]', '["{}"]', '[organization.tags]\n"{}" = "x"'])
def test_nor_does_a_heading_or_key_show_it(heading: str) -> None:
    leak = heading.format(LEAKS["a key id"])
    text = WHOLE.replace("[organization.tags]", "[organization.gone]") if "tags" in heading else WHOLE
    places = [problem.place for problem in refusal_of(f"{text}\n{leak}\n").problems]
    assert any("[redacted: access key id]" in place for place in places)


def test_one_that_keeps_the_file_from_being_read_is_not_shown_either() -> None:
    assert "[redacted: access key id]" in str(refusal_of(f"[organization]\nname = {LEAKS['a key id']}\n"))


def test_what_else_is_wrong_is_told_beside_it() -> None:
    text = f"{WHOLE}\n[units.Leak.tags]\nNote = '{LEAKS['a key id']}'\n[nonsense]\n"
    assert [problem.place for problem in refusal_of(text).problems] == ["units.Leak.tags.Note", "nonsense"]


def test_ordinary_files_hold_none() -> None:
    assert load(HERE / "nested.toml")


@pytest.mark.parametrize("unit", ["team42-token", "#1\\/TOKEN", "2nd secret", "CI2 password"])
def test_a_name_that_ends_like_a_credential_is_none_as_a_table(unit: str) -> None:
    file = load_text(f"{WHOLE}\n[units.'{unit}'.tags]\nPurpose = 'x'\n", "x.toml", HERE)
    assert any(defined.path == parse_path(unit) for defined in file.units)
