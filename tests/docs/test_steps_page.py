"""docs/steps.md, everything that orgkit can do to AWS, made from the code: `python -m tests.docs.test_steps_page`."""

import inspect
import typing
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from orgkit.model.plan import Step
from orgkit.phases.permissions import actions_of, steps_of
from orgkit.phases.registry import RUNBOOKS

PAGE = Path(__file__).parents[2] / "docs" / "steps.md"
HEAD = """# The steps

Everything that orgkit can do to AWS is one of these steps. A step is applied only when someone has approved a plan that
names it. Only 13-policy-removal and 16-offboarding take something away. What orgkit reads is not listed
here: `orgkit permissions PHASE` prints the policy of a phase, its reads included.

Each step carries the value that it replaces (`starts_from`) into the approved plan: what exists, `absent`, or, for what
is switched on, `disabled`. It is compared when the plan is applied, and read again right before the step.

A name in `<>` comes from the parameters file or from AWS. **+** creates something, **~** changes
something, **-** takes something away.
*Management account* lists the IAM actions that the identity which runs orgkit needs. *Inside* lists those that are used
within another account. There the access role of that account uses them, narrowed to the step in the log archive
account. For an import, the owner's own profile uses them.

This page is made from the code: `python -m tests.docs.test_steps_page` writes it, and a test keeps it current.
"""


def test_the_page_of_all_steps_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.docs.test_steps_page"


def test_every_step_stands_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [
        step.__name__ for phase in RUNBOOKS for step in steps_of(phase) if f"### {step.__name__}\n" not in text
    ] == []


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(part for phase in RUNBOOKS if phase.changes for part in _phase(phase))])


def _phase(phase: Any) -> Iterator[str]:
    yield f"## {phase.run_label}\n\n{phase.title}.\n"
    for step in steps_of(phase):
        first = next(other for other in RUNBOOKS if step in steps_of(other))
        yield f"### {step.__name__}\n" if first == phase else f"### {step.__name__} (as in {first.run_label})\n"
        yield f"{_doc(step)}\n" if first == phase else ""
        if first == phase:
            yield f"> **{step.symbol}** `{example(step).sentence}`\n"
            yield from _needs("Management account", actions_of(step))
            yield from _needs("Inside", step.actions_in_account())
            yield ""


def _needs(where: str, actions: tuple[str, ...]) -> Iterator[str]:
    if actions:
        yield f"- {where}: " + ", ".join(f"`{action}`" for action in actions)


def _doc(step: type[Step]) -> str:
    return inspect.cleandoc(step.__doc__ or "").split("\n\n")[0].replace("\n", " ")


def example(step: type[Step]) -> Step:
    """A step whose fields say what they are."""
    hints = typing.get_type_hints(step)
    wanted = [field for field in fields(step) if field.name != "reason"]
    return step(**{field.name: _placeholder(field.name, hints[field.name]) for field in wanted})


def _placeholder(name: str, kind: Any) -> Any:
    word = f"<{name.replace('_', ' ')}>"
    if kind is bool:
        return True
    if kind == tuple[tuple[str, str], ...]:
        return (("<key>", "<value>"),)
    return (word,) if kind == tuple[str, ...] else word


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
