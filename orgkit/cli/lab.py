"""`orgkit lab`: the whole bootstrap guided, in JupyterLab."""

from pathlib import Path

import click

from orgkit import errors
from orgkit.cli.faults import circumstances_options
from orgkit.cli.layout import wrapped
from orgkit.cli.main import ends
from orgkit.recovery.circumstances import Circumstances

DEFAULT = Path("parameters/example.toml")


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default=DEFAULT)
@click.option(
    "--target", type=click.Choice(["sandbox", "aws"]), default="sandbox", show_default=True,
    help="An embedded AWS of its own, or the account that you are signed in to.",
)  # fmt: skip
@circumstances_options
@ends
def lab(file: Path, target: str, circumstances: Circumstances) -> int:
    """Guide a person through every phase in JupyterLab, from a start page that reads where each stands.

    FILE is the parameters file; one that is not there yet begins as a copy of the example.
    """
    from orgkit.lab.opening import open_on_aws, open_on_sandbox
    from orgkit.parameters import find

    if target == "aws" and circumstances != Circumstances():
        raise click.UsageError("faults, latency and real time are the sandbox's: leave them out with --target aws.")
    path = file.absolute() if not file.exists() and file.absolute().parent.is_dir() else find(str(file))
    where = "AWS, as whoever you are signed in as" if target == "aws" else "a sandbox: nothing touches AWS"
    _say(f"JupyterLab opens on {where}. When you are done there: File > Shut Down, or Ctrl-C here.")
    if circumstances.faults:
        _say(circumstances.sentence)
    results = open_on_aws(path, _say) if target == "aws" else open_on_sandbox(path, circumstances, _say)
    for result in results:
        click.echo(f"{result.record.name}  {result.outcome}")
    _say(f"{len(results)} record(s) sealed." if results else "No runbook was run.")
    return errors.EXIT_DONE


def _say(text: str) -> None:
    click.echo(wrapped(text, indent=""))


COMMANDS = (lab,)
