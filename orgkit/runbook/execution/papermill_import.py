"""Imports papermill without its clients of remote stores and without plugins: orgkit gives it paths of this machine."""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from orgkit.records.iri_parser import postpone_iri_parser

# pyarrow, with numpy, for Hadoop; boto3 for S3, before orgkit.aws.session has imported it in its own way.
STORES = ("pyarrow", "papermill.s3")


def import_papermill() -> Any:
    """Import papermill as if no library of a remote store and no plugin of papermill were installed.

    That takes two fifths of a CPU second less in each run, and papermill has no setting for it. The names of installed
    packages would be searched for plugins, whose code then runs next to credentials. The library of HTTP is imported
    when papermill first uses it. What else imports these libraries, before or later, gets them. Call this before a name
    of papermill is imported; later it does nothing.
    """
    postpone_iri_parser()
    substitutes = {name: None for name in STORES if name not in sys.modules} | _substitutes()
    own_modules = {name: sys.modules[name] for name in substitutes if name in sys.modules}
    sys.modules.update(substitutes)  # type: ignore[arg-type]  # None there makes an import an ImportError
    try:
        import papermill
    finally:
        for name in substitutes:
            del sys.modules[name]
        sys.modules.update(own_modules)
    return papermill


def _substitutes() -> dict[str, ModuleType]:
    """Return what stands in for two modules while papermill is imported."""
    entry_points, requests = ModuleType("entrypoints"), ModuleType("requests")
    vars(entry_points)["get_group_all"] = lambda _group: ()
    vars(requests)["__getattr__"] = lambda name: getattr(import_module("requests"), name)
    return {module.__name__: module for module in (entry_points, requests)}
