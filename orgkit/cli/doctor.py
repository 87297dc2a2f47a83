"""`orgkit doctor`: what of this machine and its AWS credentials would keep a bootstrap from working, and what helps."""

import os
import platform
import sys
import tempfile
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orgkit import errors
from orgkit.cli.layout import print_colored, wrap
from orgkit.cli.options import endpoint_option, exit_with, json_option, show_json
from orgkit.cli.output import requires_output
from orgkit.sanitize.terminal import flat

if TYPE_CHECKING:
    from orgkit.aws.session import Connection
    from orgkit.model.desired import Desired

MIN_PYTHON, MAX_PYTHON = (3, 11), (3, 14)
DEFAULT_REGION = "us-east-1"
OK, WARNING, PROBLEM = "ok", "warning", "problem"
PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@dataclass(frozen=True)
class Diagnosis:
    """One thing that was looked at, and what helps where it is not as it should be."""

    subject: str
    state: str
    text: str
    remedy: str = ""


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@json_option
@endpoint_option
@exit_with
@requires_output
def doctor(file: Path | None, as_json: bool) -> int:
    """Check this machine and the credentials, each with its fix; with FILE, also against that file.

    It asks AWS who you are and which regions are enabled, and changes nothing. Exit code 1: there is a problem.
    """
    from orgkit.parameters import find, load

    path = find(str(file)) if file else None
    desired = load(path) if path else None
    results = [*_machine(path), *_aws(desired)]
    if as_json:
        show_json({"checks": [asdict(result) for result in results]})
    else:
        for result in results:
            show(result)
    return errors.EXIT_REFUSED if any(result.state == PROBLEM for result in results) else errors.EXIT_DONE


def show(result: Diagnosis) -> None:
    """The state, the subject, and below them what helps."""
    print_colored(wrap(f"{result.state:<8} {result.subject}: {flat(result.text)}", "", "         "))
    if result.remedy:
        click.echo(wrap(f"fix: {flat(result.remedy)}", "         "))


def _machine(path: Path | None) -> Iterator[Diagnosis]:
    version = sys.version_info[:2]
    fits = MIN_PYTHON <= version <= MAX_PYTHON
    remedy = "" if fits else "install orgkit with Python 3.11 to 3.14."
    yield Diagnosis("Python", OK if fits else PROBLEM, f"{platform.python_version()}, {sys.executable}", remedy)
    for extra, modules in errors.EXTRAS.items():
        missing = [module for module in modules if find_spec(module) is None]
        remedy = f"pip install 'orgkit[{extra}]'" if missing else ""
        yield Diagnosis(f"extra {extra}", WARNING if missing else OK, "not installed" if missing else "there", remedy)
    yield _browser()
    yield _outputs(path)
    proxies = [f"{name}={_without_password(os.environ[name])}" for name in _proxy_names()]
    yield Diagnosis("proxy", OK, ", ".join(proxies) or "none is set")


def _browser() -> Diagnosis:
    try:
        name = getattr(webbrowser.get(), "name", "") or "the default one"
    except webbrowser.Error:
        return Diagnosis("browser", WARNING, "none was found", "open the address that `orgkit lab` prints by hand.")
    return Diagnosis("browser", OK, str(name))


def _outputs(path: Path | None) -> Diagnosis:
    from orgkit.aws.endpoint import endpoint_of
    from orgkit.records import outputs

    project = outputs.project_of(path or Path.cwd() / "parameters" / "any.toml")
    folder = outputs.base_folder(project, "emulator" if endpoint_of() else "aws")
    existing = next(place for place in (folder, *folder.parents) if place.is_dir())
    try:
        with tempfile.TemporaryFile(dir=existing):
            return Diagnosis("records", OK, f"can be written to {folder}")
    except OSError as error:
        remedy = f"chmod u+w {existing}, or set ORGKIT_OUTPUTS to a folder that you can write to."
        return Diagnosis("records", PROBLEM, f"{folder} cannot be written: {error.strerror}", remedy)


def _proxy_names() -> list[str]:
    return [name for name in os.environ if name.upper() in PROXY_VARIABLES and os.environ[name]]


def _without_password(address: str) -> str:
    """The host alone: a proxy's address may hold a password."""
    return address.rpartition("@")[2]


def _aws(desired: "Desired | None") -> Iterator[Diagnosis]:
    """What AWS says, as far as it answers; the first error ends it, with its remedy."""
    from orgkit.aws.endpoint import endpoint_of
    from orgkit.aws.session import open_connection
    from orgkit.journal.events import Journal

    try:
        region = desired.organization.home_region if desired else DEFAULT_REGION
        aws = open_connection(region=region, endpoint=endpoint_of(), journal=Journal())
        yield from _credentials(aws, desired)
    except errors.OrgkitError as stop:
        yield Diagnosis("credentials", PROBLEM, stop.reason, stop.remedy)
        return
    yield _region(aws, region)


def _credentials(aws: "Connection", desired: "Desired | None") -> Iterator[Diagnosis]:
    from orgkit.aws.caller_report import report_caller
    from orgkit.aws.identity import guard_caller

    report = report_caller(aws)
    until = f", until {report.expires_at:%Y-%m-%d %H:%M} UTC" if report.expires_at else ""
    location = "" if aws.kind == "aws" else ", on an emulator"
    text = f"{report.arn}{location}, by {report.method or 'an unknown way'}, profile {report.profile}{until}"
    yield Diagnosis("credentials", OK, text)
    if desired is not None:
        yield _guard(
            "account",
            lambda: guard_caller(
                aws.caller(),
                management_account_id=desired.organization.management_account_id,
                long_lived_keys=desired.organization.long_lived_keys,
            ),
            f"{report.account} is the management account of the file",
        )
    elif report.is_root_user or not report.is_temporary:
        kind = "the root user" if report.is_root_user else "a long-lived access key"
        yield Diagnosis(
            "identity", WARNING, f"{kind}, which orgkit refuses", "sign in as a user with MFA: `aws login`."
        )
    mfa = (
        "the profile asks for a code"
        if report.asks_for_mfa
        else "not reported by STS; phase 00 finds a session without"
    )
    yield Diagnosis("MFA", OK, mfa)
    skew = "AWS did not say" if report.skew_seconds is None else f"{report.skew_seconds:+.0f} s against AWS's"
    remedy = (
        "" if report.is_clock_right else "let this machine follow a time server, such as `timedatectl set-ntp true`."
    )
    yield Diagnosis("clock", OK if report.is_clock_right else PROBLEM, skew, remedy)


def _guard(subject: str, check: Callable[[], None], text: str) -> Diagnosis:
    try:
        check()
    except errors.OrgkitError as stop:
        return Diagnosis(subject, PROBLEM, stop.reason, stop.remedy)
    return Diagnosis(subject, OK, text)


def _region(aws: "Connection", region: str) -> Diagnosis:
    """Whether the home region can be used, and how many are enabled."""
    from orgkit.aws.rejections import Rejected

    try:
        enabled = [
            str(item["RegionName"])
            for item in aws.pages("account", "ListRegions", "Regions")
            if str(item["RegionOptStatus"]).startswith("ENABLED")
        ]
    except Rejected as rejection:
        return Diagnosis("regions", WARNING, f"could not be read: {rejection}", "allow account:ListRegions.")
    if region in enabled:
        return Diagnosis("regions", OK, f"{len(enabled)} enabled, {region} among them")
    return Diagnosis(
        "regions", PROBLEM, f"{region} is not enabled", f"aws account enable-region --region-name {region}"
    )
