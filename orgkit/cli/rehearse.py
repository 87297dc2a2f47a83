"""The command that runs every phase on a sandbox."""

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from orgkit import errors
from orgkit.cli.faults import circumstances_options
from orgkit.cli.layout import print_line
from orgkit.cli.options import endpoint_option, exit_with, json_option, show_json
from orgkit.cli.output import after_outcome
from orgkit.model.desired import READ_ROLE
from orgkit.rehearsal.fault_options import FaultOptions

if TYPE_CHECKING:
    from orgkit.model.desired import Desired
    from orgkit.sandbox.snapshot import Snapshot


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default=Path("parameters/example.toml"))
@click.option("--keep", is_flag=True, help="Leave the sandbox running afterwards.")
@click.option("--like-live", is_flag=True, help="Copy the organization from AWS, read only, and begin with the copy.")
@click.option(
    "--snapshot", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="FILE",
    help="Begin with a copy that --keep-snapshot has written; AWS is not called.",
)  # fmt: skip
@click.option(
    "--keep-snapshot", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="With --like-live: write the copy to this file.",
)  # fmt: skip
@click.option("--mask", is_flag=True, help="With --keep-snapshot: replace names, emails, ids and values of tags.")
@click.option(
    "--read-role", default=READ_ROLE, show_default=True, metavar="NAME",
    help="With --like-live: a role in member accounts, by which roles and buckets are read.",
)  # fmt: skip
@click.option(
    "--permissions", is_flag=True,
    help="With --like-live: print the IAM policies that the copy needs, and call nothing.",
)  # fmt: skip
@circumstances_options
@json_option
@endpoint_option
@exit_with
def rehearse(
    file: Path,
    keep: bool,
    like_live: bool,
    snapshot: Path | None,
    keep_snapshot: Path | None,
    mask: bool,
    read_role: str,
    permissions: bool,
    as_json: bool,
    circumstances: FaultOptions,
) -> int:
    """Run every phase on an embedded AWS: no account, no credentials, no network.

    With --like-live it begins as the organization that AWS has: this reads AWS with your credentials, and changes
    nothing. An approval of a rehearsal is not valid for AWS.
    """
    from orgkit.cli.execution import new_progress
    from orgkit.cli.summary import show_rehearsal
    from orgkit.parameters import find, load
    from orgkit.phases.management_account.example_values import example_values
    from orgkit.rehearsal.bootstrap import rehearse as rehearse_all

    _check_options(like_live, snapshot, keep_snapshot, mask, permissions)
    if permissions:
        from orgkit.rehearsal.snapshot_permissions import snapshot_policies

        show_json(snapshot_policies(read_role))
        return errors.EXIT_DONE
    copy = _snapshot(file, snapshot, read_role, keep_snapshot, mask) if like_live or snapshot else None
    with new_progress(quiet=as_json) as progress, errors.convert_os_errors(errors.EXIT_FAILED):
        progress.say(circumstances.sentence)
        done = rehearse_all(
            find(str(file)), keep=keep, circumstances=circumstances, snapshot=copy,
            on_phase=progress.phase, on_event=progress.event, on_attempt=progress.attempt,
        )  # fmt: skip
    with after_outcome():
        if as_json:
            show_json(done.as_json())
        else:
            show_rehearsal(done, keep)
            if done.exit_code == errors.EXIT_DONE:
                if example_values(load(find(str(file)))):
                    click.echo("\nBefore AWS: write your own account ids and emails into the file.")
                click.echo("\nNext, on AWS, with credentials of the management account:")
                print_line(f"orgkit apply {quote(str(file))}")
    return done.exit_code


def _check_options(
    like_live: bool, snapshot: Path | None, keep_snapshot: Path | None, mask: bool, permissions: bool
) -> None:
    """Refuse options that do not go together."""
    if permissions and not like_live:
        raise click.UsageError("--permissions prints what the copy of --like-live needs: give both.")
    if like_live and snapshot:
        raise click.UsageError("--like-live copies AWS anew, and --snapshot uses an earlier copy: give one of them.")
    if keep_snapshot and not like_live:
        raise click.UsageError("--keep-snapshot writes what --like-live copies: give both.")
    if mask and not keep_snapshot:
        raise click.UsageError("--mask changes the file of --keep-snapshot: give both.")
    if keep_snapshot and (keep_snapshot.exists() or keep_snapshot.is_symlink()):
        raise click.UsageError(f"{keep_snapshot} is there already: give --keep-snapshot another name.")


def _snapshot(file: Path, saved: Path | None, read_role: str, output: Path | None, mask: bool) -> "Snapshot":
    """Return the copy of a file, or a new one of AWS, which is written if a person asks for it."""
    from orgkit.parameters import find, load
    from orgkit.sandbox.snapshot import read_snapshot, write_snapshot

    if saved:
        return read_snapshot(saved)
    from orgkit.cli.read_progress import show_reading
    from orgkit.engine.connect import connect
    from orgkit.rehearsal.snapshot_aws import take_snapshot
    from orgkit.sandbox.snapshot_masking import mask_snapshot

    desired = load(find(str(file)))
    aws = connect(desired)
    with show_reading(aws):
        snapshot = take_snapshot(aws, read_role, desired)
    aws.release()
    if output:
        write_snapshot(mask_snapshot(snapshot, _buckets(desired)) if mask else snapshot, output)
        click.echo(f"The copy is in {output}.", err=True)
    return snapshot


def _buckets(desired: "Desired") -> tuple[str, ...]:
    """Return the names of buckets that the file has: policies can hold them before the buckets are there."""
    from orgkit.model.state_backend import StateBackendSpec

    names = (desired.trail.bucket, desired.trail.records_bucket, desired.section(StateBackendSpec).bucket)
    return tuple(filter(None, names))
