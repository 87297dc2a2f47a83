"""Progress that leaves one final table: a display that is updated in place."""

import time
from html import escape
from typing import Any

from orgkit.model.outcome import Outcomes
from orgkit.runbook.interactive.session import is_interactive
from orgkit.runbook.views.progress_view import render_progress
from orgkit.runbook.views.tables import flat
from orgkit.runbook.views.views import View, render_outcomes

UPDATE_SECONDS = 0.2  # seconds between two updates: papermill writes the whole notebook for each
SAFE_TO_LEAVE = "It is safe to close the laptop: run this phase again later, under the same approval, and it goes on."
SAFE_GUIDED = (
    "It is safe to close the laptop: if this has stopped, open the phase again, and approve what is left of it."
)


class LiveDisplay:
    """Shows the outcomes as they come, under whose word they are made, and what is being waited for."""

    def __init__(self) -> None:
        self._handle: Any = None
        self.outcomes = Outcomes(())
        self._shown_at = 0.0
        self._status_line = ""
        self._began = time.monotonic()

    def set_status(self, standing: str) -> None:
        """Under which approval: shown with whatever follows, since an earlier cell may show an older state."""
        self._status_line = flat(standing)

    def update(self, outcomes: Outcomes) -> None:
        """Show them, at once when they are the last."""
        self.outcomes = outcomes
        if outcomes.finished or time.monotonic() - self._shown_at > UPDATE_SECONDS:
            self._show("")

    def waiting(self, subject: str, so_far: float, at_most: float) -> None:
        """Show what is waited for, and that nobody has to stay for it."""
        self._show(f"Waiting for {subject}: {so_far:.0f} s so far, {at_most:.0f} s at most.")

    def _show(self, waiting: str) -> None:
        self._shown_at = time.monotonic()
        view = render_outcomes(self.outcomes)
        safe = SAFE_GUIDED if is_interactive() else SAFE_TO_LEAVE
        header = [*([self._status_line] if self._status_line else []), *([flat(waiting), safe] if waiting else [])]
        html = render_progress(self.outcomes, time.monotonic() - self._began) if self._shows_progress else view.html
        if is_interactive():
            html = f'<div class="orgkit-outcomes">{html}</div>'  # which is laid out anew where a page is narrow
        self._put(View("\n".join([*header, view.text]), _paragraphs(header) + html).bundle())

    @property
    def _shows_progress(self) -> bool:
        """While a person looks on; what stays in the end, and in the record, is the table."""
        return is_interactive() and bool(self.outcomes.items) and not self.outcomes.finished

    def _put(self, bundle: dict[str, str]) -> None:
        from IPython.display import display

        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)


def _paragraphs(lines: list[str]) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in lines)
