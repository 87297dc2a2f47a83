"""Make the README's pictures anew, in real time and so in some minutes: `python -m tests.lab.pictures`."""

import sys
import tempfile
from pathlib import Path

from orgkit.engine.apply import apply
from orgkit.engine.connect import connect
from orgkit.engine.observe import observe
from orgkit.model.matching import IdIndex
from orgkit.parameters import load
from orgkit.phases.registry import plan as plan_phase
from orgkit.rehearsal.bootstrap import environment
from tests.bootstrap.project import CHECKOUT, new_project
from tests.lab.guide import SHOWN, Guide, Lab, browser, opened

MORE = ("website-test", "shop-prod", "shop-test", "data")


def main() -> int:
    """A start page, a plan with its form, and accounts under way."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:  # its kernel is still writing
        place = Path(made)
        project = new_project(place / "project")
        accounts = "".join(f'[accounts.{k}]\nemail = "aws-{k}@example.com"\nunit = "Production"\n' for k in MORE)
        project.file.write_text(f"{project.file.read_text()}\n{accounts}")
        with opened(project, place / "jupyterlab", project.file, "--real-time") as lab:
            until_units(lab)
            with browser(lab, CHECKOUT / "docs") as guide:
                _take(guide)
    return 0


def until_units(lab: Lab) -> None:
    desired = load(lab.project.file)
    with environment(lab.sandbox.environment()):
        for phase in ("organization", "units"):
            aws = connect(desired)
            observed = observe(aws, desired, phase)
            apply(aws, plan_phase(phase, observed, desired), IdIndex(observed, desired), lambda: _lost())


def _lost() -> None:
    raise AssertionError("an answer was lost")


def _take(guide: Guide) -> None:
    guide.page.set_viewport_size({"width": 1300, "height": 1000})
    guide.next_step("Read AWS again")
    guide.at_step("start")
    guide.page.locator(".jp-MarkdownCell").first.evaluate("cell => cell.scrollIntoView({block: 'start'})")
    guide.picture("lab-start")
    guide.open("03")
    guide.page.set_viewport_size({"width": 1300, "height": 2250})
    guide.plan()
    guide.page.wait_for_function("document.activeElement.value === 'Jane Doe'")
    guide.notebook().locator(".orgkit-plan").evaluate("plan => plan.scrollIntoView({block: 'start'})")
    guide.picture("lab-plan")
    guide.page.set_viewport_size({"width": 1300, "height": 900})
    guide.approve()
    guide.click(guide.notebook().locator(".orgkit-apply"))
    # The sandbox sets a new organization up for a minute first, as AWS does for up to an hour.
    guide.page.wait_for_selector(f"{SHOWN} table:has(caption:has-text('five accounts')) td:has-text('website-prod')")
    guide.page.evaluate(
        "() => { window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'}); }"
    )
    guide.page.wait_for_timeout(2_000)
    guide.notebook().locator("h2:has-text('Apply')").last.evaluate("heading => heading.scrollIntoView()")
    guide.picture("lab-apply")


if __name__ == "__main__":
    sys.exit(main())
