"""A rehearsal as a person reads it: in a terminal; and its records in a browser, from a file, without a network."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

from orgkit.records.catalogue import account_folders, list_records
from orgkit.records.catalogue_page import write_page
from orgkit.records.outputs import write_plan
from orgkit.records.seal import seal
from orgkit.records.verify.verify import verify_all
from tests.bootstrap.project import Done, Project
from tests.bootstrap.test_rehearsal import LABELS
from tests.browser import CHROMIUM, FLAGS, needs_browser
from tests.records.test_record_page import PLAN
from tests.records.test_seal import approved, run_folder

REST_OF_LONG_TABLES = "tbody tr:nth-child(n+5)"  # as the rows above them, and axe takes its time
# What the second scheme and width can change; all other rules have the same to say of both.
OF_SCHEME_AND_WIDTH = {"runOnly": ["color-contrast", "link-in-text-block", "scrollable-region-focusable"]}

REMOVE = "selector => document.querySelectorAll(selector).forEach(each => each.remove())"


@pytest.fixture(scope="module")
def rehearsed(project: Project) -> Done:
    """A rehearsal, and what it printed."""
    return project.orgkit("rehearse", project.file)


@pytest.fixture(scope="module")
def records(project: Project, rehearsed: Done) -> dict[str, Path]:  # the rehearsal makes them
    """The HTML of each phase of the rehearsal."""
    return {file.stem: file for file in project.folder.glob("outputs/sandbox/*/*/*/[0-9]*.html")}


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield browser.new_page(viewport={"width": 1100, "height": 1400})
        browser.close()


def opened(page: Page, file: Path) -> tuple[str, list[str], list[str]]:
    """Return the page's text, the requests other than the file itself, and the messages of the console."""
    requests: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(file.as_uri())
    page.wait_for_load_state("networkidle")
    return page.inner_text("body"), [url for url in requests if not url.startswith(("data:", file.as_uri()))], said


def test_what_a_person_reads_fits_80_columns_and_names_everything(project, rehearsed):
    commands = [line for line in rehearsed.stdout.splitlines() if line.startswith("  orgkit ")]
    assert commands == [f"  orgkit apply {project.file}"], "whole, however long the path is"
    assert max(len(line) for line in rehearsed.stdout.splitlines() if line not in commands) <= 80
    for expected in ("organization root", *LABELS, "USD ", "7 records in outputs/sandbox/", "nothing touched AWS"):
        assert expected in rehearsed.stdout
    phases = [line.split() for line in rehearsed.stderr.splitlines() if line[:2].isdigit() and ": " not in line]
    assert [words[:2] for words in phases] == [[n, "done"] for n in LABELS]
    counts = [" ".join(words).partition(" s ")[2] for words in phases]
    assert all(not count or count.split()[0] == count.split()[2] for count in counts), counts  # 3 of 3 steps done


@needs_browser
def test_no_record_asks_for_anything_beside_itself(page, records):
    assert len(records) == 7
    for file in records.values():
        _, requests, message = opened(page, file)
        assert requests == []
        assert message == []


@needs_browser
def test_a_record_shows_tree_plan_approval_and_outcome(page, records):
    text, _, _ = opened(page, records["03-accounts"])
    assert "03-accounts: Create the member accounts" in text
    assert text.index("✓ done") < text.index("What changed") < text.index("What it costs") < text.index("Approve\n")
    assert "└─ log-archive" not in text  # folded, since the picture says the same
    assert "create account website-prod <aws-website-prod@example.com>" in text
    assert "6 of 6 step(s) done" in text
    assert "nothing left to do" in text
    (picture,) = page.locator("img, svg").all()
    assert picture.bounding_box()["height"] > 100
    page.get_by_text("The same as text").click()
    assert "└─ + log-archive" in page.inner_text("figure")


@needs_browser
def test_the_costs_stand_in_their_record_with_their_sources(page, records):
    text, _, _ = opened(page, records["06-costs"])
    assert "low" in text
    assert "high" in text
    assert "https://aws.amazon.com/cloudtrail/pricing/" in text
    assert "log-archive" in text


