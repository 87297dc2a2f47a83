"""`orgkit records`: the records that runs left."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orgkit import errors
from orgkit.cli.archive import archive
from orgkit.cli.command_group import CommandGroup
from orgkit.cli.layout import print_table, print_wrapped, title
from orgkit.cli.options import exit_with, json_option, show_json
from orgkit.cli.output import requires_output
from orgkit.cli.reconcile import reconcile
from orgkit.cli.summary import show_head
from orgkit.sanitize.terminal import flat

if TYPE_CHECKING:
    from orgkit.records.catalogue import Record
    from orgkit.records.diff import Differences
    from orgkit.records.seal_options import Sealing
    from orgkit.records.verify.verify import Verification


def _check_head(_context: click.Context, parameter: click.Parameter, value: str) -> str:
    """The head; a mistyped one must not look like a chain that was cut."""
    if value and not re.fullmatch("[0-9a-f]{64}", value):
        raise click.BadParameter("a head has 64 characters, each 0-9 or a-f.", param=parameter)
    return value


@click.group(cls=CommandGroup)
def records() -> None:
    """List, show, verify and archive the records of runs."""


@records.command("list")
@json_option
@exit_with
@requires_output
def list_records(as_json: bool) -> int:
    """List every record of this project, oldest first."""
    from orgkit.records.catalogue import list_records as all_records

    all_runs = all_records(_outputs())
    if as_json:
        show_json([record.as_json() for record in all_runs])
    else:
        show_records(all_runs)
    return errors.EXIT_DONE


@records.command()
@click.argument("run")
@exit_with
@requires_output
def show(run: str) -> int:
    """Print one record as JSON: RUN is its folder's name or a part of it, or a phase that has one record."""
    from orgkit.records.catalogue import find_record

    show_json(find_record(_outputs(), run).whole())
    return errors.EXIT_DONE


@records.command()
@click.argument("run_folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--notebook",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The notebook that this run has executed, if it lies elsewhere.",
)
@click.option(
    "--file", type=click.Path(path_type=Path), help="The parameters file, if it lies elsewhere or was changed."
)
@exit_with
def seal(run_folder: Path, notebook: Path | None, file: Path | None) -> int:
    """Seal a record that was not made by `orgkit run`: a notebook cannot hash itself."""
    from orgkit.records.executed_notebook import read_executed
    from orgkit.records.seal import complete
    from orgkit.records.seal import seal as seal_record

    run_folder = run_folder.absolute()  # "." has no name, and stands in no chain
    sealing = _sealing(run_folder, file)
    if complete(run_folder, sealing.signer) is not None:
        click.echo(f"{run_folder.name}: its seal was cut short; it stands in the chain of records now.")
    else:
        if notebook is not None:
            read_executed(notebook, run_folder)
        result = seal_record(run_folder, notebook, sealing=sealing)
        click.echo(f"{run_folder.name}: {result.outcome}; sealed.")
    show_head(run_folder.parent)
    return errors.EXIT_DONE


@records.command()
@click.argument("run", required=False, default="")
@click.option("--all", "everything", is_flag=True, help="Every record and chain of the project; so without RUN too.")
@click.option(
    "--head",
    default="",
    metavar="HASH",
    callback=_check_head,
    help="The digest that the last record had when it was kept elsewhere (`head` in the output of a run).",
)
@click.option("--key", "key_file", default="", metavar="FILE", help="The public key with which the chain was signed.")
@json_option
@exit_with
@requires_output
def verify(run: str, everything: bool, head: str, key_file: str, as_json: bool) -> int:
    """Check that records are what was sealed: each file, the approval, and the chain of all of them."""
    from orgkit.records.catalogue import account_folders, find_record
    from orgkit.records.verify.signing_key import NamedKey, named_key
    from orgkit.records.verify.verify import verify_all, verify_one
    from orgkit.signing.keys import PublicKey

    trusted_key = NamedKey(PublicKey.load(key_file)) if key_file else None
    if run and not everything:
        folder = find_record(_outputs(), run).folder
        key = trusted_key or named_key(folder.parent, _project())
        verifications = [verify_one(folder, head, key.public, key.file)]
    else:
        places = account_folders(_outputs())
        holders = [place for place in places if head and head in _digests(place)]
        heads = [head if place in holders or not holders else "" for place in places]
        keys = [trusted_key or named_key(place, _project()) for place in places]
        requests = zip(places, heads, keys, strict=True)
        verifications = [verify_all(place, of_it, key.public, key.file) for place, of_it, key in requests]
    if as_json:
        show_json({"accounts": [verification.as_json() for verification in verifications]})
    else:
        show_verified(verifications)
    return errors.EXIT_NOT_VERIFIED if any(verification.faults for verification in verifications) else errors.EXIT_DONE


@records.command("diff")
@click.argument("before")
@click.argument("after")
@json_option
@exit_with
@requires_output
def diff(before: str, after: str, as_json: bool) -> int:
    """Show the differences between two records: parameters, plan, outcome and versions, but not times."""
    from orgkit.records.catalogue import find_record
    from orgkit.records.diff import differences

    difference = differences(*(find_record(_outputs(), name).folder for name in (before, after)))
    if as_json:
        show_json(difference.as_json())
    else:
        show_differences(difference)
    return errors.EXIT_DONE


