"""The README's commands and its library example are run as they stand: one that does not run is a fault."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from orgkit.parameters import load
from orgkit.rehearsal import seed_of
from orgkit.sandbox.lifecycle import start

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXITS = re.compile(r"#\s*exits (\d)")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def as_script(commands: list[str]) -> str:
    """Each line has to end as it says; DIGEST stands for the last digest that a plan has shown."""
    lines = ["set -u"]
    for number, command in enumerate(commands):
        expected = EXITS.search(command)
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


def test_every_shell_command_of_the_readme_runs_in_order_and_ends_as_it_says(tmp_path, shell):
    commands = [line for block in blocks("sh") for line in block.splitlines() if line.strip()]
    assert len(commands) > 20
    with start(seed_of(load(ROOT / "parameters" / "example.toml")), tmp_path / "aws-of-the-reader") as sandbox:
        settings = {k: v for k, v in sandbox.environment().items() if k != "ORGKIT_OUTPUTS"}
        done = subprocess.run(
            ["bash", "-c", as_script(commands)],
            cwd=tmp_path,
            env=shell | settings,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    assert "Traceback" not in done.stdout + done.stderr


def test_the_library_example_of_the_readme_runs_and_makes_the_organization(tmp_path, shell):
    (example,) = blocks("python")
    file = tmp_path / "parameters" / "acme.toml"
    file.parent.mkdir()
    file.write_bytes((ROOT / "parameters" / "example.toml").read_bytes())
    with start(seed_of(load(file)), tmp_path / "sandbox") as sandbox:
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


def test_every_file_that_the_readme_points_to_is_there():
    pointed = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert pointed
    assert [path for path in pointed if not (ROOT / path).exists()] == []


def test_every_exit_code_of_the_readme_is_one_of_the_programs():
    from orgkit import errors

    told = {int(code) for code in re.findall(r"^\| (\d) \|", README, re.MULTILINE)}
    assert told == {value for name, value in vars(errors).items() if name.startswith("EXIT_")}
