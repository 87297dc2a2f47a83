"""Which steps of a long plan are shown together; those that take something away are never among them."""

from collections.abc import Hashable, Iterator, Sequence

MAX_LISTED = 200  # steps of a plan that are listed one by one
MIN_GROUP = 4  # steps: fewer are listed one by one in a long plan, too
EXAMPLES = 3  # subjects that are named
NOTE_OF_PLAN = "by kind; plan.json lists each of them"
NOTE_OF_OUTCOMES = "by kind; events.jsonl has the outcome of each"


def group_rows(keys: Sequence[Hashable]) -> list[tuple[int, ...]]:
    """Return the numbers of the rows that are shown together, in the order of the first of each.

    Args:
        keys: One for each row: rows with the same key may be shown together, those with an empty one never are.
    """
    if len(keys) <= MAX_LISTED:
        return [(number,) for number in range(len(keys))]
    by_key: dict[Hashable, list[int]] = {}
    for number, key in enumerate(keys):
        by_key.setdefault(key or (number,), []).append(number)
    parts = [part for numbers in by_key.values() for part in _parts(numbers)]
    return sorted(parts)


def _parts(numbers: Sequence[int]) -> Iterator[tuple[int, ...]]:
    if len(numbers) >= MIN_GROUP:
        yield tuple(numbers)
    else:
        yield from ((number,) for number in numbers)


def describe_group(group: str, subjects: Sequence[str]) -> str:
    """Return a sentence about all steps of a group: how many there are, what they do, and the first of them."""
    return f"{len(subjects):,} steps: {group} ({name_some(subjects)})"


def name_some(subjects: Sequence[str]) -> str:
    """Return the first names of many, and how many there are in addition."""
    rest = len(subjects) - EXAMPLES
    names = ", ".join(subjects[:EXAMPLES])
    return f"{names} and {rest:,} more" if rest > 0 else names


def describe_summary(groups: Sequence[Sequence[int]], note: str = NOTE_OF_PLAN) -> str:
    """Return the line that says how many steps are not listed; empty when each of them is."""
    count = sum(len(group) for group in groups if len(group) > 1)
    return f"{count:,} of these steps are summarized {note}." if count else ""
