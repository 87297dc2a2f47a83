"""What `make test` draws of the fault matrix: no operation is left out, whatever the seed, and no kind by two of them.

`make faults` runs the whole matrix.
"""

from dataclasses import replace
from itertools import product

import pytest

from tests.faults.matrix import every_operation, faults_for
from tests.faults.trial import FAULTS, Fault, Point

CHANGES = ("CreateAccount", "MoveAccount", "TagResource")
READS = ("ListAccounts", "ListTagsForResource")
# A phase: two accounts, in each of which every operation is called twice.
CALLS = tuple(product(("111111111111", "222222222222"), (*READS, *CHANGES), range(2)))
POINTS = tuple(
    Point(number, "organizations", operation, account, operation in CHANGES)
    for number, (account, operation, _) in enumerate(CALLS)
)
CHANGE, READ = POINTS[4], POINTS[0]
Cells = list[tuple[Point, Fault]]


@pytest.fixture(params=range(5))
def phases(request: pytest.FixtureRequest) -> list[Cells]:
    """The cells of two phases by one seed."""
    chosen = every_operation(request.param)
    return [[(point, met.fault) for point, met in chosen(phase, POINTS)] for phase in ("accounts", "imports")]


@pytest.mark.parametrize("seed", range(5))
def test_each_operation_that_changes_something_meets_half_of_the_kinds_in_its_first_phase_and_the_rest_by_the_next_seed(
    seed: int,
) -> None:
    kinds = {fault.kind for fault in faults_for(CHANGE)}
    assert {"lost-response", "kill-before", "kill-after", "late-commit", "concurrent-modification"} < kinds
    chosen, following = every_operation(seed), every_operation(seed + 1)
    first, second = (
        [(point, met.fault.kind) for point, met in chosen(phase, POINTS)] for phase in ("accounts", "units")
    )
    rest = [(point, met.fault.kind) for point, met in following("accounts", POINTS)]
    halves = []
    for operation in CHANGES:
        place = next(point for point in POINTS if point.operation == operation)
        halves.append({kind for point, kind in first if point == place})
        assert len([kind for point, kind in second if point == place]) == 1
        assert halves[-1] | {kind for point, kind in rest if point == place} == kinds
        assert abs(2 * len(halves[-1]) - len(kinds)) <= 1
    assert halves[0] | halves[1] == halves[1] | halves[2] == kinds


def test_of_the_settings_of_a_bucket_the_first_meets_half_of_the_kinds_and_each_other_three() -> None:
    operations = {"CreateAccount": "PutBucketPolicy", "MoveAccount": "PutBucketTagging", "TagResource": "CreateBucket"}
    points = tuple(
        replace(point, service="s3", operation=operations.get(point.operation, point.operation)) for point in POINTS
    )
    chosen = every_operation(1)
    first, second = ([(point, met.fault.kind) for point, met in chosen(phase, points)] for phase in ("trail", "state"))
    half = len({fault.kind for fault in faults_for(replace(CHANGE, service="s3"))}) / 2
    for point in (point for point in points if point.mutating):
        met = [[kind for other, kind in cells if other == point] for cells in (first, second)]
        is_first = point == next(other for other in points if other.operation == point.operation)
        number = len(set(met[0]))
        assert len(met[1]) == 1
        if not is_first:
            assert number == 1
        elif point.operation == "PutBucketTagging":
            assert number == 3
        else:
            assert abs(number - half) < 1


@pytest.mark.parametrize("first", range(5))
def test_every_form_of_every_kind_is_met_at_a_change_by_one_of_four_seeds(first: int) -> None:
    chosen = (every_operation(seed)("accounts", POINTS) for seed in range(first, first + 4))
    met = {met.fault for cells in chosen for point, met in cells if point.mutating}
    assert met == {fault for fault in FAULTS if fault.changes}


def test_each_further_change_meets_a_kind_and_so_does_one_read_of_each_operation(phases: list[Cells]) -> None:
    cells = phases[0]
    assert {point for point, _ in cells if point.mutating} == {point for point in POINTS if point.mutating}
    for operation in READS:
        kinds = [fault for point, fault in cells if point.operation == operation and fault.kind != "stale-read"]
        assert len(kinds) == 1
        assert set(kinds) <= set(faults_for(READ))


def test_old_answers_are_met_once_by_each_operation_in_each_account_of_each_phase(phases: list[Cells]) -> None:
    for cells in phases:
        stale = [point.same for point, fault in cells if fault.kind == "stale-read"]
        assert len(stale) == len(set(stale))
        assert set(stale) == {point.same for point in POINTS if not point.mutating}


def test_another_seed_draws_other_cells() -> None:
    drawn = [[(point, met.fault.name) for point, met in every_operation(seed)("accounts", POINTS)] for seed in (1, 2)]
    assert drawn[0] != drawn[1]
