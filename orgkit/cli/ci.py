"""`orgkit ci`: the checks and downloads of the workflows that `orgkit init --ci github` writes."""

import os
import re
from pathlib import Path

import click

from orgkit import errors
from orgkit.cli.command_group import CommandGroup
from orgkit.cli.github import NoReport, report_result
from orgkit.cli.options import FILE, PhaseType, exit_with
from orgkit.phases.descriptor import Phase
from orgkit.sanitize.terminal import flat, short

DIGEST = re.compile("[0-9a-f]{64}")


@click.group(cls=CommandGroup)
def ci() -> None:
    """Check what a workflow of GitHub was given, and take plans and records from earlier runs."""


@ci.command("check-inputs")
@click.argument("file")
@click.option("--phase", type=PhaseType(), help="The phase to be applied: its runbook is checked.")
@click.option("--approval", default="", help="A signed approval, by its path in the repository; empty for none.")
@click.option("--plan-run", metavar="NUMBER", help="The run of orgkit plan whose plan is to be applied.")
@exit_with
@report_result
def check_inputs(file: str, phase: Phase | None, approval: str, plan_run: str | None, **_report: NoReport) -> int:
    """Refuse files that were altered after the checkout, and plans of commits that nobody reviewed.

    FILE has to be under parameters/, an approval under approvals/ or parameters/.
    With --plan-run, two more checks ask GitHub. These files still have to be those
    of the default branch. That run has to have planned a merged commit, or the
    reviewed head of a pull request that was merged.
    """
    from orgkit.ci.checkout import check_files, files_of
    from orgkit.ci.workflow_runs import Workflows

    check_files(Path.cwd(), file, approval, phase)
    if plan_run is not None:
        workflows = Workflows.from_environment(os.environ)
        workflows.check_commit(files_of(Path.cwd(), file, approval, phase))
        workflows.check_plan_run(plan_run)
    click.echo("Every input is a file of the commit that was checked out.")
    return errors.EXIT_DONE


@ci.command("take-plan")
@click.argument("digest")
@click.option("--artifact", type=click.Path(path_type=Path), required=True, help="Where the artifact was unpacked.")
@click.option("--to", "destination", type=click.Path(path_type=Path), required=True, help="A new folder.")
@exit_with
@report_result
def take_plan(digest: str, artifact: Path, destination: Path, **_report: NoReport) -> int:
    """Copy plan.json and review.json of a digest out of an artifact, and nothing else of it."""
    from orgkit.ci.artifacts import take_plan as take
    from orgkit.ci.checkout import check_unaltered

    check_unaltered(Path.cwd())
    click.echo(f"The plan is in {take(artifact, _checked(digest), destination)}.")
    return errors.EXIT_DONE


@ci.command("fetch-records")
@click.argument("digest")
@FILE
@exit_with
@report_result
def fetch_records(digest: str, file: Path, **_report: NoReport) -> int:
    """Download the records of earlier runs that applied this digest, so that this run can resume them."""
    from orgkit.aws.endpoint import endpoint_of
    from orgkit.ci.artifacts import adopt_records
    from orgkit.ci.workflow_runs import Workflows
    from orgkit.parameters import find, load
    from orgkit.records.outputs import base_folder, project_of

    path = find(str(file))
    base = base_folder(project_of(path), "emulator" if endpoint_of() else "aws")
    place = base / load(path).organization.management_account_id
    archives = Workflows.from_environment(os.environ).record_archives(_checked(digest))
    for sentence in adopt_records(archives, place):
        click.echo(flat(sentence))
    return errors.EXIT_DONE


def _checked(digest: str) -> str:
    if not DIGEST.fullmatch(digest):
        raise errors.WorkflowRefused(
            f"{short(digest, 80)!r} is not a digest: a digest has 64 characters, each 0-9 or a-f.",
            "copy the digest from the summary of orgkit plan.",
        )
    return digest
