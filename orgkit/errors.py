"""Every error a person can meet, one class for each answer to the question who must act."""

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from importlib.util import find_spec

from orgkit.sanitize.terminal import flat

# What a shell sees. The same numbers stand in the README and in every result.json.
EXIT_DONE = 0
EXIT_REFUSED = 1
EXIT_PARAMETERS = 2
EXIT_APPROVAL_NEEDED = 3
EXIT_PLAN_CHANGED = 4
EXIT_FAILED = 5
EXIT_NOT_VERIFIED = 6
EXIT_INTERRUPTED = 7
EXIT_WAITING = 8
EXIT_RETRY_LATER = 9

# Codes that stand in the place of AWS's where STS accepts the credentials that another service refuses.
SESSION_WITHOUT_MFA = "SessionWithoutMFA"
REGION_NOT_ENABLED = "RegionNotEnabled"
TOKEN_NOT_ACCEPTED = "TokenNotAccepted"  # noqa: S105


class OrgkitError(Exception):
    """Base of every error: a summary, the reason and the remedy, one line each."""

    summary = "orgkit stopped."
    exit_code = EXIT_REFUSED
    heading = "When something stops"  # of the README, where a person reads more

    def __init__(self, reason: str, remedy: str) -> None:
        self.reason = self._one_line(reason)
        self.remedy = flat(remedy)
        super().__init__(f"{self.summary}\n  why: {self.reason}\n  do:  {self.remedy}")

    def _one_line(self, reason: str) -> str:
        """What AWS or a file says in it cannot begin a line of its own, and so cannot pass for what to do."""
        return flat(reason)

    def _render_traceback_(self) -> list[str]:
        """IPython asks for this: a person reads three lines, not a traceback."""
        return str(self).splitlines()


class AwaitingApproval(OrgkitError):
    """A plan is ready and nobody has approved it yet; no error, and nothing was changed."""

    summary = "Awaiting approval: nothing was changed."
    heading = "Approval"
    exit_code = EXIT_APPROVAL_NEEDED


class ParametersInvalid(OrgkitError):
    """Fix the parameters file: carries every problem at once."""

    summary = "The parameters file is invalid; AWS was not called."
    heading = "Guided, in JupyterLab"
    exit_code = EXIT_PARAMETERS

    def __init__(self, file: str, problems: Sequence["Problem"]) -> None:
        self.file = file
        self.problems = tuple(problems)
        count = len(self.problems)
        super().__init__(
            f"{file} has {count} problem{'s' if count != 1 else ''}:\n" + "\n".join(f"    {p}" for p in self.problems),
            "fix each place named above, then run `orgkit check` again.",
        )

    def _one_line(self, reason: str) -> str:
        """One for each problem, and each problem is one already."""
        return "\n".join(map(flat, reason.split("\n")))


class Problem(str):
    """One fault in a parameters file: its place, what is wrong and what to write instead."""

    place: str
    message: str

    def __new__(cls, place: str, message: str) -> "Problem":
        problem = super().__new__(cls, f"{flat(place)}: {flat(message)}")
        problem.place, problem.message = flat(place), flat(message)
        return problem


class UnknownParameter(OrgkitError):
    """A notebook was given a parameter that it does not have."""

    summary = "That runbook has no such parameter."
    exit_code = EXIT_PARAMETERS


class WrongAccount(OrgkitError):
    """Fix the credentials: they are not those of the file's management account, or not fit for it."""

    summary = "These credentials are refused."


class WrongPlace(OrgkitError):
    """Fix the environment: what is set there would send calls elsewhere than the file says."""

    summary = "The environment is refused."


class OperatingSystemError(OrgkitError):
    """Fix the machine: its disk is full, a folder cannot be written, an output is closed."""

    summary = "The operating system reported an error."

    @classmethod
    def from_os_error(cls, error: OSError, exit_code: int = EXIT_REFUSED) -> "OperatingSystemError":
        """Return the three lines for an error of the operating system.

        Args:
            error: As Python raised it.
            exit_code: EXIT_FAILED where something may have been changed already.
        """
        path = "" if error.filename is None else str(error.filename)
        reason = error.strerror or str(error) or type(error).__name__
        remedy = next((text for numbers, text in OS_REMEDIES.items() if error.errno in numbers), OTHER_OS_REMEDY)
        stop = cls(f"{reason}{f': {path}' if path else ''}.", f"{remedy}, then run the same command again.")
        stop.exit_code = exit_code
        return stop


