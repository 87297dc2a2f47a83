"""A record as a stranger opens it: in a browser, from a file, without a network."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.bootstrap.project import Project
from tests.browser import CHROMIUM, FLAGS, needs_browser

pytestmark = needs_browser


@pytest.fixture(scope="module")
def records(project: Project) -> dict[str, Path]:
    """The HTML of each phase of a rehearsal."""
    done: dict[str, Any] = project.json("rehearse", project.file)
    return {each["phase"]: next(Path(each["record"]).glob("*.html")) for each in done["phases"]}


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


def test_no_record_asks_for_anything_beside_itself(page, records):
    assert len(records) == 7
    for file in records.values():
        _, requests, message = opened(page, file)
        assert requests == []
        assert message == []


def test_a_record_shows_tree_plan_approval_and_outcome(page, records):
    text, _, _ = opened(page, records["03-accounts"])
    assert "03-accounts: done" in text
    assert "└─ log-archive" in text
    assert "create account website-prod <aws-website-prod@example.com>" in text
    assert "6 of 6 step(s) done" in text
    assert "nothing left to do" in text
    pictures = page.locator("img, svg")
    assert pictures.count() >= 3
    assert all(picture.bounding_box()["height"] > 100 for picture in pictures.all())


def test_the_costs_stand_in_their_record_with_their_sources(page, records):
    text, _, _ = opened(page, records["06-costs"])
    assert "low" in text
    assert "high" in text
    assert "https://aws.amazon.com/cloudtrail/pricing/" in text
    assert "log-archive" in text


def test_a_record_fits_a_phone(page, records):
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, records["01-organization"])
    assert page.evaluate("document.documentElement.scrollWidth") <= 391
    page.set_viewport_size({"width": 1100, "height": 1400})
