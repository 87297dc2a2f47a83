"""Which unit a path of the file means: names with slashes, and names that differ in case only."""

from dataclasses import replace
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkit.model.desired import Desired, ImportSpec, UnitPath, UnitSpec, format_path
from orgkit.model.observed import Observed, Unit
from orgkit.phases.organizational_units.steps import CreateUnit
from orgkit.phases.registry import plan
from tests.plans.loader import desired_of, observed_of
from tests.plans.simulation import after

TAGS = (("ManagedBy", "orgkit"),)


def splits(text: str) -> list[UnitPath]:
    """Every path whose names, joined by slashes, give the text: CI/CD is one unit, or CD in CI."""
    parts = text.split("/")
    cuts = [cut for n in range(len(parts)) for cut in combinations(range(1, len(parts)), n)]
    return [
        tuple("/".join(parts[begin:end]) for begin, end in zip((0, *cut), (*cut, len(parts)), strict=True))
        for cut in cuts
    ]


def whole(paths: list[UnitPath]) -> list[UnitPath]:
    return sorted({path[:depth] for path in paths for depth in range(1, len(path) + 1)})


def wanted(*paths: UnitPath) -> Desired:
    units = tuple(UnitSpec(path, (*TAGS, ("Name", "n"))) for path in whole([("Security",), *paths]))
    return replace(desired_of(), units=units)


def there(*paths: UnitPath) -> Observed:
    tags = (*TAGS, ("Name", "n"))
    units = tuple(Unit(path, f"ou-{n}", tags) for n, path in enumerate(whole([("Security",), *paths])))
    return replace(observed_of({"organization": {}}), units=units)


FORMS = [pair for text in ("CI/CD", "A/CI/CD") for pair in product(splits(text), repeat=2)]


@pytest.mark.parametrize(("meant", "present"), FORMS)
def test_a_unit_of_the_same_text_is_never_taken_for_the_one_that_is_meant(meant: UnitPath, present: UnitPath) -> None:
    observed, desired = there(present), wanted(meant)
    made = plan(observed=observed, desired=desired, phase="units")
    missing = [path for path in whole([meant]) if path not in whole([present])]
    assert [step.path for step in made.steps if isinstance(step, CreateUnit)] == missing
    assert len(made.steps) == len(missing)
    assert plan("units", after(made, observed, desired), desired).empty
    said = [line for line in made.warnings if "in the file means" in line]
    assert any(repr_of(meant) in line and repr_of(present) in line for line in said) == (meant != present)


def repr_of(path: UnitPath) -> str:
    return " in ".join(f'unit "{name}"' for name in reversed(path))


@pytest.mark.parametrize("phase", ["accounts", "imports"])
def test_a_phase_that_places_accounts_says_it_too(phase: str) -> None:
    desired = wanted(("Security",))
    spec = replace(desired.accounts[0], unit=("CI", "CD"))
    desired = replace(desired, accounts=(spec,))
    if phase == "imports":
        desired = replace(desired, imports=desired_of_import(("CI", "CD")), accounts=())
    (line,) = [
        line for line in plan(phase, there(("CI", "CD"), ("CI/CD",)), desired).warnings if "in the file means" in line
    ]
    assert r"""which the file writes as 'CI\/CD'""" in line


def desired_of_import(unit: UnitPath) -> tuple[ImportSpec, ...]:
    return (ImportSpec("dns", "111111111111", "dns", "dns@acme.example", unit, "Role", None, False, ()),)


CASES = st.lists(
    st.lists(st.sampled_from(["prod", "Prod", "PROD", "CI/cd", "ci/CD"]), min_size=1, max_size=3).map(tuple),
    min_size=1, max_size=4, unique=True,
)  # fmt: skip


@given(CASES, CASES)
def test_units_whose_names_differ_in_case_only_are_made_one_by_one(
    meant: list[UnitPath], present: list[UnitPath]
) -> None:
    observed, desired = there(*present), wanted(*meant)
    made = plan("units", observed, desired)
    assert {step.path for step in made.steps if isinstance(step, CreateUnit)} == set(whole(meant)) - set(whole(present))
    assert len({step.id for step in made.steps}) == len(made.steps)
    assert {line.removeprefix("organizational unit ") for line in made.unmanaged} == {
        format_path(path) for path in set(whole(present)) - set(whole(meant))
    }
    assert plan("units", after(made, observed, desired), desired).empty
