"""Python imports this when a process starts with this folder on PYTHONPATH: some packages are then not installed."""

import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any

HIDDEN = frozenset(os.environ.get("TEST_HIDDEN_PACKAGES", "").split())


class Finder(PathFinder):
    """Finds what is installed, but the hidden packages."""

    @classmethod
    def find_spec(cls, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        return None if path is None and name in HIDDEN else super().find_spec(name, path, target)


sys.meta_path[sys.meta_path.index(PathFinder)] = Finder
