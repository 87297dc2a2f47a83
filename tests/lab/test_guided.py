"""The whole bootstrap by clicking, in a real JupyterLab on the sandbox: what a person does, and what they do wrong."""

import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from orgkit.engine.apply import apply
from orgkit.engine.connect import connect
from orgkit.engine.observe import observe
from orgkit.journal.events import read_events
from orgkit.model.matching import IdIndex
from orgkit.parameters import load
from orgkit.phases.registry import PHASES
from orgkit.phases.registry import plan as plan_phase
from orgkit.records.manifest import MANIFEST
from orgkit.rehearsal.bootstrap import environment
from orgkit.runbook.interactive.jupyterlab import PAGES
from tests.bootstrap.project import CHECKOUT, EXAMPLE, Project, new_project
from tests.browser import needs_browser
from tests.conftest import Tell
from tests.environments import make_environment
from tests.lab.guide import SHOWN, Guide, Lab, chromium, notebook_on_aws, open_start_page, opened

pytestmark = needs_browser
SCREENSHOTS = "SCREENSHOTS_OF_TESTS"  # the variable that names a folder for them
REMARK = "# The account that keeps the logs of all the others, and nothing else."


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A file with two faults: an email that is in it twice, and a unit that nobody makes."""
    made = new_project(tmp_path / "project")
    text = EXAMPLE.read_text().replace('"aws-log-archive@example.com"', '"aws-website-prod@example.com"')
    text = text.replace('unit = "Production"', 'unit = "Prodution"')
    made.file.write_text(text)
    return made


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return pictures_in(tmp_path)


def pictures_in(folder: Path) -> Path:
    """Where the screenshots go: the folder that SCREENSHOTS_OF_TESTS names, else that of a failure alone."""
    place = Path(os.environ.get(SCREENSHOTS, folder / "screenshots"))
    place.mkdir(parents=True, exist_ok=True)
    return place


@pytest.fixture(scope="module")
def program() -> Iterator[Browser]:
    with chromium() as program:
        yield program


def led(program: Browser, lab: Lab, pictures: Path) -> AbstractContextManager[Guide]:
    return open_start_page(program, lab, pictures, takes_pictures=SCREENSHOTS in os.environ)


MOST_GESTURES = 6  # of a phase that changes something; on AWS one more, the account's id


class Watch:
    """Seconds and gestures of each part."""

    def __init__(self, guide: Guide) -> None:
        self.guide, self.lines = guide, [f"{'part':<26}seconds  gestures  on the shortest path"]

    @contextmanager
    def part(self, name: str, most: int = 99) -> Iterator[None]:
        guide = self.guide
        began, clicks, detours = time.monotonic(), guide.clicks, guide.detours
        yield
        total = guide.clicks - clicks
        shortest = total - guide.detours + detours
        self.lines.append(f"{name:<26}{time.monotonic() - began:7.1f}  {total:8}  {shortest:8}")
        assert shortest <= most, name


def test_a_person_is_led_from_a_bad_file_to_an_organization(
    project: Project, tmp_path: Path, pictures: Path, program: Browser, report: Tell
) -> None:
    with opened(project, tmp_path, project.file) as lab, led(program, lab, pictures) as guide:
        watch = Watch(guide)
        with watch.part("parameters file"):
            mend_the_file(guide, project)
        with watch.part("00-management-account"):
            guide.open("00")
            guide.next_step("Run this phase")
            guide.at_step("done")
            guide.shows("Verified")
            guide.picture("00-done")
        with watch.part("01-organization", MOST_GESTURES):
            organization(guide)
        with watch.part("02-units", MOST_GESTURES):
            reject_then_approve(guide)
        with watch.part("03-accounts", MOST_GESTURES):
            reload_before_the_approval(guide)
        with watch.part("04-imports", MOST_GESTURES):
            restart_after_the_approval(guide)
        with watch.part("05-trail", MOST_GESTURES):
            trail(guide)
        with watch.part("06-costs"):
            guide.open("06")
            guide.next_step("Run this phase")
            guide.at_step("done")
            guide.picture("06-costs", "estimate_stages.bars(")
            guide.shows("That was the last phase")
            guide.saved()
        guide.start_page()
        assert set(guide.states().values()) == {"done"}, guide.states()
        guide.picture("start-done")
        is_as_the_file_asks(guide)
        dark(guide)
        the_banner_of_aws_has_the_alias_and_another_color(guide)
        guide.page.evaluate("() => { window.jupyterapp.commands.execute('launcher:create'); }")
        guide.page.wait_for_selector(".jp-LauncherCard:has-text('All phases')")
        output = lab.end()
    records_are_sealed_and_readable(lab.records, output)
    a_record_reads_well_on_a_phone(program, lab.records, guide.pictures if guide.takes_pictures else None)
    report(
        "\n".join(
            [
                "guided bootstrap by clicking (tests/lab)",
                *watch.lines,
                *([f"screenshots in {pictures}"] if guide.takes_pictures else []),
            ]
        )
    )


def mend_the_file(guide: Guide, project: Project) -> None:
    assert guide.states() == {}  # the form is offered, and no table of what is not known
    guide.shows("accounts.website-prod.unit")
    guide.picture("start-bad-file")
    guide.next_step("Fill in the form")
    guide.page.wait_for_selector("text=2 problems")
    guide.picture("form-problems", "page.parameters(")
    guide.fill("log-archive: root email", "aws-log-archive@example.com")
    guide.page.wait_for_selector("text=1 problem")
    guide.fill("website-prod: unit", "Production")
    guide.page.wait_for_selector("text=The file is well-formed.")
    guide.page.wait_for_selector("text=(estimate; prices of")
    guide.click(guide.notebook().get_by_role("button", name="Save the file"))
    guide.page.wait_for_selector("text=Saved to parameters/acme.toml.")
    guide.picture("form-saved", "page.parameters(")
    assert project.file.read_text() == EXAMPLE.read_text()  # every remark is still there
    assert REMARK in project.file.read_text()
    assert guide.banner().locator(".orgkit-where").is_visible()  # whose account this is, also next to the form
    guide.next_step("Read AWS")
    guide.page.wait_for_selector(f"{SHOWN} .orgkit-phases")
    guide.settled()
    assert guide.states()["01"] == "ready"
    assert guide.states()["02"] == "not yet"
    guide.picture("start")


def organization(guide: Guide) -> None:
    """Planning changes nothing; half a digest approves nothing; the form is in view, and no error is."""
    guide.open_next("01")
    guide.plan()
    guide.shows("Awaiting approval: nothing was changed.")
    guide.page.wait_for_function("document.activeElement.value === 'Jane Doe'")  # the form has come into view
    assert guide.is_in_view(".orgkit-form")
    assert guide.errors() == []
    guide.picture("01-plan", "stages.proposal(")
    with guide.detour():
        guide.approve(digest="0000")
        guide.shows("Type the first 8 characters")
    guide.approve()
    without_the_extension_the_menu_is_named(guide)
    guide.picture("01-approved", "stages.approve(")
    assert guide.lab.changes() == []
    guide.apply()
    assert "Approved by Jane Doe, for OPS-7 (button)" in guide.cell("stages.apply(").inner_text()
    guide.shows("10 of 10 step(s) done")
    guide.picture("01-applied", "stages.apply(")
    with guide.detour():
        guide.run_from("stages.apply(")  # once more: nothing is left of it
        guide.save()
    assert guide.lab.changes().count("organizations:CreateOrganization") == 1


def without_the_extension_the_menu_is_named(guide: Guide) -> None:
    button = guide.notebook().locator(".orgkit-apply")
    sentence = guide.notebook().get_by_text("Run Selected Cell and All Below")
    button.wait_for()  # it comes after the decision that the form has shown
    assert (button.is_visible(), sentence.is_visible()) == (True, False)
    guide.page.evaluate("document.body.classList.remove('orgkit-extension')")
    assert (button.is_visible(), sentence.is_visible()) == (False, True)
    guide.page.evaluate("document.body.classList.add('orgkit-extension')")


def reject_then_approve(guide: Guide) -> None:
    guide.open_next("02")
    a_key_deletes_and_edits_no_cell(guide)
    guide.plan()
    before = guide.lab.changes()
    with guide.detour():
        guide.click(guide.notebook().get_by_role("button", name="Reject"))
        guide.at_step("rejected")
        guide.run_from("stages.apply(")
        guide.shows("the plan was rejected by Jane Doe")
        assert guide.lab.changes() == before
        guide.picture("02-rejected", "stages.approve(")
        guide.next_step("Plan again")
        guide.at_step("asking")
    guide.approve()
    guide.apply()
    guide.shows("planned again, and there is nothing left to do")


def reload_before_the_approval(guide: Guide) -> None:
    """Run All on a fresh 03: no change. Then the page is reloaded, and the form still works."""
    guide.open_next("03")
    before = guide.lab.changes()
    guide.plan()
    stopped_at_the_gate(guide)
    assert guide.lab.changes() == before
    guide.picture("03-plan", "stages.proposal(")
    with guide.detour():
        guide.save()
        guide.reload_until(".widget-text input")
    guide.approve()
    guide.apply()
    assert "Approved by Jane Doe, for OPS-7 (button)" in guide.cell("stages.apply(").inner_text()
    guide.picture("03-applied", "stages.apply(")


def stopped_at_the_gate(guide: Guide) -> None:
    """The cells below the gate were dropped, the run has begun no apply, and AWS gets no call while nobody decides."""
    prompts = guide.prompts()
    gate = next(place for place, (source, _) in enumerate(prompts) if "stages.apply(" in source)
    assert all(count for _, count in prompts[: gate + 1])
    assert [count for _, count in prompts[gate + 1 :]] == [None] * 3
    events = [event["event"] for event in read_events(guide.lab.last_run() / "events.jsonl")]
    assert events[-1] == "stop"
    assert "apply" not in events
    calls = len(guide.lab.sandbox.calls())
    with guide.detour():
        guide.run_from("stages.apply(")
    assert len(guide.lab.sandbox.calls()) == calls


def restart_after_the_approval(guide: Guide) -> None:
    """What was approved is forgotten with the kernel, and so nothing is applied."""
    guide.open_next("04")
    with guide.detour():
        guide.plan()
        guide.approve()
        before = guide.lab.changes()
        guide.menu("Kernel", "Restart Kernel…")
        guide.click(guide.page.locator(".jp-Dialog").get_by_role("button", name="Confirm Kernel Restart"))
        guide.page.wait_for_timeout(1500)
        guide.settled()
        guide.run_from("stages.apply(")
        guide.shows("This cell needs the cells above it; nothing was changed.")
        assert guide.errors() == ["CellOutOfOrder"]
        guide.picture("04-out-of-order", "stages.apply(")
    guide.plan()
    guide.shows("Awaiting approval: nothing was changed.")
    assert guide.lab.changes() == before
    with guide.detour():
        guide.approve_by_keyboard()
    guide.clicks += 3  # the same with a mouse: ticket, digest, button
    guide.apply()
    guide.shows("nothing left to do")
    guide.picture("04-applied", "stages.apply(")


def trail(guide: Guide) -> None:
    """A plan that is no longer what would happen is not applied, although it was approved."""
    guide.open_next("05")
    guide.plan_with_the_cursor_in_the_form()
    guide.approve()
    client = guide.lab.client("organizations")
    (root,) = items(client, "list_roots", "Roots")
    root = root["Id"]
    account = next(a["Id"] for a in items(client, "list_accounts", "Accounts") if a["Name"] == "log-archive")
    (parent,) = items(client, "list_parents", "Parents", ChildId=account)
    unit = parent["Id"]
    guide.apply()
    assert "Logging" in guide.shown() or "logging" in guide.shown()
    guide.picture("05-applied", "stages.apply(")
    with guide.detour():
        client.move_account(AccountId=account, SourceParentId=unit, DestinationParentId=root)
        guide.start_page()
        assert guide.states()["03"] == "drifted"
        guide.picture("start-drifted")
        guide.open("03")
        guide.plan()
        guide.approve()
        client.move_account(AccountId=account, SourceParentId=root, DestinationParentId=unit)
        client.tag_resource(ResourceId=account, Tags=[{"Key": "Name", "Value": "else"}])
        changed = guide.lab.changes()
        guide.click(guide.notebook().locator(".orgkit-apply"))
        guide.at_step("stopped")
        guide.shows("The approval does not fit: nothing was changed.")
        assert guide.lab.changes() == changed
        guide.picture("03-stale", "stages.apply(")
        guide.plan()
        guide.approve()
        guide.apply()
        guide.shows("nothing left to do")
        guide.start_page()


def is_as_the_file_asks(guide: Guide) -> None:
    """Asked of the server, by plain boto3."""
    client = guide.lab.client("organizations")
    (root,) = items(client, "list_roots", "Roots")
    units = items(client, "list_organizational_units_for_parent", "OrganizationalUnits", ParentId=root["Id"])
    found = {
        unit["Name"]: {a["Name"] for a in items(client, "list_accounts_for_parent", "Accounts", ParentId=unit["Id"])}
        for unit in units
    }
    assert found == {"Production": {"website-prod"}, "Infrastructure": {"dns"}, "Security": {"log-archive"}}
    assert client.describe_organization()["Organization"]["FeatureSet"] == "ALL"
    assert guide.lab.client("cloudtrail").get_trail_status(Name="org-trail")["IsLogging"]


def items(client: Any, operation: str, member: str, **parameters: str) -> list[dict[str, Any]]:
    """Every item: the sandbox's pages are sometimes empty, as AWS's are."""
    pages = client.get_paginator(operation).paginate(**parameters)
    return [item for page in pages for item in page[member]]


def dark(guide: Guide) -> None:
    """The same in the dark theme, and back."""
    for theme, is_light in (("JupyterLab Dark", "false"), ("JupyterLab Light", "true")):
        guide.page.evaluate("theme => { window.jupyterapp.commands.execute('apputils:change-theme', {theme}); }", theme)
        guide.page.wait_for_selector(f"body[data-jp-theme-light='{is_light}']", state="attached")
        if is_light == "false":
            guide.picture("start-dark")


def the_banner_of_aws_has_the_alias_and_another_color(guide: Guide) -> None:
    """No call goes to AWS: the notebook says of itself that it is for AWS. Its cell cannot be deleted by a key."""
    color = "node => getComputedStyle(node).backgroundColor"
    sandbox = guide.banner().locator(".orgkit-inner").evaluate(color)
    notebook = notebook_on_aws(guide.lab.project.folder, "123456789012", "acme-management")
    guide.open_file(notebook)
    assert guide.banner().locator(".orgkit-where").inner_text() == "\u26a0 AWS account 123456789012"
    guide.run_all()
    guide.banner().get_by_text("\u26a0 AWS account 123456789012 (acme-management)").wait_for()
    assert guide.banner().locator(".orgkit-inner").evaluate(color) != sandbox
    guide.picture("aws-banner")


def a_key_deletes_and_edits_no_cell(guide: Guide) -> None:
    """In command mode `d d` deletes a cell, and `x` cuts it out."""
    before = guide.prompts()
    with guide.detour():
        guide.notebook().locator(".jp-MarkdownCell").first.click()
        for key in ("d", "d", "x"):
            guide.page.keyboard.press(key)
        guide.page.keyboard.press("Enter")
        guide.page.keyboard.type("typed")
        guide.page.keyboard.press("Escape")
    assert guide.prompts() == before
    assert guide.notebook().locator(".jp-MarkdownCell", has_text="typed").count() == 0


def records_are_sealed_and_readable(records: Path, output: str) -> None:
    runs = [run for run in records.glob("999999999999/*-0*-*") if (run / "events.jsonl").exists()]
    assert {re.sub(r"^[^-]+-(.*)-[0-9a-f]{8}$", r"\1", run.name) for run in runs} == {
        phase.run_label for phase in PHASES
    }
    for run in runs:
        manifest = json.loads((run / MANIFEST).read_text())
        result = json.loads((run / "result.json").read_text())
        assert manifest["outcome"] == "done", (run, result)
        (notebook,) = run.glob("*.ipynb")
        assert "vnd.jupyter.widget" not in notebook.read_text()
        assert "VBox(" not in notebook.read_text()
        assert run.name in output
    assert "Traceback" not in output


def a_record_reads_well_on_a_phone(program: Browser, records: Path, pictures: Path | None) -> None:
    """What was decided in the form stands there as text, and nothing has to be pushed aside."""
    page_of_03 = min(records.glob("999999999999/*-03-accounts-*/03-accounts.html"))
    page = program.new_page(viewport={"width": 390, "height": 844})
    page.goto(page_of_03.as_uri())
    text = page.inner_text("body")
    assert "Approved by Jane Doe, for OPS-7 (button)" in text
    assert "VBox" not in text
    assert "widget" not in text.lower()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    if pictures:
        page.screenshot(path=pictures / "record-phone.png", full_page=True)
    page.close()


@dataclass(frozen=True)
class Fresh:
    """What the server's log has of changes after Run All on a 03 whose plan nobody has approved, and its records."""

    changes: list[str]
    changes_of_mutant: list[str]
    results: list[Path]


