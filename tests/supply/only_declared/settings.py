"""The settings of a process from which packages are hidden; sitecustomize.py, next to this file, hides them."""

from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.utils import canonicalize_name

from tests.supply.closure import closure

ONLY_DECLARED = Path(__file__).parent


def with_only(requirement: str) -> dict[str, str]:
    """Settings under which Python finds the packages that this brings, and no other."""
    brought = set(closure(requirement))
    hidden = [
        module
        for module, names in packages_distributions().items()
        if not brought & {canonicalize_name(name) for name in names} and module.isidentifier()
    ]
    assert {"hypothesis", "pytest"} <= set(hidden)
    return {"PYTHONPATH": str(ONLY_DECLARED), "TEST_HIDDEN_PACKAGES": " ".join(hidden)}
