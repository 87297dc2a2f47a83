"""`orgkit handover`: Terraform or OpenTofu takes over what orgkit made, without creating or changing anything."""

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from orgkit import errors
from orgkit.cli.command_group import CommandGroup
from orgkit.cli.layout import print_wrapped, title, wrap
from orgkit.cli.options import endpoint_option, exit_with, json_option, show_json
from orgkit.cli.output import report_reading, requires_output

if TYPE_CHECKING:
    from orgkit.handover.configuration import Configuration

FOLDER = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
PARAMETERS = click.option(
    "--file",
    type=click.Path(path_type=Path),
    help="The parameters file. Default: the only one in parameters/ but the example.",
)
DISCARD = click.option(
    "--discard-edits", is_flag=True, help="Replace what someone changed between orgkit:begin and orgkit:end."
)


@click.group(cls=CommandGroup)
def handover() -> None:
    """Write the files with which Terraform or OpenTofu takes over the organization. Changes nothing in AWS."""


@handover.command()
@FOLDER
@PARAMETERS
@DISCARD
@endpoint_option
@json_option
@exit_with
@requires_output
@errors.convert_os_errors()
def terraform(folder: Path, file: Path | None, discard_edits: bool, as_json: bool) -> int:
    """Write the files for Terraform: resources, imports, permissions, and what is left out.

    Run it again when the organization has changed: it writes its own blocks again, and keeps what you wrote around
    them. Its first plan imports, and neither adds, changes nor destroys anything.
    """
    return _hand_over("terraform", folder, file, discard_edits, as_json)


@handover.command()
@FOLDER
@PARAMETERS
@DISCARD
@endpoint_option
@json_option
@exit_with
@requires_output
@errors.convert_os_errors()
def opentofu(folder: Path, file: Path | None, discard_edits: bool, as_json: bool) -> int:
    """Write the same files for OpenTofu, with which they are untried."""
    return _hand_over("opentofu", folder, file, discard_edits, as_json)


@handover.command()
@click.argument("account", type=click.Choice(["management", "log-archive", "member"]))
@exit_with
@requires_output
def permissions(account: str) -> int:
    """Print the IAM policy of Terraform's role in an account of one of these kinds, which denies what destroys.

    The policy is printed to the standard output, and what it denies in addition to the standard error.
    """
    from orgkit.handover.permissions import policy_of, shared_actions

    show_json(policy_of(account))
    for name, action in shared_actions(account):
        click.echo(
            f"{name}: {action} is denied as a whole, since AWS has no action of its own for the deletion", err=True
        )
    return errors.EXIT_DONE


def _hand_over(tool: str, folder: Path, file: Path | None, discard_edits: bool, as_json: bool) -> int:
    from orgkit.engine.connect import connect
    from orgkit.handover.addresses import Changes
    from orgkit.handover.configuration import configure
    from orgkit.handover.folder import read_folder, write_folder
    from orgkit.handover.reading import read_for_handover
    from orgkit.handover.tools import TOOLS
    from orgkit.parameters import find, load

    desired = load(find(str(file or only_parameters_file(Path("parameters")))))
    aws = connect(desired)
    aws.progress = report_reading
    observed = read_for_handover(aws, desired)
    assert observed.organization is not None
    manifest = read_folder(folder, observed.organization.id)
    changes = manifest.changes if manifest else Changes({})
    configuration = configure(observed, desired, TOOLS[tool], changes)
    outcomes = write_folder(folder, configuration, manifest, discard_edits=discard_edits)
    if as_json:
        show_json(_as_values(configuration, outcomes))
    else:
        _show(folder, configuration, outcomes)
    return errors.EXIT_DONE


def only_parameters_file(folder: Path) -> Path:
    """Return the only parameters file of a project.

    Raises:
        UnknownParameter: There is none, or more than one.
    """
    files = sorted(path for path in folder.glob("*.toml") if path.name != "example.toml")
    if len(files) != 1:
        names = ", ".join(str(path) for path in files) or "none"
        raise errors.HandoverRefused(
            f"{folder}/ has more than one parameters file, or none: {names}.", "add --file FILE."
        )
    return files[0]


def _as_values(configuration: "Configuration", outcomes: dict[str, str]) -> dict[str, object]:
    from orgkit.handover.guide import notes

    return {
        "organization": configuration.organization,
        "imports": configuration.imports,
        "files": outcomes,
        "left_out": [{"subject": item.subject, "reason": item.reason} for item in configuration.left_out],
        "forgotten": list(configuration.changes.forgotten),
        "phases": list(configuration.labels),
        "notes": list(notes(configuration.tool)),
    }


def _show(folder: Path, configuration: "Configuration", outcomes: dict[str, str]) -> None:
    from orgkit.handover.guide import notes, section_text

    count, tool = configuration.imports, configuration.tool
    title(f"{count} resources of organization {configuration.organization}, for {tool.title}")
    for name, outcome in outcomes.items():
        click.echo(f"  {outcome:<20}{folder / name}")
    title("Left out")
    for item in configuration.left_out:
        print_wrapped(f"{item.subject}: {item.reason}")
    if configuration.changes.forgotten:
        title("Take out of the state before the next apply")
        for address in configuration.changes.forgotten:
            click.echo(f"  {configuration.tool.command} state rm {quote(address)}")
    title("Notes")
    for note in notes(configuration.tool):
        print_wrapped(note)
    command = f"{configuration.tool.command} -chdir={quote(str(folder))}"
    click.echo(f"\nnext    {command} init && {command} plan")
    click.echo(wrap(f"It has to say: {configuration.imports} to import, 0 to add, 0 to change, 0 to destroy.", " " * 8))
    click.echo("then    add to the parameters file:")
    click.echo("\n".join(f"        {line}" for line in section_text(configuration.labels).splitlines()))