@records.command()
@exit_with
def catalogue() -> int:
    """Write outputs/catalogue.html: every run on one page, with links, and what was found when checking them."""
    from orgkit.records.catalogue import account_folders
    from orgkit.records.catalogue import list_records as all_records
    from orgkit.records.catalogue_page import write_page
    from orgkit.records.verify.signing_key import named_key
    from orgkit.records.verify.verify import verify_all

    base = _outputs()
    keys = {place: named_key(place, _project()) for place in account_folders(base)}
    verifications = [verify_all(place, key=key.public, named_by=key.file) for place, key in keys.items()]
    page = write_page(base, all_records(base), verifications)
    click.echo(f"Written: {page}")
    return errors.EXIT_DONE


def _sealing(run_folder: Path, file: Path | None) -> "Sealing":
    """As the file wants it: the one that is named, else the project's own that the run has read."""
    from orgkit.parameters import load
    from orgkit.records.seal import DEFAULT_SEALING, parameters_read_by
    from orgkit.records.seal_options import sealing_of

    parameters_file = file or parameters_read_by(run_folder, _project())
    return sealing_of(load(parameters_file), parameters_file) if parameters_file else DEFAULT_SEALING


def _digests(place: Path) -> set[str]:
    from orgkit.records.chain import entries_of

    return {entry.digest for entry in entries_of(place)}


def _outputs() -> Path:
    """Where the records of the project that we stand in lie: the sandbox's own folder in a shell that uses one."""
    from orgkit.records.outputs import base_folder

    return base_folder(_project(), "aws")


def _project() -> Path:
    from orgkit.records.outputs import project_of

    return project_of(Path.cwd() / "parameters" / "any.toml")


records.add_command(reconcile)
records.add_command(archive)


def show_records(records: "Sequence[Record]") -> None:
    """Those of AWS, then those of sandboxes and rehearsals."""
    from orgkit.records.verify.signing_key import is_of_sandbox

    if not records:
        click.echo("There are no records yet.")
    for of_sandbox, heading in ((False, "Of AWS"), (True, "Of sandboxes and rehearsals")):
        group = [record for record in records if is_of_sandbox(record.folder.parent) == of_sandbox]
        if group:
            title(heading)
            print_table(
                ("record", "outcome", "account"), [(record.name, record.outcome, record.account) for record in group]
            )


def show_verified(verifications: "Sequence[Verification]") -> None:
    """Each account: how many records, the head of their chain, every fault, and what could not be checked."""
    if not verifications:
        click.echo("There are no records yet.")
    for verification in verifications:
        title(f"Account {verification.account}{_box(Path(verification.folder))}")
        click.echo(f"records  {verification.records} sealed{_signature_label(verification)}")
        click.echo(f"head     {verification.head or 'none yet'}")
        for fault in verification.faults:
            print_wrapped(f"FAULT  {fault.sentence}")
        click.echo(_label(verification))
        for note in (
            *verification.notes,
            *(f"sealed after the head, which says nothing of it: {run}" for run in verification.after_head),
            *(f"not sealed: {run} (orgkit records seal)" for run in verification.unsealed),
        ):
            print_wrapped(f"note: {note}")


def _box(folder: Path) -> str:
    from orgkit.records.verify.signing_key import is_of_sandbox

    return f", records of a sandbox in {folder.parent.name}" if is_of_sandbox(folder) else ""


def _signature_label(verified: "Verification") -> str:
    if not verified.signed:
        return ""
    return f", {verified.signed} of them signed" if verified.key else ", signatures not checked (--key)"


def _label(verified: "Verification") -> str:
    """Never that all is well when something was not looked at."""
    if verified.faults:
        return f"{len(verified.faults)} fault(s): these records are not what was sealed."
    if verified.archived:
        summary = f"{verified.records} record(s) are as they were sealed.\n" if verified.records else ""
        return f"{summary}{len(verified.archived)} record(s) are not here and were not checked."
    if verified.after_head:
        return f"Everything up to the head is as it was sealed, and {len(verified.after_head)} record(s) came after it."
    return "Everything is as it was sealed."


def show_differences(differences: "Differences") -> None:
    """Parameters as a diff, steps that only one has, and each fact on both sides."""
    if differences.none:
        click.echo("No difference but the time.")
        return
    if differences.parameters:
        title("Parameters")
        click.echo("\n".join(map(flat, differences.parameters)))
    if differences.only_before or differences.only_after:
        title("Plan")
        for sign, steps in (("-", differences.only_before), ("+", differences.only_after)):
            for step in steps:
                print_wrapped(f"{sign} {step}")
    if differences.facts:
        title("What else")
        for fact in differences.facts:
            print_wrapped(f"{fact.name}: {fact.before or 'nothing'} -> {fact.after or 'nothing'}")
