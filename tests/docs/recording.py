"""Record a rehearsal in a terminal as an animated SVG, docs/rehearsal.svg: `python -m tests.docs.recording`.

The command runs in a pseudo-terminal, and what it prints there becomes frames, with its own times. One CSS animation
shows them in turn. Readers who asked for less motion see the last frame.
"""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

CHECKOUT = Path(__file__).parents[2]
PICTURE = CHECKOUT / "docs" / "rehearsal.svg"
COMMAND = ("orgkit", "rehearse", "parameters/example.toml")
COLUMNS, ROWS = 80, 38  # the report at the end fits
SPEED = 3  # the picture plays so many times as fast as the command ran
HOLD = 10.0  # seconds for which the last frame stays, before it begins again
BEGINNING = 4.0  # of them before it plays for the first time: the outcome comes first, not an empty terminal
SHORTEST = 0.2  # seconds of a frame: what is shown more briefly is left out

FONT_SIZE, CHARACTER, LINE, MARGIN = 14, 8.4, 17, 14
WIDTH, HEIGHT = round(COLUMNS * CHARACTER) + 2 * MARGIN, ROWS * LINE + 2 * MARGIN
# Of SGR: reset, bold, dim, red, green, yellow, cyan.
STYLES = {"0": "", "1": "b", "2": "d", "31": "r", "32": "g", "33": "y", "36": "c"}
CSS = f"""
text {{ font: {FONT_SIZE}px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; fill: #e6edf3 }}
text {{ white-space: pre }}
.b {{ font-weight: bold }} .d {{ fill: #9da7b3 }}
.r {{ fill: #ff7b72 }} .g {{ fill: #56d364 }} .y {{ fill: #e3b341 }} .c {{ fill: #76e3ea }}
"""
CONTROL = re.compile(
    r"\x1b\[(?P<number>[0-9;?]*)(?P<kind>[A-Za-z])|(?P<newline>\r?\n)|(?P<start>\r)|(?P<text>[^\x1b\r\n]+)"
)

Line = tuple[tuple[str, str], ...]  # (style, text) of each run of characters


class Frame(NamedTuple):
    """A screen, and the second at which it appears."""

    at: float
    lines: tuple[Line, ...]


class Screen:
    """What a terminal shows: as much of one as rich's live display uses, and an error for anything else."""

    def __init__(self) -> None:
        self._lines: list[list[tuple[str, str]]] = [[]]  # (style, character)
        self._row = self._column = 0
        self._style = ""

    def write(self, text: str) -> None:
        """Take in what was printed, up to the last complete control sequence."""
        position = 0
        while position < len(text):
            match = CONTROL.match(text, position)
            if match is None:
                raise ValueError(f"a control sequence that is not known: {text[position : position + 12]!r}")
            position = match.end()
            if match["text"]:
                self._print(match["text"])
            elif match["kind"]:
                self._control(match["kind"], match["number"])
            else:
                self._column = 0
                self._down(1 if match["newline"] else 0)

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines, without empty ones at the end."""
        lines = [_runs(line) for line in self._lines]
        while lines and not lines[-1]:
            lines.pop()
        return tuple(lines)

    def _print(self, text: str) -> None:
        line = self._lines[self._row]
        line += [("", " ")] * (self._column - len(line))
        line[self._column : self._column + len(text)] = [(self._style, character) for character in text]
        self._column += len(text)

    def _control(self, kind: str, number: str) -> None:
        if kind == "m" and all(part in STYLES for part in number.split(";")):
            self._style = STYLES[number.split(";")[-1]]
        elif kind == "A":
            self._row = max(0, self._row - int(number or 1))
        elif (kind, number) == ("K", "2"):
            self._lines[self._row] = []
        elif kind not in "hl" or number != "?25":  # the cursor is shown or hidden: the picture has none
            raise ValueError(f"a control sequence that is not known: ESC [ {number} {kind}")

    def _down(self, count: int) -> None:
        self._row += count
        self._lines += [[] for _ in range(self._row + 1 - len(self._lines))]


def _runs(line: Sequence[tuple[str, str]]) -> Line:
    """Neighboring characters of one style, together; without blanks at the end."""
    runs: list[tuple[str, str]] = []
    for style, character in line:
        if runs and runs[-1][0] == style:
            runs[-1] = (style, runs[-1][1] + character)
        else:
            runs.append((style, character))
    if runs and not runs[-1][1].strip():
        runs.pop()
    return tuple(runs)


def outputs_of(command: Sequence[str], outputs: Path) -> Iterator[tuple[float, str]]:
    """Run a command in a terminal, and give what it prints, with the second at which it did."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ORGKIT_"))}
    settings = plain | {"TERM": "xterm-256color", "ORGKIT_OUTPUTS": str(outputs), "NO_COLOR": ""}
    program = Path(sys.executable).with_name(command[0])
    begun = time.monotonic()
    with subprocess.Popen(
        [program, *command[1:]], cwd=CHECKOUT, stdin=slave, stdout=slave, stderr=slave, env=settings
    ) as process:
        os.close(slave)
        while content := _read(master):
            yield time.monotonic() - begun, content.decode()
    os.close(master)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


