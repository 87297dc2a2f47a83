"""The path of an organizational unit is a tuple of names; people read it with slashes between them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkit.model.desired import UnitPath, UnitSpec, format_path
from tests.plans.loader import path_of

PATHS = st.lists(st.text(alphabet="ab/\\ ", min_size=1, max_size=4), max_size=5).map(tuple)


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
def test_no_two_paths_look_the_same(path: UnitPath) -> None:
    assert path_of(format_path(path)) == path


def test_a_unit_knows_its_name_and_its_parent() -> None:
    unit = UnitSpec(("Workloads", "CI/CD"), ())
    assert (unit.name, unit.parent) == ("CI/CD", ("Workloads",))
    assert UnitSpec(("CI/CD",), ()).parent == ()
