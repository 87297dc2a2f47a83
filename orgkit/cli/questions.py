"""Questions at a terminal: asked where a person sees them, and answered by what is typed after that."""

import sys
import termios
from contextlib import suppress
from typing import TextIO

import click

from orgkit.errors import Interrupted


def can_ask(output: TextIO) -> bool:
    """Whether a person can be asked: the input is a terminal, and so is the output that shows what it is about.

    Args:
        output: Where the plan and the question are printed; one that is closed, full or a file shows them to nobody.
    """
    return sys.stdin is not None and sys.stdin.isatty() and output.isatty()


def drop_typed_ahead() -> None:
    """Discard what was typed before the question: it is no answer to it."""
    with suppress(termios.error, OSError, ValueError):  # the input is no terminal
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


def ask(question: str, default: str = "", *, err: bool = False) -> str:
    """Ask until there is an answer that is not blank, and return it without blanks around it.

    The question is printed before `input` is called, which would print it on stderr, wherever that leads.

    Args:
        question: Without its colon.
        default: What a blank line stands for; "" for nothing.
        err: Whether to print the question on stderr.

    Raises:
        Interrupted: Ctrl-C, or the end of the input.
    """
    while True:
        click.echo(f"{question}{f' [{default}]' if default else ''}: ", nl=False, err=err)
        try:
            typed = input().strip()
        except UnicodeDecodeError:
            click.echo("That is not text in the terminal's encoding.", err=err)
            continue
        except (KeyboardInterrupt, EOFError):
            click.echo(err=err)
            raise Interrupted(
                "Ctrl-C, or the end of the input, came before an answer; nothing of this phase was changed.",
                "run the same command again: it goes on from where AWS is.",
            ) from None
        if typed or default:
            return typed or default
