"""python -m tests.handover.terraform [STEP ...]: Terraform takes over organizations that orgkit made, and each loop of it.

It needs what tests.sandbox.terraform_plan needs. The steps are those of STEPS; without one all run, in some 20 minutes.
The exit code is 1 where Terraform is missing, or where something is not as it has to be.
"""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.handover.changes import Change, Place, changes, shown
from tests.handover.stages import NO_TERRAFORM, PHASES, HandedOver, handed_over, no_settings_of_the_person
from tests.sandbox.terraform_plan import TERRAFORM


def take_over(handed: HandedOver) -> Iterator[str]:
    """The first plan imports and does nothing else, and after it neither Terraform nor orgkit has anything to do."""
    answer = handed.hand_over()
    handed.stage.sandbox.forget_calls()
    imports = handed.import_all()
    if len(imports) != answer["imports"]:
        yield f"{len(imports)} imports in the plan, {answer['imports']} by the command"
    done = handed.terraform.run("plan", "-input=false", "-no-color", "-detailed-exitcode", codes=(0, 2))
    if done.returncode:
        yield f"a plan after the apply has changes:\n{done.stdout}"
    yield from (f"AWS was asked for a change: {call}" for call in handed.stage.changes())
    handed.stage.project.orgkit("plan", handed.stage.project.file)
    print(f"  {len(imports)} to import, 0 to add, 0 to change, 0 to destroy; then no changes")


def detect_changes(handed: HandedOver) -> Iterator[str]:
    """Terraform's plan shows each change that somebody makes, and nothing else."""
    place = Place(handed.stage, dict(handed.import_all()))
    for change in changes():
        yield from detect(handed, place, [change])


def detect(handed: HandedOver, place: Place, batch: list[Change]) -> Iterator[str]:
    """Make changes of different resources in a copy of the organization, and compare the plan."""
    handed.stage.begin(*PHASES)
    for change in batch:
        change.make(place)
    expected = {change.address: (change.actions, change.attributes) for change in batch}
    found = shown(handed.terraform.plan())
    if found != expected:
        yield f"expected {expected}\n  shown    {found}"
    print(f"  {', '.join(expected)}: {', '.join(sorted(name for _, names in found.values() for name in names))}")


def both_files() -> Iterator[str]:
    """The example file, and a larger one."""
    for larger in (False, True):
        with TemporaryDirectory(prefix="handover-") as name, handed_over(Path(name), larger=larger) as handed:
            yield from take_over(handed)


def each_change() -> Iterator[str]:
    """Each attribute, changed by a plain call."""
    with TemporaryDirectory(prefix="handover-") as name, handed_over(Path(name), larger=True) as handed:
        handed.hand_over()
        yield from detect_changes(handed)


STEPS: dict[str, Callable[[], Iterator[str]]] = {"import": both_files, "changes": each_change}


def main(names: list[str]) -> int:
    """Run the steps that are named, and print what is not as it has to be."""
    if TERRAFORM is None:
        print(NO_TERRAFORM)
        return 1
    no_settings_of_the_person()
    problems: list[str] = []
    for name in names or list(STEPS):
        print(f"{name}: {STEPS[name].__doc__}", flush=True)
        start = time.monotonic()
        problems += [f"{name}: {problem}" for problem in STEPS[name]()]
        print(f"  {time.monotonic() - start:.0f} s", flush=True)
    print(*problems, sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
