"""python -m tests.handover.terraform [--at-once] [STEP ...]: Terraform takes over organizations that orgkit made.

It needs what tests.sandbox.terraform_plan needs. The steps are those of STEPS; without one all run, in about an hour.
With --at-once, changes of different resources are in one plan: that takes about 20 minutes. The exit code is 1 where
Terraform is missing, or where something is not as it has to be.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from orgkit.aws.person_settings import CODES_VARIABLE
from orgkit.sandbox.ids import one_time_code
from tests.bootstrap.project import Project
from tests.handover.adopted import adopted
from tests.handover.arguments import Variation, variations
from tests.handover.arguments import of_members as arguments_of_members
from tests.handover.changes import Change, Place, changes, of_members, of_the_example, shown
from tests.handover.roles import as_terraform_role, state_of
from tests.handover.server_dump import unaccounted
from tests.handover.stages import (
    MEMBERS,
    NO_TERRAFORM,
    OVERRIDE,
    PHASES,
    HandedOver,
    handed_over,
    no_settings_of_the_person,
)
from tests.sandbox.terraform_plan import TERRAFORM

RENAMED_TRIAL = (
    ('unit = "Shops/Online/Trial"', 'unit = "Shops/Online/Trial"\nname = "Trial"\nrenamed_from = "till-trial"'),
)
NEW_EMAIL = (
    (
        'email = "ovens@obriens-bakery.co.uk"',
        'email = "kitchen@obriens-bakery.co.uk"\nemail_changed_from = "ovens@obriens-bakery.co.uk"',
    ),
)
Item = TypeVar("Item", Change, Variation)


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
    dump = handed.stage.sandbox._ask("/moto-api/data.json")
    yield from (f"neither imported nor left out: {each}" for each in unaccounted(dump, imports, answer["left_out"]))
    print(f"  {len(imports)} to import, 0 to add, 0 to change, 0 to destroy; then no changes")


def roles_of_members(at_once: bool) -> Iterator[str]:
    """The larger file with the roles of its seven members."""
    with (
        TemporaryDirectory(prefix="handover-") as name,
        handed_over(Path(name), larger=True, more=MEMBERS) as handed,
    ):
        yield from take_over(handed)
        place = Place(handed.stage, imports_of_folder(handed.folder))
        for batch in batches(of_members(), at_once):
            yield from detect(handed, place, batch)
        handed.stage.begin(*PHASES)
        for variation in batches(arguments_of_members(), at_once):
            yield from vary(handed, variation)


def adopted_organizations(at_once: bool) -> Iterator[str]:
    """Organizations that were built without orgkit, and adopted."""
    for organization in ("small", "nested"):
        with TemporaryDirectory(prefix="handover-") as name, adopted(Path(name), organization) as handed:
            yield from take_over(handed)


def detect_changes(handed: HandedOver, made: Iterable[Change], at_once: bool) -> Iterator[str]:
    """Terraform's plan shows each change that somebody makes, and nothing else."""
    place = Place(handed.stage, dict(handed.import_all()))
    for batch in batches(made, at_once):
        yield from detect(handed, place, batch)


def detect(handed: HandedOver, place: Place, batch: list[Change]) -> Iterator[str]:
    """Make changes of different resources in a copy of the organization, and compare the plan."""
    handed.stage.begin(*PHASES)
    for change in batch:
        change.make(place)
    expected = {change.address: (change.actions, change.attributes) for change in batch}
    is_replaced = any("delete" in change.actions for change in batch)
    found = shown(plan_without_protection(handed) if is_replaced else handed.terraform.plan())
    if found != expected:
        yield f"expected {expected}\n  shown    {found}"
    for address, (actions, names) in found.items():
        print(f"  {address}: {'/'.join(actions)} {', '.join(sorted(names))}", flush=True)


def batches(items: Iterable[Item], at_once: bool) -> list[list[Item]]:
    """Each by itself; or as many in one plan as are about different resources."""
    groups: list[list[Item]] = []
    for item in items:
        fitting = (group for group in groups if at_once and item.address not in {each.address for each in group})
        group = next(fitting, None)
        if group is None:
            groups.append(group := [])
        group.append(item)
    return groups


def both_files(at_once: bool) -> Iterator[str]:
    """The example file, and a larger one."""
    for larger in (False, True):
        with TemporaryDirectory(prefix="handover-") as name, handed_over(Path(name), larger=larger) as handed:
            yield from take_over(handed)


