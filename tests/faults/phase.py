"""One run of one phase, cell by cell as its runbook has it."""

import json
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orgkit.errors import OrgkitError
from orgkit.phases.descriptor import Phase
from orgkit.phases.registry import phase_of
from tests.faults.wire import Killed

TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")
CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    """How a run ended: done, and with what waiting for somebody; or by what."""

    how: str
    why: str = ""
    exit_code: int = 0
    waiting: tuple[str, ...] = ()


def cells(phase: Phase) -> list[Any]:
    """The code of a runbook, ready to run."""
    notebook = json.loads((CHECKOUT / "runbooks" / f"{phase.run_label}.ipynb").read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    plain = [cell for cell in code if "parameters" not in cell["metadata"].get("tags", ())]
    return [
        compile("".join(cell["source"]), f"{phase.run_label}:{number}", "exec") for number, cell in enumerate(plain)
    ]


def run(phase: str, file: Path, digest: str = "") -> Ended:
    """Execute the cells in order until one stops."""
    random.seed(0)  # botocore's pauses are at random, and what is throttled depends on them
    names: dict[str, Any] = {"parameters_file": str(file), "approved_plan": digest, "run_folder": ""}
    try:
        for cell in cells(phase_of(phase)):
            exec(cell, names)
    except Killed:
        return Ended("killed")
    except OrgkitError as stop:
        return Ended(type(stop).__name__, str(stop), stop.exit_code)
    except Exception as error:
        return Ended("traceback", f"{type(error).__name__}: {error}", 1)
    verification = names.get("verification")
    waiting = (TIME.sub("some time", each.what) for each in verification.remaining.waiting) if verification else ()
    return Ended("done", waiting=tuple(waiting))
