"""How long `orgkit plan FILE` takes on a large organization, next to `terraform plan` of the same organization.

    python -m benchmarks.plans [--accounts 10 100 300 1000] [--delays 0 80] [--write]

Both ask the same sandbox on this machine, one after the other, and find nothing to change. Each answer takes so many
milliseconds longer. Terraform takes part where it is installed, with a state into which everything was imported.
Only the ratios of one run are meaningful. `--write` puts table and picture into docs/performance.md.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.large_organization import UNITS, LargeOrganization
from benchmarks.plans_picture import as_svg
from benchmarks.report import DOCS, as_section, write_section
from benchmarks.usage import measure
from orgkit.parameters import load
from tests.sandbox.terraform_plan import TERRAFORM, Configuration, Terraform, describe_organization, describe_trail

ACCOUNTS, DELAYS = (10, 100, 300, 1000), (0, 80)
GOAL_DELAY, GOALS, MOST_MEGABYTES = 80, {300: 1 / 2, 1000: 1 / 3}, 400
# Who calls; the organization, its root, trusted access, root features; the units; the trail with its buckets and key.
FIXED_CALLS = 1 + 4 + (1 + UNITS) + 27
ORGKIT = Path(sys.executable).parent / "orgkit"
ORGKIT_PLAN, TERRAFORM_PLAN = "orgkit plan", "terraform plan"


@dataclass(frozen=True)
class Measured:
    """One plan by one tool."""

    tool: str
    accounts: int
    delay: int  # milliseconds
    calls: int
    seconds: float
    cpu: float  # seconds
    megabytes: int
    peak: int  # calls under way at the same time
    throttled: int


def expected_calls(accounts: int) -> int:
    """Two calls for each account, and a page for each 20 accounts and for each 100 tagged resources."""
    return FIXED_CALLS + 2 * accounts + ceil((accounts + 1) / 20) + ceil((accounts + UNITS) / 100)


def measure_plan(
    organization: LargeOrganization, tool: str, delay: int, command: Sequence[object], environment: Mapping[str, str],
    folder: Path,
) -> Measured:  # fmt: skip
    """Run a command that has to find nothing to change."""
    organization.delayed.delay(delay / 1000)
    used = measure(command, folder=folder, environment=environment)
    traffic = organization.delayed.traffic()
    organization.delayed.delay(0)
    if used.code:
        raise SystemExit(f"{tool} ended with {used.code}:\n{used.output[-3000:]}")
    accounts = len(load(organization.file).accounts)
    return Measured(
        tool, accounts, delay, traffic.calls, used.seconds, used.cpu, used.megabytes, traffic.peak, traffic.throttled
    )


def by_orgkit(organization: LargeOrganization, delay: int, folder: Path) -> Measured:
    """Measure a whole reading of the organization and all of its accounts."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
    environment |= {name: value for name, value in organization.sandbox.environment().items() if "CLOCK" not in name}
    return measure_plan(organization, ORGKIT_PLAN, delay, [ORGKIT, "plan", organization.file], environment, folder)


class NoProvider(Exception):
    """`terraform init` could not get hashicorp/aws: there is no network, and no mirror is named."""


class PreparedTerraform:
    """Terraform with a state into which the organization, its units and accounts, and the trail were imported."""

    def __init__(self, organization: LargeOrganization, folder: Path) -> None:
        self._organization, self._folder = organization, folder
        folder.mkdir()
        self._terraform = Terraform(folder, organization)  # type: ignore[arg-type]  # which has what it uses
        configuration = Configuration()
        describe_organization(organization, configuration)  # type: ignore[arg-type]
        log_archive = describe_trail(organization, configuration)  # type: ignore[arg-type]
        (folder / "main.tf.json").write_text(configuration.to_json(log_archive), encoding="utf-8")
        done = self._terraform.run("init", "-input=false", "-no-color", codes=(0, 1))
        if done.returncode:
            raise NoProvider(done.stderr.strip())
        self._terraform.run("apply", "-input=false", "-no-color", "-auto-approve")

    def measure(self, delay: int) -> Measured:
        """With -detailed-exitcode a plan that would change anything ends with 2."""
        command = [TERRAFORM, "plan", "-input=false", "-no-color", "-detailed-exitcode"]
        environment = self._terraform.environment()
        return measure_plan(self._organization, TERRAFORM_PLAN, delay, command, environment, self._folder)


def prepare_terraform(organization: LargeOrganization, folder: Path) -> PreparedTerraform | None:
    """Prepare Terraform; None, with the reason on the terminal, where it or its provider is not to be had."""
    if not TERRAFORM:
        print("Terraform is not installed: orgkit alone is measured.")
        return None
    try:
        return PreparedTerraform(organization, folder)
    except NoProvider as reason:
        print(f"Terraform has no provider for AWS: orgkit alone is measured.\n{reason}", flush=True)
        return None


