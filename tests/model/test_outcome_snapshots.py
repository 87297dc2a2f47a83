"""Snapshots of the outcomes of a long plan: each stays as it was, and a change copies a few of them only."""

from orgkit.model.outcome import Outcome, OutcomeSnapshots, StepStatus

COUNT = 2 * OutcomeSnapshots.BLOCK + 10
PENDING = Outcome("make it", "+", StepStatus.PENDING)
DONE = Outcome("make it", "+", StepStatus.DONE)


def test_a_snapshot_stays_as_it_was_and_reads_like_the_list() -> None:
    outcomes = [PENDING] * COUNT
    snapshots = OutcomeSnapshots(outcomes)
    before = snapshots.latest()
    outcomes[200] = DONE
    after = snapshots.update(200)
    assert list(before) == [PENDING] * COUNT
    assert (len(after), list(after), after[200], after[-1], after[199:202]) == (
        COUNT, outcomes, DONE, PENDING, (PENDING, DONE, PENDING),
    )  # fmt: skip


def test_a_change_copies_its_own_part_of_the_list_only() -> None:
    outcomes = [PENDING] * COUNT
    snapshots = OutcomeSnapshots(outcomes)
    outcomes[0] = outcomes[200] = DONE
    assert [index for index, each in enumerate(snapshots.update(200)) if each is DONE] == [200]
