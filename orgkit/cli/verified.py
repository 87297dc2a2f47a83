"""How the command line tells what became of records: whether they are whole, and what differs between two."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orgkit.cli.layout import tell, title
from orgkit.printable import flat

if TYPE_CHECKING:
    from orgkit.proof.diff import Differences
    from orgkit.proof.verify import Verified


def show_verified(found: "Sequence[Verified]") -> None:
    """Each account: how many records, the head of their chain, every fault, and what could not be told."""
    if not found:
        click.echo("There are no records yet.")
    for each in found:
        title(f"Account {each.account}{_box(Path(each.folder))}")
        click.echo(f"records  {each.records} sealed{_signed(each)}")
        click.echo(f"head     {each.head or 'none yet'}")
        for fault in each.faults:
            tell(f"FAULT  {fault.sentence}")
        click.echo(_word(each))
        for note in (*each.notes, *(f"not sealed: {run} (orgkit records seal)" for run in each.unsealed)):
            tell(f"note: {note}")


def _box(folder: Path) -> str:
    return f", sandbox {folder.parent.name}" if folder.parent.parent.name == "sandbox" else ""


def _signed(verified: "Verified") -> str:
    if not verified.signed:
        return ""
    return f", {verified.signed} of them signed" if verified.key else ", signatures not checked (--key)"


def _word(verified: "Verified") -> str:
    """Never that all is well when something was not looked at."""
    if verified.faults:
        return f"{len(verified.faults)} fault(s): these records are not what was sealed."
    if verified.archived:
        here = f"{verified.records} record(s) are as they were sealed.\n" if verified.records else ""
        return f"{here}{len(verified.archived)} record(s) are not here and were not checked."
    return "Everything is as it was sealed."


def show_differences(found: "Differences") -> None:
    """Parameters as a diff, steps that only one has, and each fact on both sides."""
    if found.none:
        click.echo("No difference but the time.")
        return
    if found.parameters:
        title("Parameters")
        click.echo("\n".join(map(flat, found.parameters)))
    if found.only_before or found.only_after:
        title("Plan")
        for sign, steps in (("-", found.only_before), ("+", found.only_after)):
            for step in steps:
                tell(f"{sign} {step}")
    if found.facts:
        title("What else")
        for fact in found.facts:
            tell(f"{fact.name}: {fact.before or 'nothing'} -> {fact.after or 'nothing'}")
