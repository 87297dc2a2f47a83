"""A record whose every name was chosen by somebody who means harm: nothing of it acts, wherever it is read."""

import ast
import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orgkit.errors import NeedsDecision
from orgkit.journal.events import Journal
from orgkit.model.desired import ACCESS_ROLE
from orgkit.model.plan import Plan, Target, Waiting
from orgkit.phases.accounts.steps import CreateAccount
from orgkit.phases.registry import phase_of
from orgkit.records import html, outputs
from orgkit.records.files import RUN_FOLDER
from orgkit.records.redact import Redactor
from orgkit.records.seal import seal
from orgkit.runbook.execution.prepare import prepare
from orgkit.runbook.views.tables import as_html, as_text
from orgkit.runbook.views.views import View, render_plan
from tests.plans.loader import reviewed
from tests.runbook.hostile import HOSTILE, NAMES, check_text, words_of
from tests.runbook.test_execute import write_runbook

CHECKOUT = Path(__file__).parents[2]
ACCOUNT = "123456789012"
NOON = "2026-07-01T12:00:00+00:00"
PLACES = re.compile(
    rf"{ACCOUNT}(/index\.jsonl|/\.index\.lock|/plans(/\d{{8}}T\d{{6}}Z-accounts-[0-9a-f]{{12}}(/(plan|review)\.json)?)?"
    rf"|/{RUN_FOLDER.pattern}(/[0-9a-z-]+\.(json|jsonl|ipynb|html))?)?"
)
PATIENT = settings(suppress_health_check=list(HealthCheck))


def plan_of(name: str) -> Plan:
    step = CreateAccount(
        key="k", name=name, email=name, role_name=ACCESS_ROLE, iam_access_to_billing="DENY", tags=((name, name),),
        starts_from=name, reason=name,
    )  # fmt: skip
    output = (Waiting(name, name, (name,)),)
    target = Target(ACCOUNT, "o-exampleorgid", "aws", "aws")
    return reviewed(Plan("accounts", target, (step,), (), output, (name,), (name,)), NOON)


def shown(view: View) -> Any:
    return nbformat.v4.new_output("display_data", data=view.bundle())


def notebook_of(name: str) -> Any:
    """Every kind of output in which a name can stand."""
    stop = NeedsDecision(f"account {name} is there", f"rename {name}")
    code = nbformat.v4.new_code_cell("stages.plan(run)", execution_count=1)
    code["outputs"] = [
        shown(render_plan(plan_of(name))),
        shown(View(as_text((name,), [(name,)]), as_html((name,), [(name,)], name))),
        shown(View(name, svg=f"<svg>{name}</svg>")),
        nbformat.v4.new_output("stream", name="stderr", text=name),
        nbformat.v4.new_output("execute_result", data={"text/html": name}, execution_count=1),
        nbformat.v4.new_output("error", ename=name, evalue=name, traceback=[name, *stop._render_traceback_()]),
    ]
    cells = [nbformat.v4.new_markdown_cell(f"# {name}\n\n{name}\n\n[{name}]({name})"), code]
    return nbformat.v4.new_notebook(cells=cells, metadata={"title": name})


def record_of(name: str, base: Path) -> Path:
    """A sealed record in which everything that can be a name is this one."""
    folder, plan = outputs.new_run_folder(base, ACCOUNT, "accounts"), plan_of(name)
    outputs.write_plan(folder, plan)
    outputs.keep_plan(base, ACCOUNT, plan)
    outputs.write_approval(folder, {"asserted_by": name, "ticket": name})
    journal = Journal(folder / "events.jsonl", run=folder.name)
    journal.write("identity", account=ACCOUNT, arn=name, target=name)
    journal.write(
        "approval", asserted_by=name, how=name, at=name, ticket=name, digest=plan.digest, plan_sha256=plan.sha256
    )
    journal.write(
        "apply",
        digest=plan.digest,
        plan_sha256=plan.sha256,
        steps=[plan.steps[0].facts(), {"id": name, "sentence": name}],
    )
    journal.write("step", step=plan.steps[0].id, sentence=plan.steps[0].sentence, result="done")
    journal.write("stop", exit_code=5, summary=name, why=name, do=name)
    nbformat.write(notebook_of(name), folder / "03-accounts.ipynb")
    seal(folder)
    return folder


