"""Faults on the command line: options that simulate them, progress while a run recovers, and the outcome."""

from collections.abc import Callable
from difflib import get_close_matches
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from orgkit.cli.layout import print_table, print_wrapped, title, wrap
from orgkit.rehearsal.fault_options import ALL_FAULTS, select_options
from orgkit.sandbox.faults import KINDS

if TYPE_CHECKING:
    from orgkit.rehearsal.phase_results import Rehearsal
    from orgkit.rehearsal.retries import Attempt


NO_BREAK = "\xa0"  # no line ends between a number and what it counts


class KindsType(click.ParamType[tuple[str, ...]]):
    """Kinds of fault by their names, with commas between them; `all` is every kind."""

    name = "kinds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        names = tuple(name.strip() for name in str(value).split(",") if name.strip())
        unknown = [name for name in names if name not in (*KINDS, ALL_FAULTS)]
        if unknown or not names:
            self.fail(f"{_advice(unknown)}\n\nThere are:\n{kinds_as_text()}", param, ctx)
        return names


def _advice(unknown: list[str]) -> str:
    """The first that is none, and the one that was probably meant."""
    if not unknown:
        return "name at least one kind."
    near = get_close_matches(unknown[0], (*KINDS, ALL_FAULTS), n=1)
    return f"{unknown[0]!r} is no kind of fault." + (f"\nDid you mean {near[0]}?" if near else "")


def kinds_as_text() -> str:
    """Every kind with what it means, for a terminal."""
    rows = [(ALL_FAULTS, "every kind"), *((kind.name, kind.sentence) for kind in KINDS.values())]
    width = max(len(name) for name, _ in rows) + 2
    return "\n".join(wrap(f"{name:<{width}}{sentence}", hanging_indent=" " * (width + 2)) for name, sentence in rows)


def circumstances_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--faults, --fault-seed, --latency and --real-time; the command is given them as its `circumstances`."""

    @wraps(command)
    def run(
        *args: Any,
        faults: tuple[str, ...],
        fault_seed: int | None,
        latency: float | None,
        real_time: bool,
        **options: Any,
    ) -> Any:
        if fault_seed is not None and not faults:
            raise click.UsageError("--fault-seed says which calls meet the --faults: name some, or all.")
        return command(*args, circumstances=select_options(faults, fault_seed, latency, real_time), **options)

    for option in reversed(OPTIONS):
        option(run)
    return run


OPTIONS = (
    click.option(
        "--faults", type=KindsType(), default=(), metavar="KIND,...",
        help=f"Let calls go wrong, to watch recovery: {', '.join(KINDS)}; or all.",
    ),
    click.option(
        "--fault-seed", type=int, metavar="N", help="Which calls meet a fault; drawn and printed when not given."
    ),
    click.option(
        "--latency", type=click.FloatRange(min=0), metavar="SECONDS",
        help="How long each call takes, by the sandbox's clock.",
    ),
    click.option(
        "--real-time", is_flag=True, help="Let the sandbox's clock run in real time, instead of jumping over waits."
    ),
)  # fmt: skip


def attempt_lines(number: int, attempt: "Attempt") -> list[str]:
    """What a run met, how it helped itself, why it ended before its end, and what follows."""
    from orgkit.rehearsal.faults import describe_counts

    faults = attempt.faults
    count = f"{faults.total()} fault{'' if faults.total() == 1 else 's'}"
    kinds = describe_counts(faults).replace(", ", "\n").replace(" ", NO_BREAK).replace("\n", ", ")
    lines = [f"run {number} met {count}{': ' if faults else ''}{kinds}", *attempt.remarks]
    if not attempt.result.succeeded:
        lines.append(f"ended early: {' '.join(attempt.result.reasons[:2])}")
    wrapped_lines = [wrap(line) for line in (*lines, *([attempt.repeat_command] if attempt.repeat_command else []))]
    return [line.replace(NO_BREAK, " ") for line in wrapped_lines]


def show_faults(done: "Rehearsal") -> None:
    """For each phase: runs, faults met, steps found done; in all; by kind; and how to see the same again."""
    from orgkit.rehearsal.faults import describe_counts

    title("The faults")
    rows: list[tuple[object, ...]] = [
        (rehearsal.phase.run_label, len(rehearsal.runs), rehearsal.faults.total(), rehearsal.found_done)
        for rehearsal in done.phases
    ]
    rows.append(("the last look", "", done.faults_afterwards.total(), ""))
    rows.append(("in all", *done.totals.values()))
    print_table(("phase", "runs", "faults met", "found done"), rows)
    print_wrapped(describe_counts(done.faults) or "no call met a fault")
    print_wrapped(done.circumstances.sentence)
