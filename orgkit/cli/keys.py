"""`orgkit keys`: pairs of keys that sign approvals and records, and the public half of any key that can sign."""

from pathlib import Path

import click

from orgkit import errors
from orgkit.cli.command_group import CommandGroup
from orgkit.cli.options import endpoint_option, exit_with
from orgkit.cli.output import requires_output


@click.group(cls=CommandGroup)
def keys() -> None:
    """Keys that sign approvals and the chain of records."""


@keys.command()
@click.argument("path", type=click.Path(path_type=Path))
@exit_with
def new(path: Path) -> int:
    """Make a pair of Ed25519 keys: PATH, which nobody else may read, and PATH.pub. Overwrites nothing."""
    from orgkit.signing.local import new_pair, public_path

    pair = new_pair(path)
    click.echo(f"Written: the private half, for you alone:\n  {path}\nand the public one:\n  {public_path(path)}\n")
    click.echo("Keep the private half out of git, and out of reach of the person who applies.\n")
    _print_line(pair.public.line)
    return errors.EXIT_DONE


@keys.command()
@click.argument("key")
@endpoint_option
@exit_with
@requires_output
def show(key: str) -> int:
    """Print the public half of a key: of a file, private or .pub, or of a KMS key by its ARN."""
    from orgkit.aws.endpoint import endpoint_of
    from orgkit.aws.session import HOME, open_connection
    from orgkit.journal.events import Journal
    from orgkit.signing.keys import PublicKey
    from orgkit.signing.signer import signer_of
    from orgkit.signing.texts import is_kms

    if key.endswith(".pub"):
        _print_line(PublicKey.load(Path(key)).line)
    else:
        aws = open_connection(region=HOME, endpoint=endpoint_of(), journal=Journal()) if is_kms(key) else None
        _print_line(signer_of(key, aws).public.line)
    return errors.EXIT_DONE


def _print_line(line: str) -> None:
    """The identity is left to be filled in: with four eyes, a key alone does not identify a person."""
    click.echo("For the parameters file, under its one heading [approval.approvers]; somebody")
    click.echo("other than you should merge it. With four_eyes it needs who you are in AWS:")
    click.echo("aws sts get-caller-identity\n")
    click.echo(f'NAME.key = "{line}"')
    click.echo('#NAME.arn = "arn:aws:iam::ACCOUNT:user/NAME"')
