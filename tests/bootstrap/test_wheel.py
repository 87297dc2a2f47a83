"""From an installed wheel, outside a checkout: `orgkit init`, and `orgkit rehearse` of the example."""

import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Any

import pytest

from orgkit.parameters.json_schema import SCHEMA_FILE
from orgkit.phases.registry import RUNBOOKS
from orgkit.records.verify.verify import verify_all, verify_one
from orgkit.sandbox.lifecycle import find
from tests.bootstrap.project import CHECKOUT, Project
from tests.bootstrap.test_rehearsal import LABELS, accounts_in
from tests.supply.only_declared.settings import with_only


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A venv with the wheel in it; its other packages are those of this one, without the checkout."""
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place / "dist")]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True)
    (wheel,) = (place / "dist").glob("*.whl")
    venv.create(place / "venv")
    python = place / "venv" / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel],
        check=True,
        capture_output=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("PIP_")},
    )
    (packages,) = (place / "venv" / "lib").glob("python*/site-packages")
    # A .pth would also run the editable install's own hook; a plain path in a .pth does not.
    (packages / "locked.pth").write_text(f"{sysconfig.get_paths()['purelib']}\n")
    # Packages that install data outside site-packages find it in their own prefix: nbconvert its templates.
    templates = Path("share") / "jupyter" / "nbconvert"
    (place / "venv" / templates).symlink_to(Path(sys.prefix) / templates)
    return place / "venv" / "bin"


@pytest.fixture(scope="module")
def acme(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that the wheel has made."""
    folder = tmp_path_factory.mktemp("machine") / "acme"
    made = Project(folder.parent).run(installed / "orgkit", "init", folder)
    assert made.returncode == 0, made.stderr
    assert sorted(p.name for p in (folder / "outputs").iterdir()) == [".gitignore", "README.md"]
    return Project(folder, bin=installed, installed=True)


@pytest.fixture(scope="module")
def example(acme: Project, poison: dict[str, str]) -> dict[str, Any]:
    """The rehearsal of its example, under the settings of a person who works with AWS every day.

    No package is there but those of the extra.
    """
    answer: dict[str, Any] = acme.json("rehearse", **poison, **with_only("orgkit[rehearse]"))
    return answer


def test_a_project_made_by_the_wheel_rehearses_outside_a_checkout(installed, acme, example):
    where = acme.run(installed / "python", "-c", "import orgkit; print(orgkit.__file__)")
    assert str(installed.parent) in where.stdout
    assert sorted(p.name for p in acme.folder.iterdir()) == ["outputs", "parameters", "runbooks"]
    runbooks = {path.stem for path in (acme.folder / "runbooks").glob("*.ipynb")}
    assert runbooks == {"adopt", *(phase.run_label for phase in RUNBOOKS)}
    records = acme.folder / "outputs" / "sandbox"
    assert Path(example["records"]).parent == records
    assert len(list(records.glob("*/*/*/manifest.json"))) == 7


