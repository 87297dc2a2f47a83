"""`orgkit records reconcile`: a record beside AWS's own log of the same hours."""

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orgkit.cli.layout import tell, title, wrapped
from orgkit.cli.main import endpoint_option, ends, json_option, show_json
from orgkit.cli.progress import reading
from orgkit.printable import flat

if TYPE_CHECKING:
    from orgkit.proof.reconciliation import Reconciliation
    from orgkit.record.catalogue import Record

HEADINGS = {
    "fault": "Faults: the record or its chain is not what was sealed",
    "not sealed": "This run is not sealed (orgkit records seal)",
    "unknown": "Unknown: in the record, and not in AWS's log",
    "contradicted": "Contradicted: AWS's log has the other outcome",
    "could not be asked": "Could not be asked: nothing is known of these",
    "not yet visible": "Not yet visible: AWS's log takes up to 15 minutes",
    "not logged": "Not logged, and need not be: these changed nothing",
    "matched": "Matched, though no answer had come",
    "beside": "Beside it: done by the same identity, and in no record here",
    "claimed": "Claimed by a run that is not sealed, or not as it was sealed",
}


@click.command()
@click.argument("run")
@click.option("--file", type=click.Path(path_type=Path), help="The parameters file, if the one of the run is not here.")
@click.option("--all-regions", is_flag=True, help="Ask every region that is enabled, not only those of the run.")
@endpoint_option
@json_option
@ends
def reconcile(run: str, file: Path | None, all_regions: bool, as_json: bool) -> int:
    """Match a run's changes with CloudTrail, and look for changes that its identity made beside them.

    Exit code 9: AWS's log does not show them yet; 6: something is unknown or beside, the record is not sealed or not
    whole, or somebody could not be asked.
    """
    from orgkit.connecting import connect
    from orgkit.parameters import find, load
    from orgkit.proof.joining import reconcile_record
    from orgkit.proof.parameters_file import parameters_of
    from orgkit.record.catalogue import find_record
    from orgkit.record.outputs import base_folder, project_of

    project = project_of(Path.cwd() / "parameters" / "any.toml")
    record = find_record(base_folder(project, "aws"), run)
    desired = load(find(str(file))) if file else parameters_of(record.folder, project)
    aws = connect(desired)
    aws.progress = reading
    found = reconcile_record(record, aws, desired, all_regions=all_regions)
    if as_json:
        show_json({"run": record.name, **found.facts()})
    else:
        _show(record, found)
    return found.exit_code


def _show(record: "Record", found: "Reconciliation") -> None:
    click.echo(record.name)
    tell(found.sentence)
    for word, lines in groupby(found.sentences(), key=lambda line: line[0]):
        title(HEADINGS[word])
        for _, line in lines:
            click.echo(wrapped(flat(line), indent="  - ", more="    "))
    for (account, region), why in sorted(found.unasked.items()):
        tell(f"Account {account} could not be asked in {region}: {why}")
    _show_asked(found)
    if found.others:
        tell(f"{len(found.others)} change(s) by others, or by AWS itself, at that time (--json lists them).")


def _show_asked(found: "Reconciliation") -> None:
    """Whose log was asked, and whose was not."""
    click.echo()
    places = groupby(sorted(found.asked), key=lambda place: place[0])
    told = [f"{account} in {', '.join(region for _, region in each)}" for account, each in places]
    tell(f"asked: {'; '.join(told) or 'nobody'}")
    left = found.not_asked
    if left.accounts:
        tell(f"not asked: {len(left.accounts)} account(s) that the run did not enter: {', '.join(left.accounts)}")
    if left.regions:
        tell(f"not asked: the regions {', '.join(left.regions)} (--all-regions asks them)")
