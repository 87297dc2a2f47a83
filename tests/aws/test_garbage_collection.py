"""The processes of orgkit that load botocore look for reference cycles less often than Python does by itself."""

import gc
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from orgkit.aws.garbage_collection import COLLECTIONS, NEW_OBJECTS
from orgkit.runbook.execution.kernel_pool import PROGRAM, WARM_UP
from orgkit.runbook.interactive.interactive_kernel import load_ipython_extension

LESS_OFTEN = (NEW_OBJECTS, COLLECTIONS, COLLECTIONS)


@pytest.fixture
def _python_s_own_thresholds() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


def test_the_command_does() -> None:
    code = (
        "import atexit, gc, sys; atexit.register(lambda: print(gc.get_threshold(), gc.get_freeze_count() > 10_000))\n"
    )
    code += "from orgkit.cli.main import main; sys.argv = ['orgkit', '--version']; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == f"{LESS_OFTEN} True"  # all is frozen at its exit


@pytest.mark.usefixtures("_python_s_own_thresholds")
def test_the_kernel_of_a_headless_run_does() -> None:
    exec(WARM_UP, {})
    assert gc.get_threshold() == LESS_OFTEN
    # Its program, which imports nothing of orgkit, does so before it imports ipykernel.
    assert f"gc.set_threshold({NEW_OBJECTS:_}, {COLLECTIONS}, {COLLECTIONS})" in PROGRAM.read_text(encoding="utf-8")


@pytest.mark.usefixtures("_python_s_own_thresholds")
def test_the_kernel_of_a_person_does() -> None:
    load_ipython_extension(SimpleNamespace(set_custom_exc=lambda *_: None))
    assert gc.get_threshold() == LESS_OFTEN


AT_EXIT = """
import atexit, gc
from orgkit.aws.garbage_collection import collect_nothing_at_exit

class Cycle:
    def __init__(self, name):
        self.name, self.itself = name, self

    def __del__(self, write=print):
        write(self.name, "was searched")

collect_nothing_at_exit()
atexit.register(gc.collect)
Cycle("garbage of other exit handlers")
kept = Cycle("what is used until the end")
"""


def test_what_is_used_until_the_end_of_a_process_is_not_searched_then() -> None:
    done = subprocess.run([sys.executable, "-c", AT_EXIT], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("garbage of other exit handlers was searched\n", "")