class TestTheExample:
    def test_every_phase_is_done_although_the_person_s_settings_lead_astray(self, example):
        assert [(each["phase"], each["outcome"]) for each in example["phases"]] == [(name, "done") for name in LABELS]
        assert [each["steps"] > 0 for each in example["phases"]] == [False, True, True, True, True, True, False]
        assert example["waiting"] == []

    def test_it_needs_no_package_but_those_of_its_extra(self, acme, example):
        assert {phase["outcome"] for phase in example["phases"]} == {"done"}
        (log,) = (acme.folder / "outputs" / "sandbox").glob("*/aws/server.log")
        assert "ModuleNotFoundError" not in log.read_text()

    def test_the_record_of_every_phase_holds_until_a_byte_of_it_is_turned(self, example):
        (place,) = (folder for folder in Path(example["records"]).iterdir() if folder.name == "999999999999")
        output, drawn = verify_all(place), random.Random(20261127)
        assert (output.faults, output.records, output.unsealed) == ((), len(LABELS), ())
        for run in (folder for folder in place.iterdir() if (folder / "manifest.json").is_file()):
            for file in (path for path in run.iterdir() if path.is_file()):
                content = file.read_bytes()
                for at in (0, len(content) - 1, drawn.randrange(len(content))):
                    file.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
                    assert (run.name, file.name) in {(fault.where, fault.file) for fault in verify_one(run).faults}, at
                file.write_bytes(content)
        assert verify_all(place).faults == ()

    def test_on_a_good_day_nothing_is_told_of_faults(self, example):
        assert "faults" not in example
        assert all("runs" not in phase for phase in example["phases"])

    def test_the_tree_is_the_file_s(self, example):
        found = {(path, name, email) for path, name, _, email in accounts_in(example["organization"])}
        assert found == {
            ("", "example", "aws-management@example.com"),
            ("Production", "website-prod", "aws-website-prod@example.com"),
            ("Infrastructure", "dns", "aws-dns@example.com"),
            ("Security", "log-archive", "aws-log-archive@example.com"),
        }
        ids = [account for _, _, account, _ in accounts_in(example["organization"])]
        assert "111111111111" in ids
        assert all(len(account) == 12 and account.isdigit() for account in ids)

    def test_no_notebook_that_papermill_ran_has_a_widget(self, example):
        for phase in example["phases"]:
            (notebook,) = Path(phase["record"]).glob("*.ipynb")
            kinds = {
                kind
                for cell in json.loads(notebook.read_text())["cells"]
                for output in cell.get("outputs", ())
                for kind in output.get("data", {})
            }
            assert kinds <= {"text/plain", "text/html", "image/svg+xml"}, (phase["phase"], kinds)

    def test_costs_are_amounts_in_order(self, example):
        low, expected, high = (float(example["costs"][name]) for name in ("low", "expected", "high"))
        assert 0 < low < expected < high
        assert all(isinstance(value, str) for value in example["costs"].values())

    def test_each_phase_leaves_a_sealed_record_whose_hashes_hold(self, example):
        for phase in example["phases"]:
            record = Path(phase["record"])
            manifest = json.loads((record / "manifest.json").read_text())
            there = {path.name for path in record.iterdir()} - {"manifest.json"}
            assert set(manifest["files"]) == there
            assert there >= {f"{phase['phase']}.ipynb", f"{phase['phase']}.html", "events.jsonl", "result.json"}
            for name, facts in manifest["files"].items():
                assert hashlib.sha256((record / name).read_bytes()).hexdigest() == facts["sha256"]
            assert json.loads((record / "result.json").read_text())["outcome"] == phase["outcome"]

    def test_what_was_approved_is_what_was_applied_and_the_record_says_by_whom(self, example):
        for phase in example["phases"]:
            record = Path(phase["record"])
            if not phase["steps"]:
                assert not (record / "approval.json").exists()
                continue
            approval = json.loads((record / "approval.json").read_text())
            digest = hashlib.sha256((record / "plan.json").read_bytes()).hexdigest()
            assert approval["plan_sha256"] == digest == phase["plan_sha256"]
            assert approval["digest"] == phase["digest"] != digest
            assert "orgkit rehearse" in approval["asserted_by"]
            assert approval["target"]["kind"] == "emulator"

    def test_nothing_of_it_runs_afterwards(self, example):
        assert find(Path(example["records"])) is None

    def test_no_record_knows_the_person_s_keys(self, example):
        for file in Path(example["records"]).rglob("*"):
            assert not file.is_file() or b"AKIAPOISON" not in file.read_bytes()


def test_init_never_touches_a_folder_that_has_something(installed, tmp_path):
    (tmp_path / "acme" / "runbooks").mkdir(parents=True)
    done = Project(tmp_path).run(installed / "orgkit", "init", tmp_path / "acme")
    assert done.returncode == 1
    assert "nothing was written" in " ".join(done.stderr.split())
    assert list((tmp_path / "acme").iterdir()) == [tmp_path / "acme" / "runbooks"]


def test_the_wheel_carries_the_files_of_ci(installed, tmp_path):
    done = Project(tmp_path).run(installed / "orgkit", "init", tmp_path / "acme", "--ci", "github")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "acme" / ".github" / "workflows").glob("orgkit-*.yml"))) == 3
    assert (tmp_path / "acme" / "ci" / "github-oidc.yaml").is_file()


