"""The program of a headless run's kernel: ipykernel without its debugger, to which nobody can connect here.

Importing the debugger takes a tenth of a CPU second. This file is run by its path, as ipykernel's own launcher is by
its name: it imports nothing of orgkit, which the notebook imports from where it finds it.
"""

import gc
import sys
from typing import Any

if __name__ == "__main__":
    gc.set_threshold(300_000, 20, 20)  # as orgkit.aws.garbage_collection sets later: what is imported is kept
    modules: Any = sys.modules
    modules["debugpy"] = None  # ipykernel goes on without it; it has no setting for this

    from ipykernel import kernelapp

    kernelapp.launch_new_instance()