# What helps against an error of the operating system, by its number.
OS_REMEDIES = {
    (errno.ENOSPC, errno.EDQUOT): "free space on that disk (`df -h` shows how full each is)",
    (errno.EFBIG,): "raise the limit of file sizes (`ulimit -f` shows it)",
    (errno.EACCES, errno.EPERM, errno.EROFS): "let your user read and write there; ORGKIT_OUTPUTS names another folder "
    "for records",
    (errno.EMFILE, errno.ENFILE): "raise the limit of open files (`ulimit -n` shows it)",
    (errno.EPIPE, errno.EBADF): "let the output be read to its end, or write it to a file",
}
OTHER_OS_REMEDY = "fix what it reports"


@contextmanager
def convert_os_errors(exit_code: int = EXIT_REFUSED) -> Iterator[None]:
    """Raise OperatingSystemError in place of OSError, so that a person reads three lines; use it as a decorator too.

    Args:
        exit_code: EXIT_FAILED around what may have changed something before it fails.
    """
    try:
        yield
    except OSError as error:
        raise OperatingSystemError.from_os_error(error, exit_code) from error


class OutOfOrder(OrgkitError):
    """Run the earlier phase first."""

    summary = "An earlier phase comes first."


class CheckStops(OrgkitError):
    """A check of the management account (phase 00) stops a phase, or steps of it."""

    summary = "A check of the management account stops a phase, or steps of it."


class NeedsDecision(OrgkitError):
    """AWS and the file disagree in a way that only a person can settle."""

    summary = "AWS and the parameters file disagree, and a person has to decide."


class CouldNotRead(OrgkitError):
    """AWS did not let us see something that a plan must rest on."""

    summary = "Part of the organization could not be read, so nothing can be planned on it."


class Unreachable(CouldNotRead):
    """Nobody has answered, or nobody whose answer could be parsed."""

    summary = "AWS could not be reached, or did not answer, so nothing can be planned."


class ApprovalMismatch(OrgkitError):
    """Read the plan again: what was approved is not what would happen now."""

    summary = "The approval does not fit: nothing was changed."
    heading = "Approval"
    exit_code = EXIT_PLAN_CHANGED


class ApprovalEnded(OrgkitError):
    """Plan again: the approval ended before every step had begun."""

    summary = "The approval ended during the apply: what had begun is done and stays, and nothing else was begun."
    heading = "Approval"
    exit_code = EXIT_PLAN_CHANGED

    @classmethod
    def at(cls, expires_at: datetime) -> "ApprovalEnded":
        """The error for an approval that ended at this time."""
        return cls(
            f"the approval ended at {expires_at.isoformat(timespec='seconds')}.",
            "plan again (`orgkit plan`), read what is left, and approve its digest.",
        )


class StepFailed(OrgkitError):
    """AWS refused a step, or did not answer in time."""

    summary = "A step failed; what came before it is done and stays."
    exit_code = EXIT_FAILED

    def __init__(self, reason: str, remedy: str, *, code: str = "", request_id: str = "") -> None:
        super().__init__(reason, remedy)
        self.code = code
        self.request_id = request_id


class NotYet(StepFailed):
    """Nobody has to act: what AWS refused a step for passes by itself, and the same command goes on later."""

    summary = "AWS was not ready for a step within our patience; what came before it is done and stays."
    exit_code = EXIT_RETRY_LATER


class NotVerified(OrgkitError):
    """The steps were done and AWS still differs from the file."""

    summary = "Verification failed: after the apply, planning again still finds something to do."
    exit_code = EXIT_NOT_VERIFIED


class Drifted(NotVerified):
    """Something in AWS is not as the file says, or could not be read, so that nobody knows."""

    summary = "The organization has drifted, or could not be read whole; nothing was changed."


class Interrupted(OrgkitError):
    """Somebody or something ended the phase from outside."""

    summary = "Interrupted."
    exit_code = EXIT_INTERRUPTED
    no_change_suffix = ", and had changed nothing"
    remedy_to_continue = (
        "run the same command again, with the same approval if it had one: it looks at what is there, and goes on from "
        "there."
    )


