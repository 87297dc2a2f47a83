"""`orgkit records archive`: sealed records into the records bucket, and one chain for every machine."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orgkit import errors
from orgkit.cli.layout import columns, print_wrapped, title
from orgkit.cli.options import FILE, endpoint_option, exit_with, json_option, show_json
from orgkit.sanitize.terminal import flat

if TYPE_CHECKING:
    from orgkit.model.desired import Desired
    from orgkit.records.archive.model import Archive, ArchiveResult


@click.command()
@FILE
@click.option("--to", default="", metavar="S3URL", help="s3://bucket/prefix; by default [records], or phase 05's.")
@click.option("--check", is_flag=True, help="Ask S3 for the checksum of every file that is there: a request each.")
@click.option("--permissions", is_flag=True, help="Print the IAM policies that this needs, and call nothing.")
@endpoint_option
@json_option
@exit_with
@errors.convert_os_errors(errors.EXIT_FAILED)
def archive(file: Path, to: str, check: bool, permissions: bool, as_json: bool) -> int:
    """Keep every sealed record in S3: written once, locked, read back. Nothing is deleted, there or here.

    The chain in the archive is read first and written last, so that fresh machines continue one chain:
    run it before the first phase and after the last. Exit code 6: a record is not what was sealed,
    here or, with --check, in the archive.
    """
    from orgkit.aws.endpoint import endpoint_of
    from orgkit.engine.connect import connect
    from orgkit.journal.events import Journal
    from orgkit.parameters import find, load
    from orgkit.records.archive.upload_aws import archive as archive_all
    from orgkit.records.files import private_folder
    from orgkit.records.outputs import base_folder, project_of
    from orgkit.records.seal_options import sealing_of
    from orgkit.signing.keys import PublicKey

    path = find(str(file))
    desired = load(path)
    place = _archive(desired, to)
    if permissions:
        show_json(_policies(desired, place))
        return errors.EXIT_DONE
    base = base_folder(project_of(path), "emulator" if endpoint_of() else "aws")
    folder = private_folder(base / place.account)
    aws = connect(desired, journal=Journal(folder / "archive.jsonl", run="archive"))
    aws.progress = _show_progress
    key = PublicKey.load(desired.records.public_key) if desired.records.public_key else None
    archived = archive_all(aws, desired, folder, place, sealing_of(desired, path).signer, key, check=check)
    if archived is None:
        return _report_no_archive(place, is_requested=bool(to or desired.records.archive), as_json=as_json)
    if as_json:
        show_json(archived.as_json())
    else:
        _show(archived)
    return errors.EXIT_NOT_VERIFIED if archived.refused or archived.altered else errors.EXIT_DONE


def _archive(desired: "Desired", destination: str) -> "Archive":
    from orgkit.phases.storage.bucket_names import s3_location as in_s3
    from orgkit.records.archive.model import Archive

    bucket = desired.trail.records_bucket
    try:
        location = in_s3(destination) or desired.records.archive or (f"s3://{bucket}/records" if bucket else "")
    except ValueError as wrong:
        raise errors.NotArchived(f"--to {wrong}", "as in [records] of the parameters file.") from None
    if not location:
        raise errors.NotArchived(
            "the parameters file has no records bucket, and [records] names no archive.",
            "name a place: orgkit records archive --to s3://BUCKET/PREFIX",
        )
    return Archive.parse(location, desired.organization.management_account_id)


def _policies(desired: "Desired", place: "Archive") -> dict[str, object]:
    """What the caller needs, and what the role in the log archive account is narrowed to."""
    from orgkit.model.desired import name_in
    from orgkit.phases.permissions import TREE_READS

    archive_account = desired.log_archive
    roles = [f"arn:aws:iam::*:role/{archive_account.role_name}"] if archive_account else []
    read = {"Sid": "Read", "Effect": "Allow", "Action": sorted(TREE_READS), "Resource": "*"}
    enter = {"Sid": "EnterLogArchive", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": roles}
    caller = {"Version": "2012-10-17", "Statement": [read, enter]}
    session = replace(place, bucket=name_in(place.bucket, "${aws:PrincipalAccount}")).policy()
    return {"caller": caller, "session in the bucket's account": session}


def _report_no_archive(place: "Archive", *, is_requested: bool, as_json: bool) -> int:
    """Before phase 05 there is no archive, which is no fault; a place that somebody named has to be there."""
    if is_requested:
        raise errors.NotArchived(
            f"bucket {place.bucket} is not there, in the log archive account or in this one.",
            "make it, with Object Lock, or leave out `archive`: phase 05 makes a bucket for records.",
        )
    if as_json:
        show_json({"place": place.url, "account": place.account, "kept": [], "head": "", "notes": ["no bucket yet"]})
    else:
        print_wrapped(f"There is no archive yet: phase 05-trail makes bucket {place.bucket}. Nothing was done.")
    return errors.EXIT_DONE


def _show_progress(subject: str, _done: float, _at_most: float) -> None:
    """What is being kept, on stderr: one living line on a terminal; in a log a line for each record."""
    width = columns() - 2
    line = flat(f"archive: {subject}")[:width]
    if sys.stderr.isatty():
        click.echo(f"\r{line:<{width}}\r", nl=False, err=True)
    elif subject.startswith(("record ", "checking ")):
        click.echo(line, err=True)


def _show(archived: "ArchiveResult") -> None:
    title(f"Archive {archived.place}")
    click.echo(f"kept     {len(archived.kept)} now: written once, and read back")
    click.echo(f"there    {len(archived.there)} already")
    click.echo(f"others   {len(archived.elsewhere)} of other machines: their lines are in the chain here from now on")
    if archived.checked:
        quantifier = "not all" if archived.altered else "all"
        click.echo(f"checked  {archived.checked} objects, a request each: {quantifier} as they were sealed")
    click.echo(f"head     {archived.head or 'none yet'}")
    for run in archived.kept:
        click.echo(f"  + {run}")
    for fault in archived.refused:
        print_wrapped(f"REFUSED  {fault.sentence}")
    for fault in archived.altered:
        print_wrapped(f"ALTERED  {fault.sentence}")
    for note in (*archived.notes, *(f"not sealed, and left: {run} (orgkit records seal)" for run in archived.unsealed)):
        print_wrapped(f"note: {note}")
