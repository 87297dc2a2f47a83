"""What others named reaches a terminal, a JSON document and a plan without acting there."""

import json
from pathlib import Path

import pytest

from orgkit.errors import NeedsDecision, OrgkitError, ParametersInvalid, Problem, StepFailed
from orgkit.model.plan import canonical
from orgkit.sanitize.terminal import as_json, flat, short_path
from tests.engine.test_apply import TARGET

CLEARS_THE_SCREEN, TURNS_THE_LINE, A_SECOND_LINE = "\x1b[2J", "\u202eevil", "a\n  do:  delete everything"
HOSTILE = [CLEARS_THE_SCREEN, TURNS_THE_LINE, A_SECOND_LINE, "\x9b31m", "\ud800", "\U000e0041", "\r"]


def is_harmless(text: str) -> bool:
    return all(char.isprintable() or char == "\n" for char in text)


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
@pytest.mark.parametrize("kind", [NeedsDecision, StepFailed])
def test_an_error_has_three_lines_whatever_a_name_has_in_it(kind: type[OrgkitError], name: str) -> None:
    stop = kind(f"account {name} is in the way.", f"rename {name}.")
    assert is_harmless(str(stop))
    assert [line.strip().split(":")[0] for line in str(stop).splitlines()][1:] == ["why", "do"]
    assert str(stop).splitlines() == stop._render_traceback_()


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_each_problem_of_a_file_is_one_harmless_line(name: str) -> None:
    problems = [Problem(f"accounts.{name}", f"{name} is not an email"), Problem("units", "missing")]
    stop = ParametersInvalid(f"{name}.toml", problems)
    assert is_harmless(str(stop))
    assert sum("is not an email" in line for line in str(stop).splitlines()) == 1
    assert "    units: missing" in str(stop).splitlines()


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_json_means_the_same_and_shows_nothing_that_acts(name: str) -> None:
    text = as_json({name: [name]})
    assert is_harmless(text)
    assert json.loads(text) == {name: [name]}
    text.encode()


def test_what_can_be_read_stays_as_it_is() -> None:
    assert flat("Zürich – 東京 'a' \"b\"") == "Zürich – 東京 'a' \"b\""
    assert "Zürich – 東京" in as_json("Zürich – 東京")


def test_half_a_character_in_a_name_has_a_digest_too() -> None:
    content = canonical("units", TARGET, [{"name": "\ud800"}])
    assert json.loads(content)["steps"] == [{"name": "\ud800"}]


def test_a_path_is_relative_to_where_the_command_runs_and_keeps_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert short_path(tmp_path / "parameters" / "ada.pub", 120) == "parameters/ada.pub"
    assert short_path(Path("parameters/ada.pub"), 120) == "parameters/ada.pub"
    assert short_path(Path("/elsewhere/ada.pub"), 120) == "/elsewhere/ada.pub"
    cut = short_path(Path("/", *["nested folder"] * 20, "adä\x1b.pub"), 40)
    assert (len(cut), cut[0], cut.endswith("/nested folder/adä\N{REPLACEMENT CHARACTER}.pub")) == (40, "…", True)