def each_change(at_once: bool) -> Iterator[str]:
    """Each attribute, changed by a plain call."""
    with TemporaryDirectory(prefix="handover-") as name, handed_over(Path(name), larger=True) as handed:
        handed.hand_over()
        yield from detect_changes(handed, changes(), at_once)
    with TemporaryDirectory(prefix="handover-") as name, handed_over(Path(name)) as handed:
        handed.hand_over()
        yield from detect_changes(handed, of_the_example(), at_once)


def each_argument(at_once: bool) -> Iterator[str]:
    """Each argument left out, or written otherwise: the plan is not empty."""
    with TemporaryDirectory(prefix="handover-") as name, handed_over(Path(name), larger=True) as handed:
        handed.hand_over()
        handed.import_all()
        for batch in batches(variations(), at_once):
            yield from vary(handed, batch)


def vary(handed: HandedOver, batch: list[Variation]) -> Iterator[str]:
    """Write variations of different resources into the files, and compare the plan."""
    texts = {path: path.read_text(encoding="utf-8") for path in handed.folder.glob("*.tf")}
    for variation in batch:
        path = handed.folder / variation.file
        path.write_text(variation.apply(path.read_text(encoding="utf-8")), encoding="utf-8")
    found = shown(plan_without_protection(handed))
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    for variation in batch:
        actions, names = found.get(variation.address, ((), frozenset()))
        if actions != variation.actions:
            yield f"{variation.file} without {variation.old!r}: {variation.address} {actions or 'is unchanged'}"
        print(
            f"  {variation.address} without {variation.old.strip()[:50]!r}: {'/'.join(actions)} {', '.join(names)}",
            flush=True,
        )


def plan_without_protection(handed: HandedOver) -> dict[str, Any]:
    """Plan without `prevent_destroy`, which makes Terraform refuse a plan that replaces something."""
    texts = {path: path.read_text(encoding="utf-8") for path in handed.folder.glob("*.tf")}
    for path, text in texts.items():
        path.write_text(text.replace("    prevent_destroy = true\n", ""), encoding="utf-8")
    planned = handed.terraform.plan()
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return planned


def each_file_deleted(at_once: bool) -> Iterator[str]:
    """Each generated file deleted, and applied under the printed role: nothing is destroyed."""
    with (
        TemporaryDirectory(prefix="handover-") as name,
        handed_over(Path(name), larger=True, evaluate_policies=True) as handed,
    ):
        handed.hand_over()
        handed.import_all()
        names = sorted(path.name for path in handed.folder.glob("[0-9]*.tf"))
        for deleted in [*([each] for each in names), names]:
            yield from apply_without(handed, deleted)


def apply_without(handed: HandedOver, names: list[str]) -> Iterator[str]:
    """Delete files of a copy, apply as Terraform's role, and compare what the server has."""
    handed.stage.begin(*PHASES)
    role = as_terraform_role(handed)
    before = state_of(handed.stage)
    with TemporaryDirectory(prefix="handover-") as folder:
        copy = role.copy(Path(folder) / "copy")
        for each in names:
            (copy.folder / each).unlink()
        done = copy.terraform.run("apply", "-input=false", "-no-color", "-auto-approve", codes=(0, 1))
    denied = sum(not item["denial"]["is_allowed"] for item in handed.stage.sandbox.denials())
    after = state_of(handed.stage)
    for kind in sorted(before.keys() | after.keys()):
        items = [item for item in after.get(kind, []) if item not in before.get(kind, [])]
        if items or len(before.get(kind, [])) != len(after.get(kind, [])):
            yield f"without {', '.join(names)}, {kind} is not as before: {items}"
    print(
        f"  without {', '.join(names)}: exit code {done.returncode}, {denied} calls denied, nothing destroyed",
        flush=True,
    )


