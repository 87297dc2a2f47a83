"""Pictures of every state of `orgkit lab` and of its records: `python -m tests.lab.states DIR`, in some minutes.

Each in JupyterLab's light and dark theme, 1280 and 390 pixels wide. They are there to be looked at.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import sync_playwright

from tests.bootstrap.project import Project, new_project
from tests.browser import CHROMIUM, FLAGS
from tests.lab.guide import SHOWN, Guide, Lab, browser, notebook_on_aws, opened
from tests.lab.pictures import MORE, until_units

WIDTHS = {"wide": (1280, 1100), "narrow": (390, 1400)}
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
SCHEMES: Final[tuple[Literal["light"], Literal["dark"]]] = ("light", "dark")
PAGES = ("sandbox/*/*/*-03-accounts-*/03-accounts.html", "sandbox/*/*/*-06-costs-*/06-costs.html", "catalogue.html")


def take(guide: Guide, name: str, selector: str = "", *, start: bool = True) -> None:
    """One state in each theme and width, scrolled to what is found by the selector, or to the top."""
    scroll = "node => node.scrollIntoView({block: 'start'})"
    for theme, title in THEMES.items():
        guide.page.evaluate("theme => { window.jupyterapp.commands.execute('apputils:change-theme', {theme}); }", title)
        guide.page.wait_for_selector(
            f"body[data-jp-theme-light='{'true' if theme == 'light' else 'false'}']", state="attached"
        )
        for width, (columns, rows) in WIDTHS.items():
            guide.page.set_viewport_size({"width": columns, "height": rows})
            guide.page.wait_for_timeout(700)
            place = guide.notebook().locator(selector or ".jp-Cell")
            (place.first if start else place.last).evaluate(scroll)
            guide.page.wait_for_timeout(300)
            guide.page.screenshot(path=guide.pictures / f"{name}-{theme}-{width}.png")
    guide.page.set_viewport_size({"width": 1280, "height": 1400})


def take_lab(guide: Guide, lab: Lab) -> None:
    """The states in the order in which a person meets them."""
    guide.page.set_viewport_size({"width": 1280, "height": 1400})
    take(guide, "1-start")
    guide.next_step("Read AWS again")
    guide.at_step("start")
    guide.click(guide.notebook().get_by_role("button", name="Edit the parameters file"))
    guide.page.wait_for_selector("text=(estimate; prices of")
    guide.settled()
    take(guide, "2-form", ".orgkit-fields")
    guide.open("03")
    take(guide, "3-before")
    guide.plan()
    take(guide, "4-asking", ".orgkit-plan")
    take(guide, "4-asking-form", "h2:has-text('Approve')")
    guide.approve()
    take(guide, "5-approved", "h2:has-text('Approve')")
    guide.click(guide.notebook().locator(".orgkit-apply"))
    guide.page.wait_for_selector(f"{SHOWN} table:has(caption:has-text('five accounts')) td:has-text('website-prod')")
    take(guide, "6-applying", "h2:has-text('Apply')")
    guide.at_step("done")
    guide.saved()
    take(guide, "7-done", "h2:has-text('Apply')")
    take_failure(guide, lab)
    guide.start_page()
    guide.open("06")
    guide.next_step("Run this phase")
    guide.at_step("done")
    guide.saved()
    take(guide, "9-costs", "h1")
    guide.start_page()
    take(guide, "1-start-later")
    guide.open_file(notebook_on_aws(lab.project.folder, "123456789012", "acme-management"))
    guide.run_all()
    take(guide, "10-aws-banner")


def take_failure(guide: Guide, lab: Lab) -> None:
    """A plan that is no longer what would happen, although it was approved."""
    guide.start_page()
    guide.open("04")
    guide.plan()
    guide.approve()
    client = lab.client("organizations")
    client.invite_account_to_organization(Target={"Id": "111111111111", "Type": "ACCOUNT"})
    guide.click(guide.notebook().locator(".orgkit-apply"))
    guide.at_step("stopped")
    take(guide, "8-failed", "h2:has-text('Apply')")


@contextmanager
def _lab(folder: Path) -> Iterator[Lab]:
    project = new_project(folder / "project")
    accounts = "".join(f'[accounts.{k}]\nemail = "aws-{k}@example.com"\nunit = "Production"\n' for k in MORE)
    project.file.write_text(f"{project.file.read_text()}\n{accounts}")
    with opened(project, folder / "jupyterlab", project.file, "--real-time") as lab:
        until_units(lab)
        yield lab


def take_records(project: Project, pictures: Path) -> None:
    """Pages of records, and the list of them."""
    project.orgkit("records", "catalogue")
    files = [file for pattern in PAGES for file in sorted(project.folder.glob(f"outputs/{pattern}"))[-1:]]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        for file, scheme, width in product(files, SCHEMES, WIDTHS):
            columns, rows = WIDTHS[width]
            page = chromium.new_page(viewport={"width": columns, "height": rows}, color_scheme=scheme)
            page.goto(file.as_uri())
            page.screenshot(path=pictures / f"record-{file.stem}-{scheme}-{width}.png", full_page=True)
            page.close()
        chromium.close()


def main() -> int:
    """Take them all."""
    pictures = Path(sys.argv[1])
    pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, _lab(Path(folder)) as lab:
        with browser(lab, pictures) as guide:
            take_lab(guide, lab)
        lab.end()
        take_records(lab.project, pictures)
    print(f"pictures in {pictures}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
