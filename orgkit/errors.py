"""Every error a person can meet, one class for each answer to the question who must act."""

from collections.abc import Sequence

from orgkit.printable import flat

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


class Stop(Exception):
    """An end of a phase that is told in three lines: what, why, what to do."""

    summary = "The phase stopped."
    exit_code = EXIT_REFUSED
    heading = "When something stops"  # of the README, where a person reads more

    def __init__(self, why: str, do: str) -> None:
        self.why = self._one_line(why)
        self.do = flat(do)
        super().__init__(f"{self.summary}\n  why: {self.why}\n  do:  {self.do}")

    def _one_line(self, why: str) -> str:
        """What AWS or a file says in it cannot begin a line of its own, and so cannot pass for what to do."""
        return flat(why)

    def _render_traceback_(self) -> list[str]:
        """IPython asks for this: a person reads three lines, not a traceback."""
        return str(self).splitlines()


class AwaitingApproval(Stop):
    """A plan is ready and nobody has approved it yet; no error, and nothing was changed."""

    summary = "Awaiting approval: nothing was changed."
    heading = "Approval"
    exit_code = EXIT_APPROVAL_NEEDED


class OrgkitError(Stop):
    """Something is wrong, and somebody has to act."""

    summary = "orgkit stopped."


class ParametersInvalid(OrgkitError):
    """Fix the parameters file: carries every problem at once."""

    summary = "The parameters file needs mending; AWS was not called."
    heading = "Guided, in JupyterLab"
    exit_code = EXIT_PARAMETERS

    def __init__(self, file: str, problems: Sequence["Problem"]) -> None:
        self.file = file
        self.problems = tuple(problems)
        count = len(self.problems)
        super().__init__(
            f"{file} has {count} problem{'s' if count != 1 else ''}:\n" + "\n".join(f"    {p}" for p in self.problems),
            "mend each place named above, then run `orgkit check` again.",
        )

    def _one_line(self, why: str) -> str:
        """One for each problem, and each problem is one already."""
        return "\n".join(map(flat, why.split("\n")))


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


class OutOfOrder(OrgkitError):
    """Run the earlier phase first."""

    summary = "An earlier phase comes first."


class CheckStops(OrgkitError):
    """A check of the management account stops the organization from being made."""

    summary = "A check of the management account stops here."


class NeedsDecision(OrgkitError):
    """AWS and the file disagree in a way that only a person can settle."""

    summary = "AWS and the parameters file disagree, and a person has to decide."


class CouldNotRead(OrgkitError):
    """AWS did not let us see something that a plan must rest on."""

    summary = "Part of the organization could not be read, so nothing can be planned on it."


class ApprovalMismatch(OrgkitError):
    """Read the plan again: what was approved is not what would happen now."""

    summary = "The approval does not fit: nothing was changed."
    heading = "Approval"
    exit_code = EXIT_PLAN_CHANGED


class StepFailed(OrgkitError):
    """AWS refused a step, or did not answer in time."""

    summary = "A step failed; what came before it is done and stays."
    exit_code = EXIT_FAILED

    def __init__(self, why: str, do: str, *, code: str = "", request_id: str = "") -> None:
        super().__init__(why, do)
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


class Interrupted(OrgkitError):
    """Somebody or something ended the phase from outside."""

    summary = "Interrupted."
    exit_code = EXIT_INTERRUPTED
    unchanged = " before it had changed anything"
    go_on = (
        "run the same command again, with the same approval if it had one: it looks at what is there, and goes on from "
        "there."
    )


class RecordExists(OrgkitError):
    """A run folder is never written twice."""

    summary = "That run already has a record."


class AnotherRun(OrgkitError):
    """One apply at a time for a management account."""

    summary = "Another run is applying to this management account."


class UnknownPrice(OrgkitError):
    """An estimate needs a price that the price book does not have, or has without a source."""

    summary = "A price is missing, and orgkit does not guess."


class NoQuote(OrgkitError):
    """A quantity that was asked for cannot be read."""

    summary = "Nothing was quoted."


class NotOnePrice(OrgkitError):
    """AWS's price file has not exactly one product for a price of the book."""

    summary = "A price was not found in AWS's price file; nothing was written."
    look = "look at the file, and correct the usage type or its selectors in the price book."


