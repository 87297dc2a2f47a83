"""A sandbox on which every phase is done, for notebooks that are run cell by cell by other tools."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from orgkit.costs.bills.month import last
from orgkit.engine.apply import apply
from orgkit.engine.connect import connect
from orgkit.engine.observe import observe
from orgkit.model.desired import Desired
from orgkit.model.matching import IdIndex
from orgkit.parameters import load
from orgkit.phases.registry import PHASES
from orgkit.phases.registry import plan as plan_phase
from orgkit.rehearsal.setup import environment, new_sandbox_folder, seed_of
from orgkit.sandbox.bills import COLUMNS
from orgkit.sandbox.lifecycle import Sandbox, start

CHECKOUT = Path(__file__).parents[2]
EXAMPLE = CHECKOUT / "parameters" / "example.toml"


def three_months(now: str) -> dict[str, Any]:
    """Bills of the last three months that are over: some usage, and credits in the newest."""
    months = [str(month) for month in last(3, datetime.fromisoformat(now))]
    used = [("management", "AWS Cost Explorer", "0.30"), ("website-prod", "AWS Config", "6.25")]
    rows = [(month, account, service, "Usage", amount) for month in months for account, service, amount in used]
    rows.append((months[-1], "website-prod", "AWS Config", "Credit", "-5"))
    return {"rows": [dict(zip(COLUMNS, row, strict=True)) for row in rows], "page_size": 1000, "not_ready": []}


def _apply(sandbox: Sandbox, desired: Desired, phase: str) -> None:
    """In this process, as only a test may."""
    with environment(sandbox.environment()):
        aws = connect(desired)
        observed = observe(aws, desired, phase)
        outcomes = apply(aws, plan_phase(phase, observed, desired), IdIndex(observed, desired), _unlooked)
    assert not outcomes.failed


def _unlooked() -> Any:
    raise AssertionError("no answer is lost here")


@contextmanager
def bootstrapped(parameters: Path = EXAMPLE) -> Iterator[tuple[Sandbox, Mapping[str, str]]]:
    """The sandbox, and the settings with which a subprocess uses it and nothing else of this machine's AWS."""
    desired = load(parameters)
    with start(seed_of(desired), new_sandbox_folder(parameters)) as sandbox:
        for phase in (*(phase.label for phase in PHASES if phase.changes), "billing"):  # the last is in no rehearsal
            _apply(sandbox, desired, phase)
        assert sandbox.seed_bills(three_months(sandbox.now())) == []
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ORGKIT_"))}
        yield sandbox, plain | sandbox.environment()
