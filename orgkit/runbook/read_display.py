"""How far a reading of AWS is, while a runbook reads: for a person in JupyterLab, and for the command that runs it."""

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

from orgkit.aws.session import Connection
from orgkit.engine.read_progress import ReadState, watch_reading
from orgkit.runbook.interactive.session import is_interactive
from orgkit.runbook.run import Run
from orgkit.runbook.views.progress_view import render_bar

UPDATE_SECONDS = 0.5
EVENT_SECONDS = 5.0  # the events of a run stay in its record: a short reading leaves none


@contextmanager
def show_reading(run: Run, aws: Connection) -> Iterator[None]:
    """Show how far the reading in this block is; in a runbook without a person, by events alone."""
    with watch_reading(aws, lambda state: _write(run, state), every=EVENT_SECONDS, delay=EVENT_SECONDS):
        if not is_interactive():
            yield
            return
        display = _ReadDisplay()
        with watch_reading(aws, display.show, every=UPDATE_SECONDS):
            yield
        display.finish()


def _write(run: Run, state: ReadState) -> None:
    run.journal.write("reading", what=state.subject, done=state.done, count=state.count, seconds=round(state.seconds))


class _ReadDisplay:
    """A bar that is updated in place; in the end it says how long the reading took."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._seconds = 0.0

    def show(self, state: ReadState) -> None:
        self._seconds = state.seconds
        text = f"{state.sentence[0].upper()}{state.sentence[1:]}."
        html = f'<p class="orgkit-progress">{escape(text)}</p>{render_bar(state.done, state.count)}'
        self._put({"text/plain": text, "text/html": html})

    def finish(self) -> None:
        if self._handle is not None:
            text = f"AWS was read in {self._seconds:.0f} s."
            self._put({"text/plain": text, "text/html": f"<p>{escape(text)}</p>"})

    def _put(self, bundle: dict[str, str]) -> None:
        from IPython.display import display

        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)
