"""The folder of a hand-over: what orgkit wrote there, what a person added, and writing it again."""

import hashlib
import json
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orgkit.errors import HandoverRefused
from orgkit.handover.addresses import Changes
from orgkit.handover.configuration import Configuration
from orgkit.journal.file_writes import SHARED_MODE, create_file, sync_folder

MANIFEST = "orgkit-handover.json"
SCHEMA = 1
ALLOWED_BEFORE = frozenset({".git", ".gitignore", ".gitattributes"})  # in a folder that is empty otherwise
BEGIN, END = "orgkit:begin", "orgkit:end"
NOTE = "orgkit writes what is between these two lines again; edit outside of them."
NO_LONGER = "# Nothing of this is handed over any more.\n"
NEW, CHANGED, UNCHANGED, EDITS_REPLACED = "new", "changed", "unchanged", "hand edits replaced"
# Space before an equals sign is a matter of `terraform fmt`.
_ASSIGNMENT = re.compile(r'^\s*("(?:[^"\\]|\\.)*"|[\w-]+)\s+= ')


@dataclass(frozen=True)
class Comments:
    """How a kind of file writes a comment."""

    start: str
    end: str = ""

    def line(self, text: str) -> str:
        """Return a comment line."""
        return f"{self.start}{text}{self.end}"


COMMENTS = {".tf": Comments("# "), ".md": Comments("<!-- ", " -->")}


@dataclass(frozen=True)
class Manifest:
    """What the last hand-over wrote into the folder: `orgkit-handover.json`."""

    organization: str
    tool: str
    changes: Changes
    digests: Mapping[str, str]  # of whole files, which cannot have comments

    @classmethod
    def read(cls, folder: Path) -> "Manifest | None":
        """Return the manifest of a folder; None where there is none.

        Raises:
            HandoverRefused: It is not what orgkit writes.
        """
        path = folder / MANIFEST
        if not path.exists():
            return None
        try:
            return cls.from_values(json.loads(path.read_bytes()))
        except (ValueError, KeyError, TypeError):
            raise HandoverRefused(
                f"{path} is not a manifest that this version of orgkit writes.",
                "restore it from version control, or hand over into an empty folder.",
            ) from None

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> "Manifest":
        if values["schema"] != SCHEMA:
            raise ValueError(values["schema"])
        earlier = {(str(item["type"]), str(item["id"])): str(item["address"]) for item in values["resources"]}
        moved = tuple((str(source), str(destination)) for source, destination in values["moved"])
        changes = Changes(earlier, moved, tuple(map(str, values["removed"])), tuple(map(str, values["forgotten"])))
        digests = {str(name): str(digest) for name, digest in values["files"].items()}
        return cls(str(values["organization"]), str(values["tool"]), changes, digests)

    def as_bytes(self) -> bytes:
        resources = [
            {"type": kind, "id": identity, "address": address}
            for (kind, identity), address in sorted(self.changes.earlier.items())
        ]
        values = {
            "schema": SCHEMA, "organization": self.organization, "tool": self.tool, "resources": resources,
            "moved": self.changes.moved, "removed": self.changes.removed, "forgotten": self.changes.forgotten,
            "files": dict(self.digests),
        }  # fmt: skip
        return (json.dumps(values, indent=2) + "\n").encode()


def read_folder(folder: Path, organization: str) -> Manifest | None:
    """Return what was handed over into a folder before; None where it is empty or not there.

    Raises:
        HandoverRefused: The folder holds something else.
    """
    if folder.exists() and not folder.is_dir():
        raise HandoverRefused(f"{folder} is not a folder.", "name a folder that is empty or not there yet.")
    manifest = Manifest.read(folder)
    entries = {entry.name for entry in folder.iterdir()} if folder.exists() else set()
    if manifest is None and entries - ALLOWED_BEFORE:
        raise HandoverRefused(
            f"{folder} is not empty, and orgkit has not written it.", "name a folder that is empty or not there yet."
        )
    if manifest is not None and manifest.organization != organization:
        raise HandoverRefused(
            f"{folder} holds the hand-over of organization {manifest.organization}; the file means {organization}.",
            "name another folder.",
        )
    return manifest


def edited_files(folder: Path) -> tuple[str, ...]:
    """Return the files with a block of orgkit that somebody has changed."""
    files = (HandoverFile(path, "", "") for path in sorted(folder.iterdir()) if _comments(path.name) is not None)
    return tuple(file.path.name for file in files if f"{BEGIN} " in (file.existing or "") and file.is_edited)


