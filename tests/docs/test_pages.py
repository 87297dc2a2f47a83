"""The commands and the library example of README and docs/ are run as they stand: one that does not run is a fault."""

import json
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
from tests.docs.recording import shown_at_the_end
from tests.environments import make_environment
from tests.plans.loader import MANAGEMENT

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "parameters" / "example.toml"
EXITS = re.compile(r"#\s*exits (\d)")
# The first of each is run by the installed script, one with a kernel and one without; all others by forks of a process
# that has imported it.
INSTALLED = ("orgkit init ", "orgkit run parameters/acme.toml 00")
README, TUTORIAL = "README.md", "docs/tutorial.md"
GUIDES = (  # in the order in which a reader needs them, in the project of the tutorial
    "docs/how-to/credentials.md",
    "docs/how-to/apply.md",
    "docs/how-to/estimate.md",
    "docs/how-to/bills.md",
    "docs/how-to/sandbox.md",
    "docs/how-to/records.md",
)
FOUR_EYES, LIBRARY = "docs/how-to/four-eyes.md", "docs/reference/python-api.md"
OWN_TEST = "docs/verifying-a-record.md"  # tests/docs/test_verifying_page.py


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text(page), re.MULTILINE | re.DOTALL)


def commands(page: str) -> list[str]:
    return [line for block in blocks(page, "sh") for line in block.splitlines() if line.strip()]


def as_script(lines_of_page: list[str], not_run: set[str]) -> str:
    """Each line has to end as it says; DIGEST stands for the last digest that a plan has shown.

    Of the installed commands, it takes those that it runs out of `not_run`.
    """
    lines = ["set -u"]
    for number, command in enumerate(lines_of_page):
        expected = EXITS.search(command)
        is_installed = any(command.startswith(name) for name in not_run)
        not_run -= {name for name in not_run if command.startswith(name)}
        lines.append("PATH=$INSTALLED" if is_installed else "PATH=$FORKS:$INSTALLED")
        if "orgkit plan" in command:
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


def test_every_page_with_shell_commands_is_run() -> None:
    pages = [README, *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "docs").rglob("*.md")))]
    assert {page for page in pages if commands(page)} == {README, TUTORIAL, *GUIDES, OWN_TEST}


