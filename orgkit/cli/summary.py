"""What a command prints when it has ended: for a person, or as one object."""

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from orgkit.aws.person_settings import settings_for
from orgkit.cli.layout import (
    COLUMNS,
    columns,
    print_table,
    print_text_table,
    print_wrapped,
    relative_path,
    title,
    wrap,
)
from orgkit.errors import EXIT_APPROVAL_NEEDED, EXIT_REFUSED, OutOfOrder
from orgkit.journal.events import read_events
from orgkit.phases.descriptor import Phase
from orgkit.phases.registry import PHASES
from orgkit.records.catalogue import account_folders
from orgkit.records.chain import entries_of, head_of
from orgkit.records.files import read_json
from orgkit.records.notebook_result import shown_values
from orgkit.runbook.views.tables import as_text, as_text_list
from orgkit.runbook.views.tree import as_text as tree_text
from orgkit.sanitize.secrets import hide_secrets
from orgkit.sanitize.terminal import flat, short

MAX_STEPS = 20  # of a phase that a rehearsal lists
AMOUNTS = 48  # characters of a line that the amounts next to a name take

if TYPE_CHECKING:
    from orgkit.costs.estimate.estimate import Estimate
    from orgkit.costs.estimate.sensitivity import Size, Swing
    from orgkit.records.result import RunResult
    from orgkit.rehearsal.denials import PolicyDenial
    from orgkit.rehearsal.phase_results import Rehearsal
    from orgkit.sandbox.snapshot import Snapshot


def show_rehearsal(done: "Rehearsal", keep: bool) -> None:
    """The organization, what each phase did, what it would cost, and where the records lie."""
    _show_organization(done)
    _show_phases(done)
    if done.snapshot:
        _show_steps(done.planned)
    if done.denials:
        title("Denied by policies")
        show_denials(done.denials)
    if done.waiting:
        title("Waiting for someone else")
        for waiting in done.waiting:
            print_wrapped(waiting.what)
            show_commands(waiting.commands)
    if done.circumstances.faults:
        from orgkit.cli.faults import show_faults

        show_faults(done)
    title("What it costs")
    costs = done.costs
    print_wrapped(_costs_sentence(costs) if costs else "no estimate: phase 06 did not get that far")
    _show_not_copied(done.snapshot)
    title("The records")
    click.echo(f"{sum(len(rehearsal.runs) for rehearsal in done.phases)} records in {relative_path(done.folder)}")
    for place in account_folders(done.folder):
        show_head(place)
    if keep:
        click.echo("\nThe sandbox is still running. To use it:  orgkit sandbox shell")
        click.echo("To end it:  orgkit sandbox stop")
    click.echo(
        f"\nRehearsed in {done.seconds:.1f} s, on an emulator: nothing {'changed' if done.snapshot else 'touched'} AWS."
    )


def _show_organization(done: "Rehearsal") -> None:
    """The organization at the end, and where the sandbox began with a copy, at the beginning as well."""
    if done.tree_before:
        title("The organization before")
        click.echo(tree_text(done.tree_before))
    title("The organization after" if done.tree_before else "The organization")
    click.echo(tree_text(done.tree))


def _show_steps(planned: Mapping[str, Sequence[str]]) -> None:
    """What each phase would change on AWS."""
    title("The steps")
    for label, sentences in planned.items():
        for sentence in sentences[:MAX_STEPS]:
            print_wrapped(hide_secrets(flat(f"{label}: {sentence}")))
        if len(sentences) > MAX_STEPS:
            print_wrapped(f"{label}: and {len(sentences) - MAX_STEPS} more, which `orgkit rehearse --json` lists")
    if not planned:
        print_wrapped("none: the organization is as the file says")


def _show_not_copied(snapshot: "Snapshot | None") -> None:
    """What is not in the snapshot, so that AWS may behave otherwise."""
    if snapshot is None:
        return
    title("Not copied from AWS")
    for item in snapshot.not_read:
        print_wrapped(hide_secrets(flat(f"{item.subject}: {item.reason}")))


def show_denials(denials: "Iterable[PolicyDenial]") -> None:
    """Each call that a policy of the organization denied, with the policy and the statement."""
    for denial in denials:
        for sentence in denial.sentences:
            print_wrapped(flat(sentence))


