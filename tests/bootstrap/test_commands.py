"""What stands next to the phases: doctor, a shell on the sandbox, --profile, --debug, completion, and init."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orgkit.aws.executor import THREADS
from tests.bootstrap.project import Project, Stage
from tests.bootstrap.terminal import Terminal

CALL = re.compile(
    r"^aws service=\S+ operation=\S+ account=(\d{12}|-) region=\S+ attempt=\d+ ms=\d+ status=\d{3}( \w+)? "
    r"request-id=\S+$"
)
READING = re.compile(r"^aws read=(\S+) calls=(\d+) throttled=\d+ seconds=\d+\.\d\d threads=(\d+)$")


def test_debug_prints_a_line_for_each_call_and_neither_bodies_nor_credentials(stage: Stage) -> None:
    stage.begin("organization")
    done = stage.project.orgkit("plan", stage.project.file, "02", "--debug", code=3)
    lines = done.stderr.splitlines()
    calls = [line for line in lines if CALL.match(line)]
    assert len(calls) == len(stage.sandbox.calls())
    readings = [(line, READING.match(line)) for line in lines if line not in calls]
    assert [match[1] if match else line for line, match in readings] == ["tree", "findings"]
    assert {match[3] for _, match in readings if match} == {str(THREADS)}
    counted = sum(int(match[2]) for _, match in readings if match)
    assert counted == len(calls) - 1, "all calls but the one that asks who calls"
    keys = [key for file in (stage.sandbox.folder / "aws").glob("*.key*") for key in file.read_text().split()]
    secrets = [key for key in keys if len(key) > 15]
    assert [secret for secret in secrets if secret in done.stderr] == []
    assert "Authorization" not in done.stderr
    plain = stage.project.orgkit("plan", stage.project.file, "02", code=3).stderr.splitlines()
    assert [line for line in plain if not line.startswith("reading ")] == [], "it may show how far it is"


def test_a_profile_goes_before_keys_in_the_environment_and_an_unknown_one_is_explained(stage: Stage) -> None:
    stage.begin()
    keys = {"AWS_ACCESS_KEY_ID": "ASIANOTTHESEKEYS1234", "AWS_SECRET_ACCESS_KEY": "x", "AWS_SESSION_TOKEN": "x"}
    keys["AWS_DEFAULT_PROFILE"] = "user"  # which botocore reads before AWS_PROFILE
    stage.project.orgkit("plan", stage.project.file, "01", "--profile", "management", code=3, **keys)
    refused = stage.project.orgkit("plan", stage.project.file, "01", "--profile", "root", code=1, **keys)
    assert "root user" in refused.stderr
    unknown = stage.project.orgkit("plan", stage.project.file, "01", "--profile", "acme-prod", code=1)
    text = " ".join(unknown.stderr.split())
    assert "acme-prod" in text
    assert "`aws configure list-profiles` prints the profiles that are there: name one of them with --profile" in text


@pytest.mark.parametrize("option", ["--profile", "--endpoint-url"])
def test_a_blank_option_is_refused_since_it_would_stand_for_other_credentials(project: Project, option: str) -> None:
    for blank in ("", " "):
        assert f"Invalid value for '{option}': it is empty" in project.orgkit("doctor", option, blank, code=2).stderr


def test_doctor_names_what_is_wrong_with_its_fix(stage: Stage) -> None:
    stage.begin()
    checks = {check["subject"]: check for check in stage.project.json("doctor", stage.project.file)["checks"]}
    assert {"Python", "extra lab", "records", "proxy", "credentials", "account", "MFA", "clock", "regions"} <= set(
        checks
    )
    assert "credential_process, profile management, until " in checks["credentials"]["text"]
    assert {check["state"] for check in checks.values()} <= {"ok", "warning"}
    proxy = {"HTTPS_PROXY": "http://user:hush-hush@127.0.0.1:9"}
    done = stage.project.orgkit("doctor", stage.project.file, "--profile", "root", code=1, **proxy)
    assert re.search(r"problem  account: they are those of the root user.*\n +fix: sign in", done.stdout)
    assert "HTTPS_PROXY=127.0.0.1:9" in done.stdout
    assert "hush" not in done.stdout
    assert stage.changes() == []


@pytest.fixture
def running(project: Project) -> Iterator[Project]:
    project.orgkit("sandbox", "start", project.file)
    yield project
    project.orgkit("sandbox", "stop")


def test_a_command_and_a_shell_on_the_sandbox_reach_it_and_nothing_else(
    running: Project, aws_cli: Path, poison: dict[str, str], tmp_path: Path
) -> None:
    settings = {name: value for name, value in poison.items() if name.startswith(("AWS_", "ORGKIT_"))}
    organizations = (aws_cli / "aws", "organizations")
    running.orgkit("sandbox", "exec", "--", *organizations, "create-organization", **settings)
    done = running.orgkit("sandbox", "exec", "--", *organizations, "list-accounts", **settings)
    assert [account["Id"] for account in json.loads(done.stdout)["Accounts"]] == ["999999999999"]
    running.orgkit("sandbox", "exec", "--", "sh", "-c", "exit 7", code=7, **settings)
    assert "cannot be run" in running.orgkit("sandbox", "exec", "--", "no-such-command", code=1).stderr
    typed = {"ORGKIT_CLOSE_ACCOUNTS": "old-team=111122223333", "ORGKIT_EMAIL_CODES": "web=A1B2C3"}
    echo = "echo $ORGKIT_CLOSE_ACCOUNTS $ORGKIT_EMAIL_CODES"
    done = running.orgkit("sandbox", "exec", "--", "sh", "-c", echo, **settings, **typed)
    assert done.stdout == "old-team=111122223333 web=A1B2C3\n", "what a person typed for this command is passed on"
    proxies = dict.fromkeys(("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:9")
    running.orgkit("sandbox", "exec", "--", *organizations, "list-roots", NO_PROXY="example.com", **proxies)
    shown = running.orgkit("sandbox", "exec", running.bin / "orgkit", "apply", "--help").stdout
    assert "Usage: orgkit apply " in shown, "options after the command are the command's own"
    executed = ("sandbox", "exec", "--", running.bin / "orgkit", "--version")  # in place of the process that starts it
    with Terminal(replace(running, installed=True), *executed) as terminal:
        hint = terminal.end(0)
    assert hint.endswith("before them:\n  orgkit sandbox exec --\n"), "pasted without it, a command would go to AWS"
    shell = tmp_path / "shell"
    shell.write_text('#!/bin/sh\n[ "$AWS_ENDPOINT_URL" = "$ORGKIT_ENDPOINT_URL" ] && exec env\n')
    shell.chmod(0o755)
    output = running.orgkit("sandbox", "shell", SHELL=str(shell), **settings).stdout
    assert "AWS_PROFILE=management\n" in output
    assert "POISON" not in output
    assert "AWS_ENDPOINT_URL_STS" not in output


def test_a_shell_completes_commands_and_phases(project: Project) -> None:
    def completions(words: str) -> list[str]:
        settings = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" ")), "_ORGKIT_COMPLETE": "bash_complete"}
        done = project.run(project.bin / "orgkit", **settings)
        return [line.partition(",")[2] for line in done.stdout.splitlines()]

    assert completions("orgkit appl") == ["apply"]
    assert completions("orgkit run acme.toml 0")[:3] == ["00", "01", "02"]
    assert completions("orgkit plan acme.toml un") == ["units"]


def test_init_and_check_say_what_is_there_and_what_is_still_the_example_s(project: Project) -> None:
    again = project.orgkit("init", project.folder, code=1).stderr
    assert again.startswith("A project is there already: nothing was written.\n")
    assert f"orgkit check {project.file}" in " ".join(again.split())
    done = " ".join(project.orgkit("check", project.file).stdout.split())
    assert "warning: this looks like an example's id: organization (999999999999)" in done
    assert "warning: no mail can arrive at organization (aws-management@example.com)" in done
    assert done.endswith(f"next orgkit rehearse {project.file}")
    folder = " ".join(project.orgkit("check", project.file.parent, code=2).stderr.split())
    assert "is a folder; name the .toml file in it." in folder
    assert "acme.toml" in folder
