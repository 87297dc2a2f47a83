"""Progress that leaves one final table: a display that is updated in place."""

import time
from typing import Any

from orgkit.outcome import Outcomes
from orgkit.runbook.tables import as_list, flat
from orgkit.runbook.views import View, of_outcomes

EVERY = 0.2  # seconds between two updates: papermill writes the whole notebook for each


class Live:
    """Shows the outcomes as they come, and what is being waited for."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._outcomes = Outcomes(())
        self._shown = 0.0

    def outcomes(self, outcomes: Outcomes) -> None:
        """Show them, at once when they are the last."""
        self._outcomes = outcomes
        over = all(item.result not in ("to do", "under way") for item in outcomes.items)
        if over or time.monotonic() - self._shown > EVERY:
            self._show("")

    def waiting(self, what: str, so_far: float, at_most: float) -> None:
        """Show what is waited for; closing the laptop is safe, since a run can be taken up again."""
        self._show(f"waiting for {what}: {so_far:.0f} s so far, {at_most:.0f} s at most")

    def _show(self, waiting: str) -> None:
        self._shown = time.monotonic()
        view = of_outcomes(self._outcomes)
        if waiting:
            view = View(f"{view.text}\n{flat(waiting)}", view.html + as_list([waiting], "Now"))
        self._put(view.bundle())

    def _put(self, bundle: dict[str, str]) -> None:
        from IPython.display import display

        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)
