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
    with tempfile.TemporaryDirectory() as made:
        place = Path(made)
        project = new_project(place / "project")
        accounts = "".join(f'[accounts.{k}]\nemail = "aws-{k}@example.com"\nunit = "Production"\n' for k in MORE)
        project.file.write_text(f"{project.file.read_text()}\n{accounts}")
        with opened(project, place / "jupyterlab", project.file, "--real-time") as lab:
            _until_units(lab)
            with browser(lab, CHECKOUT / "docs") as guide:
                _take(guide)
    return 0


def _until_units(lab: Lab) -> None:
    desired = load(lab.project.file)
    with environment(lab.sandbox.environment()):
        for phase in ("organization", "units"):
            aws = connect(desired)
            observed = observe(aws, desired, phase)
            apply(aws, plan_phase(phase, observed, desired), IdIndex(observed, desired), lambda: _lost())


def _lost() -> None:
    raise AssertionError("an answer was lost")


def _take(guide: Guide) -> None:
    guide.page.set_viewport_size({"width": 1300, "height": 1200})
    guide.run_all()
    guide.page.locator(".jp-MarkdownCell").first.evaluate("cell => cell.scrollIntoView({block: 'start'})")
    guide.picture("lab-start")
    guide.open("03")
    guide.run_all()
    guide.picture("lab-plan", "stages.picture(run, observed, plan)")
    guide.page.set_viewport_size({"width": 1300, "height": 900})
    guide.approve()
    guide.click(guide.cell("stages.apply(").locator(".jp-InputPrompt").first)
    guide.menu("Run", "Run Selected Cell and All Below")
    # The sandbox sets a new organization up for a minute first, as AWS does for up to an hour.
    guide.page.wait_for_selector(f"{SHOWN} table:has(caption:has-text('five accounts')) td:has-text('website-prod')")
    guide.page.evaluate(
        "() => { window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'}); }"
    )
    guide.page.wait_for_timeout(2_000)
    guide.picture("lab-apply", "stages.apply(")


if __name__ == "__main__":
    sys.exit(main())
