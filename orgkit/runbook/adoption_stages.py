"""The stages of adopt.ipynb: an organization that exists, as pictures and tables, and as a parameters file."""

from html import escape
from pathlib import Path

from orgkit.adoption.adoption import Adoption, adopt_organization, by_reason
from orgkit.adoption.parameters_file import named_after, render
from orgkit.adoption.parameters_file import write as write_files
from orgkit.adoption.reading import connect_without_file
from orgkit.aws.session import Connection
from orgkit.errors import convert_os_errors
from orgkit.model.desired import READ_ROLE
from orgkit.runbook.views import display, tables
from orgkit.runbook.views.tree import Node, observed_tree
from orgkit.runbook.views.views import View
from orgkit.sanitize.secrets import hide_secrets
from orgkit.sanitize.terminal import flat


def connect() -> Connection:
    """Connect as the caller's own identity: there is no parameters file yet that names another."""
    display.register()
    return connect_without_file()


def read(aws: Connection, read_role: str = READ_ROLE) -> Adoption:
    """Read the organization, and compose the file."""
    return adopt_organization(aws, read_role)


def picture(adoption: Adoption) -> Node:
    """The organization as a tree; what the file does not name is marked as unmanaged."""
    return observed_tree(adoption.observed, adoption.desired)


def findings(adoption: Adoption) -> View:
    """What good practice would change: how much it matters, the reason, and the runbook that fixes it."""
    headers = ("severity", "what", "reason", "fix")
    rows = [
        tuple(map(hide_secrets, (item.severity, item.subject, item.reason, item.runbook))) for item in adoption.advice
    ]
    return View(tables.as_text(headers, rows), tables.as_html(headers, rows))


def not_read(adoption: Adoption) -> View:
    """What AWS did not let us see: it may be there or not."""
    return _reasons(by_reason(adoption.not_read), "Everything was read.")


def not_expressed(adoption: Adoption) -> View:
    """What is in AWS, and has no place in the file."""
    return _reasons(by_reason(adoption.not_expressed), "Everything is expressed.")


def plan(adoption: Adoption) -> View:
    """What each phase would change with this file."""
    return View(
        tables.as_text_list(adoption.plan_lines, "Plan").strip("\n"), tables.as_list(adoption.plan_lines, "Plan")
    )


@convert_os_errors()
def write(adoption: Adoption, output: str, overwrite: bool = False) -> View:
    """Write the file and the documents next to it, where a name is given; show the file."""
    files: list[Path] = []
    if output:
        adoption = named_after(adoption, Path(output))
        files = write_files(adoption, Path(output), overwrite=overwrite)
    text = "\n".join(map(flat, render(adoption).splitlines()))
    file_names = [str(file) for file in files] or ["nothing: output names no file"]
    return View(
        f"{text}\n{tables.as_text_list(file_names, 'Written')}",
        f"<pre>{escape(text)}</pre>{tables.as_list(file_names, 'Written')}",
    )


def _reasons(groups: dict[str, list[str]], empty_text: str) -> View:
    rows = [(subject, reason) for reason, subjects in groups.items() for subject in subjects]
    if not rows:
        return View(empty_text, f"<p>{escape(empty_text)}</p>")
    headers = ("what", "reason")
    return View(tables.as_text(headers, rows), tables.as_html(headers, rows))
