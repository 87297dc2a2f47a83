"""Postpones Beautiful Soup, and leaves out a web server: nbconvert imports them, and no page of a record needs them."""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

PACKAGE = "bs4"
SERVER = "nbconvert.postprocessors.serve"  # without it nbconvert goes on, as where tornado is not installed


def postpone_beautiful_soup() -> None:
    """Import nbconvert so that it imports Beautiful Soup when it first parses HTML, which orgkit does not ask for.

    nbconvert has no setting for this. While it is imported, a module with the one class that it calls stands in for
    the package. Every other importer gets the package. nbconvert's web server is not imported. Call this before
    nbconvert is imported; later it does nothing.
    """
    if PACKAGE in sys.modules or "nbconvert" in sys.modules:
        return
    substitute = ModuleType(PACKAGE)
    vars(substitute)["BeautifulSoup"] = parse
    sys.modules[PACKAGE] = substitute
    sys.modules[SERVER] = None  # type: ignore[assignment]  # an import of it raises ImportError
    try:
        import_module("nbconvert.exporters.html")
    finally:
        del sys.modules[PACKAGE], sys.modules[SERVER]


def parse(*arguments: Any, **options: Any) -> Any:
    """Parse with the real package."""
    return import_module(PACKAGE).BeautifulSoup(*arguments, **options)
