"""The site, built as `make docs` builds it: no warning, no broken link, and nothing that keeps a reader out."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from tests.browser import CHROMIUM, FLAGS, needs_browser
from tests.docs.test_readme import program

ROOT = Path(__file__).parents[2]
GUIDE, API, RUNBOOK = "docs/how-to/phases", "docs/reference/python-api", "tests/notebooks/references/06-costs"
PHONE = {"width": 390, "height": 844}
# Rows of a table, functions, classes and members that are like those above them: axe takes its time for each.
REPEATED = "tbody tr:nth-child(n+5), section > dl.py:nth-of-type(n+4), dl.py dl.py:nth-of-type(n+4)"
COLORS = {"runOnly": ["color-contrast", "link-in-text-block"]}


class Page(HTMLParser):
    """The ids of a page, what it links to, what it loads, and its text."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.text = ""
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.ids |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif tag == "link" and values.get("rel") == "stylesheet":
            self.loaded.append(values["href"])
        elif "src" in values:
            self.loaded.append(values["src"])

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the pages; the command is the one of the Makefile, with another place for what it writes."""
    (command,) = re.findall(r"-m (sphinx .*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    place = tmp_path_factory.mktemp("site")
    arguments = [word.replace(".site", str(place)) for word in shlex.split(command)]
    assert {"-W", "-n"} <= set(arguments), "warnings are errors, and references are checked"
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode == 0, done.stderr
    return place / "html"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {file.resolve(): Page(file) for file in site.rglob("*.html")}


def test_every_link_within_the_site_leads_to_a_page_and_a_place_on_it(pages: dict[Path, Page]) -> None:
    assert len(pages) > 35
    broken = [(file.name, link) for file, page in pages.items() for link in page.links if not leads(file, link, pages)]
    assert broken == []


def leads(file: Path, link: str, pages: dict[Path, Page]) -> bool:
    parts = urlsplit(link)
    if parts.scheme:
        return parts.scheme == "https"
    target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if target not in pages:
        return target.is_file()
    return not parts.fragment or unquote(parts.fragment) in pages[target].ids


def test_no_page_loads_anything_from_another_host(pages: dict[Path, Page]) -> None:
    assert [(file.name, url) for file, page in pages.items() for url in page.loaded if urlsplit(url).netloc] == []


def test_no_page_shows_markup_that_was_not_understood(pages: dict[Path, Page]) -> None:
    markup = re.compile(r"^\s*\.\. [a-z-]+::|\{(?:ref|doc|toctree|eval-rst)\}|\[[^\]]*\]\([^)]+\.md", re.MULTILINE)
    assert [(file.name, found[0]) for file, page in pages.items() if (found := markup.search(page.text))] == []


def test_the_reference_has_every_command_with_its_options(site: Path) -> None:
    text = Page(site / "docs" / "reference" / "commands.html").text
    shown = set(re.findall(r"--[a-z-]+", text))
    commands = list(commands_of(program(), "orgkit"))
    assert len(commands) > 40
    assert [name for name, _ in commands if f"{name} [OPTIONS]" not in text] == []
    assert {option for _, options in commands for option in options} - shown == set()


def commands_of(command: click.Command, name: str) -> Iterator[tuple[str, set[str]]]:
    if command.hidden:
        return
    options = [option for option in command.params if isinstance(option, click.Option) and not option.hidden]
    yield name, {word for option in options for word in option.opts if word.startswith("--")}
    if isinstance(command, click.Group):
        for child, subcommand in command.commands.items():
            yield from commands_of(subcommand, f"{name} {child}")


def test_the_runbooks_are_shown_with_what_they_printed(pages: dict[Path, Page], site: Path) -> None:
    costs = pages[(site / "tests" / "notebooks" / "references" / "06-costs.html").resolve()].text
    assert "estimate_stages.estimate(run" in costs
    assert "AWS CloudTrail" in costs


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@needs_browser
@pytest.mark.parametrize(
    ("name", "scheme"), [(GUIDE, "light"), (GUIDE, "dark"), (API, "light"), (RUNBOOK, "light"), (RUNBOOK, "dark")]
)
def test_axe_finds_nothing_on_a_page(site: Path, chromium: Browser, name: str, scheme: str) -> None:
    """Only colors differ between the schemes, so that the rules about them are all that the dark one is tried with."""
    page = chromium.new_page(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(f"file://{site}/{name}.html")
    page.evaluate("selector => document.querySelectorAll(selector).forEach(each => each.remove())", REPEATED)
    violations = Axe().run(page, options=COLORS if scheme == "dark" else None).response["violations"]
    page.close()
    assert [(v["id"], v["nodes"][0]["html"]) for v in violations] == []


@needs_browser
@pytest.mark.parametrize("name", [GUIDE, API, RUNBOOK])
def test_a_page_is_no_wider_than_a_phone(site: Path, chromium: Browser, name: str) -> None:
    page = chromium.new_page(viewport={"width": PHONE["width"], "height": PHONE["height"]})
    page.goto(f"file://{site}/{name}.html")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.close()
