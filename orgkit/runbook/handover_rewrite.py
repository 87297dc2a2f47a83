"""The files of a hand-over, written again by the run that renames an account or changes its root email."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orgkit.aws.session import Connection
from orgkit.errors import CouldNotRead, HandoverRefused, NotHandedOver, OrgkitError
from orgkit.handover.configuration import configure
from orgkit.handover.folder import UNCHANGED, Manifest, edited_files, read_folder, write_folder
from orgkit.handover.plan_check import PlanCheck, check_plan
from orgkit.handover.reading import read_for_handover
from orgkit.handover.tools import TOOLS
from orgkit.journal.events import Event
from orgkit.model.desired import Desired, HandoverSpec
from orgkit.model.plan import Plan
from orgkit.records import outputs
from orgkit.runbook.run import Run

# Steps after which Terraform would replace an account, until its files have the new value.
REPLACING_STEPS = ("rename-account", "accept-email-change")
PHASES = {"accounts": ("accounts",), "imports": ("imports",), "emails": ("accounts", "imports")}


@dataclass(frozen=True)
class Rewrite:
    """The outcome of writing the files again.

    Attributes:
        folder: Where they are.
        changed_files: The files that were written.
        check: Terraform's plan; None where nothing was written and nothing replaced.
        waiting: Why they were not written, where this run has changed nothing that they hold.
    """

    folder: Path
    changed_files: tuple[str, ...] = ()
    check: PlanCheck | None = None
    waiting: str = ""

    @property
    def problems(self) -> tuple[str, ...]:
        """What Terraform's plan must not do."""
        return self.check.problems if self.check else ()

    @property
    def unchecked(self) -> tuple[str, ...]:
        """What a person has to do: run the command, where Terraform has not planned the files."""
        if self.check and self.check.unchecked:
            return (self.check.sentence,)
        return (self.waiting,) if self.waiting else ()

    @property
    def commands(self) -> tuple[str, ...]:
        """With which they do it."""
        return (self.check.command,) if self.check and self.check.unchecked else ()

    @property
    def lines(self) -> list[str]:
        """What a person reads of it."""
        files = f"written again: {', '.join(self.changed_files)}" if self.changed_files else "unchanged"
        checks = [self.check.sentence] if self.check else []
        return [self.waiting] if self.waiting else [f"{self.folder}: {files}", *checks]

    def raise_problems(self) -> None:
        """Raise where Terraform would replace or change something.

        Raises:
            NotHandedOver: It would.
        """
        if self.check and self.problems:
            raise NotHandedOver(self.problems[0], f"apply nothing; look at it with: {self.check.command}")


def is_rewritten(phase: str, desired: Desired) -> bool:
    """Return whether a run of a phase writes the files again: Terraform owns accounts, and the file names a folder."""
    spec = desired.section(HandoverSpec)
    return bool(spec.folder) and any(owner in spec.phases for owner in PHASES.get(phase, ()))


def folder_of(run: Run) -> Path:
    """Return the folder that the parameters file names, from the folder of the project."""
    return outputs.project_of(run.parameters) / run.desired.section(HandoverSpec).folder


def check_folder(run: Run, plan: Plan) -> None:
    """Check before anything is sent that the files can be written again.

    Raises:
        HandoverRefused: The folder holds no hand-over, or somebody has edited what orgkit wrote.
    """
    kinds = {step.kind for step in plan.steps}
    if is_rewritten(run.phase.label, run.desired) and kinds & set(REPLACING_STEPS):
        folder = folder_of(run)
        _manifest(folder, plan.target.organization or "")
        if edited := edited_files(folder):
            raise HandoverRefused(
                f"someone has changed what orgkit wrote in {', '.join(edited)} of {folder}; AWS was left as it is.",
                "move these changes out of the lines between orgkit:begin and orgkit:end.",
            )


def rewrite(run: Run, aws: Connection) -> Rewrite | None:
    """Write the files again, and let Terraform plan them; None where this run has nothing to do with them.

    Raises:
        NotHandedOver: This run has changed what Terraform owns, and the files could not be written.
    """
    if not is_rewritten(run.phase.label, run.desired):
        return None
    folder, is_replacing = folder_of(run), _has_replaced(run.journal.events)
    try:
        observed = read_for_handover(aws, run.desired, may_be_open=True)
        assert observed.organization is not None
        manifest = _manifest(folder, observed.organization.id)
        configuration = configure(observed, run.desired, TOOLS[manifest.tool], manifest.changes)
        outcomes = write_folder(folder, configuration, manifest)
    except (HandoverRefused, CouldNotRead) as error:
        return _not_written(run, folder, error, is_replacing=is_replacing)
    changed_files = tuple(name for name, outcome in outcomes.items() if outcome != UNCHANGED)
    run.journal.write("handover", tool=manifest.tool, folder=str(folder), files=dict(outcomes))
    check = check_plan(folder, configuration, aws.endpoint) if changed_files or is_replacing else None
    return Rewrite(folder, changed_files, check)


def _manifest(folder: Path, organization: str) -> Manifest:
    manifest = read_folder(folder, organization)
    if manifest is None:
        raise HandoverRefused(
            f"[handover] names the folder {folder}, which holds no hand-over.",
            "hand over into it first: `orgkit handover`.",
        )
    return manifest


def _not_written(run: Run, folder: Path, error: OrgkitError, *, is_replacing: bool) -> Rewrite:
    command = f"orgkit run {run.file_argument} 11 -p folder={run.desired.section(HandoverSpec).folder}"
    if is_replacing:
        reason = f"the files in {folder} still have the former name or email: {error.reason}"
        raise NotHandedOver(reason, f"apply nothing in Terraform. {error.remedy} Then write them again: {command}")
    return Rewrite(folder, waiting=f"the files in {folder} were not written again: {error.reason} Later: {command}")


def _has_replaced(events: Sequence[Event]) -> bool:
    """Return whether this run has applied a step after which Terraform would replace an account."""
    steps = [step for event in events if event.get("event") == "apply" for step in event.get("steps", ())]
    return any(str(step["id"]).partition(":")[0] in REPLACING_STEPS for step in steps)
