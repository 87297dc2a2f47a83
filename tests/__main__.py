"""Everything that `make check` and `make test` run, in the order in which a fault is cheapest to fix."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

HERE = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
PYTEST = (sys.executable, "-m", "pytest")
SPEED = "tests/bootstrap/test_speed.py"
# What starts processes, a browser or a whole bootstrap. All else are unit tests.
SLOW = (
    "tests/adoption/test_organizations.py",
    "tests/bootstrap",
    "tests/cli/test_keys.py",
    "tests/docs/test_verifying_page.py",
    "tests/lab/test_form.py",
    "tests/lab/test_guided.py",
    "tests/lab/test_kernel_messages.py",
    "tests/lab/test_page.py",
    "tests/notebooks/test_nbval.py",
    "tests/faults",
    "tests/handover/test_adopted.py",
    "tests/handover/test_hand_over.py",
    "tests/cli/test_differences.py",
    "tests/cli/test_errors.py",
    "tests/cli/test_faults.py",
    "tests/cli/test_reports.py",
    "tests/cli/test_sandbox_exec.py",
    "tests/docs/test_page_and_command.py",
    "tests/docs/test_pages.py",
    "tests/docs/test_site.py",
    "tests/engine/test_faults_in_threads.py",
    "tests/phases/management_account/test_sandbox.py",
    "tests/phases/trail/test_aws.py",
    "tests/policy_evaluation/test_permissions.py",
    "tests/records/test_chain.py",
    "tests/rehearsal/test_copies.py",
    "tests/runbook/test_execute.py",
    "tests/runbook/test_endings.py",
    "tests/runbook/test_hostile_aws.py",
    "tests/sandbox/test_lifecycle.py",
    "tests/sandbox/test_moto_still_differs.py",
    "tests/sandbox/test_time.py",
    "tests/structure/test_new_phase.py",
    "tests/supply",
)
# Unit tests that draw hundreds of cases, make plans for a thousand accounts or seal whole records, for 2 to 15 CPU
# seconds each: in `make test` alone.
MANY_CASES = (
    "tests/ci/test_markdown.py",
    "tests/costs/test_estimate.py",
    "tests/costs/test_export_domains.py",
    "tests/costs/test_export_files.py",
    "tests/costs/test_month.py",
    "tests/costs/test_recomputed.py",
    "tests/engine/test_threaded_reads.py",
    "tests/handover/test_writer.py",
    "tests/journal/test_file_writes.py",
    "tests/model/test_matching.py",
    "tests/parameters/test_anything.py",
    "tests/parameters/test_json_schema.py",
    "tests/parameters/test_planned.py",
    "tests/parameters/test_unit_paths.py",
    "tests/phases/member_access/test_role_drift.py",
    "tests/phases/trail/test_event_selectors.py",
    "tests/phases/trail/test_management_events.py",
    "tests/plans/test_linear.py",
    "tests/plans/test_properties.py",
    "tests/policy_evaluation/test_merge.py",
    "tests/records/test_canaries.py",
    "tests/records/test_hostile.py",
    "tests/records/test_hostile_files.py",
    "tests/records/test_iri_parser.py",
    "tests/runbook/test_long_plans.py",
    "tests/sandbox/test_recordings.py",
    "tests/sanitize/test_secrets.py",
)
# A file runs in one process, since its tests share fixtures; the slowest files come first (tests/conftest.py).
BY_FILE = ("--dist", "loadfile", "--no-loadscope-reorder", "--durations", "10")
TWO_PROCESSES = ("-n", "2", *BY_FILE)
FOUR_PROCESSES = ("-n", "4", *BY_FILE)  # these tests wait for other processes half of their time
COVERAGE = ("-p", "tests.line_coverage")
LAST_LINES = 30
Stage = tuple[str, list[Path | str]]
# Stages in one group run at the same time, and the last of them shows its output as it comes. Faults take the processor
# time that the other tests, which wait for processes, pages and clocks, leave unused.
IN_SPARE_TIME = ("nice", "-n", "15")
STATIC: tuple[Stage, ...] = (
    ("style", [BIN / "ruff", "check", "--quiet", "."]),
    ("format", [BIN / "ruff", "format", "--quiet", "--check", "."]),
    ("types", [BIN / "mypy", "--no-error-summary"]),
    ("structure", [BIN / "lint-imports"]),
)
UNIT = ("-m", "pytest", "-q", *TWO_PROCESSES, *(f"--ignore={path}" for path in SLOW))
CHECK: tuple[tuple[Stage, ...], ...] = (
    (*STATIC, ("unit tests", [sys.executable, *UNIT, *(f"--ignore={path}" for path in MANY_CASES)])),
)
TEST: tuple[tuple[Stage, ...], ...] = (
    (*STATIC, ("unit tests", [sys.executable, *UNIT, *COVERAGE])),
    (
        ("faults", [*IN_SPARE_TIME, sys.executable, "-W", "ignore", "-m", "tests.faults"]),
        ("other tests", [*PYTEST, "-q", *FOUR_PROCESSES, "--ignore", SPEED, *SLOW]),
    ),
    (("speed", [*PYTEST, "-q", SPEED]),),  # alone: it measures
)


def main() -> int:
    """Run each stage; all of them, so that one look shows everything that is wrong."""
    failed: dict[str, str] = {}
    begun = time.monotonic()
    for group in CHECK if "--check" in sys.argv[1:] else TEST:
        with ThreadPoolExecutor(len(group)) as executor:
            problems = executor.map(partial(_problem, shown=group[-1]), group)
            failed |= {name: text for (name, _), text in zip(group, problems, strict=True) if text}
    used = os.times()
    processor = used.user + used.system + used.children_user + used.children_system
    for name, text in failed.items():  # again, at the end, where one looks and where the log of a CI run is cut last
        print(f"\n== {name}, its last lines:\n{text}")
    print(f"\n{time.monotonic() - begun:.0f} s, and {processor:.0f} s of processor time.")
    print("All is well." if not failed else f"Failed: {', '.join(failed)}")
    return 1 if failed else 0


def _problem(stage: Stage, *, shown: Stage) -> str:
    """Run one stage; the last lines that it printed when it failed, else nothing.

    Its output is printed as it comes if it is the one to be shown, else at its end.
    """
    name, command = stage
    is_shown = stage is shown
    started = time.monotonic()
    print(f"\n== {name}: {' '.join(Path(str(part)).name for part in command)}", flush=True)
    lines: list[str] = []
    with subprocess.Popen(
        [str(part) for part in command],
        cwd=HERE,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout
        for line in process.stdout:
            lines.append(line)
            if is_shown:
                print(line, end="", flush=True)
    result = f"== {name}: {'FAILED' if process.returncode else 'ok'} in {time.monotonic() - started:.0f} s"
    print(f"{'' if is_shown else ''.join(lines)}{result}", flush=True)
    return "".join(lines[-LAST_LINES:]) + f"exit code {process.returncode}" if process.returncode else ""


def _environment() -> dict[str, str]:
    """Nothing of the developer's AWS settings; byte code is kept, or each process would compile every module again."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ORGKIT_"))}
    others.pop("PYTHONDONTWRITEBYTECODE", None)
    return others


if __name__ == "__main__":
    sys.exit(main())
