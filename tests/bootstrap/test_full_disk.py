"""`orgkit run` where nothing can be printed, and on full or limited disks: the outcome decides the exit code."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from orgkit.journal.events import read_events
from orgkit.records.files import run_folders
from orgkit.records.manifest import MANIFEST
from tests.bootstrap.project import BIN, Project, Stage, fork_server, new_project
from tests.mounts import own_mounts

ACCOUNT = "999999999999"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return new_project(tmp_path_factory.mktemp("disk") / "project")


@pytest.fixture
def digest(stage: Stage) -> str:
    """Of the plan of 02, kept in outputs that are new."""
    stage.begin("organization")
    return stage.planned("units")


def run_folder(stage: Stage) -> Path:
    return run_folders(Path(stage.project.settings["ORGKIT_OUTPUTS"]), ACCOUNT)[-1]


def check(stage: Stage, code: int, output: str, folder: Path) -> None:
    """Every change has its intent, the code is that of the sealed outcome, and nothing is a traceback."""
    assert "Traceback" not in output
    events = list(read_events(folder / "events.jsonl"))
    changes = stage.changes()
    assert sum(event["event"] == "intent" for event in events) >= len(changes), output
    if (folder / MANIFEST).exists():
        assert json.loads((folder / MANIFEST).read_bytes())["exit_code"] == code, output
    else:
        assert code in (5, 7) if changes else code == 1, output
        assert "orgkit records seal" in " ".join(output.split())


def test_a_run_that_can_print_nothing_is_done_and_says_so_by_its_exit_code(stage: Stage, digest: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    arguments = ["run", str(stage.project.file), "02", "--approved-plan", digest]
    request = {"program": "orgkit", "arguments": arguments}
    request |= {"cwd": str(stage.project.folder), "environment": stage.project.environment}
    with Path("/dev/full").open("wb") as full:
        code = fork_server()._ask(json.dumps(request), (full.fileno(), writing), 300)
    os.close(writing)
    assert code == 0
    assert len(stage.taken()) == 3
    check(stage, code, "", run_folder(stage))


def shell(stage: Stage, text: str) -> "subprocess.CompletedProcess[str]":
    environment = {**stage.project.environment, "PATH": f"{BIN}:{os.environ['PATH']}"}
    return subprocess.run(
        ["bash", "-c", text], cwd=stage.project.folder, env=environment, capture_output=True, text=True, check=False
    )


def test_a_run_whose_streams_are_closed_writes_nothing_of_its_own_into_its_files(stage: Stage, digest: str) -> None:
    done = shell(stage, f"orgkit run {stage.project.file} 02 --approved-plan {digest} >&- 2>&- <&-")
    assert done.returncode == 0
    check(stage, 0, "", run_folder(stage))


@pytest.mark.parametrize("limit", [1, 16, 20])  # blocks of 1024 bytes
def test_a_limit_of_file_sizes_is_met_before_or_after_the_changes_and_never_hidden(
    stage: Stage, digest: str, limit: int
) -> None:
    done = shell(stage, f"ulimit -f {limit}; orgkit run {stage.project.file} 02 --approved-plan {digest}")
    check(stage, done.returncode, done.stdout + done.stderr, run_folder(stage))
    assert done.returncode != 0
    if limit <= 16:  # the notebook does not fit before anything is changed
        assert (done.returncode, stage.changes()) == (1, [])
    assert stage.project.phase("02", digest)["outcome"] in ("done", "nothing to change")


@pytest.mark.parametrize("pages", [17, 25, 32])  # of 4096 bytes
def test_a_file_system_that_fills_up_loses_no_intent(stage: Stage, digest: str, pages: int, tmp_path: Path) -> None:
    """What is in it goes with it: a copy shows what was on the disk when the command ended."""
    outputs, copy = stage.project.settings["ORGKIT_OUTPUTS"], tmp_path / "copy"
    script = (
        f"cp -a {outputs} {tmp_path}/kept && mount -t tmpfs -o size={pages * 4}k tmpfs {outputs} || exit 99\n"
        f"cp -a {tmp_path}/kept/. {outputs}\n"
        f"orgkit run {stage.project.file} 02 --approved-plan {digest}; code=$?\n"
        f"cp -a {outputs} {copy}; exit $code"
    )
    done = shell(stage, f"{' '.join(own_mounts())} bash -c '{script}'")
    assert done.returncode != 99, done.stderr
    runs = run_folders(copy, ACCOUNT)
    if not runs:
        assert (done.returncode, stage.changes()) == (1, []), done.stderr
        return
    check(stage, done.returncode, done.stdout + done.stderr, runs[-1])
