"""The parameters file of an adopted organization as TOML, with comments about what was found."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from textwrap import wrap
from typing import Any

import tomlkit
from tomlkit.items import KeyType, SingleKey, Table

from orgkit.adoption.adoption import Adoption, by_reason
from orgkit.adoption.content import Content
from orgkit.errors import NotAdopted, Unexpected
from orgkit.journal.file_writes import SHARED_MODE, create_file, rewrite_file
from orgkit.phases.adopted import NotRead, Unexpressed
from orgkit.phases.policies.adoption import FOLDER
from orgkit.sanitize.secrets import hide_secrets
from orgkit.sanitize.terminal import flat

COLUMNS = 88  # of comments
KEYED_TABLES = (("contacts", "accounts"),)  # within a section
KEYED_SECTIONS = ("units", "accounts", "imports", "policies")  # sections whose tables the file names itself
LONG_LIST = 60  # characters of a list that stands in one line


def render(adoption: Adoption) -> str:
    """Return the file.

    Raises:
        Unexpected: What was written is not what the sections hold.
    """
    parts = [_head(adoption), *_sections(adoption), *_left_out(adoption), _tail(adoption)]
    text = "\n\n".join(part.strip("\n") for part in parts if part) + "\n"
    if tomllib.loads(text, parse_float=Decimal) != adoption.content.raw:
        raise Unexpected("the file would not hold what was read.", "report this: it is a fault of orgkit adopt.")
    return text


def write(adoption: Adoption, path: Path, *, overwrite: bool = False) -> list[Path]:
    """Write the file, and the documents that it names next to it.

    Args:
        adoption: What was read.
        path: The file.
        overwrite: Whether files that are there are replaced.

    Returns:
        The files that were written; the parameters file is the last one, and so is never there without the more_texts.

    Raises:
        NotAdopted: A file is there already; nothing was written.
    """
    adoption = named_after(adoption, path)
    texts = sorted(adoption.content.texts.items())  # those of policies that the file cannot have, too
    files = {path.parent / name: text.encode() for name, text in texts}
    files[path] = render(adoption).encode()
    if not overwrite:
        refuse_existing([file for file, content in files.items() if file == path or not _has(file, content)])
    for file, content in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        if _is_there(file):
            rewrite_file(file, content)
        else:
            create_file(file, content, SHARED_MODE)
    return list(files)


def named_after(adoption: Adoption, path: Path) -> Adoption:
    """Return the adoption with its documents in a folder of the file's own, so that two files share none."""
    names = {
        name: f"{path.stem}-policies/{name.removeprefix(f'{FOLDER}/')}"
        for name in adoption.content.texts
        if name.startswith(f"{FOLDER}/")
    }
    raw = deepcopy(adoption.content.raw)
    for policy in raw.get("policies", {}).values():
        if isinstance(policy, dict) and policy.get("file") in names:
            policy["file"] = names[policy["file"]]
    content = Content(raw, {names.get(name, name): text for name, text in adoption.content.texts.items()})
    listed = tuple(replace(item, subject=_renamed(item.subject, names)) for item in adoption.not_expressed)
    return replace(adoption, content=content, not_expressed=listed)


def _renamed(subject: str, names: Mapping[str, str]) -> str:
    """Return a subject with the new name of the document that it names."""
    for old, new in names.items():
        subject = subject.replace(f"in {old})", f"in {new})")
    return subject


def refuse_existing(files: Sequence[Path]) -> None:
    """Raise NotAdopted if a file is there already."""
    existing = [file for file in files if _is_there(file)]
    if existing:
        more = f", and {len(existing) - 1} more files" if len(existing) > 1 else ""
        raise NotAdopted(
            f"{existing[-1]} is there already{more}.",
            "name another file with --output, or replace what is there with --overwrite "
            "(in adopt.ipynb: the parameters output and overwrite).",
        )


def _has(file: Path, content: bytes) -> bool:
    """Return whether a file is there with this content: then it is left as it is."""
    return file.is_file() and not file.is_symlink() and file.read_bytes() == content


def _is_there(file: Path) -> bool:
    return file.exists() or file.is_symlink()


