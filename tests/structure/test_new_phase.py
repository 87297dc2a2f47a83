"""A phase is added by its package and its runbook alone; no other file is touched."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.bootstrap.fork_server import ForkServer
from tests.bootstrap.project import CHECKOUT, EXAMPLE, SECONDS, Done, Project
from tests.structure.dummy_phase import FILES, write

# What the commands of the clone are forked by.
FORK_SERVER = ("tests/bootstrap/fork_server.py", "tests/cached_libraries.py", "tests/kill_after/__init__.py")
MYPY_CACHE = CHECKOUT / ".mypy_cache"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout with one more phase: what a contributor's clone looks like."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("orgkit", "runbooks", "parameters", "docs"):
        shutil.copytree(CHECKOUT / name, folder / name)  # with byte code, which is valid for the copy too
    for name in (
        "README.md",
        "outputs/README.md",
        "outputs/.gitignore",
        "tests/__init__.py",
        "tests/docs/test_steps_page.py",
        *FORK_SERVER,
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(CHECKOUT / name, folder / name)
    write(folder)
    return folder


@dataclass(frozen=True)
class Clone(Project):
    """A project whose `orgkit` is a fork of a process that has imported the clone's."""

    server: ForkServer | None = None

    def orgkit(self, *arguments: object, code: int = 0, **_: object) -> Done:
        assert self.server is not None
        done = self.server.run([str(each) for each in arguments], self.folder, self.environment, SECONDS)
        assert done.returncode == code, f"exit code {done.returncode}: {arguments}\n{done.stdout}\n{done.stderr}"
        return done


@pytest.fixture(scope="module")
def server(copy: Path) -> Iterator[ForkServer]:
    server = ForkServer(checkout=copy)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def project(copy: Path, server: ForkServer) -> Iterator[Clone]:
    """A project of that clone, whose sandbox has an organization."""
    folder, settings = copy / "project", {"PYTHONPATH": str(copy)}  # for the sandbox, which is executed
    Clone(copy, settings, server=server).orgkit("init", folder)
    project = Clone(folder, settings, server=server)
    (folder / "home").mkdir()
    text = EXAMPLE.read_text(encoding="utf-8") + '\n[dummy]\nalias = "acme-root"\n'
    project.file.write_text(text, encoding="utf-8")
    project.orgkit("sandbox", "start", project.file)
    try:
        lines = project.orgkit("sandbox", "env").stdout.splitlines()
        exported = dict(line.removeprefix("export ").split("=", 1) for line in lines if line.startswith("export "))
        settings = {name: value.strip("'\"") for name, value in exported.items()}
        project = replace(project, settings={**project.settings, **settings})
        apply(project, "01")
        yield project
    finally:
        project.orgkit("sandbox", "stop")


def apply(project: Clone, phase: str) -> dict[str, object]:
    plans = json.loads(project.orgkit("plan", project.file, phase, "--json", code=3).stdout)["plans"]
    done = project.orgkit("run", project.file, phase, "--approved-plan", plans[0]["digest"], "--json")
    return dict(json.loads(done.stdout))


def test_its_section_of_the_file_is_checked(project: Clone) -> None:
    file = project.folder / "parameters" / "wrong.toml"
    file.write_text(project.file.read_text(encoding="utf-8").replace("alias =", "alais ="), encoding="utf-8")
    done = project.orgkit("check", file, code=2)
    assert "dummy.alais" in done.stderr
    assert "Did you mean alias?" in " ".join(done.stderr.split())
    project.orgkit("check", project.file)


HANDLER = "handle(SetAlias, set_alias, existing_aliases)"


def test_it_is_planned_approved_applied_verified_and_recorded(project: Clone) -> None:
    done = apply(project, "dummy")
    assert done["outcome"] == "done"
    assert done["steps"] == 1
    project.orgkit("plan", project.file, "20")
    assert "set account alias acme-root" in project.orgkit("records", "show", Path(str(done["record"])).name).stdout
    project.orgkit("records", "verify")


