"""`--github`: a step of a GitHub workflow reports its outcome as annotations, job summary and outputs."""

import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from orgkit import errors
from orgkit.ci.commands import Annotation, new_token, output_lines
from orgkit.cli.options import print_error
from orgkit.phases.descriptor import Phase
from orgkit.sanitize.terminal import mask_emails

if TYPE_CHECKING:
    from orgkit.cli.planning import PlannedPhase
    from orgkit.records.result import RunResult

FILES = ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")
LEVELS = {errors.EXIT_DONE: "notice", errors.EXIT_WAITING: "notice"} | dict.fromkeys(
    (errors.EXIT_APPROVAL_NEEDED, errors.EXIT_RETRY_LATER), "warning"
)


class NoReport:
    """Without `--github`, only the terminal shows the outcome."""

    def plans(self, planned_phases: "Sequence[PlannedPhase]", code: int) -> None: ...

    def result(self, phase: Phase, result: "RunResult") -> None: ...


class Report(NoReport):
    """What a step reports; it is written when the command has ended."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        from orgkit.records.redact import Redactor, live_values

        missing = [name for name in FILES if not environment.get(name)]
        if missing:
            raise errors.WrongPlace(
                f"without {' and '.join(missing)} in the environment this is no step of a GitHub workflow.",
                "leave out --github, or run it in a workflow that `orgkit init --ci github` writes.",
            )
        self.summary, self.outputs = (Path(environment[name]) for name in FILES)
        self.run_id = environment.get("GITHUB_RUN_ID", "")
        self.redactor = Redactor(live_values(environment))
        self.annotations: list[Annotation] = []

    def plans(self, planned_phases: "Sequence[PlannedPhase]", code: int) -> None:
        from orgkit.ci import summary
        from orgkit.runbook.views.tree import as_text

        rows = [
            (planned.phase.run_label, planned.as_json(), as_text(planned.tree) if planned.tree else "")
            for planned in planned_phases
        ]
        parts = (
            part
            for label, facts, tree in rows
            for part in summary.render_plan(label, self._clean(facts), self._clean(tree), self.run_id)
        )
        self._write(parts)
        self.annotations += [note for planned in planned_phases for note in _plan_annotations(planned)]
        ready = next(
            (planned for planned in planned_phases if planned.plan and planned.plan.steps and planned.plan.digest), None
        )
        digest = ready.plan.digest if ready and ready.plan else ""
        self._put(
            phase=ready.phase.number if ready else "", digest=digest, outcome=_outcome_word(code), exit_code=str(code)
        )

    def result(self, phase: Phase, result: "RunResult") -> None:
        from orgkit.ci import summary
        from orgkit.records.chain import head_of
        from orgkit.records.files import read_json

        folder = result.record
        head = head_of(folder.parent.parent, folder.parent.name)
        plan = {**read_json(folder / "review.json"), "steps": read_json(folder / "plan.json").get("steps", ())}
        tree = summary.last_tree(read_json(folder / f"{phase.run_label}.ipynb"))
        facts = {**result.as_json(), "record": folder.name}
        clean = self._clean
        self._write(summary.render_run(phase.run_label, clean(facts), clean(plan), clean(tree), head))
        reason = " ".join(result.reasons) or f"{result.steps} steps."
        level = LEVELS.get(result.exit_code, "error")
        self.annotations.append(Annotation(level, f"{phase.run_label}: {result.outcome}", self._clean(reason)))
        outputs = {"digest": result.digest, "outcome": result.outcome, "exit_code": str(result.exit_code)}
        self._put(phase=phase.number, **outputs, record=folder.name, head=head)

    def stop(self, stop: errors.OrgkitError) -> None:
        from orgkit.ci import summary

        facts = self._clean({"summary": stop.summary, "why": stop.reason, "do": stop.remedy})
        self._write(summary.render_error(facts))
        self.annotations.append(Annotation("error", stop.summary, f"{facts['why']} {facts['do']}"))
        self._put(outcome=_outcome_word(stop.exit_code), exit_code=str(stop.exit_code))

    def _clean(self, value: Any) -> Any:
        return self.redactor.value(value)

    def _write(self, parts: Iterator[str]) -> None:
        from orgkit.ci import summary  # late: only a step of a workflow writes one

        self._append(self.summary, summary.fit_limit(parts) + "\n")

    def _put(self, **values: str) -> None:
        self._append(self.outputs, "".join(output_lines(values)))

    def _append(self, file: Path, text: str) -> None:
        """A page that cannot be written changes nothing about what was done in AWS."""
        try:
            with file.open("a", encoding="utf-8", errors="backslashreplace") as opened:
                opened.write(text)
        except OSError as error:
            self.annotations.append(Annotation("warning", "This summary is not whole", str(error)))


def _plan_annotations(planned: "PlannedPhase") -> Iterator[Annotation]:
    """Why there is no plan, or that somebody has to act; nothing when all is as it should be."""
    title = planned.phase.run_label
    if planned.plan is None:
        yield Annotation("error", title, str(planned.stop))
        return
    for decision in planned.plan.blocked:
        yield Annotation("error", f"{title}: a person has to decide", decision.what)
    for line in planned.plan.unrepaired_drift:
        yield Annotation("error", f"{title}: drift", line)
    if planned.plan.digest and planned.plan.steps:
        yield Annotation(
            "notice", f"{title}: approval needed", f"{len(planned.plan.steps)} steps, digest {planned.plan.digest}"
        )
    elif planned.plan.waiting and not (planned.plan.blocked or planned.plan.unrepaired_drift):
        yield Annotation("notice", f"{title}: waiting", planned.plan.waiting[0].what)


def _outcome_word(code: int) -> str:
    from orgkit.records.result import OUTCOMES

    return OUTCOMES[code]


def report_result(command: Callable[..., int]) -> Callable[..., int]:
    """`--github` for a command, which gets the object that reports its outcome."""

    @click.option("--github", is_flag=True, help="Write GitHub annotations, the job summary and outputs.")
    @wraps(command)
    def run(*args: Any, github: bool, **kwargs: Any) -> int:
        if not github:
            return command(*args, report=NoReport(), **kwargs)
        report, as_json = Report(os.environ), bool(kwargs.get("as_json"))
        with harmless(as_json):
            try:
                code = command(*args, report=report, **kwargs)
            except errors.OrgkitError as stop:
                print_error(stop, as_json)
                report.stop(stop)
                code = stop.exit_code
        for annotation in report.annotations:
            click.echo(annotation.command, err=as_json)
        return code

    return run


class MaskedStream(io.TextIOBase):
    """A stream on which email addresses are masked; click asks it what it asks of any other."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    encoding = property(lambda self: self.stream.encoding)
    errors = property(lambda self: self.stream.errors)

    def write(self, text: str) -> int:
        self.stream.write(mask_emails(text))
        return len(text)

    def flush(self) -> None:
        self.stream.flush()

    def fileno(self) -> int:
        return self.stream.fileno()


@contextmanager
def harmless(as_json: bool) -> Iterator[None]:
    """A log in which names from AWS command nothing, and are no addresses; JSON stays as it is, on its own stream."""
    token = new_token()
    click.echo(f"::stop-commands::{token}", err=as_json)
    try:
        with (
            redirect_stdout(sys.stdout if as_json else MaskedStream(sys.stdout)),
            redirect_stderr(MaskedStream(sys.stderr)),
        ):
            yield
    finally:
        click.echo(f"::{token}::", err=as_json)