def test_every_shell_command_of_the_pages_runs_in_order_and_ends_as_it_says(tmp_path, shell, sandbox):
    quick_start, tutorial = commands(README), commands(TUTORIAL)
    common = quick_start.index("orgkit rehearse parameters/acme.toml") + 1
    assert tutorial[:common] == quick_start[:common], "the tutorial begins as the quick start does, which is run once"
    scripts = {README: (tmp_path, quick_start), TUTORIAL: (tmp_path / "acme", tutorial[common:])}
    scripts |= {page: (tmp_path / "acme", commands(page)) for page in GUIDES}
    whole = [command for _, lines in scripts.values() for command in lines]
    assert len(whole) > 40
    forks = tmp_path / "bin"
    forks.mkdir()
    fork_server().install(forks)
    settings = {k: v for k, v in sandbox.environment().items() if k != "ORGKIT_OUTPUTS"}
    printed, not_run = {}, set(INSTALLED)
    for page, (folder, lines) in scripts.items():
        done = subprocess.run(
            ["bash", "-c", as_script(lines, not_run)],
            cwd=folder,
            env=shell | settings | {"FORKS": str(forks), "INSTALLED": shell["PATH"]},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, f"{page}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        assert "Traceback" not in done.stdout + done.stderr
        printed[page] = done.stdout
    assert not not_run
    report = without_what_differs(printed[README])
    recorded = without_what_differs(shown_at_the_end(text("docs/rehearsal.svg")))
    recorded = recorded[recorded.index("The organization") : recorded.index("The records")]
    assert [line for line in recorded if line not in report] == [], "run: python -m tests.docs.recording"
    assert "10 steps" in printed[TUTORIAL]
    assert "The plan lists ten steps" in text(TUTORIAL)


def without_what_differs(output: str) -> list[str]:
    """The lines, without the seconds of a phase."""
    return [re.sub(r"^(\d\d-[a-z-]+ +done +\d+) +[\d.]+$", r"\1", line.rstrip()) for line in output.splitlines()]


def test_the_costs_that_the_tutorial_names_are_those_of_the_estimate() -> None:
    made = estimate(load(EXAMPLE))
    (whole,) = re.findall(r"expected to\s+cost\s+USD\s+([\d.]+)\s+a\s+month", text(TUTORIAL))
    (own,) = re.findall(r"of which orgkit itself causes USD (\d+\.\d\d)", text(TUTORIAL))
    assert (whole, own) == (str(made.expected), str(made.made_by_orgkit[1]))


def test_the_commands_of_four_eyes_make_two_people_and_apply_what_one_signed_and_the_other_runs(
    tmp_path, shell, sandbox
):
    """The blocks of the page and the commands in its text, with the file filled in as the text says."""
    page, consoles = text(FOUR_EYES), blocks(FOUR_EYES, "console")
    approving, applying = next(block for block in consoles if "orgkit approve " in block).splitlines()
    *role, session = re.split(r"\n(?=aws)", next(block for block in consoles if "create-role" in block).strip())
    forks = tmp_path / "bin"
    forks.mkdir()
    fork_server().install(forks)
    folders = (forks, make_environment(".venv-awscli"), shell["PATH"])
    settings = shell | sandbox.environment() | {"PATH": os.pathsep.join(map(str, folders))}

    def run(command: str, code: int = 0, digest: str = "", environment: dict[str, str] = settings) -> str:
        line = command.replace("ACCOUNT", MANAGEMENT).replace("DIGEST", digest)
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, f"{line}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    run("orgkit init .")
    assert "`orgkit keys new ~/keys/ada`" in page
    key = re.search(r"^NAME(\.key = .*)$", run("orgkit keys new ~/keys/ada"), re.M)
    operator, approver = re.search(r"user\s`(orgkit-\w+)`", page), re.search(r"`(arn:\S+/ada)`", page)
    assert key
    assert operator
    assert approver
    people = {
        "#four_eyes = false": "four_eyes = true",
        "[approval.approvers]": f'[approval.approvers]\nada{key[1]}\nada.arn = "{approver[1]}"',
        "[approval.operators]": f'[approval.operators]\njane = "arn:aws:iam::ACCOUNT:user/{operator[1]}"',
    }
    parameters = EXAMPLE.read_text()
    for old, new in people.items():
        parameters = parameters.replace(f"\n{old}\n", f"\n{new.replace('ACCOUNT', MANAGEMENT)}\n")
    (tmp_path / "parameters" / "acme.toml").write_text(parameters)
    first = re.findall(r"[0-9a-f]{64}", run("orgkit plan parameters/example.toml 01", 3))
    run("orgkit run 01 parameters/example.toml --approved-plan DIGEST", digest=first[-1])
    endpoint = ' --endpoint-url "$ORGKIT_ENDPOINT_URL"'
    for command in role:
        run(command + endpoint)
    keys = json.loads(run(session + endpoint))["Credentials"]
    as_ada = {name: value for name, value in settings.items() if name != "AWS_PROFILE"} | {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
    }
    digest = re.findall(r"[0-9a-f]{64}", run("orgkit plan parameters/acme.toml 02", 3))[-1]
    run(f"{approving} --digest {digest}", digest=digest, environment=as_ada)
    (signed,) = Path(settings["ORGKIT_OUTPUTS"]).rglob("approval-*.json")
    run(applying.replace("approval-….json", str(signed)))
    (kept,) = Path(settings["ORGKIT_OUTPUTS"]).glob("*/*-02-units-*/approval.json")
    approval = json.loads(kept.read_text())
    assert (approval["how"], approval["approver"]) == ("second person", "ada")
    assert approval["authenticated_as"] == approver[1].replace("ACCOUNT", MANAGEMENT)
    assert [c for c in sandbox.calls() if c["operation"] == "CreateOrganizationalUnit"]


def test_the_library_example_runs_and_makes_the_organization(tmp_path, shell, sandbox):
    (example,) = blocks(LIBRARY, "python")
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