def test_its_permissions_are_printed(project: Clone) -> None:
    policy = project.orgkit("permissions", "dummy").stdout
    assert "iam:CreateAccountAlias" in policy
    assert "iam:ListAccountAliases" in policy


def test_its_step_stands_in_the_documentation(copy: Path) -> None:
    done = Project(copy, {"PYTHONPATH": str(copy)}).run(sys.executable, "-m", "tests.docs.test_steps_page")
    assert done.returncode == 0, done.stderr
    page = (copy / "docs" / "steps.md").read_text(encoding="utf-8")
    assert "## 20-dummy" in page
    assert "set account alias <alias>" in page


def test_an_installed_package_adds_no_phase(copy: Path) -> None:
    """Neither a module of another package nor an entry point is looked for: the registry reads its own folder."""
    other = copy / "elsewhere" / "phases" / "intruder"
    other.mkdir(parents=True)
    for name, text in FILES.items():
        (other / name).write_text(text.replace("dummy", "intruder"), encoding="utf-8")
    code = "from orgkit.phases.registry import RUNBOOKS; print([phase.name for phase in RUNBOOKS])"
    done = Project(copy, {"PYTHONPATH": f"{copy}:{copy / 'elsewhere'}"}).run(sys.executable, "-c", code)
    assert "dummy" in done.stdout
    assert "intruder" not in done.stdout


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ("HANDLERS = ()", "SetAlias"),
        (f"HANDLERS = ({HANDLER}, {HANDLER})", "SetAlias has two handlers"),
        ("HANDLERS = (handle(SetAlias, set_alias),)", "missing 1 required positional argument: 'starting_value'"),
    ],
    ids=["none", "two", "no starting value"],
)
def test_a_step_without_a_handler_with_two_or_without_a_starting_value_fails_at_import(
    copy: Path, changed: str, message: str
) -> None:
    file = copy / "orgkit" / "phases" / "dummy" / "aws.py"
    right = file.read_text(encoding="utf-8")
    file.write_text(right.replace(f"HANDLERS = ({HANDLER},)", changed), encoding="utf-8")
    try:
        code = "from orgkit.phases.registry import load, phase_of; load(phase_of('dummy'))"
        done = Project(copy, {"PYTHONPATH": str(copy)}).run(sys.executable, "-c", code)
    finally:
        file.write_text(right, encoding="utf-8")
    assert done.returncode != 0
    assert message in done.stderr


def test_handlers_that_are_swapped_are_a_type_error(tmp_path: Path) -> None:
    pair = "HANDLERS = (handle(CreateUnit, {}, unit_id), handle(TagUnit, {}, tags_of_unit))"
    source = (CHECKOUT / "orgkit" / "phases" / "organizational_units" / "aws.py").read_text(encoding="utf-8")
    begin = source.index("HANDLERS = (")
    end = source.index("\n)\n", begin) + 3
    right, swapped = (
        source[:begin] + pair.format(*names) + source[end:]
        for names in (("create_unit", "tag_unit"), ("tag_unit", "create_unit"))
    )
    assert check_types(tmp_path / "right.py", right) == []
    errors = check_types(tmp_path / "swapped.py", swapped)
    assert len(errors) == 2
    assert all("handle" in error for error in errors), errors


def check_types(file: Path, text: str) -> list[str]:
    file.write_text(text, encoding="utf-8")
    cache = file.parent / "cache"
    if MYPY_CACHE.is_dir() and not cache.exists():  # what mypy knows of the other modules, and checks by their hashes
        shutil.copytree(MYPY_CACHE, cache)
    command = [sys.executable, "-m", "mypy", "--no-error-summary", "--cache-dir", str(cache), str(file)]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=300)
    return [line for line in done.stdout.splitlines() if ": error:" in line]
