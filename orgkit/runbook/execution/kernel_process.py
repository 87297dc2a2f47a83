"""The program of a headless run's kernel: ipykernel without its debugger, to which nobody can connect here.

Importing the debugger takes a tenth of a CPU second. This file is run by its path, as ipykernel's own launcher is by
its name: it imports nothing of orgkit, which the notebook imports from where it finds it.
"""

import sys
from typing import Any

if __name__ == "__main__":
    modules: Any = sys.modules
    modules["debugpy"] = None  # ipykernel goes on without it; it has no setting for this

    from ipykernel import kernelapp

    kernelapp.launch_new_instance()
