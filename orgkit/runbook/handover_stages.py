"""The stages of 11-handover, in addition to those that every runbook has."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from orgkit.aws.session import Connection
from orgkit.errors import HandoverRefused, NotHandedOver
from orgkit.handover.addresses import Changes
from orgkit.handover.configuration import Configuration
from orgkit.handover.configuration import configure as configure_files
from orgkit.handover.difference import FileDifference
from orgkit.handover.difference import differences as compare_files
from orgkit.handover.folder import Manifest, read_folder, write_folder
from orgkit.handover.plan_check import PlanCheck, check_plan
from orgkit.handover.reading import read_for_handover
from orgkit.handover.tools import TOOLS
from orgkit.model.observed import Observed
from orgkit.records import outputs
from orgkit.runbook.read_display import show_reading
from orgkit.runbook.run import Run
from orgkit.runbook.stages import stage
from orgkit.runbook.views import handover_views
from orgkit.runbook.views.views import View


@dataclass(frozen=True)
class HandoverRun:
    """What is handed over, and the folder of its files.

    Attributes:
        configuration: The files, and what they hold.
        folder: Where they are to be; None where nothing is written.
        manifest: What was handed over there before.
        differences: What writing them changes.
    """

    configuration: Configuration
    folder: Path | None
    manifest: Manifest | None
    differences: tuple[FileDifference, ...]


@stage
def read(run: Run, aws: Connection) -> Observed:
    """Read what every phase reads, and what Terraform has to be given in addition."""
    with show_reading(run, aws):
        return read_for_handover(aws, run.desired)


@stage
def configure(run: Run, observed: Observed, tool: str, folder: str) -> HandoverRun:
    """Compose the files for the organization, and compare them with those of an earlier hand-over.

    Args:
        run: The run.
        observed: What was read.
        tool: `terraform` or `opentofu`.
        folder: Where the files are to be, from the folder of the project; empty writes nothing.
    """
    if tool not in TOOLS:
        raise HandoverRefused(f"tool is {tool!r:.80}, which orgkit does not know.", f"write {' or '.join(TOOLS)}.")
    assert observed.organization is not None
    path = outputs.project_of(run.parameters) / folder if folder else None
    manifest = read_folder(path, observed.organization.id) if path else None
    changes = manifest.changes if manifest else Changes({})
    configuration = configure_files(observed, run.desired, TOOLS[tool], changes)
    with TemporaryDirectory() as empty:  # compared with nothing, every file is new
        differences = compare_files(path or Path(empty), configuration, manifest)
    return HandoverRun(configuration, path, manifest, differences)


def handed_over(handover: HandoverRun) -> View:
    """What Terraform takes over: each resource with its address and import id, by type."""
    return handover_views.render_resources(handover.configuration)


def left_out(handover: HandoverRun) -> View:
    """What Terraform does not get, and why."""
    return handover_views.render_left_out(handover.configuration)


def differences(handover: HandoverRun) -> View:
    """What writing the files changes in the folder."""
    return handover_views.render_differences(handover.differences)


@stage
def write(run: Run, handover: HandoverRun) -> View:
    """Write the files; where a person has edited what orgkit wrote, nothing is written."""
    configuration = handover.configuration
    if handover.folder is None:
        return handover_views.render_nothing_written()
    outcomes = write_folder(handover.folder, configuration, handover.manifest)
    run.journal.write(
        "handover", tool=configuration.tool.name, folder=str(handover.folder), imports=configuration.imports,
        files=dict(outcomes), left_out=[[item.subject, item.reason] for item in configuration.left_out],
    )  # fmt: skip
    return handover_views.render_written(handover.folder, outcomes, configuration)


@stage
def check(run: Run, aws: Connection, handover: HandoverRun) -> View:
    """Let Terraform plan the files in a copy of the folder; the run waits for a person where it is not installed."""
    if handover.folder is None:
        run.journal.write("verified", passed=True, left=[], waiting=[])
        return handover_views.render_nothing_to_check()
    result = check_plan(handover.folder, handover.configuration, aws.endpoint)
    waiting = [result.sentence] if result.unchecked else []
    run.journal.write(
        "verified", passed=not result.problems, left=list(result.problems), waiting=waiting,
        commands=[result.command] if waiting else [], plan=dict(result.counts or {}),
        sentence="" if result.unchecked else result.sentence,
    )  # fmt: skip
    _raise_problems(result)
    return handover_views.render_check(result)


def _raise_problems(result: PlanCheck) -> None:
    if result.problems:
        more = f" (and {len(result.problems) - 1} more)" if len(result.problems) > 1 else ""
        raise NotHandedOver(
            f"{result.problems[0]}{more}", f"apply nothing; look at it with: {result.command}"
        )  # fmt: skip
