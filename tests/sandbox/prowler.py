"""python -m tests.sandbox.prowler [PROGRAM]: Prowler's checks of a sandbox, before and after a bootstrap.

Prowler is no dependency of orgkit: pip installs it into a temporary folder, which takes minutes, unless PROGRAM is it.
The organization is the example file's. The results are compared with docs/explanation/prowler.md, which explains each
check that still fails. The exit code is 1 where they differ.
"""

import csv
import os
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bootstrap.project import PHASES_THAT_CHANGE, Stage, new_project

PACKAGE = "prowler==5.46.0"
SERVICES = ("account", "cloudtrail", "iam", "organizations", "s3")
PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "prowler.md"
ORDER = ("FAIL", "MANUAL", "PASS")  # of the findings of a check, the first of these counts
NONE = "none"  # the check has nothing to look at
SECONDS = 1800
Results = Mapping[str, str]  # the result of each check


def install(folder: Path) -> Path:
    """Install Prowler and return its program."""
    venv.create(folder, with_pip=True)
    command = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", PACKAGE]
    subprocess.run(command, check=True, timeout=SECONDS)
    return folder / "bin" / "prowler"


def scan(program: Path, stage: Stage, folder: Path, role: str = "") -> Results:
    """Return Prowler's result of each check in the management account, or in the account of a role."""
    settings = {name: value for name, value in stage.sandbox.environment().items() if name.startswith("AWS_")}
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        **settings,
        "AWS_ENDPOINT_URL": stage.sandbox.endpoint_url,
    }
    command = [program, "aws", "--services", *SERVICES, "--output-formats", "csv", "--output-directory", folder]
    command += ["--no-banner", "--only-logs", "--log-level", "CRITICAL", "--ignore-exit-code-3"]
    command += ["--region", "us-east-1", *(["--role", role] if role else [])]
    subprocess.run(command, cwd=folder, env=environment, check=True, timeout=SECONDS)
    findings: dict[str, set[str]] = {}
    for file in folder.glob("*.csv"):
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines, delimiter=";"):
                findings.setdefault(row["CHECK_ID"], set()).add(row["STATUS"])
    return {check: next(result for result in ORDER if result in found) for check, found in findings.items()}


def scans(program: Path, folder: Path) -> tuple[Results, ...]:
    """Return the results before and after the bootstrap, and afterwards in the log archive account."""
    stage = Stage(new_project(folder / "project"))
    with stage.sandbox:
        folders = [folder / name for name in ("before", "after", "log-archive")]
        for each in folders:
            each.mkdir()
        before = scan(program, stage, folders[0])
        for phase in PHASES_THAT_CHANGE:
            stage.apply(phase)
        after = scan(program, stage, folders[1])
        accounts = stage.client("organizations").get_paginator("list_accounts").paginate()
        name = stage.desired.log_archive.name
        account = next(item["Id"] for page in accounts for item in page["Accounts"] if item["Name"] == name)
        role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
        return before, after, scan(program, stage, folders[2], role)


def measured_rows(results: tuple[Results, ...]) -> dict[str, list[str]]:
    checks = sorted({check for each in results for check in each})
    return {check: [each.get(check, NONE) for each in results] for check in checks}


def documented_rows() -> dict[str, list[str]]:
    """Return the rows of the page, without the reasons."""
    rows = (line.strip("|").split("|") for line in PAGE.read_text(encoding="utf-8").splitlines() if "| `" in line)
    return {cells[0].strip(" `"): [cell.strip() for cell in cells[1:4]] for cells in rows}


def main(program: str = "") -> int:
    """Scan, print the results, and compare them with the page."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "ORGKIT_"))]:
        del os.environ[name]
    with TemporaryDirectory(prefix="prowler-") as name:
        folder = Path(name)
        rows = measured_rows(scans(Path(program) if program else install(folder / "venv"), folder))
    for check, results in rows.items():
        print(f"| `{check}` | {' | '.join(results)} |")
    documented = documented_rows()
    differences = sorted(check for check in {*rows, *documented} if rows.get(check) != documented.get(check))
    for check in differences:
        print(f"{check}: {rows.get(check)}, and on the page {documented.get(check)}")
    print(f"{len(rows)} checks, of which {len(differences)} differ from {PAGE.name}")
    return min(len(differences), 1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
