"""`orgkit lab`: the whole bootstrap guided, in JupyterLab."""

from pathlib import Path

import click

from orgkit import errors
from orgkit.cli.faults import circumstances_options
from orgkit.cli.layout import wrap
from orgkit.cli.options import exit_with
from orgkit.rehearsal.fault_options import FaultOptions

DEFAULT = Path("parameters/example.toml")
PACKAGES = {"aws": (), "sandbox": errors.SANDBOX}  # in addition to those of JupyterLab


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default=DEFAULT)
@click.option(
    "--target", type=click.Choice(["sandbox", "aws"]), default="sandbox", show_default=True,
    help="An embedded AWS of its own, or the account that you are signed in to.",
)  # fmt: skip
@circumstances_options
@exit_with
@errors.convert_os_errors(errors.EXIT_FAILED)
def lab(file: Path, target: str, circumstances: FaultOptions) -> int:
    """Guide a person through every phase in JupyterLab, from a start page that reads where each stands.

    FILE is the parameters file; one that is not there yet begins as a copy of the example.
    """
    from orgkit.lab.opening import open_on_aws, open_on_sandbox
    from orgkit.parameters import find

    if target == "aws" and circumstances != FaultOptions():
        raise click.UsageError("faults, latency and real time are the sandbox's: leave them out with --target aws.")
    errors.require_packages(f"orgkit lab --target {target}", *errors.JUPYTERLAB, *PACKAGES[target])
    path = file.absolute() if not file.exists() and file.absolute().parent.is_dir() else find(str(file))
    results = open_on_aws(path, _say) if target == "aws" else open_on_sandbox(path, circumstances, _say)
    for result in results:
        click.echo(f"{result.record.name}  {result.outcome}")
    _say(f"{len(results)} record(s) sealed." if results else "No runbook was run.")
    return errors.EXIT_DONE


def _say(text: str) -> None:
    click.echo(wrap(text, indent=""))
