"""Keeps awscrt from botocore until a profile of `aws login` needs it. Import this module before botocore.

awscrt is installed because botocore takes the key of an `aws login` session from it. Wherever botocore finds awscrt,
it loads a native library of 13 MB when it is imported, and signs every request with it. So botocore is imported as if
awscrt were not installed, and is given the one class that it misses when a profile with `login_session` is there.
"""

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

PACKAGE = "awscrt"


def _import_botocore_without_crt() -> None:
    """Do nothing in a process that has imported botocore already: what it does with awscrt is decided."""
    if PACKAGE in sys.modules or "botocore.compat" in sys.modules:
        return
    sys.modules[PACKAGE] = None  # type: ignore[assignment]  # an import of it raises ImportError
    try:
        import_module("botocore.compat")
    finally:
        del sys.modules[PACKAGE]


def provide_login_keys(configuration: Mapping[str, Any]) -> None:
    """Let botocore read the keys of `aws login` sessions, where the AWS configuration has a profile of that kind.

    Args:
        configuration: botocore's `full_config`. Any profile counts, since roles name others as their source.
    """
    credentials = import_module("botocore.credentials")
    uses_login = any("login_session" in profile for profile in configuration.get("profiles", {}).values())
    if not uses_login or vars(credentials)["EC"] is not None:
        return
    try:
        vars(credentials)["EC"] = vars(import_module(f"{PACKAGE}.crypto"))["EC"]
    except ImportError:
        return  # botocore names the missing package when it uses the profile


_import_botocore_without_crt()
