"""The cells of the start page: which account and file, where each phase stands, and the form for the file."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from orgkit.aws.clock import clock_of
from orgkit.aws.identity import endpoint_of
from orgkit.connecting import connect
from orgkit.errors import ParametersInvalid, Stop
from orgkit.lab import road as roads
from orgkit.lab.road import Stand
from orgkit.management_account.aws import ask, read_alias
from orgkit.model.desired import Desired
from orgkit.parameters import load
from orgkit.record import outputs
from orgkit.runbook.guided import is_guided, link
from orgkit.runbook.prepare import ready_copy
from orgkit.runbook.tables import as_items, as_list, as_text_list, flat
from orgkit.runbook.views import View, WhoAmI

NO_BREAK = "\xa0"
HEADERS = ("phase", "state", "why", "last run", "")


@dataclass(frozen=True)
class Start:
    """Which file this page is about, and where its records are; `desired` is None while the file needs mending."""

    file: Path
    base: Path
    desired: Desired | None
    stop: Stop | None = None

    @property
    def account(self) -> str:
        return self.desired.organization.management_account_id if self.desired else ""


@dataclass(frozen=True)
class Road:
    """Every phase with its state, and the link that opens it."""

    stands: Sequence[Stand]
    links: dict[str, str]
    folder: Path
    who: WhoAmI | None
    stop: Stop | None = None

    def view(self) -> View:
        large = f"<h2>{escape(flat(self.who.large))}</h2>" if self.who else ""
        stopped = str(self.stop) if self.stop else ""
        rows = "".join(self._row(stand) for stand in self.stands)
        heads = "".join(f'<th scope="col">{escape(header)}</th>' for header in HEADERS)
        table = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        text = as_items([(s.phase.label, s.state, f"{s.why}; last run: {_outcome(s)}") for s in self.stands])
        head = [flat(self.who.large)] if self.who else []
        return View(
            "\n".join([*head, *([stopped] if stopped else []), text]),
            large + (f"<pre>{escape(stopped)}</pre>" if stopped else "") + table,
        )

    def _row(self, stand: Stand) -> str:
        opens = self.links.get(stand.phase.name)
        last = escape(_outcome(stand))
        if stand.last:
            last = f'<a href="{escape(link(stand.last.page, self.folder))}">{last}</a>'
        open_it = f'<a href="{escape(opens)}">Open {escape(stand.phase.label)}</a>' if opens else "comes later"
        cells = (
            escape(stand.phase.label),
            escape(stand.state).replace(" ", NO_BREAK),
            escape(flat(stand.why)),
            last,
            open_it,
        )
        return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def begin(parameters_file: str) -> Start:
    """The file as it is now; one that needs mending is no reason not to begin."""
    from orgkit.lab.shown import register

    register()
    file = Path(parameters_file)
    base = outputs.base_folder(outputs.project_of(file), "emulator" if endpoint_of() else "aws")
    try:
        return Start(file, base, load(file))
    except Stop as stop:
        return Start(file, base, None, stop)


def road(start: Start) -> Road:
    """Read AWS, and say of each phase where it stands; what can be opened lies ready in a run folder of its own."""
    here = Path.cwd()
    if start.desired is None:
        return Road(roads.unknown(start.base, start.account, "the parameters file comes first"), {}, here, None)
    try:
        aws = connect(start.desired)
        alias = ask(read_alias, aws)
        who = WhoAmI(aws.caller(), aws.kind, alias if isinstance(alias, str) else "")
        stands = roads.stands(aws, start.desired, start.base)
    except Stop as stop:
        return Road(roads.unknown(start.base, start.account, "AWS could not be read"), {}, here, None, stop)
    return Road(stands, {s.phase.name: _prepared(start, s) for s in stands if s.can_be_opened}, here, who)


def parameters(start: Start) -> "Editor":
    """The form for the parameters file; without a person, a line that says how to get it."""
    return Editor(start.file, guided=is_guided())


@dataclass(frozen=True)
class Editor:
    """The form's place in the page."""

    file: Path
    guided: bool

    def view(self) -> View:
        said = "Run this cell (Shift-Enter) to get the form for the parameters file."
        return View(said, f"<p>{escape(said)}</p>")


def _prepared(start: Start, stand: Stand) -> str:
    copy = ready_copy(stand.phase, start.file, start.base, start.account, clock_of().now())
    return link(copy, Path.cwd())


def _outcome(stand: Stand) -> str:
    return flat(stand.last.outcome) if stand.last else "never"


def view_of_start(start: Start) -> View:
    """The file, where calls go, and what of the file needs mending."""
    where = "a sandbox on this machine: nothing here touches AWS" if endpoint_of() else "AWS"
    name = os.path.relpath(start.file, outputs.project_of(start.file))
    lines, problems = [f"Parameters file: {name}", f"Calls go to {where}."], _problems(start)
    return View("\n".join(map(flat, lines)) + problems.text, _paragraphs(lines) + problems.html)


def _problems(start: Start) -> View:
    """What keeps the file from being used, and where that is mended."""
    if start.stop is None:
        return View("")
    if not start.file.exists():
        said = "There is no file of this name yet. The form below begins with the example: run its cell (Shift-Enter)."
        return View(f"\n{said}", _paragraphs([said]))
    found = list(start.stop.problems) if isinstance(start.stop, ParametersInvalid) else [start.stop.why]
    title, do = start.stop.summary.rstrip("."), "Mend it in the form below: run its cell (Shift-Enter)."
    return View(f"{as_text_list(found, title)}\n{do}", as_list(found, title) + _paragraphs([do]))


def _paragraphs(lines: Sequence[str]) -> str:
    return "".join(f"<p>{escape(flat(line))}</p>" for line in lines)
