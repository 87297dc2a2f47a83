"""Paths of organizational units in the parameters file: each way to write one, and names that hold a slash."""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from orgkit.errors import ParametersInvalid
from orgkit.model.desired import Desired, UnitPath, format_path
from orgkit.parameters import load_text

NAMES = st.text(alphabet="abC/\\'\" é.", min_size=1, max_size=6).filter(lambda name: name == name.strip())
PATHS = st.lists(NAMES, min_size=1, max_size=5).map(tuple)


def literal(path: UnitPath) -> str:
    """TOML's literal string, in which a backslash is a backslash; a basic string where there is a quote in it."""
    text = format_path(path)
    return json.dumps(text, ensure_ascii=False) if "'" in text else f"'{text}'"


def basic(path: UnitPath) -> str:
    return json.dumps(format_path(path), ensure_ascii=False)


def listed(path: UnitPath) -> str:
    return json.dumps(list(path), ensure_ascii=False)


KEYS = (literal, basic)
VALUES = (literal, basic, listed)
Writer = Callable[[UnitPath], str]


def loaded(key: str, unit: str) -> Desired:
    text = f"""
[organization]
management_account_id = "999999999999"
email = "aws-management@example.com"
name = "acme"
[accounts.log-archive]
email = "aws-log-archive@example.com"
unit = {unit}
[imports.dns]
id = "111111111111"
email = "aws-dns@example.com"
unit = {unit}
[units.{key}]
[trail]
log_archive_account = "log-archive"
"""
    return load_text(text, "acme.toml", Path())


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", VALUES)
@given(path=PATHS)
def test_every_way_to_write_a_path_gives_its_names(key: Writer, value: Writer, path: UnitPath) -> None:
    desired = loaded(key(path), value(path))
    assert [unit.path for unit in desired.units] == [path[:depth] for depth in range(1, len(path) + 1)]
    assert [spec.unit for spec in desired.members] == [path, path]


@given(path=PATHS)
def test_a_path_that_is_printed_can_be_copied_into_the_file(path: UnitPath) -> None:
    """The message for a missing unit holds the section to add."""
    with pytest.raises(ParametersInvalid) as refused:
        loaded("Elsewhere-and-far-away", listed(path))
    messages = [problem.message for problem in refused.value.problems if "no unit" in problem.message]
    section = messages[0].partition("Add the section [")[2].removesuffix("].")
    if "\u2026" not in section and section:
        (written,) = tomllib.loads(f"[{section}]")["units"]
        assert loaded(literal(path), listed(path)).units[-1].path == path
        assert written == format_path(path)


@pytest.mark.parametrize(
    ("unit", "problem"),
    [
        ('["Workloads", 5]', "is a list: write the path of a unit in quotes"),
        ("[]", "is empty"),
        ('["Workloads", ""]', "has an empty level"),
        ('["a", "b", "c", "d", "e", "f"]', "is 6 levels deep"),
        ('["a "]', "has a blank at the edge"),
        ('["Pr\u043eduction"]', "mixes"),
        (r"'Workloads\Production'", "has a single backslash"),
        ("5", 'is the number 5: write it in quotes, as "5"'),
        ("{ a = 1 }", "is a section: write the path of a unit in quotes"),
        ('["CI/CD"]', r"the file has no unit 'CI\\/CD'. Did you mean CI/CD"),
    ],
)
def test_what_is_no_path_is_refused_with_what_to_write(unit: str, problem: str) -> None:
    with pytest.raises(ParametersInvalid) as refused:
        loaded('"CI/CD"', unit)
    (_, message), *_ = [
        (problem.place, problem.message)
        for problem in refused.value.problems
        if problem.place == "accounts.log-archive.unit"
    ]
    assert re.search(problem, message), message


def test_a_literal_name_and_a_nested_path_of_the_same_text_are_two_units() -> None:
    key = r"""'CI\/CD']
[units."CI/CD"""
    desired = loaded(f'{key}"', '["CI/CD"]')
    assert [unit.path for unit in desired.units] == [("CI",), ("CI", "CD"), ("CI/CD",)]
    assert desired.accounts[0].unit == ("CI/CD",)


def test_two_units_whose_names_differ_in_case_are_two() -> None:
    desired = loaded('prod]\n[units.Prod]\n[units."Prod/Web"', '"prod"')
    assert [unit.path for unit in desired.units] == [("Prod",), ("Prod", "Web"), ("prod",)]


def test_a_nested_table_is_answered_with_the_path_that_it_means() -> None:
    with pytest.raises(ParametersInvalid, match=r"\[units.'Workloads/CI\\/CD'\]"):
        loaded('Workloads."CI/CD"', '"Workloads"')


def test_tomlkit_writes_what_tomllib_reads_of_an_escaped_path() -> None:
    """The form in JupyterLab writes with tomlkit."""
    table = tomlkit.dumps({"units": {r"Workloads/CI\/CD": {}}})
    assert tomllib.loads(table) == {"units": {r"Workloads/CI\/CD": {}}}