def _costs_sentence(costs: Mapping[str, str]) -> str:
    from orgkit.costs.estimate.estimate import bootstrap_sentence

    ranges = [[costs[f"{part}_{name}"] for name in ("low", "expected", "high")] for part in ("made", "later")]
    return f"{bootstrap_sentence(*ranges)} (estimate; prices of {costs['prices_of']})"


def _show_phases(done: "Rehearsal") -> None:
    title("The phases")
    rows = [
        (rehearsal.phase.run_label, rehearsal.outcome, rehearsal.steps, f"{rehearsal.seconds:.1f}")
        for rehearsal in done.phases
    ]
    print_table(("phase", "outcome", "steps", "seconds"), rows)
    for rehearsal in done.phases:
        for reason in rehearsal.result.reasons:
            print_wrapped(f"{rehearsal.phase.run_label}: {reason}")
    if done.alone:
        print_wrapped("approval: by one person. The file asks for four eyes, and was rehearsed as if it did not.")


def show_result(phase: Phase, result: "RunResult", file: Path) -> None:
    """One phase: outcome, why, the record, and what to run next."""
    show_outcome(phase, result, file)
    page = result.record / f"{phase.run_label}.html"
    if page.is_file():
        click.echo(f"page    {relative_path(page)}")
    if result.digest and result.exit_code != EXIT_REFUSED:
        click.echo(f"digest  {result.digest}")
    show_head(result.record.parent)
    command = next_command(phase, result, file)
    if command:
        click.echo(f"\nnext    {flat(command)}")


def show_outcome(phase: Phase, result: "RunResult", file: Path) -> None:
    """One phase: outcome, why, what was found, and where the record lies."""
    details = [*([result.progress] if result.progress else []), f"{result.seconds:.1f} s"]
    click.echo(f"{phase.run_label}: {result.outcome} ({', '.join(details)})")
    for reason in result.reasons:
        print_wrapped(with_file(reason, file))
    for sentence in _check_sentences(result):
        print_wrapped(sentence)
    show_how_far(result)
    for line in result.found:
        print_wrapped(f"found out: {line}")
    show_commands(result.commands)
    if result.checks:
        checks = result.checks
        click.echo(f"checks  {checks['stops']} that stop phases, {checks['warns']} warnings")
        for finding in result.findings:
            print_wrapped(f"- {finding}")
    for table in result_tables(phase, result):
        print_text_table(table)
    click.echo(f"record  {relative_path(result.record)}")


def _check_sentences(result: "RunResult") -> list[str]:
    """What the check of a run found, such as Terraform's plan of a hand-over; none where its record is not there."""
    events = read_events(result.record / "events.jsonl")
    sentences = [str(event.get("sentence") or "") for event in events if event.get("event") == "verified"]
    return [hide_secrets(flat(sentence)) for sentence in sentences[-1:] if sentence]


def result_tables(phase: Phase, result: "RunResult") -> list[str]:
    """The tables that a phase without steps is run for, as its notebook shows them; none where it ended early."""
    variables = () if phase.changes or not result.succeeded else ("estimate", "actuals")
    return shown_values(read_json(result.record / phase.runbook), variables)


def with_file(text: str, file: Path) -> str:
    """A message of a runbook, which does not know how the parameters file was named, nor where the caller stands."""
    from orgkit.records.outputs import name_in_project

    argument = re.compile(rf"\b(orgkit [a-z]+ )(?:{re.escape(quote(name_in_project(file)))}(?=[\s`;]|$)|FILE\b)")
    text = argument.sub(lambda match: match[1] + quote(str(file)), text)
    return re.sub(r"\bFILE\b", lambda _: quote(str(file)), text)


def next_command(phase: Phase, result: "RunResult", file: Path) -> str:
    """What to run next; "" where the message has said it."""
    name = quote(str(file))
    if result.next_command and not result.succeeded:
        command = with_file(result.next_command, file)
        command = command.replace(" APPROVAL", f" {quote(str(result.record / 'signed-approval.json'))}")
        return f"{settings_for(phase.label)}{command}"
    if result.exit_code == EXIT_APPROVAL_NEEDED and result.digest:
        if any("orgkit approve" in reason for reason in result.reasons):
            return f"orgkit approve {result.digest} {name} --ticket TICKET --key KEY"
        approver = " --approver NAME" if result.identity.get("target") == "aws" else ""
        return f"{settings_for(phase.label)}orgkit run {name} {phase.number} --approved-plan {result.digest}{approver}"
    if OutOfOrder.summary in result.reasons:
        return f"orgkit apply {name}"  # the phases that come first
    if not result.succeeded:
        return ""
    following = next((candidate for candidate in PHASES if candidate.number > phase.number), None)
    if following is None:
        return f"orgkit status {name}"
    return f"orgkit plan {name} {following.number}" if following.changes else f"orgkit run {name} {following.number}"