@needs_browser
def test_a_record_fits_a_phone(page, records):
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, records["01-organization"])
    assert page.evaluate("document.documentElement.scrollWidth") <= 391
    page.set_viewport_size({"width": 1100, "height": 1400})


@pytest.fixture(scope="module")
def pages(records: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each kind of page: of phases, of a run that failed in doubt and of one that waits, and the list of records."""
    folder = tmp_path_factory.mktemp("pages")
    sent = {"event": "intent", "intent": "1", "step": PLAN.steps[0].id, "sentence": PLAN.steps[0].sentence}
    stop = {"event": "stop", "exit_code": 5, "summary": "A step failed.", "why": "AWS refused it.", "do": "ask again."}
    approval, apply = approved(PLAN)
    steps = [{"id": step.id, "sentence": step.sentence} for step in PLAN.steps]
    failed = run_folder(folder, approval, {**apply, "steps": steps}, sent, stop, end=False)
    commands = ["aws organizations accept-handshake --handshake-id h-1 --profile the-owner-of-the-account-111111111111"]
    verified = {"event": "verified", "passed": True, "left": [], "waiting": ["somebody accepts"], "commands": commands}
    waiting = run_folder(folder, verified, {"event": "end"}, end=False)
    for run in (failed, waiting):
        write_plan(run, PLAN)
        seal(run)
    base = folder / "outputs"
    catalogue = write_page(base, list_records(base), [verify_all(place) for place in account_folders(base)])
    return {
        **{phase: records[phase] for phase in ("00-management-account", "03-accounts", "06-costs")},
        "failed": failed / "02-units.html", "waiting": waiting / "02-units.html", "catalogue": catalogue,
    }  # fmt: skip


@needs_browser
@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1100)])
def test_axe_finds_nothing_serious_in_any_page(page, pages, scheme, width, report):
    """Contrast hangs on the scheme, and what is scrolled on the width: together these two have all four."""
    rules = OF_SCHEME_AND_WIDTH if scheme == "dark" else None
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    found = {}
    for name, file in pages.items():
        page.goto(file.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
        page.evaluate(REMOVE, REST_OF_LONG_TABLES)
        violations = Axe().run(page, options=rules).response["violations"]
        found[name] = [f"{v['impact']}: {v['id']} ({len(v['nodes'])})" for v in violations]
    report(
        "\n".join(f"axe-core, {scheme}, {width}: {name}: {', '.join(ids) or 'nothing'}" for name, ids in found.items())
    )
    serious = [line for ids in found.values() for line in ids if line.startswith(("serious", "critical"))]
    assert serious == []


@needs_browser
def test_axe_would_have_seen_a_color_that_is_hard_to_read(page, pages):
    page.goto(pages["failed"].as_uri())
    page.evaluate("document.querySelector('.outcome b').style.color = 'silver'")
    page.emulate_media(color_scheme="light")
    violations = Axe().run(page, options=OF_SCHEME_AND_WIDTH).response["violations"]
    assert "color-contrast" in [v["id"] for v in violations]


@needs_browser
def test_the_list_of_records_is_filtered_without_a_script(page, pages):
    without_scripts = page.context.browser.new_context(java_script_enabled=False).new_page()
    without_scripts.goto(pages["catalogue"].as_uri())
    rows = without_scripts.locator(".records tbody tr").all()
    assert [row.is_visible() for row in rows] == [True, True]
    for choice, outcome in (("waiting for someone", "waiting"), ("ended early", "failed")):
        without_scripts.get_by_label(choice).check()
        (visible,) = [row for row in rows if row.is_visible()]
        assert outcome in visible.inner_text()
    without_scripts.context.close()


@needs_browser
def test_a_printed_record_cuts_no_table_off(page, records):
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 690, "height": 900})  # A4 without its margins
    for file in records.values():
        page.goto(file.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 691, file.name
    page.emulate_media(media="screen")
