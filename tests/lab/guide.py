"""`orgkit lab` as a person uses it: a real JupyterLab, a real browser, and the sandbox that it started."""

import os
import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Error, Locator, Page, sync_playwright

from orgkit.phases.descriptor import Phase
from orgkit.phases.registry import phase_of
from orgkit.rehearsal.bootstrap import environment
from orgkit.runbook.interactive.session import KERNEL
from orgkit.sandbox.lifecycle import Sandbox, find
from tests.bootstrap.project import BIN, Project
from tests.bootstrap.test_open import free_port
from tests.browser import CHROMIUM, FLAGS

WAIT = 90_000  # milliseconds; a loaded machine is slow, and that is no failure
SECONDS_TO_SEAL = 180  # for the kernels of all runbooks to end and their records to be sealed, next to other tests
POLL = 100  # milliseconds; without it a page is drawn anew as often as it can be, to be looked at each time
# No page of these tests is open for so long that optimized code would pay.
FEW_COMPILERS = ["--js-flags=--no-opt"]
SHOWN = ".jp-NotebookPanel:not(.lm-mod-hidden)"
# No cell of the notebook that is shown is waiting or running, and its kernel has nothing to do.
IDLE = f"""() => {{
  const panel = document.querySelector('{SHOWN}');
  const prompts = [...panel.querySelectorAll('.jp-InputPrompt')].map(each => each.textContent.trim());
  const context = (window.jupyterapp.shell.currentWidget || {{}}).sessionContext;
  const kernel = context && context.session && context.session.kernel;
  return kernel && kernel.status === 'idle' && !prompts.includes('[*]:');
}}"""


@dataclass
class Lab:
    """JupyterLab under way."""

    project: Project
    port: int
    process: "subprocess.Popen[bytes]"
    output: Path

    @property
    def page(self) -> str:
        (page,) = self.project.folder.glob("outputs/sandbox/*/lab/*/start.ipynb")
        return f"http://127.0.0.1:{self.port}/lab/tree/{page.relative_to(self.project.folder)}"

    @property
    def records(self) -> Path:
        (folder,) = self.project.folder.glob("outputs/sandbox/*")
        return folder

    @property
    def sandbox(self) -> Sandbox:
        found = find(self.records)
        assert found is not None
        return found

    def changes(self) -> list[str]:
        """What the server's log has of calls that change something."""
        return [f"{call['service']}:{call['operation']}" for call in self.sandbox.calls() if call["mutating"]]

    def last_run(self) -> Path:
        """The folder of the run that was begun last."""
        return max(self.records.glob("*/*/events.jsonl"), key=lambda events: events.stat().st_mtime).parent

    def client(self, service: str) -> Any:
        """Plain boto3 on the sandbox: what is there, not what a page says."""
        import boto3

        with environment(self.sandbox.environment()):
            return boto3.Session().client(service, endpoint_url=self.sandbox.endpoint_url)

    def end(self) -> str:
        """As Ctrl-C would, twice; what the terminal shows in the end."""
        self.process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(SECONDS_TO_SEAL)
        assert self.process.returncode == 0, self.output.read_text()
        return self.output.read_text()


