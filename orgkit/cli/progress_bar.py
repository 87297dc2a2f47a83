"""What every display of progress on stderr has in common: whether there may be one, its console, and its bar."""

import os
import sys
from typing import TYPE_CHECKING

from orgkit.cli.layout import has_color

if TYPE_CHECKING:
    from rich.console import Console

BAR_LENGTH = 20  # characters


def is_plain() -> bool:
    """Whether stderr takes lines alone: it is no terminal, a plain one, or the lines of --debug come between."""
    return os.environ.get("TERM") == "dumb" or bool(os.environ.get("ORGKIT_DEBUG")) or not sys.stderr.isatty()


def new_console() -> "Console":
    """Return the console of stderr, so that stdout stays for results."""
    from rich.console import Console

    return Console(file=sys.stderr, no_color=not has_color(), highlight=False, markup=False, emoji=False)


def bar(done: int, count: int, length: int = BAR_LENGTH) -> str:
    """Return a bar such as [#####---------------]."""
    part = length * done // count if count else 0
    return f"[{'#' * part}{'-' * (length - part)}]"
