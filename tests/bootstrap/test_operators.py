"""Two people who run the same phases at once, on machines that do not know each other; `make faults` does it longer."""

import secrets
from pathlib import Path

from tests.conftest import Tell
from tests.faults.operators import at_once

PAIRS = 2


def test_two_operators_at_once_make_nothing_twice_and_both_get_done(tmp_path: Path, report: Tell) -> None:
    seed = secrets.randbelow(100_000)
    lines: list[str] = []
    found = at_once(tmp_path, PAIRS, seed, lines.append)
    report("\n".join([*lines, str(found)]))
    assert not found.bad, (seed, lines, found.bad)
    assert found.pairs == PAIRS
