"""`orgkit records`: the records that runs left."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orgkit import errors
from orgkit.cli.archive import archive
from orgkit.cli.main import ends, json_option, show_json
from orgkit.cli.reconcile import reconcile
from orgkit.cli.summary import show_head
from orgkit.cli.verified import show_differences, show_verified
from orgkit.runbook.tables import as_text

if TYPE_CHECKING:
    from orgkit.record.sealing import Sealing


@click.group()
def records() -> None:
    """List, show and seal the records of runs."""


@records.command("list")
@json_option
@ends
def list_records(as_json: bool) -> int:
    """Every record of this project, oldest first."""
    from orgkit.record.catalogue import list_records as all_records

    found = all_records(_outputs())
    if as_json:
        show_json([record.as_json() for record in found])
    else:
        rows = [(record.name, record.outcome, record.account) for record in found]
        click.echo(as_text(("record", "outcome", "account"), rows) if rows else "There are no records yet.")
    return errors.EXIT_DONE


@records.command()
@click.argument("run")
@ends
def show(run: str) -> int:
    """One record's result, by the name of its folder or a part of it."""
    from orgkit.record.catalogue import find_record

    show_json(find_record(_outputs(), run).whole())
    return errors.EXIT_DONE


@records.command()
@click.argument("run_folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--notebook", type=click.Path(path_type=Path, exists=True), help="The executed notebook.")
@click.option(
    "--file", type=click.Path(path_type=Path), help="The parameters file, if it lies elsewhere or was changed."
)
@ends
def seal(run_folder: Path, notebook: Path | None, file: Path | None) -> int:
    """Seal a record that was not made by `orgkit run`: a notebook cannot hash itself."""
    from orgkit.record.seal import complete
    from orgkit.record.seal import seal as seal_record

    run_folder = run_folder.absolute()  # "." has no name, and stands in no chain
    sealing = _sealing(run_folder, file)
    if complete(run_folder, sealing.signer) is not None:
        click.echo(f"{run_folder.name}: its seal was cut short; it stands in the chain of records now.")
    else:
        result = seal_record(run_folder, notebook, sealing=sealing)
        click.echo(f"{run_folder.name}: {result.outcome}; sealed.")
    show_head(run_folder.parent)
    return errors.EXIT_DONE


@records.command()
@click.argument("run", required=False, default="")
@click.option("--all", "everything", is_flag=True, help="Every record and chain of the project; so without RUN too.")
@click.option("--head", default="", metavar="HASH", help="A head of the chain that was kept elsewhere.")
@click.option("--key", "key_file", default="", metavar="FILE", help="The public key with which the chain was signed.")
@json_option
@ends
def verify(run: str, everything: bool, head: str, key_file: str, as_json: bool) -> int:
    """Check that records are what was sealed: each file, the approval, and the chain of all of them."""
    from orgkit.proof.named_key import NamedKey, named_key
    from orgkit.proof.verify import of_record, verify_all
    from orgkit.record.catalogue import account_folders, find_record
    from orgkit.signing.keys import PublicKey

    given = NamedKey(PublicKey.load(key_file)) if key_file else None
    if run and not everything:
        folder = find_record(_outputs(), run).folder
        key = given or named_key(folder.parent, _project())
        found = [of_record(folder, head, key.public, key.file)]
    else:
        places = account_folders(_outputs())
        holders = [place for place in places if head and head in _digests(place)]
        heads = [head if place in holders or not holders else "" for place in places]
        keys = [given or named_key(place, _project()) for place in places]
        asked = zip(places, heads, keys, strict=True)
        found = [verify_all(place, of_it, key.public, key.file) for place, of_it, key in asked]
    if as_json:
        show_json({"accounts": [each.as_json() for each in found]})
    else:
        show_verified(found)
    return errors.EXIT_NOT_VERIFIED if any(each.faults for each in found) else errors.EXIT_DONE


@records.command("diff")
@click.argument("before")
@click.argument("after")
@json_option
@ends
def diff(before: str, after: str, as_json: bool) -> int:
    """What two records tell differently: parameters, plan, outcome and versions; times are no difference."""
    from orgkit.proof.diff import differences
    from orgkit.record.catalogue import find_record

    found = differences(*(find_record(_outputs(), name).folder for name in (before, after)))
    if as_json:
        show_json(found.as_json())
    else:
        show_differences(found)
    return errors.EXIT_DONE


@records.command()
@ends
def catalogue() -> int:
    """Write outputs/catalogue.html: every run on one page, with links, and what was found when checking them."""
    from orgkit.proof.catalogue_page import write_page
    from orgkit.proof.named_key import named_key
    from orgkit.proof.verify import verify_all
    from orgkit.record.catalogue import account_folders
    from orgkit.record.catalogue import list_records as all_records

    base = _outputs()
    keys = {place: named_key(place, _project()) for place in account_folders(base)}
    found = [verify_all(place, key=key.public, named_by=key.file) for place, key in keys.items()]
    page = write_page(base, all_records(base), found)
    click.echo(f"Written: {page}")
    return errors.EXIT_DONE


def _sealing(run_folder: Path, file: Path | None) -> "Sealing":
    """As the file wants it: the one that is named, else the project's own that the run has read."""
    from orgkit.parameters import load
    from orgkit.record.seal import AS_IT_IS, parameters_read_by
    from orgkit.record.sealing import sealing_of

    found = file or parameters_read_by(run_folder, _project())
    return sealing_of(load(found), found) if found else AS_IT_IS


def _digests(place: Path) -> set[str]:
    from orgkit.record.chain import entries_of

    return {entry.digest for entry in entries_of(place)}


def _outputs() -> Path:
    """Where the records of the project that we stand in lie: the sandbox's own folder in a shell that uses one."""
    from orgkit.record.outputs import base_folder

    return base_folder(_project(), "aws")


def _project() -> Path:
    from orgkit.record.outputs import project_of

    return project_of(Path.cwd() / "parameters" / "any.toml")


records.add_command(reconcile)
records.add_command(archive)
