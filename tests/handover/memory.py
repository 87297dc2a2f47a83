"""python -m tests.handover.memory: the peak memory of Terraform's plan for the hand-over of 300 accounts.

It needs what tests.sandbox.terraform_plan needs. The organization is the largest of tests.adoption. Memory is that of
Terraform and its plugins together, with each shared page counted once, as often as this process can look.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.report import describe_machine
from tests.handover.adopted import adopted
from tests.handover.stages import NO_TERRAFORM, HandedOver, no_settings_of_the_person
from tests.sandbox.terraform_plan import TERRAFORM, Terraform, find_differences

PAUSE_SECONDS = 0.1


def main() -> int:
    """Plan the imports, apply them, plan again, and print both peaks."""
    if TERRAFORM is None:
        print(NO_TERRAFORM)
        return 1
    no_settings_of_the_person()
    with TemporaryDirectory(prefix="handover-") as name, adopted(Path(name), "many") as handed:
        imports = handed.hand_over()["imports"]
        handed.terraform.run("init", "-input=false", "-no-color")
        print(f"{imports} resources, 300 accounts; {describe_machine()}", flush=True)
        problems = [line for subject in ("import", "state") for line in _measure(handed, subject)]
    print(*problems, sep="\n")
    return 1 if problems else 0


def _measure(handed: HandedOver, subject: str) -> Iterator[str]:
    """Plan once, print the peak, and yield what the plan would change; then apply it."""
    terraform = handed.terraform
    start = time.monotonic()
    megabytes, processes = peak_of_plan(terraform)
    seconds = time.monotonic() - start
    print(f"plan of the {subject}: {megabytes:.0f} MB in {processes} processes, {seconds:.0f} s", flush=True)
    yield from find_differences(terraform.plan())
    terraform.run("apply", "-input=false", "-no-color", "plan")


def peak_of_plan(terraform: Terraform) -> tuple[float, int]:
    """Return the most megabytes that the processes of one plan held together, and how many processes these were."""
    with subprocess.Popen(
        [str(TERRAFORM), "plan", "-input=false", "-no-color", "-out=plan"], cwd=terraform.folder,
        env=terraform.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
    ) as process:  # fmt: skip
        output: list[str] = []
        reader = threading.Thread(target=lambda: output.extend(process.stdout or ()))
        reader.start()
        peak = (0.0, 0)
        while process.poll() is None:
            peak = max(peak, memory_of_session(process.pid))
            time.sleep(PAUSE_SECONDS)
        reader.join()
    if process.returncode:
        raise SystemExit("".join(output))
    return peak


def memory_of_session(session: int) -> tuple[float, int]:
    """Return the megabytes of all processes of a session, and their number."""
    sizes = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            if int((folder / "stat").read_text().rpartition(")")[2].split()[3]) == session:
                lines = (folder / "smaps_rollup").read_text().splitlines()
                sizes.append(next(int(line.split()[1]) for line in lines if line.startswith("Pss:")))
    return sum(sizes) / 1024, len(sizes)


if __name__ == "__main__":
    sys.exit(main())
