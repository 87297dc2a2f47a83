"""CPU time of planning a phase and of rendering its plan: `python -m benchmarks.planning [ACCOUNTS ...] [--write]`.

AWS is not asked: the organization is made up. In one nothing is left to do, in the other every account is still to be
created. The least of three rounds counts.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.report import as_section, report_goal, write_section
from orgkit.costs.estimate.effect import monthly_effect
from orgkit.model.matching import IdIndex
from orgkit.phases.registry import plan
from orgkit.runbook.views.plan_overlay import tree_after_plan
from orgkit.runbook.views.tree import as_svg, as_text
from orgkit.runbook.views.views import render_plan
from tests.plans.test_linear import World, as_asked, nothing_there

ACCOUNTS = (1_000, 10_000)
WORLDS: dict[str, Callable[[int], World]] = {"nothing to do": as_asked, "all to create": nothing_there}
ROUNDS = 3
GOAL_ACCOUNTS, PLAN_SECONDS, RENDER_SECONDS = 10_000, 2.0, 3.0


@dataclass(frozen=True)
class Measured:
    """CPU seconds for one organization."""

    name: str
    accounts: int
    steps: int
    plan_seconds: float
    digest_seconds: float  # with the costs
    render_seconds: float


def measure(name: str, accounts: int) -> Measured:
    """Plan and render the phase that creates accounts."""
    rounds = [_measure_once(name, accounts) for _ in range(ROUNDS)]
    best = [min(each[number] for each in rounds) for number in (1, 2, 3)]
    return Measured(name, accounts, rounds[0][0], *best)


def _measure_once(name: str, accounts: int) -> tuple[int, float, float, float]:
    desired, observed = WORLDS[name](accounts)  # anew, without the indexes of the round before
    times = [time.process_time()]
    planned = plan("accounts", observed, desired)
    IdIndex(observed, desired)
    times.append(time.process_time())
    assert planned.sha256
    monthly_effect(planned, desired)
    times.append(time.process_time())
    tree = tree_after_plan(observed, desired, planned)
    assert as_text(tree)
    assert as_svg(tree)
    assert render_plan(planned).html
    times.append(time.process_time())
    seconds = [later - earlier for earlier, later in pairwise(times)]
    return len(planned.steps), seconds[0], seconds[1], seconds[2]


def check_goals(results: Sequence[Measured]) -> list[str]:
    """Each goal that was measured, and whether it was met."""
    large = [each for each in results if each.accounts == GOAL_ACCOUNTS]
    if not large:
        return []
    planned = max(each.plan_seconds for each in large)
    rendered = max(each.render_seconds for each in large)
    return [
        report_goal(f"CPU seconds to plan {GOAL_ACCOUNTS:,} accounts", planned, PLAN_SECONDS, ".2f"),
        report_goal(f"CPU seconds to render the plan of {GOAL_ACCOUNTS:,} accounts", rendered, RENDER_SECONDS, ".2f"),
    ]


def as_markdown(results: Sequence[Measured], command: str) -> str:
    """The section of the page."""
    head = "| accounts | organization | steps | plan, CPU s | digest and costs | render |\n" + "|---" * 6 + "|"
    rows = [
        f"| {each.accounts:,} | {each.name} | {each.steps:,} | {each.plan_seconds:.2f} | {each.digest_seconds:.2f} | "
        f"{each.render_seconds:.2f} |"
        for each in results
    ]
    return as_section([head, *rows], check_goals(results), command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write where asked to; 1 where a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("accounts", type=int, nargs="*", default=ACCOUNTS)
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    options = parser.parse_args(arguments)
    results = [measure(name, accounts) for accounts in options.accounts for name in WORLDS]
    command = " ".join(["python -m benchmarks.planning", *map(str, options.accounts)])
    print(as_markdown(results, command))
    if options.write:
        write_section("planning", as_markdown(results, command))
    return int(any(goal.endswith("MISSED") for goal in check_goals(results)))


if __name__ == "__main__":
    sys.exit(main())
