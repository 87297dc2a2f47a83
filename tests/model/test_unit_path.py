"""The path of an organizational unit is a tuple of names; people read it with slashes between them."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkit.model.desired import UnitPath, UnitSpec, format_path, parse_path, quote_path

# AWS's pattern for the name of a unit is [\s\S]{1,128}: slashes, backslashes, quotes and line ends are names too.
NAMES = st.one_of(st.text(alphabet="ab/\\ '\"\n", min_size=1, max_size=4), st.text(min_size=1, max_size=128))
PATHS = st.lists(NAMES, max_size=5).map(tuple)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("Security",), "Security"),
        (("Security", "Audit"), "Security/Audit"),
        (("CI/CD",), r"CI\/CD"),
        (("Workloads", "CI/CD"), r"Workloads/CI\/CD"),
        (("a\\", "b"), r"a\\/b"),
    ],
)
def test_a_slash_within_a_name_is_told_apart_from_one_between_names(path: UnitPath, text: str) -> None:
    assert format_path(path) == text


@given(PATHS)
def test_a_printed_path_is_read_back_as_the_same_names(path: UnitPath) -> None:
    assert parse_path(format_path(path)) == path


@given(PATHS.filter(lambda path: "".join(path).isprintable()))
def test_a_quoted_path_is_toml_for_the_printed_path(path: UnitPath) -> None:
    assert tomllib.loads(f"unit = {quote_path(path)}") == {"unit": format_path(path)}


@pytest.mark.parametrize("text", ["a\\", "\\", r"a\b", "CI\\\\\\", r"Workloads\Production"])
def test_a_backslash_that_escapes_nothing_is_no_path(text: str) -> None:
    with pytest.raises(ValueError, match="single backslash"):
        parse_path(text)


def test_a_unit_knows_its_name_and_its_parent() -> None:
    unit = UnitSpec(("Workloads", "CI/CD"), ())
    assert (unit.name, unit.parent) == ("CI/CD", ("Workloads",))
    assert UnitSpec(("CI/CD",), ()).parent == ()
