"""Handlers that a test puts in the place of those that speak to AWS."""

from typing import Any

import pytest

from orgkit.model.plan import Step
from orgkit.phases.handler import Handler
from orgkit.phases.registry import RUNBOOKS, PhaseCode, load

HANDLERS: dict[type[Step], Handler[Any]] = {
    step: handler for phase in RUNBOOKS for step, handler in load(phase).handlers.items()
}


def replace_handlers(monkeypatch: pytest.MonkeyPatch, **runs: Any) -> None:
    """Let an apply of any phase use all handlers, and for the steps with these class names other functions.

    What a step replaces is as it was approved, unless the stand-in for the connection has another value for it.
    """
    handlers = {
        step: Handler(step, runs.get(step.__name__, handler.run), value_by_now) for step, handler in HANDLERS.items()
    }
    monkeypatch.setattr("orgkit.engine.apply.load", lambda phase: PhaseCode(None, handlers))


def value_by_now(aws: Any, step: Step, id_index: Any) -> str:
    return str(getattr(aws, "values", {}).get(step.id, step.starts_from))
