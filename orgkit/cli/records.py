"""`orgkit records`: the records that runs left."""

from pathlib import Path

import click

from orgkit import errors
from orgkit.cli.main import ends, json_option, show_json
from orgkit.runbook.tables import as_text


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
@ends
def seal(run_folder: Path, notebook: Path | None) -> int:
    """Seal a record that was not made by `orgkit run`: a notebook cannot hash itself."""
    from orgkit.record.seal import seal as seal_record

    result = seal_record(run_folder, notebook)
    click.echo(f"{run_folder.name}: {result.outcome}; sealed.")
    return errors.EXIT_DONE


def _outputs() -> Path:
    """Where the records of the project that we stand in lie: the sandbox's own folder in a shell that uses one."""
    from orgkit.record.outputs import base_folder, project_of

    return base_folder(project_of(Path.cwd() / "parameters" / "any.toml"), "aws")