def run(accounts: Sequence[int], delays: Sequence[int]) -> list[Measured]:
    """Measure all of it, printing each result as it comes."""
    results = []
    with TemporaryDirectory(prefix="orgkit-benchmark-") as name:
        folder = Path(name)
        organization = LargeOrganization(folder / "organization")
        with organization.sandbox:
            print(HEADER)
            for count in accounts:
                organization.grow(count)
                terraform = prepare_terraform(organization, folder / f"terraform-{count}")
                for delay in delays:
                    measured = [by_orgkit(organization, delay, folder)]
                    measured += [terraform.measure(delay)] if terraform else []
                    results += measured
                    print("\n".join(map(row, measured)), flush=True)
    return results


HEADER = (
    f"{'tool':<16}{'accounts':>9}{'ms':>5}{'calls':>7}{'wall s':>8}{'CPU s':>7}{'MB':>5}{'at once':>8}{'throttled':>10}"
)


def row(each: Measured) -> str:
    """One result as a line of the table."""
    return (
        f"{each.tool:<16}{each.accounts:>9,}{each.delay:>5}{each.calls:>7,}{each.seconds:>8.1f}{each.cpu:>7.1f}"
        f"{each.megabytes:>5}{each.peak:>8}{each.throttled:>10}"
    )


def check_goals(results: Sequence[Measured]) -> list[str]:
    """Each goal that was measured, and whether it was met."""
    seconds = {(each.tool, each.accounts): each.seconds for each in results if each.delay == GOAL_DELAY}
    lines = []
    for count, goal in GOALS.items():
        ours, theirs = seconds.get((ORGKIT_PLAN, count)), seconds.get((TERRAFORM_PLAN, count))
        if ours and theirs:
            verdict = "met" if ours / theirs <= goal else "MISSED"
            lines.append(
                f"{count:,} accounts at {GOAL_DELAY} ms a call: {ours / theirs:.2f} of Terraform's wall time "
                f"(at most {goal:.2f}): {verdict}"
            )
    ours = [each for each in results if each.tool == ORGKIT_PLAN]
    exact = all(each.calls == expected_calls(each.accounts) for each in ours)
    lines.append(f"calls of orgkit are those of the formula: {'met' if exact else 'MISSED'}")
    most = max((each.megabytes for each in ours), default=0)
    verdict = "met" if most <= MOST_MEGABYTES else "MISSED"
    return [*lines, f"memory of orgkit: {most} MB (at most {MOST_MEGABYTES}): {verdict}"]


def as_markdown(results: Sequence[Measured], command: str) -> str:
    """The section of the page: table, formula, goals, and how it was measured."""
    head = "| tool | accounts | ms a call | calls | wall s | CPU s | MB | at once | throttled |\n" + "|---" * 9 + "|"
    rows = [
        f"| `{each.tool}` | {each.accounts:,} | {each.delay} | {each.calls:,} | {each.seconds:.1f} | {each.cpu:.1f} | "
        f"{each.megabytes} | {each.peak} | {each.throttled} |"
        for each in results
    ]
    versions = f"orgkit {_output(ORGKIT, '--version').split()[-1]}"
    if any(each.tool == TERRAFORM_PLAN for each in results):
        versions += f", Terraform {_output(TERRAFORM, 'version').split()[1].lstrip('v')} with hashicorp/aws 5.100"
    picture = "![Wall time of both plans by the number of accounts](performance-plans.svg)"
    body = [picture, "", head, *rows, "", _formula(results)]
    return as_section(body, check_goals(results), command, versions)


def _formula(results: Sequence[Measured]) -> str:
    """Calls as a function of the N accounts."""
    text = f"Calls of orgkit: {FIXED_CALLS} + 2N + ⌈(N + 1) / 20⌉ + ⌈(N + {UNITS}) / 100⌉ for N accounts"
    theirs = sorted({each.accounts: each.calls for each in results if each.tool == TERRAFORM_PLAN}.items())
    if len(theirs) < 2:
        return f"{text}."
    (fewer, few), (more, many) = theirs[0], theirs[-1]
    slope = (many - few) / (more - fewer)
    return f"{text}; of Terraform: about {few - slope * fewer:.0f} + {slope:.2f}N."


def _output(*command: object) -> str:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write where asked to; 1 where a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, nargs="+", default=ACCOUNTS)
    parser.add_argument("--delays", type=int, nargs="+", default=DELAYS, help="milliseconds")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    options = parser.parse_args(arguments)
    results = run(options.accounts, options.delays)
    goals = check_goals(results)
    print("", *goals, sep="\n")
    if options.write:
        numbers = [*map(str, options.accounts), "--delays", *map(str, options.delays)]
        command = " ".join(["python -m benchmarks.plans --accounts", *numbers])
        write_section("plans", as_markdown(results, command))
        (DOCS / "performance-plans.svg").write_text(as_svg(results), encoding="utf-8")
    return int(any(goal.endswith("MISSED") for goal in goals))


if __name__ == "__main__":
    sys.exit(main())
