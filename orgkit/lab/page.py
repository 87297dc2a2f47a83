"""The cells of the start page: which account and file, where each phase stands, and the form for the file."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from orgkit.aws.clock import clock_of
from orgkit.aws.endpoint import endpoint_of
from orgkit.engine.connect import connect
from orgkit.errors import OrgkitError, ParametersInvalid
from orgkit.lab import phase_status as roads
from orgkit.lab.form import show_form
from orgkit.lab.phase_status import PhaseStatus, State
from orgkit.model.desired import Desired
from orgkit.parameters import load
from orgkit.phases.management_account.aws import ask, read_alias
from orgkit.records import outputs
from orgkit.runbook.execution.prepare import ready_copy
from orgkit.runbook.interactive.session import is_interactive, link
from orgkit.runbook.views import display
from orgkit.runbook.views.tables import as_items, as_list, as_text_list, flat
from orgkit.runbook.views.views import CallerIdentity, View

NO_BREAK = "\xa0"
FORM_CELL = "Run the last cell of this page (Shift-Enter) to get the form."
HEADERS = ("phase", "state", "why", "last run", "")


@dataclass(frozen=True)
class Start:
    """Which file this page is about, and where its records are; `desired` is None while the file is invalid."""

    file: Path
    base: Path
    desired: Desired | None
    stop: OrgkitError | None = None

    @property
    def account(self) -> str:
        return self.desired.organization.management_account_id if self.desired else ""


@dataclass(frozen=True)
class PhasesPage:
    """Every phase with its state, and the link that opens it."""

    statuses: Sequence[PhaseStatus]
    links: dict[str, str]
    folder: Path
    identity: CallerIdentity | None
    stop: OrgkitError | None = None

    def view(self) -> View:
        head = [flat(self.identity.large)] if self.identity else []
        large = f'<div class="orgkit-identity"><h2>{escape(head[0])}</h2></div>' if head else ""
        message = str(self.stop) if self.stop else ""
        if self.is_blocked:
            return _form_first()
        phases = self._phases()
        return View(
            "\n".join([*head, *([message] if message else []), phases.text]),
            large + (f"<pre>{escape(message)}</pre>" if message else "") + phases.html,
        )

    @property
    def is_blocked(self) -> bool:
        """Whether the parameters file has to be written or fixed first: nothing is known of any phase before."""
        return self.identity is None and self.stop is None

    @property
    def following(self) -> PhaseStatus | None:
        """The phase to open now: the first with something to do, else the first that waits for someone."""
        openable = [status for status in self.statuses if status.phase.label in self.links]
        for states in ((State.READY, State.DRIFTED), (State.WAITING,)):
            for status in openable:
                if status.state in states:
                    return status
        return None

    def _phases(self) -> View:
        rows = "".join(self._row(status) for status in self.statuses)
        heads = "".join(f'<th scope="col">{escape(header)}</th>' for header in HEADERS)
        table = f'<table class="orgkit-phases"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
        text = as_items([(s.phase.run_label, s.state, f"{s.reason}; last run: {_outcome(s)}") for s in self.statuses])
        progress = self._progress()
        return View(f"{progress.text}\n{text}", progress.html + table)

    def _progress(self) -> View:
        """How many phases are done, and one large link to the next."""
        done, count = sum(status.state is State.DONE for status in self.statuses), len(self.statuses)
        line = f"{done} of {count} phases are done."
        bar = f'<div class="orgkit-bar"><div style="width: {round(100 * done / count)}%"></div></div>'
        html = f"<p><b>{line}</b></p>{bar}"
        if self.following is None:
            return View(line, html)
        phase = self.following.phase
        label = f"Open {phase.number}: {phase.title}"
        address = escape(self.links[phase.label])
        return View(
            f"{line} Next: {label}", f'{html}<p><a class="orgkit-open" href="{address}">{escape(label)}</a></p>'
        )

    def _row(self, status: PhaseStatus) -> str:
        opens = self.links.get(status.phase.label)
        last = escape(_outcome(status))
        if status.last:
            last = f'<a href="{escape(link(status.last.page, self.folder))}">{last}</a>'
        open_it = f'<a href="{escape(opens)}">Open {escape(status.phase.number)}</a>' if opens else "comes later"
        state = escape(status.state).replace(" ", NO_BREAK)
        cells = (
            f"{escape(status.phase.number)} {escape(status.phase.title)}",
            f'<span class="orgkit-chip orgkit-chip-{status.state.name.lower().replace("_", "-")}">{state}</span>',
            escape(flat(status.reason)),
            last,
            open_it,
        )
        return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _form_first() -> View:
    """Before there is a file that can be used, the form is all there is to do."""
    text = "The phases are shown once the parameters file can be used."
    button = _form_button("Fill in the form")
    hint = _without_extension(FORM_CELL)
    return View(f"{text} {FORM_CELL}", f'<p class="orgkit-file-first">{escape(text)}</p>{button}{hint}')


def begin(parameters_file: str) -> Start:
    """The file as it is now; the page opens with an invalid file, too."""

    register()
    file = Path(parameters_file)
    base = outputs.base_folder(outputs.project_of(file), "emulator" if endpoint_of() else "aws")
    try:
        return Start(file, base, load(file))
    except OrgkitError as stop:
        return Start(file, base, None, stop)


def show_phases(start: Start) -> PhasesPage:
    """Read AWS, and say of each phase where it stands; what can be opened lies ready in a run folder of its own."""
    folder = Path.cwd()
    if start.desired is None:
        return PhasesPage(
            roads.unknown_statuses(start.base, start.account, "the parameters file comes first"), {}, folder, None
        )
    try:
        aws = connect(start.desired)
        alias = ask(read_alias, aws)
        identity = CallerIdentity(aws.caller(), aws.kind, alias if isinstance(alias, str) else "")
        statuses = roads.phase_statuses(aws, start.desired, start.base)
    except OrgkitError as stop:
        return PhasesPage(
            roads.unknown_statuses(start.base, start.account, "AWS could not be read"), {}, folder, None, stop
        )
    return PhasesPage(
        statuses, {s.phase.label: _prepared_link(start, s) for s in statuses if s.can_be_opened}, folder, identity
    )


def parameters(start: Start) -> "Editor":
    """The form for the parameters file; without a person, a line that says how to get it."""
    return Editor(start.file, guided=is_interactive())


@dataclass(frozen=True)
class Editor:
    """The form's place in the page."""

    file: Path
    guided: bool

    def view(self) -> View:
        message = "Run this cell (Shift-Enter) to get the form for the parameters file."
        return View(
            message,
            f'<div class="orgkit-edit">{_form_button("Edit the parameters file")}</div>' + _without_extension(message),
        )


