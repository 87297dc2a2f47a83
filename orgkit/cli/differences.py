"""`orgkit sandbox differences`, for a person: by subject, each row headed by its name."""

import click

from orgkit.cli.layout import title, wrap
from orgkit.sandbox.differences import Difference, Uncorrected, differences, uncorrected


def show_differences() -> None:
    """What is corrected, what is known and not corrected, and how many of each."""
    subjects, known = differences(), uncorrected()
    for subject in subjects:
        title(wrap(subject.title, indent="", hanging_indent="  "))
        for row in subject.differences:
            _show(row)
    title("Known, and not corrected")
    for gap in known:
        _show_gap(gap)
    count = sum(len(subject.differences) for subject in subjects)
    click.echo(f"\n{count} corrected, {len(known)} known and not corrected.")


def _show(row: Difference) -> None:
    click.echo(f"  {row.name}")
    _side("AWS", row.aws)
    _side("moto", row.moto)
    if row.source:
        _side("from", row.source)


def _show_gap(gap: Uncorrected) -> None:
    click.echo(wrap(gap.what))
    _side("AWS", gap.aws)
    _side("here", gap.sandbox)


def _side(heading: str, text: str) -> None:
    """What AWS or the sandbox does, after its name."""
    click.echo(wrap(f"{heading + ':':<6}{text}", indent=" " * 4, hanging_indent=" " * 10))
