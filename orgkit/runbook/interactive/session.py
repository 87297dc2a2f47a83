"""Whether a person is there, as `orgkit open` and `orgkit lab` say; and the way from one runbook to the next."""

import os
from pathlib import Path
from urllib.parse import quote

INTERACTIVE_VARIABLE = "ORGKIT_PERSON"  # set by the kernel spec `orgkit` alone: a plain kernel is never guided
NOTEBOOK_VARIABLE = "JPY_SESSION_NAME"  # Jupyter Server sets it for the kernel of a notebook that a person has open
KERNEL = {"display_name": "orgkit (guided)", "language": "python", "name": "orgkit"}  # what a copy for a person names
START_PAGE = "start.ipynb"
README = "ORGKIT_README"  # of `orgkit lab`: where the copy of the README lies that links lead to


def is_interactive() -> bool:
    """Whether a person sees this, and may be asked."""
    return os.environ.get(INTERACTIVE_VARIABLE) == "1"


def is_opened_directly() -> bool:
    """Whether a person has this notebook open with a plain kernel: it adds a line and a style, no decision."""
    return NOTEBOOK_VARIABLE in os.environ and not is_interactive()


def session() -> str:
    """The name of the `orgkit lab` that we are part of; "" outside of one."""
    readme = os.environ.get(README)
    return Path(readme).parent.name if readme else ""


def link(target: Path, folder: Path, heading: str = "") -> str:
    """A relative address, as a notebook in `folder` can hold it."""
    place = quote(os.path.relpath(target, folder))
    return f"{place}#{quote(heading)}" if heading else place
