"""The README's commands and its library example are run as they stand: one that does not run is a fault."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orgkit.costs.estimate.estimate import estimate
from orgkit.parameters import load
from orgkit.rehearsal.bootstrap import seed_of
from orgkit.sandbox.lifecycle import Sandbox, start
from tests.bootstrap.project import fork_server

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "parameters" / "example.toml"
EXITS = re.compile(r"#\s*exits (\d)")
# Run by the installed script, one with a kernel and one without; the others by forks of a process that has imported it.
INSTALLED = ("orgkit init ", "orgkit run parameters/acme.toml 00")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def as_script(commands: list[str]) -> str:
    """Each line has to end as it says; DIGEST stands for the last digest that a plan has shown."""
    lines = ["set -u"]
    for number, command in enumerate(commands):
        expected = EXITS.search(command)
        lines.append("PATH=$INSTALLED" if command.startswith(INSTALLED) else "PATH=$FORKS:$INSTALLED")
        if command.startswith("orgkit plan"):
            lines += [f"{command.split('#')[0]} > shown.txt", "code=$?", "cat shown.txt"]
            lines += ["DIGEST=$(grep -oE '[0-9a-f]{64}' shown.txt | tail -n 1)"]
        else:
            lines += [command.replace("DIGEST", "$DIGEST"), "code=$?"]
        wanted = expected[1] if expected else "0"
        lines += [f'[ "$code" -eq {wanted} ] || {{ echo "line {number} ended with $code: {command!r}"; exit 1; }}']
    return "\n".join(lines)


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ORGKIT_"))}
    return plain | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)}


@pytest.fixture(scope="module")
def shared_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with start(seed_of(load(EXAMPLE)), tmp_path_factory.mktemp("readme") / "aws-of-the-reader") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Sandbox:
    """Begun again for each test, with no calls in its log."""
    shared_sandbox.reset(seed_of(load(EXAMPLE)))
    shared_sandbox.forget_calls()
    return shared_sandbox


def test_every_shell_command_of_the_readme_runs_in_order_and_ends_as_it_says(tmp_path, shell, sandbox):
    commands = [line for block in blocks("sh") for line in block.splitlines() if line.strip()]
    assert len(commands) > 20
    assert {name for name in INSTALLED for command in commands if command.startswith(name)} == set(INSTALLED)
    forks = tmp_path / "bin"
    forks.mkdir()
    fork_server().install(forks)
    settings = {k: v for k, v in sandbox.environment().items() if k != "ORGKIT_OUTPUTS"}
    done = subprocess.run(
        ["bash", "-c", as_script(commands)],
        cwd=tmp_path,
        env=shell | settings | {"FORKS": str(forks), "INSTALLED": shell["PATH"]},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    assert "Traceback" not in done.stdout + done.stderr


def test_the_library_example_of_the_readme_runs_and_makes_the_organization(tmp_path, shell, sandbox):
    (example,) = blocks("python")
    file = tmp_path / "parameters" / "acme.toml"
    file.parent.mkdir()
    file.write_bytes(EXAMPLE.read_bytes())
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", example],
        cwd=tmp_path,
        env=shell | sandbox.environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    made = [call for call in sandbox.calls() if call["operation"] == "CreateOrganization"]
    assert done.returncode == 0, done.stderr
    assert "+ create an organization with all features" in done.stdout
    assert "log-archive" in done.stdout
    assert len(made) == 1
    sum_of_month = f"USD {estimate(load(EXAMPLE)).expected} a month"
    assert done.stdout.rstrip().endswith(sum_of_month)
    assert f"# {sum_of_month} for the example" in example


def test_every_file_that_the_readme_points_to_is_there():
    pointed = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert pointed
    assert [path for path in pointed if not (ROOT / path).exists()] == []


def test_every_exit_code_of_the_readme_is_one_of_the_programs():
    from orgkit import errors

    output = {int(code) for code in re.findall(r"^\| (\d) \|", README, re.MULTILINE)}
    assert output == {value for name, value in vars(errors).items() if name.startswith("EXIT_")}
