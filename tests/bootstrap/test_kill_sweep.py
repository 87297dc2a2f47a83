"""Kernel and runner killed with `kill -9` at some random moments; `make faults` does it fifty times."""

import secrets
from pathlib import Path

from tests.conftest import Tell
from tests.faults.kills import new_stage, sweep

KILLS = 3


def test_a_phase_killed_at_any_moment_goes_on_and_tells_what_it_found(tmp_path: Path, report: Tell) -> None:
    seed = secrets.randbelow(100_000)
    lines: list[str] = []
    stage = new_stage(tmp_path / "project")
    with stage.sandbox:
        verdicts = sweep(stage, KILLS, seed, lines.append)
    report("\n".join(lines))
    assert len(verdicts) == KILLS
    assert not [bad for verdict in verdicts for bad in verdict.bad], (seed, lines)