class RehearsalNeedsCopy(OrgkitError):
    """Begin the rehearsal with a copy: the file names accounts of an organization that exists."""

    summary = "This file cannot be rehearsed in an empty sandbox; nothing was started."


class RecordExists(OrgkitError):
    """A run folder is never written twice."""

    summary = "That run already has a record."


class UnknownRecord(OrgkitError):
    """The name that was given is not that of exactly one record."""

    summary = "That record was not found."


class HandoverRefused(OrgkitError):
    """Decide about the folder: something in it is not orgkit's, and is never written over."""

    summary = "Nothing was handed over: the folder was left as it is."


class NotHandedOver(NotVerified):
    """Terraform would do more than import, or cannot plan what was written."""

    summary = "Terraform would change or destroy what was handed over: apply nothing there."


class ProjectExists(OrgkitError):
    """A project's own files are never written over."""

    summary = "A project is there already: nothing was written."


class NotAdopted(OrgkitError):
    """An organization cannot be written as a parameters file, or not to that place."""

    summary = "The organization was not adopted; nothing was written."


class NotSealed(OrgkitError):
    """A run cannot be sealed with what was given for it."""

    summary = "The run was not sealed; nothing was written."
    heading = "Records"


class AnotherRun(OrgkitError):
    """One apply at a time for a management account."""

    summary = "Another run is applying to this management account."


class UnknownPrice(OrgkitError):
    """An estimate needs a price that the price book does not have, or has without a source."""

    summary = "A price is missing, and orgkit does not guess."


class NoQuote(OrgkitError):
    """A quantity that was asked for cannot be read."""

    summary = "Nothing was quoted."


class AmbiguousPrice(OrgkitError):
    """AWS's price file has not exactly one product for a price of the book."""

    summary = "A price was not found in AWS's price file; nothing was written."
    remedy_for_selectors = "look at the file, and correct the usage type or its selectors in the price book."


class NoPriceList(OrgkitError):
    """One of AWS's price files cannot be had."""

    summary = "AWS's price file could not be read; nothing was written."
    remedy_for_network = "check the network, or give a folder of price files with --from; then run it again."


class PriceChanged(OrgkitError):
    """A price differs so much that it is rather a mistake, or from what a person has accepted."""

    summary = "The price book was left as it is."
    exit_code = EXIT_PLAN_CHANGED
    remedy_for_change = "compare it with AWS's price page; if it is right, say --accept-large-change as well."


class KeyRefused(OrgkitError):
    """A key that signs or verifies cannot be used."""

    summary = "The key cannot be used; nothing was signed."
    heading = "Approval"


class NotArchived(OrgkitError):
    """Records could not be kept for good, or two chains of them do not fit together."""

    summary = "The records were not archived; what is in the archive stays as it is."
    heading = "Records"
    exit_code = EXIT_FAILED


class WorkflowRefused(OrgkitError):
    """An input of a GitHub workflow is not a merged file, or not a run whose plan was reviewed."""

    summary = "The workflow refuses its inputs; nothing was changed."
    heading = "In CI"


class EmulatorTrouble(OrgkitError):
    """The sandbox could not be started, found or stopped."""

    summary = "The sandbox is not as expected."
    heading = "The sandbox"


class JupyterLabFailed(OrgkitError):
    """JupyterLab ended with an error before a runbook was run in it."""

    summary = "JupyterLab could not be started; nothing was changed."


class CellOutOfOrder(OrgkitError):
    """Run the cells above first: this one needs what they make."""

    summary = "This cell needs the cells above it; nothing was changed."


class Unexpected(OrgkitError):
    """A fault of orgkit, or of what it runs on: report it."""

    summary = "orgkit met something that it did not expect."
    exit_code = EXIT_FAILED


class InvalidMonth(OrgkitError):
    """A month that is none, or that has not begun."""

    summary = "That month cannot be read."
    heading = "Actual costs"
    exit_code = EXIT_PARAMETERS


class NoBill(OrgkitError):
    """AWS has no bill that can be read."""

    summary = "The bill cannot be read."
    heading = "Actual costs"
    remedy_to_enable = (
        "open Billing and Cost Management > Cost Explorer in the console once; its data takes up to a day to appear."
    )
    remedy_for_month = "name one of the last 13 months, or switch on years of history in Cost Management's preferences."
    remedy_for_currency = "read the bill in the console: only plain amounts in USD are compared."


