"""How far a reading of AWS is, on stderr: a bar that is updated in place on a terminal, a line a minute in a log."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from orgkit.cli.layout import wrap
from orgkit.cli.output import INTERVAL_SECONDS
from orgkit.cli.progress_bar import bar, is_plain, new_console
from orgkit.engine.read_progress import ReadState, watch_reading

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live

    from orgkit.aws.session import Connection

UPDATE_SECONDS = 0.2


@contextmanager
def show_reading(aws: "Connection", console: "Console | None" = None) -> Iterator[None]:
    """Show how far the reading in this block is, once it takes longer than a second."""
    if console is None and is_plain():
        with watch_reading(aws, _print_line, every=INTERVAL_SECONDS):
            yield
        return
    display = _LiveReading(console)
    try:
        with watch_reading(aws, display.show, every=UPDATE_SECONDS):
            yield
    finally:
        display.finish()


def _print_line(state: ReadState) -> None:
    click.echo(wrap(state.sentence, indent=""), err=True)


class _LiveReading:
    """One line that nothing is left of when the reading is over."""

    def __init__(self, console: "Console | None") -> None:
        self._console = console
        self._live: Live | None = None

    def show(self, state: ReadState) -> None:
        from rich.text import Text

        text = Text(f"{bar(state.done, state.count)} {state.sentence}", style="dim", no_wrap=True, overflow="ellipsis")
        if self._live is None:
            from rich.live import Live

            self._live = Live(
                console=self._console or new_console(), auto_refresh=False, transient=True, redirect_stdout=False,
                redirect_stderr=False,
            )  # fmt: skip
            self._live.start()
        self._live.update(text, refresh=True)

    def finish(self) -> None:
        if self._live is not None:
            self._live.stop()
