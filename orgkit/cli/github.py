"""`--github`: a step of a GitHub workflow tells what came of it, as annotations, job summary and outputs."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orgkit import errors
from orgkit.ci import summary
from orgkit.ci.commands import Annotation, output_lines
from orgkit.cli.main import tell_stop
from orgkit.cli.masked import harmless
from orgkit.phases import Phase

if TYPE_CHECKING:
    from orgkit.cli.planning import Made
    from orgkit.record.result import Result

FILES = ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")
LEVELS = {errors.EXIT_DONE: "notice", errors.EXIT_WAITING: "notice"} | dict.fromkeys(
    (errors.EXIT_APPROVAL_NEEDED, errors.EXIT_RETRY_LATER), "warning"
)


class NoReport:
    """Without `--github` nobody is told but the person at the terminal."""

    def plans(self, made: "Sequence[Made]", code: int) -> None: ...

    def result(self, phase: Phase, result: "Result") -> None: ...


class Report(NoReport):
    """What a step has to tell; it is told when the command has ended."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        from orgkit.record.redact import Redactor, live_values

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

    def plans(self, made: "Sequence[Made]", code: int) -> None:
        from orgkit.runbook.tree import as_text

        told = [(each.phase.label, each.as_json(), as_text(each.tree) if each.tree else "") for each in made]
        parts = (
            part
            for label, facts, tree in told
            for part in summary.of_plan(label, self._clean(facts), self._clean(tree), self.run_id)
        )
        self._write(parts)
        self.annotations += [note for each in made for note in _of_plan(each)]
        ready = next((each for each in made if each.plan and each.plan.steps and each.plan.digest), None)
        digest = ready.plan.digest if ready and ready.plan else ""
        self._put(phase=ready.phase.number if ready else "", digest=digest, outcome=_word(code), exit_code=str(code))

    def result(self, phase: Phase, result: "Result") -> None:
        from orgkit.record.chain import head_of
        from orgkit.record.files import read_json

        folder = result.record
        head = head_of(folder.parent.parent, folder.parent.name)
        plan = {**read_json(folder / "review.json"), "steps": read_json(folder / "plan.json").get("steps", ())}
        tree = summary.last_tree(read_json(folder / f"{phase.label}.ipynb"))
        facts = {**result.as_json(), "record": folder.name}
        clean = self._clean
        self._write(summary.of_run(phase.label, clean(facts), clean(plan), clean(tree), head))
        why = " ".join(result.reasons) or f"{result.steps} steps."
        level = LEVELS.get(result.exit_code, "error")
        self.annotations.append(Annotation(level, f"{phase.label}: {result.outcome}", self._clean(why)))
        told = {"digest": result.plan_sha256, "outcome": result.outcome, "exit_code": str(result.exit_code)}
        self._put(phase=phase.number, **told, record=folder.name, head=head)

    def stop(self, stop: errors.Stop) -> None:
        facts = self._clean({"summary": stop.summary, "why": stop.why, "do": stop.do})
        self._write(summary.of_stop(facts))
        self.annotations.append(Annotation("error", stop.summary, f"{facts['why']} {facts['do']}"))
        self._put(outcome=_word(stop.exit_code), exit_code=str(stop.exit_code))

    def _clean(self, value: Any) -> Any:
        return self.redactor.value(value)

    def _write(self, parts: Iterator[str]) -> None:
        self._append(self.summary, summary.in_room(parts) + "\n")

    def _put(self, **values: str) -> None:
        self._append(self.outputs, "".join(output_lines(values)))

    def _append(self, file: Path, text: str) -> None:
        """A page that cannot be written changes nothing about what was done in AWS."""
        try:
            with file.open("a", encoding="utf-8", errors="backslashreplace") as opened:
                opened.write(text)
        except OSError as error:
            self.annotations.append(Annotation("warning", "This summary is not whole", str(error)))


def _of_plan(made: "Made") -> Iterator[Annotation]:
    """Why there is no plan, or that somebody has to act; nothing when all is as it should be."""
    title = made.phase.label
    if made.plan is None:
        yield Annotation("error", title, str(made.stop))
    elif made.plan.digest and made.plan.steps:
        yield Annotation(
            "notice", f"{title}: approval needed", f"{len(made.plan.steps)} steps, digest {made.plan.digest}"
        )
    elif made.plan.waiting:
        yield Annotation("notice", f"{title}: waiting", made.plan.waiting[0].what)


def _word(code: int) -> str:
    from orgkit.record.result import WORDS

    return WORDS[code]


def reported(command: Callable[..., int]) -> Callable[..., int]:
    """`--github` for a command, which is handed what it tells its end to."""

    @click.option("--github", is_flag=True, help="Tell GitHub: annotations, job summary and outputs of the step.")
    @wraps(command)
    def run(*args: Any, github: bool, **kwargs: Any) -> int:
        if not github:
            return command(*args, report=NoReport(), **kwargs)
        report, as_json = Report(os.environ), bool(kwargs.get("as_json"))
        with harmless(as_json):
            try:
                code = command(*args, report=report, **kwargs)
            except errors.Stop as stop:
                tell_stop(stop, as_json)
                report.stop(stop)
                code = stop.exit_code
        for annotation in report.annotations:
            click.echo(annotation.command, err=as_json)
        return code

    return run