def _read(master: int) -> bytes:
    select.select([master], [], [])
    try:
        return os.read(master, 65536)
    except OSError:  # EIO: the command has closed it
        return b""


def frames_of(outputs: Iterator[tuple[float, str]]) -> list[Frame]:
    """The screens in turn; one that is shown for too short a time is left out, but never the last."""
    screen = Screen()
    screen.write(f"\x1b[1m$ {' '.join(COMMAND)}\x1b[0m\n")
    frames = [Frame(0.0, screen.lines)]
    for second, text in outputs:
        screen.write(text)
        at = second / SPEED
        if at - frames[-1].at < SHORTEST and len(frames) > 1:
            at = frames.pop().at
        if screen.lines != frames[-1].lines:
            frames.append(Frame(at, screen.lines))
    return frames


def svg_of(frames: Sequence[Frame]) -> str:
    """The picture: a strip of frames, of which a window shows one after the other."""
    numbers: dict[Line, int] = {}
    strip = []
    for count, frame in enumerate(frames):
        shown = [(row, line) for row, line in enumerate(frame.lines[-ROWS:]) if line]
        uses = "".join(
            f'<use href="#l{numbers.setdefault(line, len(numbers))}" y="{count * HEIGHT + row * LINE}"/>'
            for row, line in shown
        )
        strip.append(uses)
    whole = frames[-1].at + HOLD
    steps = "".join(
        f"{100 * frame.at / whole:.2f}% {{ transform: translateY({-count * HEIGHT}px) }} "
        for count, frame in enumerate(frames)
    )
    animation = (
        f"@keyframes play {{ {steps}}}\n.s {{ transform: translateY({-(len(frames) - 1) * HEIGHT}px) }}\n"
        f"@media not (prefers-reduced-motion: reduce) {{ .s {{ "
        f"animation: play {whole:.1f}s step-end -{whole - BEGINNING:.1f}s infinite }} }}\n"
    )
    lines = "".join(f'<g id="l{number}">{_text(line)}</g>\n' for line, number in numbers.items())
    title = f"A recording of {' '.join(COMMAND)}, {SPEED} times as fast"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="{title}">\n<title>{title}</title>\n<style>{CSS}{animation}</style>\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="#0d1117"/>\n<defs>\n{lines}</defs>\n'
        f'<svg width="{WIDTH}" height="{HEIGHT}"><g class="s">\n' + "\n".join(strip) + "\n</g></svg>\n</svg>\n"
    )


def _text(line: Line) -> str:
    """A line, each run at its own column, so that fonts of other widths do not move what follows."""
    column, texts = 0, []
    for style, text in line:
        begin, bare = column + len(text) - len(text.lstrip()), text.strip()
        if bare:
            styled = f' class="{style}"' if style else ""
            length = f"{len(bare) * CHARACTER:.0f}"
            texts.append(
                f'<text{styled} x="{MARGIN + begin * CHARACTER:.0f}" y="{MARGIN + FONT_SIZE}" textLength="{length}" '
                f'lengthAdjust="spacingAndGlyphs">{escape(bare)}</text>'
            )
        column += len(text)
    return "".join(texts)


def shown_at_the_end(svg: str) -> str:
    """The text of the last frame of a picture."""
    place = "{http://www.w3.org/2000/svg}"
    picture = ElementTree.fromstring(svg)
    texts = {group.get("id"): group.findall(f"{place}text") for group in picture.iter(f"{place}g")}
    lines: dict[int, str] = {}
    for use in picture.iter(f"{place}use"):
        line = ""
        for element in texts[str(use.get("href"))[1:]]:
            column = round((float(str(element.get("x"))) - MARGIN) / CHARACTER)
            line = line.ljust(column) + (element.text or "")
        lines[int(str(use.get("y")))] = line
    first = max(lines) // HEIGHT * HEIGHT
    rows = range(first, first + ROWS * LINE, LINE)
    return "\n".join(lines.get(row, "") for row in rows).rstrip()


def main() -> int:
    """Record the command, and write the picture."""
    with tempfile.TemporaryDirectory() as outputs:
        frames = frames_of(outputs_of(COMMAND, Path(outputs)))
    if not all(earlier.at < later.at for earlier, later in pairwise(frames)):
        raise ValueError("the frames are out of order")
    PICTURE.write_text(svg_of(frames), encoding="utf-8")
    print(f"{len(frames)} frames, {frames[-1].at:.0f} s, {PICTURE.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