class NoPriceList(OrgkitError):
    """One of AWS's price files cannot be had."""

    summary = "AWS's price file could not be read; nothing was written."
    again = "check the network, or give a folder of price files with --from; then run it again."


class PriceChanged(OrgkitError):
    """A price differs so much that it is rather a mistake, or from what a person has accepted."""

    summary = "The price book was left as it is."
    exit_code = EXIT_PLAN_CHANGED
    sure = "compare it with AWS's price page; if it is right, say --accept-large-change as well."


class KeyRefused(OrgkitError):
    """A key that signs or verifies cannot be used."""

    summary = "The key cannot be used; nothing was signed."
    heading = "Approval"


class NotArchived(OrgkitError):
    """Records could not be kept for good, or two chains of them do not fit together."""

    summary = "The records were not archived; what is in the archive stays as it is."
    heading = "Records"
    exit_code = EXIT_FAILED


class EmulatorTrouble(OrgkitError):
    """The sandbox could not be started, found or stopped."""

    summary = "The sandbox is not as expected."
    heading = "The sandbox"


class CellOutOfOrder(OrgkitError):
    """Run the cells above first: this one needs what they make."""

    summary = "This cell needs the cells above it; nothing was changed."


class Unexpected(OrgkitError):
    """A fault of orgkit, or of what it runs on: report it."""

    summary = "orgkit met something that it did not expect."
    exit_code = EXIT_FAILED


class NoSuchMonth(OrgkitError):
    """A month that is none, or that has not begun."""

    summary = "That month cannot be read."
    heading = "Actual costs"
    exit_code = EXIT_PARAMETERS


class NoBill(OrgkitError):
    """AWS has no bill that can be read."""

    summary = "The bill cannot be read."
    heading = "Actual costs"
    switch_on = (
        "open Billing and Cost Management > Cost Explorer in the console once; its data takes up to a day to appear."
    )
    too_old = "name one of the last 13 months, or switch on years of history in Cost Management's preferences."
    only_usd = "read the bill in the console: only plain amounts in USD are compared."


class NoAmount(OrgkitError):
    """An amount of money that is none."""

    summary = "Nothing was read, and nothing was spent."
    heading = "Actual costs"
    exit_code = EXIT_PARAMETERS


class TooDear(OrgkitError):
    """Each request to Cost Explorer is paid: the next one would cost more than was allowed."""

    summary = "Reading on would cost more than was allowed; what was read is kept."
    heading = "Actual costs"
    more = "allow more with --at-most, or name fewer months; what was read already is not paid again."


class BadBills(OrgkitError):
    """The file of bills for a sandbox has mistakes."""

    summary = "The file of bills needs mending; the sandbox has none of them."
    heading = "Actual costs"
    exit_code = EXIT_PARAMETERS


class NoWriter(OrgkitError):
    """A table cannot be written as that file."""

    summary = "The table was not written."
    heading = "Actual costs"
    exit_code = EXIT_PARAMETERS
    exports = "install it: pip install 'orgkit[exports]'; or write .csv."
    openpyxl = "install it: pip install openpyxl; or write .csv."
    place = "name a place that can be written."


class BillsNotReady(OrgkitError):
    """AWS has not gathered the data of a month yet: which is not the same as a month without costs."""

    summary = "There is no bill yet."
    heading = "Actual costs"
    exit_code = EXIT_RETRY_LATER
    later = "run it again tomorrow: after Cost Explorer is switched on, data takes up to a day."


class OddExport(OrgkitError):
    """A data export that cannot be read without guessing."""

    summary = "The data export is refused."
    heading = "Actual costs"
    one_kind = "let the export overwrite its files (OVERWRITE_REPORT), or name a folder with one kind of delivery."
    one_export = "name the folder of one of them, or a table of one: each export holds the whole bill."
    place = "name what holds data/BILLING_PERIOD=... of a Parquet export: its folder, s3://bucket/prefix, or its table."
    columns = "export FOCUS 1.0 or 1.2 as Parquet with all its columns."


class NoEngine(OrgkitError):
    """What reads data exports is not installed, or does not answer."""

    summary = "The data export cannot be read."
    heading = "Actual costs"
    exports = "install it: pip install 'orgkit[exports]'."
    athena = "try the query in Athena's console; [billing] of the parameters file names table and output."
