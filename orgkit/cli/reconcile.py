"""`orgkit records reconcile`: a record compared with CloudTrail's log of the same hours."""

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orgkit.cli.layout import print_wrapped, title, wrap
from orgkit.cli.options import endpoint_option, exit_with, json_option, show_json
from orgkit.cli.output import report_reading, requires_output

if TYPE_CHECKING:
    from orgkit.records.catalogue import Record
    from orgkit.records.reconcile.report import Reconciliation

HEADINGS = {
    "fault": "Faults: the record or its chain is not what was sealed",
    "not sealed": "This run is not sealed (orgkit records seal)",
    "unknown": "Unknown: in the record, and not in AWS's log",
    "contradicted": "Contradicted: AWS's log has the other outcome",
    "could not be asked": "Could not be asked: nothing is known of these",
    "not yet visible": "Not yet visible: AWS's log takes up to 15 minutes",
    "not logged": "Not logged, and need not be: these changed nothing",
    "matched": "Matched, though no answer had come",
    "unmatched": "Unmatched: made by the same identity, and in no record here",
    "claimed": "Claimed by a run that is not sealed, or not as it was sealed",
}


@click.command()
@click.argument("run")
@click.option("--file", type=click.Path(path_type=Path), help="The parameters file, if the one of the run is not here.")
@click.option("--all-regions", is_flag=True, help="Ask every region that is enabled, not only those of the run.")
@endpoint_option
@json_option
@exit_with
@requires_output
def reconcile(run: str, file: Path | None, all_regions: bool, as_json: bool) -> int:
    """Match a run's changes with CloudTrail, and look for other changes by the same identity.

    Exit code 9: AWS's log does not show them yet; 6: something is unknown or unmatched, the record is not sealed or not
    whole, or somebody could not be asked.
    """
    from orgkit.engine.connect import connect
    from orgkit.parameters import find, load
    from orgkit.records.catalogue import find_record
    from orgkit.records.outputs import base_folder, project_of
    from orgkit.records.reconcile.parameters_file import parameters_of
    from orgkit.records.reconcile.reconcile_run import reconcile_record

    project = project_of(Path.cwd() / "parameters" / "any.toml")
    record = find_record(base_folder(project, "aws"), run)
    desired = load(find(str(file))) if file else parameters_of(record.folder, project)
    aws = connect(desired)
    aws.progress = report_reading
    result = reconcile_record(record, aws, desired, all_regions=all_regions)
    if as_json:
        show_json({"run": record.name, **result.facts()})
    else:
        _show(record, result)
    return result.exit_code


def _show(record: "Record", result: "Reconciliation") -> None:
    click.echo(record.name)
    print_wrapped(result.sentence)
    for label, lines in groupby(result.sentences(), key=lambda line: line[0]):
        title(HEADINGS[label])
        for _, line in lines:
            click.echo(wrap(line, indent="  - ", hanging_indent="    "))
    for (account, region), reason in sorted(result.unreachable.items()):
        print_wrapped(f"Account {account} could not be asked in {region}: {reason}")
    _show_asked(result)
    if result.other_events:
        print_wrapped(
            f"{len(result.other_events)} change(s) by others, or by AWS itself, at that time (--json lists them)."
        )


def _show_asked(result: "Reconciliation") -> None:
    """Whose log was asked, and whose was not."""
    click.echo()
    places = groupby(sorted(result.queried), key=lambda place: place[0])
    lines = [f"{account} in {', '.join(region for _, region in regions)}" for account, regions in places]
    print_wrapped(f"asked: {'; '.join(lines) or 'nobody'}")
    skipped = result.skipped
    if skipped.accounts:
        print_wrapped(
            f"not asked: {len(skipped.accounts)} account(s) that the run did not enter: {', '.join(skipped.accounts)}"
        )
    if skipped.regions:
        print_wrapped(f"not asked: the regions {', '.join(skipped.regions)} (--all-regions asks them)")
