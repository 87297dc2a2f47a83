"""python -m tests.policy_evaluation.permissions: each action of each policy that orgkit prints, and what needs it.

Scenarios run on a sandbox that evaluates policies, under exactly the policy that is printed for them. At the first use
of an action, a copy of the process goes on without the action. AWS's own evaluation was never tried.
"""

import argparse
import os
import random
import secrets
import shutil
import sys
import tempfile
import tomllib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orgkit.parameters import load
from orgkit.rehearsal.setup import seed_of
from tests.faults import wire as wires
from tests.faults.copies import Copies
from tests.faults.matrix import legacy
from tests.faults.starting_values import parameters

EXPLANATIONS = Path(__file__).with_name("permissions.toml")
Use = tuple[str, str]  # a policy text, and one of its actions


@dataclass(frozen=True)
class Row:
    """One action of one policy text.

    Attributes:
        text: The policy.
        action: The action.
        scenario: The first scenario that uses it; "" for none.
        kind: `needed` where the scenario fails without it and names it; else the kind of its explanation.
        outcome: What the scenario ends with where the action is deleted; "" where that was not tried.
    """

    text: str
    action: str
    scenario: str
    kind: str
    outcome: str


@dataclass
class Table:
    """The rows, what failed under the whole policies, and the actions that were deleted."""

    rows: list[Row]
    failures: list[str]
    deletions: int

    @property
    def unexplained(self) -> list[Row]:
        return [row for row in self.rows if not row.kind]


def main() -> int:
    """Print the table; 0 where each action is needed or explained, and each scenario succeeds."""
    parser = argparse.ArgumentParser(prog="tests.policy_evaluation.permissions", description=__doc__)
    parser.add_argument("--rows", action="store_true", help="print each action, not the totals alone")
    parser.add_argument("--sample", type=int, help="delete so many actions; the others are used by a recorded call")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(100_000), help="by which the sample is drawn")
    options = parser.parse_args()
    table = make_table(options.sample, options.seed)
    for row in table.rows if options.rows else ():
        print(f"{row.text:32.32} {row.action:50} {row.kind:13} {row.scenario:22} {row.outcome}")
    for text in dict.fromkeys(row.text for row in table.rows):
        kinds = Counter(row.kind for row in table.rows if row.text == text)
        names = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common() if kind)
        print(f"{kinds.total() - kinds['']:3} of {kinds.total():3}  {text:.70}: {names}")
    for row in table.unexplained:
        print(f"NOT NEEDED {row.text}: {row.action} {row.scenario} {row.outcome}")
    for failure in table.failures:
        print(f"FAILED {failure}")
    cpu, total = os.times(), len(table.rows)
    seconds = cpu.children_user + cpu.children_system + cpu.user + cpu.system
    if options.sample is not None:
        print(f"The same sample again: --sample {options.sample} --seed {options.seed}")
    print(
        f"{total - len(table.unexplained)} of {total} actions, {table.deletions} deleted, {seconds:.0f} s of CPU time"
    )
    return 1 if table.unexplained or table.failures else 0


def make_table(sample: int | None = None, seed: int = 0) -> Table:
    """Run every scenario, and return a row for each action of each text.

    Args:
        sample: How many actions are deleted; None for all. The others count as needed when a call uses them. Of the two
            kinds of fault each phase then meets one that is drawn.
        seed: By which the sample is drawn.
    """
    base = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="orgkit-permissions-", dir=base))
    file = parameters(folder)
    desired = load(file)
    account = replace(seed_of(desired), regions=("us-east-1", "eu-central-1"), own_policies=legacy(desired))
    wire = wires.begin(account, folder / "outputs")
    os.environ.update(wires.settings(folder / "outputs"))
    os.environ["ORGKIT_OUTPUTS"] = "/proc/self/cwd/outputs"  # of each copy its own
    os.chdir(folder)
    # Late: moto may be imported only after the sandbox has set its options.
    from tests.policy_evaluation.permission_scenarios import Scenarios
    from tests.policy_evaluation.permission_trials import Uses, watch

    answers: dict[Use, object] = {}
    uses = Uses(Copies(os.cpu_count() or 1, answers.__setitem__), folder, sample, random.Random(seed))
    watch(uses)
    scenarios = Scenarios(folder, wire, uses)
    try:
        scenarios.run()
    finally:
        os.chdir("/")
        shutil.rmtree(folder)
    explained = tomllib.loads(EXPLANATIONS.read_text(encoding="utf-8"))["explained"]
    uses_by_text = ((text, action) for text, actions in sorted(uses.texts.items()) for action in sorted(actions))
    rows = [_row(use, uses.needed.get(use, ""), answers.get(use), explained) for use in uses_by_text]
    return Table(rows, scenarios.failures, len(answers))


def _row(use: Use, scenario: str, answer: object, explained: list[dict[str, Any]]) -> Row:
    """Return the row of an action; an explanation has to be of the kind that was seen."""
    text, action = use
    reasons = {
        item["kind"]: item["reason"]
        for item in explained
        if action in item["actions"] and text in item.get("texts", [text])
    }
    if answer is None:
        if scenario:  # a call uses it, and it was not drawn
            return Row(text, action, scenario, "needed", "")
        kind = next((kind for kind in ("documentation", "rare") if kind in reasons), "")
        return Row(text, action, "", kind, reasons.get(kind, ""))
    if not isinstance(answer, tuple):
        return Row(text, action, scenario, "", f"the copy failed: {answer}")
    is_denied, outcome, names_it = answer
    if is_denied and names_it:
        return Row(text, action, scenario, "needed", outcome)
    kind = next((kind for kind in ("tolerated", "unnamed") if kind in reasons), "") if is_denied else ""
    return Row(text, action, scenario, kind, reasons.get(kind, outcome))


if __name__ == "__main__":
    sys.exit(main())