@contextmanager
def opened(project: Project, tmp_path: Path, *arguments: object, **more: str) -> Iterator[Lab]:
    """Start it without a browser of its own and without a token: in tests only."""
    port = free_port()
    settings = tmp_path / "jupyter"
    settings.mkdir(parents=True)
    (settings / "jupyter_server_config.py").write_text(
        f"c.ServerApp.open_browser = False\nc.ServerApp.port = {port}\nc.IdentityProvider.token = ''\n"
        "c.ServerApp.allow_root = True\nc.ServerApp.port_retries = 0\nc.LabApp.expose_app_in_browser = True\n"
    )
    own = {f"JUPYTER_{name}_DIR": str(settings) for name in ("CONFIG", "DATA", "RUNTIME")}
    own |= {"ORGKIT_APPROVER": "Jane Doe"} | more
    output = tmp_path / "output.txt"
    with output.open("wb") as out:
        process = subprocess.Popen(
            [str(BIN / "python"), "-m", "orgkit", "lab", *map(str, arguments)],
            cwd=project.folder, env={**project.environment, **own}, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            process_group=0,
        )  # fmt: skip
    try:
        _wait(process, port, output)
        yield Lab(project, port, process, output)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(process: "subprocess.Popen[bytes]", port: int, output: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + 90
    while time.monotonic() < until:
        assert process.poll() is None, output.read_text()
        try:
            opener.open(f"http://127.0.0.1:{port}/api", timeout=10).read()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(output.read_text())


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser that several tests may use, one after the other."""
    with sync_playwright() as playwright:
        program = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=[*FLAGS, *FEW_COMPILERS])
        try:
            yield program
        finally:
            program.close()


@contextmanager
def browser(lab: Lab, pictures: Path) -> Iterator["Guide"]:
    """A browser of its own on the start page, in which pictures are taken."""
    with chromium() as program, open_start_page(program, lab, pictures) as guide:
        yield guide


@contextmanager
def open_start_page(program: Browser, lab: Lab, pictures: Path, *, takes_pictures: bool = True) -> Iterator["Guide"]:
    """The start page in a new profile of the browser; a failure leaves a screenshot in any case."""
    page = program.new_page(viewport={"width": 1300, "height": 1500}, reduced_motion="reduce")
    page.set_default_timeout(WAIT)
    guide = Guide(page, lab, pictures, takes_pictures)
    messages: list[str] = []
    page.on("console", lambda message: messages.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: messages.append(str(error)))
    try:
        page.goto(lab.page)
        guide.ready()
        yield guide
    except Exception:
        page.screenshot(path=pictures / "failure.png")
        (pictures / "failure.txt").write_text("\n".join([*messages, lab.output.read_text()]))
        raise
    finally:
        page.close()  # and its profile, since nothing else uses that


@dataclass
class Guide:
    """A person at the browser: every gesture is counted, be it a click, a key chord or one filled field."""

    page: Page
    lab: Lab
    pictures: Path
    takes_pictures: bool = True
    clicks: int = 0
    detours: int = 0  # of these, what is tried in addition to the shortest path

    @contextmanager
    def detour(self) -> Iterator[None]:
        """What a person who makes no mistake never does."""
        clicks = self.clicks
        yield
        self.detours += self.clicks - clicks

    def ready(self) -> None:
        self.page.wait_for_function("window.jupyterapp && window.jupyterapp.restored", polling=POLL)
        self.page.wait_for_selector(f"{SHOWN} .jp-Cell")
        self.settled()

    def reload_until(self, selector: str) -> None:
        """Reload the page, again where its kernel answered too late: ipywidgets asks for its models for 4 seconds."""
        for attempt in (1, 2, 3):
            self.page.reload()
            self.ready()
            try:
                self.page.wait_for_selector(f"{SHOWN} {selector}", timeout=15_000 if attempt < 3 else WAIT)
                return
            except Error:
                if attempt == 3:
                    raise

    def settled(self) -> None:
        self.page.wait_for_function(IDLE, polling=POLL)

    def click(self, place: Locator) -> None:
        place.click()
        self.clicks += 1

    def menu(self, title: str, item: str) -> None:
        """Two clicks in JupyterLab's menu bar."""
        self.click(self.page.locator(".lm-MenuBar-itemLabel", has_text=re.compile(f"^{title}$")))
        self.click(self.page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{re.escape(item)}$")))

    def run_all(self) -> None:
        self.menu("Run", "Run All Cells")
        self.settled()

    def save(self) -> None:
        self.page.keyboard.press("Control+s")
        self.clicks += 1
        self.saved()

    def notebook(self) -> Locator:
        return self.page.locator(SHOWN)

    def cell(self, source: str) -> Locator:
        return self.notebook().locator(".jp-CodeCell", has=self.page.locator(".jp-InputArea-editor", has_text=source))

    def run_from(self, source: str) -> None:
        """This cell and all below it, by the menu."""
        self.show_code()
        self.click(self.cell(source).locator(".jp-InputPrompt").first)
        before = dict(self.prompts())
        (cell,) = (code for code in before if source in code)
        self.menu("Run", "Run Selected Cell and All Below")
        self.page.wait_for_function(
            """([code, before]) => {
              const cells = window.jupyterapp.shell.currentWidget.content.widgets;
              const count = cells.find(cell => cell.model.sharedModel.source === code).model.executionCount;
              return count && count !== before;
            }""",
            arg=[cell, before[cell]],
            polling=POLL,
        )  # a loaded page begins later, and until then everything looks as if it had ended
        self.settled()

    def show_code(self) -> None:
        button = self.banner().get_by_role("button", name="Show code")
        if button.count():
            self.click(button)

    def prompts(self) -> list[tuple[str, int | None]]:
        """The source and the execution count of every code cell."""
        cells = self.page.evaluate(
            """() => window.jupyterapp.shell.currentWidget.content.widgets.filter(cell => cell.model.type === 'code')
              .map(cell => [cell.model.sharedModel.source, cell.model.executionCount])"""
        )
        return [(source, count) for source, count in cells]

    def errors(self) -> list[str]:
        """The name of every error that the notebook shows as one."""
        names = self.page.evaluate(
            """() => window.jupyterapp.shell.currentWidget.content.widgets
              .filter(cell => cell.model.type === 'code').flatMap(cell => cell.model.outputs.toJSON())
              .filter(output => output.output_type === 'error').map(output => output.ename)"""
        )
        return [str(name) for name in names]

    def shown(self) -> str:
        """The text of the outputs, never that of the code."""
        return "\n".join(self.notebook().locator(".jp-OutputArea-output").all_inner_texts())

    def shows(self, text: str) -> None:
        """Wait for an output with this text: the kernel may have nothing to do before an output is drawn."""
        self.notebook().locator(".jp-OutputArea-output", has_text=text).first.wait_for(state="attached")

    def banner(self) -> Locator:
        return self.notebook().locator(".orgkit-banner")

    def next_step(self, label: str) -> None:
        """The banner's own button."""
        self.click(self.banner().get_by_role("button", name=label, exact=True))

    def at_step(self, state: str) -> None:
        """Wait until the banner says so."""
        self.page.wait_for_selector(f"{SHOWN}[data-orgkit-state='{state}']")
        self.settled()

    def plan(self) -> None:
        self.next_step("Read AWS and plan")
        self.at_step("asking")

    def plan_with_the_cursor_in_the_form(self) -> None:
        """Put the cursor into the last field as soon as it is there: nothing may take it away while a person types."""
        self.page.evaluate(
            """shown => new MutationObserver((_, observer) => {
              const field = [...document.querySelectorAll(`${shown} .orgkit-form input`)].at(-1);
              if (field) { observer.disconnect(); field.focus(); }
            }).observe(document.body, { childList: true, subtree: true })""",
            SHOWN,
        )
        self.plan()
        self.page.wait_for_timeout(1000)  # the form is shown a moment after the cells have run
        assert self.notebook().locator(".orgkit-form input").last.evaluate("it => it === document.activeElement")

    def apply(self) -> None:
        """By the button under the decision; the notebook is saved when its last cell has run."""
        self.click(self.notebook().locator(".orgkit-apply"))
        self.at_step("done")
        self.saved()

    def saved(self) -> None:
        self.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty", polling=POLL)

    def is_in_view(self, selector: str) -> bool:
        """Whether all of it is to be seen without scrolling."""
        return bool(
            self.notebook()
            .locator(selector)
            .last.evaluate(
                """node => {
                  const banner = node.closest('.jp-NotebookPanel').querySelector('.orgkit-banner');
                  const { top, bottom } = node.getBoundingClientRect();
                  return top >= banner.getBoundingClientRect().bottom && bottom <= window.innerHeight;
                }"""
            )
        )

    def start_page(self) -> None:
        """Back to the start page, which reads AWS again."""
        self.next_step("All phases")
        self.page.wait_for_selector(f"{SHOWN} h1:has-text('Your organization')")
        self.at_step("start")

    def states(self) -> dict[str, str]:
        """Each phase's state, as the start page's table has it."""
        rows = self.notebook().locator(".jp-OutputArea-output table tbody tr").all()
        cells = [row.locator("td").all_inner_texts() for row in rows]
        return {row[0][:2]: row[1].replace("\xa0", " ")[2:] for row in cells if len(row) == 5}

    def open(self, phase: str) -> Phase:
        found = phase_of(phase)
        self.click(self.notebook().get_by_role("link", name=f"Open {found.number}", exact=True).last)
        self.arrived(found)
        return found

    def open_file(self, notebook: Path) -> None:
        """Not by a link: a notebook that a test has made."""
        path = str(notebook.relative_to(self.lab.project.folder))
        self.page.evaluate(
            "path => window.jupyterapp.commands.execute('docmanager:open', {path}).then(() => undefined)", path
        )
        self.page.wait_for_selector(f"{SHOWN} .orgkit-banner")
        self.settled()

    def open_next(self, phase: str) -> Phase:
        """From the banner of the phase before, when that is done."""
        found = phase_of(phase)
        self.next_step(f"Next: {found.run_label}")
        self.arrived(found)
        return found

    def arrived(self, phase: Phase) -> None:
        self.page.wait_for_selector(f"{SHOWN} h1:has-text('{phase.number} ')")
        self.settled()

    def fill(self, label: str, text: str) -> None:
        """By its label, as a screen reader finds it."""
        self.notebook().get_by_label(label, exact=True).last.fill(text)
        self.clicks += 1

    def digest(self) -> str:
        return re.findall(r"\b[0-9a-f]{64}\b", self.notebook().locator(".orgkit-plan").inner_text())[-1]

    def approve(self, digest: str = "", ticket: str = "OPS-7") -> None:
        """The form offers the name of the environment."""
        if ticket:
            self.fill("Ticket", ticket)
        self.fill("First 8 of the digest", digest or self.digest()[:8])
        self.click(self.notebook().get_by_role("button", name="Approve").last)
        message = f"[...document.querySelectorAll('{SHOWN} .jupyter-widgets [role=status]')]"
        self.page.wait_for_function(
            f"() => {message}.some(each => !/decided yet/.test(each.textContent))", polling=POLL
        )

    def approve_by_keyboard(self) -> None:
        """The form has the focus: from field to field to the button with nothing but Tab and Enter."""
        digest, keys = self.digest()[:8], self.page.keyboard
        self.page.wait_for_function("document.activeElement.value === 'Jane Doe'")
        for text in ("", "OPS-7", digest):
            keys.type(text)
            keys.press("Tab")
            self.clicks += 2 if text else 1
        self.page.wait_for_timeout(500)  # nobody types as fast as we do: what was typed has to arrive first
        keys.press("Enter")
        self.clicks += 1
        self.page.wait_for_selector(f"{SHOWN} [role=status]:has-text('Approved by Jane Doe')")

    def picture(self, name: str, source: str = "") -> None:
        """Of the page, where somebody wants pictures; with a source, scrolled to that cell."""
        if not self.takes_pictures:
            return
        if source:
            self.cell(source).scroll_into_view_if_needed()
            self.cell(source).evaluate("cell => cell.scrollIntoView({block: 'start'})")
        self.page.wait_for_timeout(300)
        self.page.locator("#jp-main-dock-panel").screenshot(path=self.pictures / f"{name}.png")


CODE_OF_AN_ALIAS = """
from orgkit.aws.session import Caller
from orgkit.runbook.views import display
from orgkit.runbook.views.views import CallerIdentity

display.register()
CallerIdentity(Caller("{account}", "arn:aws:iam::{account}:user/jane", "ASIA"), "aws", "{alias}")
"""


def notebook_on_aws(folder: Path, account: str, alias: str) -> Path:
    """A notebook as it is prepared for AWS, whose only cell shows an identity without asking for it."""
    import nbformat

    facts = {"kind": "aws", "target": f"AWS account {account}", "title": "03 Accounts", "position": "Phase 4 of 7"}
    cell = nbformat.v4.new_code_cell(CODE_OF_AN_ALIAS.format(account=account, alias=alias).strip())
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": KERNEL, "orgkit": facts})
    path = folder / "on-aws.ipynb"
    path.write_text(nbformat.writes(notebook))
    return path
