"""`orgkit adopt`: an organization that exists becomes a parameters file whose plan is empty."""

from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from orgkit import errors
from orgkit.cli.layout import columns, print_line, print_path, print_table, print_wrapped, title
from orgkit.cli.layout import wrap as wrap_line
from orgkit.cli.options import endpoint_option, exit_with, json_option, show_json
from orgkit.cli.output import requires_output
from orgkit.model.desired import READ_ROLE
from orgkit.sanitize.secrets import hide_secrets
from orgkit.sanitize.terminal import flat

if TYPE_CHECKING:
    from orgkit.adoption.adoption import Adoption
    from orgkit.phases.adopted import Advice, NotRead, Unexpressed

OUTPUT = Path("parameters/adopted.toml")
MAX_ROWS = 40  # of a table on the terminal; the file has all of them
MAX_CELL = 160  # characters
SEVERITY_COLUMNS = 10  # of the first column, with the blanks after it


@click.command()
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), default=OUTPUT, show_default=True, metavar="FILE",
    help="The parameters file to write; documents of policies are written next to it.",
)  # fmt: skip
@click.option(
    "--read-role", default=READ_ROLE, show_default=True, metavar="NAME",
    help="A role in member accounts, by which the account that keeps the logs is found.",
)  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace files that are there.")
@click.option("--permissions", is_flag=True, help="Print the IAM policy that this needs, and call nothing.")
@json_option
@endpoint_option
@exit_with
@requires_output
def adopt(output: Path, read_role: str, overwrite: bool, permissions: bool, as_json: bool) -> int:
    """Read an organization that exists, and write a parameters file whose plan is empty. Changes nothing in AWS.

    Findings, what the file cannot express and what could not be read are shown, and are comments of the file.

    Exit code 6 when something could not be read, or the plan is not empty; the file is written all the same.
    """
    if permissions:
        from orgkit.adoption.permissions import adoption_policy

        show_json(adoption_policy(read_role))
        return errors.EXIT_DONE
    from orgkit.adoption.adoption import adopt_organization
    from orgkit.adoption.parameters_file import named_after, refuse_existing, write
    from orgkit.adoption.reading import connect_without_file
    from orgkit.cli.read_progress import show_reading

    if not overwrite:
        refuse_existing([output])
    aws = connect_without_file()
    with show_reading(aws):
        adoption = named_after(adopt_organization(aws, read_role), output)
    files = write(adoption, output, overwrite=overwrite)
    code = errors.EXIT_NOT_VERIFIED if adoption.not_read or not adoption.is_settled else errors.EXIT_DONE
    if as_json:
        show_json({**adoption.as_json(), "files": [str(file) for file in files], "exit_code": code})
    else:
        _show(adoption, output, files)
    return code


def _show(adoption: "Adoption", output: Path, files: Sequence[Path]) -> None:
    details = adoption.desired.organization
    click.secho(f"Organization {details.organization_id} of account {details.management_account_id}", bold=True)
    _show_findings(adoption.advice)
    _show_groups("Not read: it may be there or not, and the file changes nothing of it", adoption.not_read)
    _show_groups("Not expressed: it has no place in the file, and stays as it is", adoption.not_expressed)
    title("Plan of the file")
    for line in adoption.plan_lines:
        print_wrapped(line)
    title("Written")
    for file in files:
        print_path(file)
    click.echo("\nnext")
    print_line(f"orgkit check {quote(str(output))}")


def _show_findings(advice: "Sequence[Advice]") -> None:
    """A table of two columns: each finding takes a line for what, why and how, wrapped within its column."""
    title(f"Findings: what good practice would change ({len(advice)})")
    rows: list[tuple[str, str]] = []
    for item in advice[:MAX_ROWS]:
        texts = (item.subject, f"why: {item.reason}", f"fix: {item.runbook}")
        lines = [line for text in texts for line in _fold(hide_secrets(text))]
        rows += zip((item.severity, *([""] * len(lines))), lines, strict=False)
    print_table(("severity", "finding"), rows)
    _show_more(len(advice))


def _fold(text: str) -> list[str]:
    return wrap(flat(text), columns() - SEVERITY_COLUMNS, break_on_hyphens=False, subsequent_indent="  ")


def _show_groups(name: str, items: "Sequence[Unexpressed | NotRead]") -> None:
    """Each reason once, and below it what it applies to."""
    from orgkit.adoption.adoption import by_reason

    if not items:
        return
    title(f"{name} ({len(items)})")
    for reason, subjects in by_reason(items[:MAX_ROWS]).items():
        click.echo(wrap_line(reason, indent=""))
        for subject in subjects:
            click.echo(wrap_line(f"- {_cut(subject)}", "  ", "    "))
    _show_more(len(items))


def _show_more(count: int) -> None:
    if count > MAX_ROWS:
        print_wrapped(f"… and {count - MAX_ROWS} more: the file has all of them.")


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CELL else f"{text[: MAX_CELL - 1]}…"