def _head(adoption: Adoption) -> str:
    name = adoption.desired.organization.organization_id
    lines = [
        *_comment(f"Organization {name}, as `orgkit adopt` read it."),
        *_comment(_describe_plans(adoption)),
        "#",
        *_title("Findings: what good practice would change"),
        *(line for item in adoption.advice for line in _item(item.severity, item.subject, item.reason, item.runbook)),
        *([] if adoption.advice else _comment("None.")),
        "#",
        *_title("Not read: it may be there or not, and this file changes nothing of it"),
        *_groups(adoption.not_read),
        *([] if adoption.not_read else _comment("Everything was read.")),
    ]
    return "\n".join(lines)


def _describe_plans(adoption: Adoption) -> str:
    if not adoption.is_settled:
        return f"The plan of this file is not empty: {'; '.join(adoption.plan_lines).removesuffix('.')}."
    return "The plan of this file is empty: orgkit changes nothing until you change it."


def _tail(adoption: Adoption) -> str:
    lines = [
        *_title("Not expressed: it is in AWS, has no place in this file, and stays as it is"),
        *_groups(adoption.not_expressed),
        *([] if adoption.not_expressed else _comment("Everything is expressed.")),
    ]
    return "\n".join(lines)


def _title(text: str) -> list[str]:
    return [f"# ── {text} ".ljust(COLUMNS, "─")]


def _groups(items: Sequence[Unexpressed | NotRead]) -> Iterator[str]:
    """Yield each reason once, with what it applies to below it."""
    for reason, subjects in by_reason(items).items():
        yield from _comment(f"{reason}:")
        for subject in subjects:
            yield from _comment(subject, "- ", "  ")


def _item(mark: str, *texts: str) -> Iterator[str]:
    first, *more_texts = texts
    yield from _comment(f"{mark}: {first}" if mark else first, "- ", "  ")
    for text in more_texts:
        yield from _comment(text, "    ", "    ")


def _comment(text: str, indent: str = "", hanging_indent: str = "") -> list[str]:
    """Return lines of a comment; what stands in AWS cannot end it, nor look like a key of the file."""
    safe = hide_secrets(flat(text))
    lines = wrap(
        safe, COLUMNS - 2, initial_indent=indent, subsequent_indent=hanging_indent, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
    return [f"# {line}" for line in lines]


def _sections(adoption: Adoption) -> Iterator[str]:
    for name, values in adoption.content.raw.items():
        yield _section(name, values, adoption.comments)


def _section(name: str, values: Mapping[str, Any], comments: Mapping[tuple[str, ...], str]) -> str:
    document = tomlkit.document()
    if name in KEYED_SECTIONS:
        parent = tomlkit.table(is_super_table=True)
        for key, value in values.items():
            parent.append(_key(key), _table((name, key), value, comments))
        document.append(name, parent)
    else:
        document.append(name, _table((name,), values, comments))
    heading = "\n".join(_comment(comments[name,])) if (name,) in comments else ""
    return f"{heading}\n{tomlkit.dumps(document)}"


def _table(place: tuple[str, ...], values: Mapping[str, Any], comments: Mapping[tuple[str, ...], str]) -> Table:
    table = tomlkit.table()
    for key, value in values.items():
        for line in _comment(comments.get((*place, key), "")):
            table.add(tomlkit.comment(line.removeprefix("# ")))
        if (*place, key) in KEYED_TABLES:
            own = tomlkit.table(is_super_table=True)
            for name, values_of_name in value.items():
                own.append(_key(name), _table((*place, key, name), values_of_name, comments))
            table.append(_key(key), own)
        else:
            table.append(_key(key), _value(value))
    return table


def _key(text: str) -> SingleKey:
    """Return a key; in single quotes where TOML would read its backslashes, as the path of CI/CD has them."""
    return SingleKey(text, KeyType.Literal) if _is_literal(text) else SingleKey(text)


def _is_literal(text: str) -> bool:
    return "\\" in text and "'" not in text and text.isprintable()


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return tomlkit.string(value, literal=_is_literal(value))
    if isinstance(value, Mapping):
        inline = tomlkit.inline_table()
        for key, item in value.items():
            inline.append(_key(key), _value(item))
        return inline
    if isinstance(value, Sequence):
        array = tomlkit.array()
        array.extend(map(_value, value))
        return array.multiline(len(str(list(value))) > LONG_LIST)
    return value


def _left_out(adoption: Adoption) -> Iterator[str]:
    """Yield sections as comments, which become a part of the file where their signs are taken off."""
    for name, values in adoption.left_out.items():
        if values:
            heading = _comment(adoption.comments.get((name,), ""))
            lines = _section(name, values, {}).strip("\n").splitlines()
            yield "\n".join([*heading, *(f"#{flat(line)}" for line in lines)])