def check_record(name: str, base: Path) -> None:
    folder = record_of(name, base)
    assert words_of(folder / "03-accounts.html")
    for file in folder.glob("*.json"):
        assert isinstance(json.loads(file.read_text(encoding="utf-8")), dict)
    assert json.loads((folder / "plan.json").read_bytes())["steps"][0]["name"] == name
    for file in (*folder.glob("*.jsonl"), *(folder / f"{part}.json" for part in ("review", "approval", "result"))):
        check_text(file.read_text(encoding="utf-8"))
    strays = [path for path in base.rglob("*") if not PLACES.fullmatch(str(path.relative_to(base)))]
    assert not strays


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A new folder for each record; nothing may appear next to them."""

    def folders() -> Iterator[Path]:
        while True:
            yield tmp_path_factory.mktemp("record")

    return folders()


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_is_only_text_in_a_whole_record(name: str, bases: Iterator[Path]) -> None:
    check_record(name, next(bases))


@settings(PATIENT, max_examples=25)
@given(name=NAMES)
def test_any_name_is_only_text_in_a_whole_record(name: str, bases: Iterator[Path]) -> None:
    check_record(name, next(bases))


def test_what_a_page_says_is_still_the_name(bases: Iterator[Path]) -> None:
    assert words_of(record_of(HOSTILE[0], next(bases)) / "03-accounts.html").count(HOSTILE[0]) > 3


PATHS = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40)).map(
    lambda name: re.sub(r"[/\0]", "", name).encode()[:80].decode(errors="ignore")
)


@settings(PATIENT, max_examples=30)
@given(name=PATHS.filter(lambda name: name not in ("", ".", "..")))
def test_a_path_is_only_a_text_in_the_cell_that_papermill_writes(name: str, bases: Iterator[Path]) -> None:
    """The names of the project's folder and of its parameters file are a person's own; nothing else gets there."""
    base = next(bases)
    project, unit = base / name, phase_of("units")
    write_runbook(project)
    file = project / "parameters" / f"{name}.toml"
    shutil.copyfile(CHECKOUT / "parameters" / "example.toml", file)
    folder = outputs.new_run_folder(project / "outputs", ACCOUNT, unit)
    copy = prepare(unit, file, folder, approved_plan=name)
    values = {"parameters_file": str(file), "approved_plan": name, "run_folder": str(folder)}
    assert assigned(copy) == values
    assert [path.name for path in folder.iterdir()] == [copy.name]
    assert list(base.iterdir()) == [project]


def assigned(notebook: Path) -> dict[str, object]:
    """What the injected cell says, which has to be plain assignments of texts and nothing more."""
    cells = nbformat.read(notebook, as_version=4).cells
    (cell,) = [cell for cell in cells if "injected-parameters" in cell.metadata.get("tags", ())]
    lines = ast.parse(cell.source).body
    assert all(isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant) for line in lines)
    return {line.targets[0].id: line.value.value for line in lines}


LONG = (
    "eyJ", "eyJaaaaaaaa.", "<style", "<style>", "secretkey:", "bearer ", "-----BEGIN ", "&#39;", "IQoJ", "/home/",
    "https://", "https://a:", "https://a:b", "http://aaaaaaaaaaaaaaaaa", "ghp_", "ghs_aaaaaaaaaaaaaaaaaaaaaaa",
    "github_pat_", "accessToken:", "clientSecret", "AKIAAAAAAAAAAAAAAAAA,", "secret access ", "a",
)  # fmt: skip
# The slowest of them takes 0.3 seconds; a pattern whose time grows as the square of the text takes a minute.
CHARACTERS, MAX_SECONDS = 120_000, 4


@pytest.mark.parametrize("word", LONG)
def test_no_text_keeps_a_record_from_being_sealed(word: str) -> None:
    """Every pattern is done with any text in a time that grows as the text does."""
    text = word * (CHARACTERS // len(word))
    started = time.process_time()
    html.STYLE_BLOCK.sub("", text)
    Redactor().text(text)
    assert time.process_time() - started < MAX_SECONDS


UNESCAPED = re.compile(
    r"to_csv|csv\.writer|DictWriter|(?<!click)\.style\b|Styler|escape=False|to_html|text/(?!html|plain)[a-z.]+"
)


def test_there_is_no_other_way_out_for_a_name() -> None:
    """Neither CSV, in which a spreadsheet would run "=cmd|…", nor HTML of pandas, whose Styler escapes nothing.

    The one module that writes CSV makes cells safe, and one writes tables by it; everybody else asks them.
    """
    sources = [*(CHECKOUT / "orgkit").rglob("*.py"), *(CHECKOUT / "runbooks").glob("*.ipynb")]
    for safe in ("sanitize/csv.py", "costs/export.py"):
        sources.remove(CHECKOUT / "orgkit" / safe)
    found = [path.name for path in sources if "sandbox" not in path.parts and UNESCAPED.search(path.read_text("utf-8"))]
    assert len(sources) > 100
    assert found == []
