"""How a step speaks to GitHub: annotations and outputs in its formats, and a log in which no name can command."""

import secrets
from collections.abc import Iterator, Mapping

from orgkit.dataclass import dataclass
from orgkit.sanitize.terminal import mask_emails, short

MAX_MESSAGE_LENGTH = 1000  # characters of a message; GitHub shows the first lines of it
# Names from AWS stand in these, and anybody may have chosen them. [GitHub, workflow commands; actions/toolkit]
_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = _DATA | {":": "%3A", ",": "%2C"}


@dataclass(frozen=True)
class Annotation:
    """One line that GitHub shows above the log; `level` is "error", "warning" or "notice"."""

    level: str
    title: str
    message: str

    @property
    def command(self) -> str:
        """As the runner reads it: one line, whatever stands in it."""
        return f"::{self.level} title={_escaped(self.title, _PROPERTY)}::{_escaped(self.message, _DATA)}"


def _escaped(text: str, table: Mapping[str, str]) -> str:
    return "".join(table.get(char, char) for char in short(mask_emails(text), MAX_MESSAGE_LENGTH))


def output_lines(values: Mapping[str, str]) -> Iterator[str]:
    """Lines for $GITHUB_OUTPUT, each value between words that nobody can guess: it may have lines of its own."""
    for name, value in values.items():
        end = f"orgkit-{secrets.token_hex(16)}"
        yield f"{name}<<{end}\n{value}\n{end}\n"


def new_token() -> str:
    """A word that ends `::stop-commands::`; a new one each time, so that no name holds it."""
    return secrets.token_hex(16)