def show_head(place: Path) -> None:
    """The head of an account's chain: kept elsewhere, it shows later whether the newest records were removed."""
    entries = entries_of(place)
    if entries:
        click.echo(f"head    {entries[-1].digest}{' (signed)' if entries[-1].signed_by else ''}")


def show_how_far(result: "RunResult") -> None:
    """Of a run that ended early: what it did, and what it did not."""
    from orgkit.records.apply_progress import STATE_DESCRIPTIONS

    if not result.succeeded:
        for state, steps in result.how_far.items():
            sentences = [step["sentence"] for step in steps]
            click.echo(as_text_list(sentences, STATE_DESCRIPTIONS[state], width=columns() - 1))


def show_commands(commands: Sequence[str]) -> None:
    """Whole lines, however long: they are there to be copied."""
    if commands:
        click.echo("\nCommands, with the credentials of the account that is named above:")
        click.echo("\n".join(map(flat, commands)) + "\n")


def result_json(phase: Phase, result: "RunResult") -> dict[str, Any]:
    """One phase as an object."""
    head = head_of(result.record.parent.parent, result.record.parent.name)
    return {"phase": phase.run_label, **result.as_json(), "record": str(result.record), "head": head}


def show_estimate(estimate: "Estimate", swings: "Sequence[Swing]", sizes: "Sequence[Size]", warning: str) -> None:
    """The range, by account and by service; what moves it, and what more accounts and regions would make of it."""
    from orgkit.costs.estimate.frame import NOT_COUNTED

    click.echo(wrap(estimate.sentence, ""))
    click.echo()
    name_length = columns() - AMOUNTS if columns() >= COLUMNS else columns()  # below that, what is long is folded
    for frame in (estimate.by_origin(), estimate.by_account().drop(columns="name"), estimate.by_service()):
        table = frame.reset_index()
        rows = [(short(first, name_length), *rest) for first, *rest in table.itertuples(index=False)]
        print_table([str(c) for c in table.columns], rows)
        click.echo()
    click.echo(wrap("Sensitivity, each assumption alone:" if swings else "No assumption moves it.", ""))
    for swing in swings[:3]:
        print_wrapped(f"- {swing.sentence}")
    click.echo(f"\n{wrap('For other numbers of accounts (none imported) and recorded regions:', '')}")
    rows = [(size.accounts, size.regions, size.low, size.expected, size.high) for size in sizes]
    print_table(("accounts", "regions", "low", "expected", "high"), rows)
    click.echo()
    assumptions = estimate.by_assumption().reset_index()
    not_counted = assumptions["source"] == NOT_COUNTED
    assumptions.loc[not_counted, "unit"] += f": {NOT_COUNTED}"
    assumptions = assumptions[["assumption", "low", "expected", "high", "unit"]]
    click.echo(wrap("What it assumes; [costs] of the file replaces any of it, --json has sources:", ""))
    headers, assumption_rows = list(assumptions.columns), [list(row) for row in assumptions.itertuples(index=False)]
    if columns() < COLUMNS:
        print_table(headers, assumption_rows)
    else:
        click.echo(_as_narrow_text(headers, assumption_rows))
    click.echo()
    for one_time_cost in estimate.one_time_costs:
        print_wrapped(f"once: {one_time_cost.sentence}")
    for note in (*estimate.notes, *([warning] if warning else [])):
        print_wrapped(f"note: {note}")


def _as_narrow_text(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table at 80 columns: what does not fit into the last column goes on below it."""
    widths = [max(len(flat(row[place])) for row in [headers, *rows]) for place in range(len(headers) - 1)]
    width = columns() - 1 - sum(width + 2 for width in widths)
    lines: list[Sequence[object]] = []
    for row in rows:
        first, *continuations = textwrap.wrap(flat(row[-1]), width) or [""]
        lines.append([*row[:-1], first])
        lines.extend([*[""] * len(widths), line] for line in continuations)
    return as_text(headers, lines)