def both_plans_of_the_runbook(at_once: bool) -> Iterator[str]:
    """The runbook lets Terraform plan before the apply and after it, and leaves nothing of that in the folder."""
    with TemporaryDirectory(prefix="handover-") as name, handed_over(Path(name), larger=True) as handed:
        terraforms_own = {key: value for key, value in os.environ.items() if key.startswith("TF_")}
        project = handed.stage.project.within(terraforms_own)
        handed = replace(handed, folder=project.folder / "organization")
        count = sum(planned_by_the_runbook(project)[word] for word in ("import", "keep"))
        yield from (f"left in the folder: {path.name}" for path in handed.folder.iterdir() if "terraform" in path.name)
        (handed.folder / "sandbox_override.tf").write_text(OVERRIDE, encoding="utf-8")
        handed.import_all()
        planned = planned_by_the_runbook(project)
        if planned != {"import": 0, "add": 0, "change": 0, "destroy": 0, "keep": count}:
            yield f"after the apply of {count} imports: {planned}"
        yield from (f"AWS was asked for a change: {call}" for call in handed.stage.changes())
        print(f"  {count} to import; after the apply {planned['keep']} unchanged")


def rename_and_new_email(at_once: bool) -> Iterator[str]:
    """A rename and a change of email of accounts that Terraform owns: its plan afterwards has no changes."""
    with TemporaryDirectory(prefix="handover-") as name, handed_over(Path(name), larger=True) as handed:
        project = handed.stage.project.within({key: value for key, value in os.environ.items() if key[:3] == "TF_"})
        handed = replace(handed, folder=project.folder / "organization")
        handed.hand_over()
        handed.import_all()
        text = project.file.read_text(encoding="utf-8")
        for old, new in (*RENAMED_TRIAL, *NEW_EMAIL):
            assert old in text, old
            text = text.replace(old, new, 1)
        section = '\n[handover]\nphases = ["organization", "units", "accounts"]\nfolder = "organization"\n'
        project.file.write_text(text + section, encoding="utf-8")
        code = {CODES_VARIABLE: f"ovens={one_time_code('kitchen@obriens-bakery.co.uk')}"}
        for phase, settings, ending in (("03", {}, 8), ("15", {}, 8), ("15", code, 0)):
            yield from run_and_plan(handed, project.within(settings), phase, ending)


def run_and_plan(handed: HandedOver, project: Project, phase: str, ending: int) -> Iterator[str]:
    """Plan and run a phase; what its record and Terraform's plan say afterwards."""
    (planned,) = project.json("plan", project.file, phase, code=3)["plans"]
    done = project.json("run", project.file, phase, "--approved-plan", planned["digest"], code=ending)
    print(f"  {phase}: {done['outcome']}, {[step['id'] for step in planned['steps']]}, waiting {done['waiting']}")
    yield from (f"{phase}: {line}" for line in done["waiting"] if "not checked" in line)
    after = handed.terraform.run("plan", "-input=false", "-no-color", "-detailed-exitcode", codes=(0, 2))
    if after.returncode:
        yield f"after {phase}, Terraform has changes:\n{after.stdout}"


def imports_of_folder(folder: Path) -> dict[str, str]:
    """Import ids by address, as the command wrote them down."""
    values = json.loads((folder / "orgkit-handover.json").read_bytes())
    return {item["address"]: item["id"] for item in values["resources"]}


def planned_by_the_runbook(project: Project) -> dict[str, int]:
    """Run 11-handover; what its record has of Terraform's plan, which passes."""
    record = Path(project.phase("handover", more=("-p", "folder=organization"))["record"])
    events = (project.folder / record / "events.jsonl").read_text(encoding="utf-8").splitlines()
    (verified,) = (event for event in map(json.loads, events) if event["event"] == "verified")
    return dict(verified["plan"])


AT_ONCE = "--at-once"  # changes of different resources in one plan, instead of one at a time
STEPS: dict[str, Callable[[bool], Iterator[str]]] = {
    "import": both_files, "adopted": adopted_organizations,
    "members": roles_of_members, "changes": each_change, "arguments": each_argument, "role": each_file_deleted,
    "runbook": both_plans_of_the_runbook, "rename": rename_and_new_email,
}  # fmt: skip


def main(names: list[str]) -> int:
    """Run the steps that are named, and print what is not as it has to be."""
    if TERRAFORM is None:
        print(NO_TERRAFORM)
        return 1
    no_settings_of_the_person()
    problems: list[str] = []
    at_once = AT_ONCE in names
    for name in [name for name in names if name != AT_ONCE] or list(STEPS):
        print(f"{name}: {STEPS[name].__doc__}", flush=True)
        start = time.monotonic()
        problems += [f"{name}: {problem}" for problem in STEPS[name](at_once)]
        print(f"  {time.monotonic() - start:.0f} s", flush=True)
    print(*problems, sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