def test_the_wheel_has_its_license_and_authors(installed):
    (metadata,) = (installed.parent / "lib").glob("python*/site-packages/orgkit-*.dist-info/METADATA")
    fields = metadata.read_text(encoding="utf-8").partition("\n\n")[0].splitlines()
    assert {"License-Expression: Apache-2.0", "License-File: LICENSE", "Author: The orgkit authors"} <= set(fields)
    assert "Classifier: Programming Language :: Python :: 3.14" in fields
    assert metadata.with_name("licenses").joinpath("LICENSE").read_bytes() == (CHECKOUT / "LICENSE").read_bytes()


def test_the_wheel_carries_the_schema_of_the_parameters_file(installed):
    (packed,) = (installed.parent / "lib").glob(f"python*/site-packages/orgkit/_project/docs/{SCHEMA_FILE}")
    assert packed.read_bytes() == (CHECKOUT / "docs" / SCHEMA_FILE).read_bytes()


def test_the_wheel_puts_the_extension_and_the_guided_kernel_where_jupyter_finds_them(installed):
    shipped = CHECKOUT / "orgkit" / "runbook" / "interactive" / "jupyter"
    place = installed.parent / "share" / "jupyter"
    files = [path.relative_to(shipped) for path in shipped.rglob("*") if path.is_file()]
    assert len(files) == 5
    assert [file for file in files if (place / file).read_bytes() != (shipped / file).read_bytes()] == []


def test_the_wheel_carries_the_pages_that_its_readme_links_to_and_no_site(installed):
    (project,) = (installed.parent / "lib").glob("python*/site-packages/orgkit/_project")
    links = re.findall(r"\]\((?!https:|#)([^)#]+)", (project / "README.md").read_text(encoding="utf-8"))
    assert len(links) > 40
    assert [link for link in links if not (project / link).is_file()] == []
    built = [path for path in project.rglob("*") if path.name in ("searchindex.js", "objects.inv", ".doctrees")]
    assert built == []


CONSUMER = """
from typing import assert_type

import orgkit

assert_type(orgkit.load("parameters/acme.toml"), orgkit.Desired)
"""


@pytest.fixture(scope="module")
def complaints(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What mypy says about a program that uses the installed orgkit, and about one that misspells a name of it."""
    folder = tmp_path_factory.mktemp("consumer")
    (folder / "consumer.py").write_text(CONSUMER)
    (folder / "misspelled.py").write_text(CONSUMER.replace("orgkit.load", "orgkit.laod"))
    cache, known = folder / "mypy", CHECKOUT / ".mypy_cache"
    if known.is_dir():
        shutil.copytree(known, cache)  # of the other packages: it counts for the same strictness alone
    command = [
        sys.executable, "-m", "mypy", "--strict", "--warn-unreachable", "--no-error-summary", "--cache-dir", cache,
        "--python-executable", installed / "python", "consumer.py", "misspelled.py",
    ]  # fmt: skip
    return Project(folder).run(*command).stdout


def test_a_type_checker_sees_the_types_of_the_installed_library(installed, complaints):
    assert list((installed.parent / "lib").glob("python*/site-packages/orgkit/py.typed"))
    assert [line for line in complaints.splitlines() if not line.startswith("misspelled.py:")] == []


def test_a_type_checker_notices_a_misspelled_name_of_the_library(complaints):
    assert 'misspelled.py:6: error: Module has no attribute "laod"' in complaints


def test_an_installation_has_no_way_to_kill_a_phase(installed, tmp_path):
    rejection = Project(tmp_path).run(installed / "orgkit", "run", "x.toml", "02", "--stop-after", "CreateUnit")
    assert rejection.returncode == 2
    assert "No such option" in rejection.stderr
    (package,) = (installed.parent / "lib").glob("python*/site-packages/orgkit")
    sources = list(package.rglob("*.py"))
    assert len(sources) > 200
    assert [file.name for file in sources if "STOP_AFTER" in file.read_text(encoding="utf-8")] == []
