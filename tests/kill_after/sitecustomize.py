"""Python imports this when a process starts with this folder on PYTHONPATH, as runner and kernel of a test do.

A fork of a process that has imported orgkit runs it too (tests/bootstrap/fork_server.py).
"""

import os
import signal
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from typing import Any

MODULE = "orgkit.engine.apply"
STEP = os.environ.get("TEST_KILL_AFTER", "")
SIGNAL = signal.Signals[os.environ.get("TEST_KILL_SIGNAL", "SIGKILL")]


class KillingLoader(SourceFileLoader):
    """Loads the module and replaces its `apply` by one whose `watch` sends the process a signal."""

    def exec_module(self, module: Any) -> None:
        super().exec_module(module)
        module.apply = killing(module)


def killing(module: Any) -> Callable[..., Any]:
    """The `apply` of the module, with a `watch` that sends the process a signal."""
    apply, done = module.apply, (module.StepStatus.DONE, module.StepStatus.ALREADY_APPLIED)

    def apply_until_killed(
        aws: Any, plan: Any, id_index: Any, look: Any, watch: Any = lambda _: None, **more: Any
    ) -> Any:
        signals = [SIGNAL]

        def kill_when_done(outcomes: Any) -> None:
            for step, outcome in zip(plan.steps, outcomes.items, strict=True):
                if signals and outcome.status in done and STEP in (type(step).__name__, step.id):
                    os.kill(os.getpid(), signals.pop())
            watch(outcomes)

        return apply(aws, plan, id_index, look, kill_when_done, **more)

    return apply_until_killed


def replace_everywhere(old: object, new: object) -> None:
    """Whatever name the modules of orgkit have imported it by."""
    for module in [module for name, module in sys.modules.items() if name.startswith("orgkit.")]:
        for name in [name for name, value in vars(module).items() if value is old]:
            setattr(module, name, new)


class Finder:
    """Finds one module, when it is imported; nothing is loaded before."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path) if name == MODULE else None
        if spec is not None and spec.origin is not None:
            spec.loader = KillingLoader(name, spec.origin)
        return spec


if STEP and MODULE in sys.modules:
    replace_everywhere(sys.modules[MODULE].apply, killing(sys.modules[MODULE]))
elif STEP:
    sys.meta_path.insert(0, Finder)  # type: ignore[arg-type]
