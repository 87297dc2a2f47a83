"""Kills or stops a phase at its worst moment, from outside: orgkit has no such hook, nor has an installation of it."""

from pathlib import Path

FOLDER = Path(__file__).parent
SETTING, SIGNAL_SETTING = "TEST_KILL_AFTER", "TEST_KILL_SIGNAL"


def killed_after(step: str) -> dict[str, str]:
    """Settings for processes: the one that applies ends itself with SIGKILL after this step.

    Args:
        step: The class of the step, or its id. AWS has done it, and nothing has been written about it.
    """
    return {"PYTHONPATH": str(FOLDER), SETTING: step}


def stopped_after(step: str) -> dict[str, str]:
    """The same with SIGSTOP, once: the process goes on after SIGCONT."""
    return {**killed_after(step), SIGNAL_SETTING: "SIGSTOP"}