def _prepared_link(start: Start, status: PhaseStatus) -> str:
    copy = ready_copy(status.phase, start.file, start.base, start.account, clock_of().now())
    return link(copy, Path.cwd())


def _outcome(status: PhaseStatus) -> str:
    return flat(status.last.outcome) if status.last else "never"


def view_of_start(start: Start) -> View:
    """The file, where calls go, and the errors of the file."""
    location = "a sandbox on this machine: nothing here touches AWS" if endpoint_of() else "AWS"
    name = os.path.relpath(start.file, outputs.project_of(start.file))
    lines, problems = [f"Parameters file: {name}", f"Calls go to {location}."], _problems(start)
    return View("\n".join(map(flat, lines)) + problems.text, _paragraphs(lines) + problems.html)


def _problems(start: Start) -> View:
    """The errors that keep the file from being used, and where to fix them."""
    if start.stop is None:
        return View("")
    if not start.file.exists():
        message = "There is no file of this name yet: the form begins with the example."
        return View(f"\n{message} {FORM_CELL}", _paragraphs([message]) + _without_extension(FORM_CELL))
    problems = list(start.stop.problems) if isinstance(start.stop, ParametersInvalid) else [start.stop.reason]
    title, remedy = start.stop.summary.rstrip("."), "Fix it in the form below: run its cell (Shift-Enter)."
    return View(f"{as_text_list(problems, title)}\n{remedy}", as_list(problems, title) + _without_extension(remedy))


def _form_button(label: str) -> str:
    """On which the extension runs the cell of the form."""
    button = f'<button type="button" class="orgkit-open orgkit-fill-form">{escape(label)}</button>'
    return f'<p class="orgkit-with-extension">{button}</p>'


def _without_extension(text: str) -> str:
    """What a button of the extension does, where that is not there."""
    return f'<p class="orgkit-without-extension">{escape(text)}</p>'


def _paragraphs(lines: Sequence[str]) -> str:
    return "".join(f"<p>{escape(flat(line))}</p>" for line in lines)


def register() -> None:
    """Teach the running IPython; nothing happens outside of one."""
    from IPython import get_ipython

    display.register()
    shell = get_ipython()
    if shell is None:
        return
    if not is_interactive():
        display.show_style()  # this page is for a person, also when it is run ahead
    formatter = shell.display_formatter.mimebundle_formatter
    formatter.for_type(Start, lambda start, **_: view_of_start(start).bundle())
    formatter.for_type(PhasesPage, lambda start, **_: start.view().bundle())
    formatter.for_type(Editor, lambda start, **_: start.view().bundle())
    shell.display_formatter.ipython_display_formatter.for_type(Editor, _show_editor)


def _show_editor(editor: Editor) -> None:
    from IPython.display import display as show

    if editor.guided:
        show_form(editor.file)
    else:
        show(editor.view().bundle(), raw=True)
