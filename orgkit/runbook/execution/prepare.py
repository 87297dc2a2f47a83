"""Finding a phase's runbook, and making the copy of it that is run: with parameters injected, never the original."""

import ast
import json
import re
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from orgkit.aws.clock import clock_of
from orgkit.aws.endpoint import endpoint_of
from orgkit.errors import OrgkitError, UnknownParameter
from orgkit.model.desired import Desired
from orgkit.parameters import load
from orgkit.phases.descriptor import Phase
from orgkit.phases.registry import phases_for
from orgkit.records import outputs
from orgkit.records.files import LOCKED, label_of, read_json, run_folders, sha256_of, write_private
from orgkit.records.manifest import MANIFEST
from orgkit.runbook.execution.papermill_import import import_papermill
from orgkit.runbook.interactive.session import KERNEL, link, session
from orgkit.runbook.run import Run

NAME = re.compile(r"[a-z_][a-z0-9_]{0,40}")


def find_runbook(phase: Phase, parameters_file: Path) -> Path:
    """The phase's notebook: in runbooks/ upwards from the parameters file or from here, else orgkit's own."""
    home, working_folder = parameters_file.absolute().parent, Path.cwd()
    packaged = Path(str(files("orgkit"))) / "_project"
    checkout = Path(__file__).parents[3]
    for folder in (home, *home.parents, working_folder, *working_folder.parents, packaged, checkout):
        if (folder / "runbooks" / phase.runbook).is_file():
            return folder / "runbooks" / phase.runbook
    raise OrgkitError(f"there is no runbooks/{phase.runbook}.", "`orgkit init DIR` writes the runbooks to DIR.")


def parameters_of(parameters_file: Path, run_folder: Path, approved_plan: str = "") -> dict[str, str]:
    """The parameters that every runbook has."""
    return {
        "parameters_file": str(parameters_file.absolute()),
        "approved_plan": approved_plan,
        "run_folder": str(run_folder.absolute()),
    }


def check_parameters(runbook: Path, parameters: Mapping[str, Any]) -> None:
    """UnknownParameter unless the runbook's own parameters cell has every name, and every value is plain text.

    papermill only warns of an unknown name, and puts names and odd values into the cell as they are: as code.
    """
    known = declared_parameters(read_json(runbook))
    for name, value in parameters.items():
        if name not in known or not NAME.fullmatch(name):
            raise UnknownParameter(f"{runbook.name} has no parameter {name!r}.", f"it has: {', '.join(sorted(known))}.")
        if type(value) is not str:
            raise UnknownParameter(f"{name} is {type(value).__name__}, not text.", "pass parameters as text.")


def declared_parameters(notebook: Mapping[str, Any]) -> set[str]:
    """The names that are assigned in the cells tagged `parameters`."""
    cells = [c for c in notebook.get("cells", ()) if "parameters" in c.get("metadata", {}).get("tags", ())]
    lines = [node for cell in cells for node in ast.parse("".join(cell["source"])).body]
    return {
        target.id
        for node in lines
        if isinstance(node, ast.AnnAssign | ast.Assign)
        for target in ([node.target] if isinstance(node, ast.AnnAssign) else node.targets)
        if isinstance(target, ast.Name)
    }


def literal(path: Path) -> str:
    """A local path as papermill needs it: papermill formats braces, and reads a scheme as an address in a network."""
    text = str(path.absolute())
    if "://" in text:
        raise UnknownParameter(f"{text!r} looks like an address.", "use a folder of this machine.")
    return text.replace("{", "{{").replace("}", "}}")


def prepare(phase: Phase, parameters_file: Path, run_folder: Path, approved_plan: str = "") -> Path:
    """A copy of the runbook in the run's folder with its parameters injected and nothing executed: for JupyterLab."""
    import_papermill()
    from papermill import execute_notebook

    runbook, copy = find_runbook(phase, parameters_file), run_folder / f"{label_of(run_folder)}.ipynb"
    parameters = parameters_of(parameters_file, run_folder, approved_plan)
    check_parameters(runbook, parameters)
    execute_notebook(
        literal(runbook), literal(copy), parameters, prepare_only=True, kernel_name="python3", language="python"
    )
    notebook = read_json(copy)
    facts = {"source_sha256": sha256_of(runbook), "lab": session()}
    notebook["metadata"] |= {"kernelspec": KERNEL, "orgkit": facts | banner_facts(phase, load(parameters_file))}
    for cell in notebook["cells"]:
        cell["metadata"] |= LOCKED
    return write_private(copy, json.dumps(notebook, ensure_ascii=False, indent=1) + "\n")


def banner_facts(phase: Phase, desired: Desired) -> dict[str, Any]:
    """What the banner over a notebook says before AWS has confirmed who the caller is."""
    phases = [other.label for other in phases_for(desired)]
    position = f"Phase {phases.index(phase.label) + 1} of {len(phases)}" if phase.label in phases else ""
    return {
        **target_facts(desired.organization.management_account_id),
        "title": f"{phase.number} {phase.title}",
        "position": position,
        "changes": phase.changes,
    }


def target_facts(account: str) -> dict[str, str]:
    """Where calls go, as the settings of this process say."""
    kind, name = ("emulator", "Sandbox") if endpoint_of() else ("aws", "AWS")
    return {"kind": kind, "target": f"{name} account {account}" if account else name}


def ready_copy(phase: Phase, parameters_file: Path, base: Path, account: str, now: datetime) -> Path:
    """A prepared copy that nobody has run yet: one of this `orgkit lab` that lies ready, else a new one."""
    source = sha256_of(find_runbook(phase, parameters_file))
    for folder in reversed(run_folders(base, account)):
        copy = folder / f"{phase.run_label}.ipynb"
        if label_of(folder) == phase.run_label and _is_prepared(copy, parameters_file, source):
            return copy
    return prepare(phase, parameters_file, outputs.new_run_folder(base, account, phase, now))


def session_of(run_folder: Path) -> str:
    """The `orgkit lab` for which the copy in a run's folder was prepared; "" for every other run."""
    notebook = read_json(run_folder / f"{label_of(run_folder)}.ipynb")
    return str(notebook.get("metadata", {}).get("orgkit", {}).get("lab", ""))


def _is_prepared(copy: Path, parameters_file: Path, source: str) -> bool:
    """Made of this runbook for this file, and neither begun nor changed by anybody."""
    notebook = read_json(copy)
    metadata = notebook.get("metadata", {}).get("orgkit", {})
    parameters = notebook.get("metadata", {}).get("papermill", {}).get("parameters", {})
    has_begun = (copy.parent / "events.jsonl").exists() or (copy.parent / MANIFEST).exists()
    same_file = parameters.get("parameters_file") == str(parameters_file.absolute())
    same_source = (metadata.get("source_sha256"), metadata.get("lab")) == (source, session())
    return not has_begun and same_file and same_source


def link_to_next(run: Run, phase: Phase) -> str:
    """A link that opens the next runbook, prepared in a run folder of its own; "" where one alone was opened."""
    if not session():
        return ""
    copy = ready_copy(phase, run.parameters, run.base, run.account, clock_of().now())
    return link(copy, run.folder)