def write_folder(
    folder: Path, configuration: Configuration, manifest: Manifest | None, *, discard_edits: bool = False
) -> dict[str, str]:
    """Write the files: all of them, or none where one cannot be written.

    Args:
        folder: Where to; it is made where it is not there.
        configuration: What is to be in it.
        manifest: What was handed over there before.
        discard_edits: Whether to write over what a person changed in orgkit's own blocks.

    Returns:
        The outcome of each file, by its name.

    Raises:
        HandoverRefused: A person has changed something in orgkit's own blocks.
    """
    files = files_of(folder, configuration, manifest)
    edited = [name for name, file in files.items() if file.is_edited]
    if edited and not discard_edits:
        raise HandoverRefused(
            f"someone has changed what orgkit wrote in {', '.join(edited)}; nothing was written.",
            "move these changes out of the lines between orgkit:begin and orgkit:end, or replace them with "
            "--discard-edits.",
        )
    outcomes = {name: file.outcome for name, file in files.items()}
    contents = {name: file.content for name, file in files.items() if outcomes[name] != UNCHANGED}
    whole = {name: _digest(text) for name, text in configuration.files.items() if _comments(name) is None}
    new = Manifest(configuration.organization, configuration.tool.name, configuration.changes, whole)
    _replace_all(folder, {**contents, MANIFEST: new.as_bytes()})
    return outcomes


def files_of(folder: Path, configuration: Configuration, manifest: Manifest | None) -> "dict[str, HandoverFile]":
    """Return each file as it is, with what is to be in it, by its name.

    A file of an earlier hand-over that is not among them any more loses its resources: they leave Terraform by
    `removed` blocks, which must not stand next to them.
    """
    digests = manifest.digests if manifest else {}
    texts = {**dict.fromkeys(_earlier_files(folder), NO_LONGER), **configuration.files}
    return {name: HandoverFile(folder / name, text, digests.get(name, "")) for name, text in texts.items()}


def _earlier_files(folder: Path) -> Iterator[str]:
    """Yield the names of the files of Terraform that have a block of orgkit."""
    begin = COMMENTS[".tf"].line(f"{BEGIN} ").encode()
    yield from (path.name for path in sorted(folder.glob("*.tf")) if path.is_file() and begin in path.read_bytes())


@dataclass(frozen=True)
class HandoverFile:
    """A file as it is, and the text that orgkit writes in it.

    Attributes:
        path: Where it is.
        text: What orgkit writes.
        digest: Of what it wrote last, in a file that cannot have comments.
    """

    path: Path
    text: str
    digest: str

    @property
    def existing(self) -> str | None:
        try:
            return self.path.read_bytes().decode()
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            raise HandoverRefused(f"{self.path} is not text in UTF-8.", "restore it from version control.") from None

    @property
    def content(self) -> bytes:
        """The whole file: orgkit's block, and around it what is there already."""
        comments, existing = _comments(self.path.name), self.existing
        if comments is None:
            return self.text.encode()
        block = _block(comments, self.text)
        if existing is None:
            return block.encode()
        head, _, tail = _split(self.path, existing, comments)
        return (head + block + tail).encode()

    @property
    def is_edited(self) -> bool:
        """Whether somebody has changed what orgkit wrote."""
        comments, existing = _comments(self.path.name), self.existing
        if existing is None:
            return False
        if comments is None:
            return existing != self.text and _digest(existing) != self.digest
        _, block, _ = _split(self.path, existing, comments)
        first, *lines = block.splitlines()
        inner = "\n".join(lines[1:-1]) + "\n"
        return _digest(inner) not in first and _digest(inner) != _digest(self.text)

    @property
    def outcome(self) -> str:
        """What writing it changes."""
        if self.existing is None:
            return NEW
        if self.is_edited:
            return EDITS_REPLACED
        return UNCHANGED if self.existing.encode() == self.content else CHANGED


def _comments(name: str) -> Comments | None:
    return COMMENTS.get(Path(name).suffix)


def _block(comments: Comments, text: str) -> str:
    lines = (comments.line(f"{BEGIN} {_digest(text)}"), comments.line(NOTE), text.rstrip("\n"), comments.line(END))
    return "\n".join(lines) + "\n"


def _split(path: Path, content: str, comments: Comments) -> tuple[str, str, str]:
    """Return what stands before orgkit's block, the block, and what stands after it."""
    lines = content.splitlines(keepends=True)
    begin_lines = [number for number, line in enumerate(lines) if line.startswith(f"{comments.start}{BEGIN} ")]
    end_lines = [number for number, line in enumerate(lines) if line.strip() == comments.line(END)]
    if len(begin_lines) != 1 or len(end_lines) != 1 or begin_lines[0] > end_lines[0]:
        raise HandoverRefused(
            f"{path} has no single pair of lines {BEGIN} and {END}: what a person wrote there cannot be kept.",
            "restore the two lines from version control, or rename the file.",
        )
    begin, end = begin_lines[0], end_lines[0] + 1
    return "".join(lines[:begin]), "".join(lines[begin:end]), "".join(lines[end:])


def _digest(text: str) -> str:
    """Return the sha256 of a text, however `terraform fmt` lays it out."""
    lines = (_ASSIGNMENT.sub(lambda match: f"{match[1]} = ", line.strip()) for line in text.strip().splitlines())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _replace_all(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write all files under other names first, so that a full disk leaves the old ones; then rename them."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = {name: folder / f".{name}.{secrets.token_hex(4)}" for name in contents}
    try:
        for name, content in contents.items():
            create_file(temporary[name], content, SHARED_MODE)
        for name in contents:
            temporary[name].replace(folder / name)
    except BaseException:
        for path in temporary.values():
            with suppress(OSError):
                path.unlink()
        raise
    sync_folder(folder)
