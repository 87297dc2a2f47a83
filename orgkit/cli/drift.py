"""What `orgkit status --drift` prints: each difference with its values, and who changed it."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from orgkit.cli.layout import print_line, print_table, print_wrapped, title, wrap
from orgkit.cli.options import show_json
from orgkit.sanitize.secrets import hide_secrets

if TYPE_CHECKING:
    from orgkit.model.desired import Desired
    from orgkit.records.health.comparison import Difference
    from orgkit.records.health.health import Health

MAX_SHOWN = 200  # differences, or unmanaged resources, on a terminal; --json has all of them


def show_drift(file: Path, path: Path, desired: "Desired", *, as_json: bool) -> int:
    """Compare the organization with the file and with the last run, and return the exit code.

    Args:
        file: The parameters file as the caller named it, for the commands that are printed.
        path: The same, where it was found.
        desired: The same, loaded.
        as_json: Whether to print one object for a program.
    """
    from orgkit.cli.read_progress import show_reading
    from orgkit.engine.connect import connect
    from orgkit.records import outputs
    from orgkit.records.health.health import examine

    aws = connect(desired)
    base = outputs.base_folder(outputs.project_of(path), aws.kind)
    with show_reading(aws):
        health = examine(aws, desired, base)
    if as_json:
        show_json({**health.as_json(), "exit_code": health.exit_code})
    else:
        click.secho(f"{'AWS' if aws.kind == 'aws' else 'Sandbox'} account {aws.caller().account}", bold=True)
        _show(health, file)
    return health.exit_code


def _show(health: "Health", file: Path) -> None:
    from orgkit.runbook.views.health_views import basis, not_compared_lines, quota_rows, step_lines

    print_wrapped(health.sentence)
    print_wrapped(f"Compared with {basis(health)}.")
    for line in health.notes:
        print_wrapped(hide_secrets(line))
    if not health.last_run:
        print_wrapped("To make a record, with which the next report compares:")
        print_line(f"orgkit run {quote(str(file))} 08")
    _show_differences("Drift", health.drift)
    _show_list("Drift that no step repairs, by the plans", health.plan_drift)
    _show_differences("Changed since the last run, and as the file says", health.expected_changes)
    _show_list("Unmanaged: in AWS, and not in the file", [f"{item.kind} {item.name}" for item in health.unmanaged])
    _show_list("Not read: it may have drifted or not", [f"{gap.subject}: {gap.reason}" for gap in health.not_read])
    _show_list("Not compared: it may have drifted or not, and nobody looked", list(not_compared_lines(health)))
    _show_list("Attention", health.notices)
    title("Quotas")
    print_table(("quota", "used", "limit", "left"), [row[:-1] for row in quota_rows(health)])
    for source, rows in groupby(quota_rows(health), key=lambda row: row[-1]):
        print_wrapped(f"{', '.join(row[0] for row in rows)}: {source}")
    _show_list("Steps that repair drift, or are left to do", list(step_lines(health)))
    if health.step_counts:
        click.echo("\nnext")
        print_line(f"orgkit plan {quote(str(file))}")


def _show_differences(name: str, differences: Sequence["Difference"]) -> None:
    """Each resource once, and below it each attribute with both values."""
    if not differences:
        return
    title(f"{name} ({len(differences)})")
    for subject, items in groupby(differences[:MAX_SHOWN], key=lambda item: item.subject):
        click.echo(wrap(hide_secrets(subject), "  ", "      "))
        for item in items:
            for line in _lines(item):
                click.echo(wrap(line, "      ", "        "))
    _show_more(len(differences))


def _lines(item: "Difference") -> Iterator[str]:
    from orgkit.records.health.comparison import FILE
    from orgkit.records.health.shown_values import shown_values
    from orgkit.runbook.views.health_views import changed_by, last_run_value

    expected, actual = shown_values(item.expected, item.actual)
    yield hide_secrets(item.label)
    yield f"{'file:' if item.basis == FILE else 'last run:'} {expected}"
    yield f"AWS: {actual}"
    yield from (f"last run: {value}" for value in last_run_value(item))
    if item.basis == FILE and item.last_value is not None and item.last_value == item.actual:
        yield "so at the last run already"
    yield from (hide_secrets(line) for line in changed_by(item))


def _show_list(name: str, items: Sequence[str]) -> None:
    if not items:
        return
    title(f"{name} ({len(items)})")
    for line in items[:MAX_SHOWN]:
        click.echo(wrap(f"- {hide_secrets(line)}", "  ", "    "))
    _show_more(len(items))


def _show_more(count: int) -> None:
    if count > MAX_SHOWN:
        print_wrapped(f"… and {count - MAX_SHOWN} more: --json has all of them.")
