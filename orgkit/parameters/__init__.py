"""TOML → Desired: find the file, read it, and report every problem at once, each with its place."""

import hashlib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from orgkit.costs.prices.own_book import own_book_path, own_rows
from orgkit.errors import ParametersInvalid, Problem
from orgkit.model.desired import Desired
from orgkit.parameters.build import build, key_files, public_keys
from orgkit.parameters.named_files import names_of_files, read_named_files
from orgkit.parameters.rehearsal_policies import policy_files, read_documents
from orgkit.parameters.secret_check import without_secret_violations, without_secrets
from orgkit.parameters.text_files import read_named_file
from orgkit.parameters.toml_errors import explain
from orgkit.parameters.toml_location import lines
from orgkit.parameters.validate import check, check_finally, validate
from orgkit.phases.schema.location import Place, Violation, spell
from orgkit.sanitize.secrets import hide_secrets

MAX_BYTES = 1_000_000  # bytes; a file for 1,000 accounts has a quarter of that


def load(path: str | Path) -> Desired:
    """Return the organization that the file asks for, with the price book next to the file.

    Raises ParametersInvalid with all errors in the file's order, and UnknownPrice if the price book cannot be read.
    """
    text, file = read_text(path), Path(path).expanduser()
    return replace(load_text(text, path, file.parent), prices=own_rows(file))


def load_text(text: str, path: str | Path, folder: Path) -> Desired:
    """Load a text that may not be in the file yet; `path` is the name in messages, `folder` where the file belongs."""
    desired, wrong = examine(_parse(text, path), folder, lambda name: read_named_file(name, folder))
    if wrong or desired is None:
        raise ParametersInvalid(str(path), _problems(wrong, lines(text)))
    return replace(desired, sha256=hashlib.sha256(text.encode()).hexdigest())


def examine(
    content: Mapping[str, Any], folder: Path, read: Callable[[str], str]
) -> tuple[Desired | None, list[Violation]]:
    """Return the organization that a parsed file asks for, and everything that is wrong with the file.

    Args:
        content: The file, as a TOML parser returns it.
        folder: Where public keys, and the policies of `[rehearsal]`, are.
        read: Returns the text of a file that a section names, or raises ValueError.

    Returns:
        The organization, or None and at least one violation.
    """
    raw, leaked = without_secrets(dict(content))
    file, wrong = validate(raw)
    pems, unread = public_keys(raw, folder)
    texts, unread_texts = read_named_files(raw, read)
    documents, unread_documents = read_documents(raw, folder)
    wrong += [*check(raw), *unread, *unread_texts, *unread_documents]
    wrong = [*leaked, *without_secret_violations(wrong, leaked)] if leaked else wrong
    if wrong or file is None:
        return None, wrong
    desired = build(file, "", pems, texts, documents)
    wrong = check_finally(desired)
    return (None, wrong) if wrong else (desired, [])


def files_read_with(path: str | Path) -> list[Path]:
    """Return the other files that `load` reads, existing or not: the price book, keys, and policies."""
    file = Path(path).expanduser()
    try:
        raw = _parse(read_text(path), path)
    except ParametersInvalid:
        raw = {}  # `load` reports it
    documents = (file.parent / name for _, name in names_of_files(raw))
    folder = file.parent
    return [own_book_path(file), *key_files(raw, folder), *documents, *policy_files(raw, folder)]


def read_text(path: str | Path) -> str:
    """Return the file's text, well-formed or not; raise ParametersInvalid if it cannot be read."""
    return _decode(_read(path), path)


def find(path: str | Path, start: Path | None = None) -> Path:
    """Find the file that `path` names, from `start` (the working folder) upwards.

    papermill runs a notebook in the caller's folder, nbval in the notebook's: both have to find the same file.
    """
    with _with_location(path):
        target, start = Path(path).expanduser(), (start or Path.cwd()).resolve()
        candidates = [folder / target for folder in (start, *start.parents)]
        for file in candidates:
            if file.exists() and not file.is_dir():
                return file
        folder = next((candidate for candidate in candidates if candidate.is_dir()), None)
        if folder is not None:
            raise _read_error(path, f"is a folder; name the .toml file in it. {_suggestion([folder / 'any.toml'])}")
        hint = "" if target.is_absolute() else f": looked in {start} and every folder above it"
        raise _read_error(path, f"there is no such file{hint}. {_suggestion(candidates)}")


def _suggestion(candidates: list[Path]) -> str:
    """Suggest the parameters files where this one should be, nearest folder first."""
    for file in candidates:
        toml_files = sorted(path.name for path in file.parent.glob("*.toml") if path.name != "pyproject.toml")
        if toml_files:
            return f"In {file.parent} there is: {', '.join(toml_files[:8])}."
    return "`orgkit init DIR` writes parameters/example.toml to begin from."


def _read(path: str | Path) -> bytes:
    with _with_location(path):
        file = Path(path).expanduser()
        if file.is_dir():
            raise _read_error(path, "is a folder; name the .toml file in it.")
        if not file.exists():
            raise _read_error(path, f"there is no such file in {Path.cwd()}. {_suggestion([Path.cwd() / file])}")
        if not file.is_file() or file.stat().st_size > MAX_BYTES:
            raise _read_error(path, "is not a parameters file: not an ordinary file, or larger than 1 MB.")
        return file.read_bytes()


@contextmanager
def _with_location(path: str | Path) -> Iterator[None]:
    """Report every failure to read the file alike: no permission, an invalid name, a home that does not exist."""
    try:
        yield
    except (OSError, ValueError, RuntimeError) as error:
        raise _read_error(path, f"cannot be read: {error}. Check its name, and who may read it.") from None


def _decode(content: bytes, path: str | Path) -> str:
    if content.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise _read_error(path, 'begins with a byte order mark; save it as plain UTF-8 ("UTF-8 without BOM").')
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _read_error(path, f"line {line}: has a character that is not UTF-8; save the file as UTF-8.") from None


def _parse(text: str, path: str | Path) -> dict[str, Any]:
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        place, message = explain(error, text)
        raise ParametersInvalid(str(path), [Problem(place, message)]) from None
    if not raw:
        raise _read_error(path, "is empty; begin with a copy of parameters/example.toml.")
    return raw


def _problems(wrong: list[tuple[Place, str]], numbers: dict[Place, int]) -> list[Problem]:
    """Return the problems in the order of the file, so that a person can fix it from top to bottom."""
    placed = sorted(
        (_line(place, numbers), spell(tuple(map(hide_secrets, place))), message) for place, message in wrong
    )
    return [Problem(place, f"{f'line {line}: ' if line else ''}{message}") for line, place, message in placed]


def _line(place: Place, numbers: dict[Place, int]) -> int:
    """Return the line of the place, or of the nearest section around it; 0 when the file has neither."""
    return next((numbers[place[:n]] for n in range(len(place), 0, -1) if place[:n] in numbers), 0)


def _read_error(path: str | Path, message: str) -> ParametersInvalid:
    return ParametersInvalid(str(path), [Problem("file", message)])
