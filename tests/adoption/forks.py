"""Scenarios on a sandbox within the process, each in a fork: to import moto takes two CPU seconds, once for all."""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

CHECKOUT = Path(__file__).parents[2]


def results_of(module: str, names: Sequence[str]) -> dict[str, Any]:
    """Run `python -m MODULE FOLDER NAME...`, and return what NAME.json in the folder has of each."""
    settings = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "ORGKIT_"))}
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-W", "ignore", "-m", module, folder, *names]
        done = subprocess.run(command, cwd=CHECKOUT, env=settings, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return {name: json.loads((Path(folder) / f"{name}.json").read_text(encoding="utf-8")) for name in names}


def run_in_forks(scenario: Callable[[str, Path], Any], arguments: Sequence[str]) -> int:
    """Run the scenario of each name, after the folder in the arguments; how many of them have failed."""
    from orgkit.sandbox import server

    folder, names = Path(arguments[0]), arguments[1:]
    server._settle_environment()
    server._use_virtual_time()
    server.warm_up()
    for module in ("orgkit.sandbox.app", "orgkit.sandbox.corrections.all", "orgkit.parameters"):
        importlib.import_module(module)
    failed = 0
    for name in names:
        pid = os.fork()
        if pid == 0:
            with (folder / f"{name}.json").open("w", encoding="utf-8") as file:
                json.dump(scenario(name, folder / name), file)
            os._exit(0)
        failed += os.waitpid(pid, 0)[1] != 0
    return failed
