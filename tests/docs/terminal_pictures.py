"""Pictures of the commands in terminals of 40, 80 and 200 columns: `python -m tests.docs.terminal_pictures DIR`.

The commands run on a sandbox, each in a pseudo-terminal of that width. Chromium draws what the terminal shows in the
end, and for `apply` also a moment in which it creates accounts. The pictures are there to be looked at.
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.bootstrap.project import Project, new_project
from tests.bootstrap.terminal import Terminal
from tests.browser import CHROMIUM, FLAGS
from tests.docs.recording import Line, Screen

WIDTHS = (40, 80, 200)
SLOTS = "AWS creates at most five accounts"
MORE = ("website-test", "shop-prod", "shop-test", "data-prod-of-the-analytics-team")
CSS = """
body { margin: 0; background: #0d1117; color: #e6edf3; font: 14px/17px 'DejaVu Sans Mono', monospace; }
h1 { font: 14px sans-serif; color: #9da7b3; margin: 0; padding: 8px; }
pre { margin: 0 8px 8px; font: inherit;  outline: 1px solid #30363d; }
.b { font-weight: bold; } .d { color: #9da7b3; } .g { color: #56d364; } .r { color: #ff7b72; } .y { color: #e3b341; }
.c { color: #76e3ea; }
"""
# The name of a picture, the command, and its phase.
COMMANDS = {
    "check": ("check",),
    "estimate": ("estimate",),
    "plan": ("plan",),
    "status": ("status",),
    "run-00": ("run", "00"),
    "run-06": ("run", "06"),
}


class Recording:
    """One command in a terminal of some width, and what it printed."""

    def __init__(self, project: Project, columns: int, *arguments: object) -> None:
        self.columns, self.command = columns, " ".join(["orgkit", *map(str, arguments)])
        self.terminal = Terminal(project, *arguments, columns=columns)

    def page(self, name: str, content: str) -> str:
        """HTML of the terminal; a line that is longer than the terminal is wide is continued, as in a terminal."""
        screen = Screen()
        screen.write(f"\x1b[1m$ {self.command}\x1b[0m\n{content}")
        lines = "\n".join(_html(part) for line in screen.lines for part in _rows(line, self.columns))
        return f"<h1>{escape(name)}</h1><pre style='width: {self.columns}ch'>{lines}</pre>"


def _rows(line: Line, columns: int) -> Iterator[Line]:
    """The rows that a line takes: what is longer than the terminal is wide goes on below."""
    characters = [(style, character) for style, text in line for character in text]
    for start in range(0, len(characters) or 1, columns):
        yield tuple(characters[start : start + columns])


def _html(line: Line) -> str:
    return "".join(f'<span class="{style}">{escape(text)}</span>' for style, text in line)


def moment_of(content: str, subject: str) -> str:
    """What was printed up to the last time that a live display had this in it, and before that was drawn anew."""
    drawn = content.rfind(subject)
    if drawn < 0:
        return ""
    redrawn = content.find("\r\x1b[2K", drawn)
    return content[: redrawn if redrawn > 0 else len(content)]


def recordings(project: Project, columns: int) -> Iterator[tuple[str, str]]:
    """A page for each command, in the order in which a person types them."""
    file = project.file.relative_to(project.folder)
    for name, (command, *phase) in COMMANDS.items():
        yield from _record(project, columns, name, command, file, *phase)
    wrong = project.file.with_name("wrong.toml")
    wrong.write_text(project.file.read_text().replace('unit = "Production"', 'unit = "Prodution"'))
    yield from _record(project, columns, "error-file", "check", wrong.relative_to(project.folder))
    yield from _record(project, columns, "error-phase", "run", file, "03", "--approved-plan", "0" * 64)
    yield from _record(project, columns, "error-order", "run", file, "03")
    yield from _apply(project, columns, file)
    yield from _record(project, columns, "status-later", "status", file)
    yield from _record(project, columns, "apply-again", "apply", file)


def _record(project: Project, columns: int, name: str, *arguments: object) -> Iterator[tuple[str, str]]:
    recording = Recording(project, columns, *arguments)
    with recording.terminal as terminal:
        while terminal.process.poll() is None:
            terminal.read()
        while terminal.read():
            pass
        yield name, recording.page(name, terminal.raw)


def _apply(project: Project, columns: int, file: Path) -> Iterator[tuple[str, str]]:
    """Every phase approved, 02 after it was rejected."""
    recording = Recording(project, columns, "apply", file)
    with recording.terminal as terminal:
        for phase in ("01", "02", "03", "04", "05"):
            digest = terminal.expect(r"digest ([0-9a-f]{64})")[1]
            terminal.expect("Approver.*: ")
            terminal.type("Jane Doe")
            terminal.expect("Digest, or no: ")
            if phase == "02":
                terminal.type("12345678")
                terminal.expect("Digest, or no: ")
            terminal.type(digest[:8])
        while terminal.read():
            pass
        yield "apply-slots", recording.page("apply, while accounts are created", moment_of(terminal.raw, SLOTS))
        yield "apply", recording.page("apply", terminal.raw)


def _with_sandbox(folder: Path, columns: int) -> Iterator[tuple[str, str]]:
    project = new_project(folder / "project")
    accounts = "".join(f'[accounts.{k}]\nemail = "aws-{k}@example.com"\nunit = "Production"\n' for k in MORE)
    project.file.write_text(f"{project.file.read_text()}\n{accounts}")
    project.orgkit("sandbox", "start", project.file)
    try:
        exported = project.orgkit("sandbox", "env").stdout
        settings = dict(re.findall(r"(?m)^export ([A-Z_]+)=(.*)$", exported))
        yield from recordings(project.within(settings), columns)
    finally:
        project.orgkit("sandbox", "stop")


def draw(pages: Sequence[tuple[str, str]], folder: Path) -> None:
    """Each page as HTML and PNG."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        for name, content in pages:
            file = folder / f"{name}.html"
            file.write_text(f"<!doctype html><meta charset='utf-8'><style>{CSS}</style>{content}", encoding="utf-8")
            page = chromium.new_page(viewport={"width": 1760, "height": 300})
            page.goto(file.as_uri())
            box = page.locator("pre").bounding_box()
            assert box is not None
            page.set_viewport_size({"width": round(box["width"]) + 16, "height": 300})
            page.screenshot(path=folder / f"{name}.png", full_page=True)
            page.close()
        chromium.close()


def main() -> int:
    """Record all widths, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--columns", type=int, nargs="*", default=WIDTHS)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for columns in options.columns:
        with tempfile.TemporaryDirectory() as folder:
            pages = [(f"{columns}-{name}", page) for name, page in _with_sandbox(Path(folder), columns)]
        draw(pages, options.folder)
    print(f"pictures in {options.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
