"""Progress that leaves one final table: a display that is updated in place."""

import time
from html import escape
from typing import Any

from orgkit.model.outcome import Outcomes, Slot
from orgkit.runbook.interactive.session import is_interactive
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
        self._outcomes = Outcomes(())
        self._shown_at = 0.0
        self._status_line = ""

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The places that AWS has for what it works on at once; none where steps are taken one by one."""
        return self._outcomes.slots

    def set_status(self, standing: str) -> None:
        """Under which approval: shown with whatever follows, since an earlier cell may show an older state."""
        self._status_line = flat(standing)

    def outcomes(self, outcomes: Outcomes) -> None:
        """Show them, at once when they are the last."""
        self._outcomes = outcomes
        is_finished = all(item.status not in ("to do", "under way") for item in outcomes.items)
        if is_finished or time.monotonic() - self._shown_at > UPDATE_SECONDS:
            self._show("")

    def waiting(self, subject: str, so_far: float, at_most: float) -> None:
        """Show what is waited for, and that nobody has to stay for it."""
        self._show(f"Waiting for {subject}: {so_far:.0f} s so far, {at_most:.0f} s at most.")

    def _show(self, waiting: str) -> None:
        self._shown_at = time.monotonic()
        view = render_outcomes(self._outcomes)
        safe = SAFE_GUIDED if is_interactive() else SAFE_TO_LEAVE
        header = [*([self._status_line] if self._status_line else []), *([flat(waiting), safe] if waiting else [])]
        self._put(View("\n".join([*header, view.text]), _paragraphs(header) + view.html).bundle())

    def _put(self, bundle: dict[str, str]) -> None:
        from IPython.display import display

        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)


def _paragraphs(lines: list[str]) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in lines)
