"""Postpones the IRI parser of jsonschema: building it takes a CPU second at import, and no notebook needs it."""

import sys
from importlib import import_module
from types import ModuleType

PARSER = "rfc3987_syntax"


def postpone_iri_parser() -> None:
    """Import jsonschema so that its check of the formats `iri` and `iri-reference` builds its parser on first use.

    nbformat imports jsonschema, which imports this parser if it is installed, and it is: jupyter-events requires it.
    At import it compiles one grammar 39 times. jsonschema has no setting for this. While jsonschema is imported, a
    module with the one function that jsonschema takes stands in for the parser. The function imports the real parser
    when it is called, so every check gives the same answer. Call this before nbformat, papermill or nbconvert are
    imported; later it does nothing.
    """
    if PARSER in sys.modules or "jsonschema" in sys.modules:
        return
    substitute = ModuleType(PARSER)
    vars(substitute)["is_valid_syntax"] = is_valid_syntax
    sys.modules[PARSER] = substitute
    try:
        import_module("jsonschema")
    finally:
        del sys.modules[PARSER]  # every other importer gets the real parser


def is_valid_syntax(term: str, value: str) -> bool:
    """Check `value` with the real parser."""
    return bool(import_module(PARSER).is_valid_syntax(term, value))