@pytest.fixture(scope="module")
def fresh(program: Browser, tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    """Run All on two copies of 03, in one JupyterLab: orgkit as it is, and with a gate that lets everything through.

    It has a copy of orgkit, which is changed in between, and the oldest ipykernel; the test above has the newest one.
    """
    folder = tmp_path_factory.mktemp("fresh")
    project, copy = new_project(folder / "project"), copy_of_orgkit(folder / "copy")
    packages = make_environment(".venv-ipykernel6").parent / "packages"
    path = os.pathsep.join(map(str, (copy, packages)))
    with opened(project, folder / "jupyterlab", project.file, PYTHONPATH=path) as lab:
        with environment(lab.sandbox.environment()):
            for phase in ("organization", "units"):
                desired = load(project.file)
                aws = connect(desired)
                observed = observe(aws, desired, phase)
                plan = plan_phase(phase, observed, desired)
                apply(aws, plan, IdIndex(observed, desired), lambda: pytest.fail("an answer was lost"))
        lab.sandbox.forget_calls()
        with led(program, lab, pictures_in(folder)) as guide:
            guide.run_all()
            guide.open("03")
            guide.run_all()
            guide.run_all()
            stopped_at_the_gate(guide)
            changes = lab.changes()
            let_everything_through(copy)
            guide.start_page()
            guide.open("03")  # another copy, since this one was run, with a kernel of its own
            guide.run_all()
            changes_of_mutant = lab.changes()[len(changes) :]
        lab.end()
    return Fresh(
        changes, changes_of_mutant, sorted(project.folder.glob("outputs/sandbox/*/*/*-03-accounts-*/result.json"))
    )


def copy_of_orgkit(copy: Path) -> Path:
    """With byte code, which is valid for the copy too."""
    for folder in ("orgkit", "runbooks", "docs"):
        shutil.copytree(CHECKOUT / folder, copy / folder)
    for page in PAGES:
        shutil.copy(CHECKOUT / page, copy / page)
    return copy


def let_everything_through(copy: Path) -> None:
    gate = copy / "orgkit" / "runbook" / "gate.py"
    refuses = "        if self.approval is None:\n            run ="
    assert refuses in gate.read_text()
    lets_through = (
        '        if self.approval is None:\n            self.accept("nobody", "", "mutant")\n        if False:\n'
    )
    gate.write_text(gate.read_text().replace(refuses, f"{lets_through}            run ="))


def test_run_all_on_a_fresh_03_changes_nothing_and_its_record_awaits_approval(fresh: Fresh) -> None:
    assert fresh.changes == []
    result, _ = fresh.results
    assert json.loads(result.read_text())["outcome"] == "awaiting approval"
    assert json.loads(result.with_name("manifest.json").read_text())["packages"]["ipykernel"].startswith("6.31")
    assert "Awaiting approval: nothing was changed." in result.with_name("03-accounts.html").read_text()


def test_without_the_gate_s_refusal_the_test_above_would_fail(fresh: Fresh) -> None:
    """A copy of orgkit in which the gate lets everything through makes accounts; that it does is seen."""
    assert "organizations:CreateAccount" in fresh.changes_of_mutant
    _, result = fresh.results
    assert json.loads(result.read_text())["outcome"] == "done"
