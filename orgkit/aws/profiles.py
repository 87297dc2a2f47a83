"""Profiles of the AWS configuration that need something of this process: a key, or a code that a person types."""

import getpass
import warnings
from typing import Any

import orgkit.aws.crt  # before botocore

# isort: split
from botocore.exceptions import BotoCoreError


class MFAPromptUnavailable(BotoCoreError):  # type: ignore[misc]
    """A profile asks for an MFA code where no person can type it: in a run without a terminal, in a workflow."""

    fmt = "{question} cannot be asked here, because there is no terminal"


def prepare(core: Any) -> None:
    """Make botocore's session ready for profiles of `aws login`, and for roles that ask for an MFA code.

    Args:
        core: botocore's session, before its credentials are loaded.
    """
    orgkit.aws.crt.provide_login_keys(core.full_config)
    core.get_component("credential_provider").get_provider("assume-role")._prompter = ask_for_code


def ask_for_code(question: str) -> str:
    """Ask in the terminal, or in the notebook where it can be asked; MFAPromptUnavailable elsewhere."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)  # it would read a pipe as if a person typed
            return getpass.getpass(question)  # the kernel of a notebook puts its own in the place of this function
    except (EOFError, NotImplementedError, OSError, getpass.GetPassWarning):
        raise MFAPromptUnavailable(question=question.strip().rstrip(":")) from None