class InvalidAmount(OrgkitError):
    """An amount of money that is none."""

    summary = "Nothing was read, and nothing was spent."
    heading = "Actual costs"
    exit_code = EXIT_PARAMETERS


class BudgetExceeded(OrgkitError):
    """Each request to Cost Explorer is paid: the next one would cost more than was allowed."""

    summary = "Reading on would cost more than was allowed; what was read is kept."
    heading = "Actual costs"
    remedy_for_budget = "allow more with --at-most, or name fewer months; what was read already is not paid again."


class InvalidBills(OrgkitError):
    """The file of bills for a sandbox has mistakes."""

    summary = "The file of bills is invalid; the sandbox took none of them."
    heading = "Actual costs"
    exit_code = EXIT_PARAMETERS


class UnsupportedFormat(OrgkitError):
    """A table cannot be written as that file."""

    summary = "The table was not written."
    heading = "Actual costs"
    exit_code = EXIT_PARAMETERS
    remedy_for_parquet = "install it: pip install 'orgkit[exports]'; or write .csv."
    remedy_for_excel = "install it: pip install openpyxl; or write .csv."
    remedy_for_path = "name a place that can be written."


class BillsNotReady(OrgkitError):
    """AWS has not gathered the data of a month yet: which is not the same as a month without costs."""

    summary = "There is no bill yet."
    heading = "Actual costs"
    exit_code = EXIT_RETRY_LATER
    remedy_to_wait = "run it again tomorrow: after Cost Explorer is switched on, data takes up to a day."
    remedy_for_place = "name a month that the export holds, or correct its place under [billing]."


class InvalidExport(OrgkitError):
    """A data export that cannot be read without guessing."""

    summary = "The data export is refused."
    heading = "Actual costs"
    remedy_for_kinds = (
        "let the export overwrite its files (OVERWRITE_REPORT), or name a folder with one kind of delivery."
    )
    remedy_for_exports = "name the folder of one of them, or a table of one: each export holds the whole bill."
    remedy_for_path = (
        "name what holds data/BILLING_PERIOD=... of a Parquet export: its folder, s3://bucket/prefix, or its table."
    )
    remedy_for_columns = "export FOCUS 1.0 or 1.2 as Parquet with all its columns."
    remedy_for_files = (
        "let the export deliver Parquet, or copy its data folder with all files: data/BILLING_PERIOD=.../*.parquet."
    )
    remedy_for_copies = "remove the one that is not the delivery's own, or copy the whole month from the bucket again."
    remedy_for_rows = "deliver or copy that file again as AWS wrote it; files of others have to lie elsewhere."


class ExtraMissing(OrgkitError):
    """Install an extra: the core of orgkit plans, applies and records, and this feature needs more packages."""

    summary = "A part of orgkit is not installed."
    heading = "Installation"


SANDBOX = ("flask", "flask_cors", "moto", "werkzeug")
JUPYTERLAB = ("ipywidgets", "jupyterlab")
EXTRAS = {"rehearse": SANDBOX, "lab": JUPYTERLAB, "exports": ("awswrangler", "duckdb", "pyarrow")}


def require_packages(feature: str, *packages: str) -> None:
    """Check that the packages of an extra can be imported, without importing them.

    Args:
        feature: What needs them, as the subject of a sentence.
        packages: Names of modules that stand in `EXTRAS`.

    Raises:
        ExtraMissing: with the command that installs what is missing.
    """
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        extras = ",".join(extra for extra, modules in EXTRAS.items() if set(modules) & set(missing))
        names = ", ".join(missing).replace("_", "-")
        raise ExtraMissing(
            f"{feature} needs packages that are not installed: {names}.", f"pip install 'orgkit[{extras}]'"
        )


# The name that each class had in records of plan schema 1, which hold it as an output of the notebook.
OLD_NAMES: dict[str, type[OrgkitError]] = {
    "NotOnePrice": AmbiguousPrice,
    "NoSuchMonth": InvalidMonth,
    "NoAmount": InvalidAmount,
    "TooDear": BudgetExceeded,
    "BadBills": InvalidBills,
    "NoWriter": UnsupportedFormat,
    "OddExport": InvalidExport,
    "NoEngine": ExtraMissing,
}
