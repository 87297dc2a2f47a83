"""Takes secrets and paths outside the project out of what a record keeps, before anything of it is hashed."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from sysconfig import get_path
from typing import Any
from urllib.parse import quote

from orgkit.aws.credentials_in_use import MARK, MIN_LENGTH
from orgkit.records.files import RUN_FOLDER
from orgkit.sanitize.secret_values import SecretValues
from orgkit.sanitize.secrets import replace_secrets, replace_values
from orgkit.sanitize.terminal import mask_emails

SECRET_SETTINGS = (
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_RUNTIME_TOKEN", "GITHUB_TOKEN",
    "ORGKIT_SANDBOX_TOKEN",
)  # fmt: skip
# A picture's base64 says nothing, and can look like anything: it is stepped over, in text and as an output. Whether it
# is one, its first bytes say: a drawing (SVG) is text.
PICTURE_BASE64 = r"(?:iVBORw0KGgo|/9j/|R0lGOD|UklGR)[A-Za-z0-9+/=\n]*"
PICTURE = re.compile(rf"(data:image/(?:png|jpeg|gif|webp);base64,{PICTURE_BASE64})")
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
HASH = re.compile(r"[0-9a-f]{64}")
PATH_START = r"(?:(?<![\w.~/-])|(?<=\dm))"  # no letter before a path, but for the end of a colour
HOMES = re.compile(PATH_START + r"(?:/home/[^/\s\"'\\<>:]+|/Users/[^/\s\"'\\<>:]+)(?=[/\s\"'\\<>:,)]|\Z)")

OUTPUTS = "outputs"
# These stand for the folders that tracebacks name; orgkit's own is a checkout, or that of all packages.
PYTHON, CHECKOUT, PACKAGES = "python", "orgkit", "site-packages"
PROJECT_FOLDERS = ("parameters", "runbooks")
# Never taken out: what is left of a home folder would begin with its user's name.
SHARED_FOLDERS = ("/", "/home", "/Users")
DELIMITERS = r"\s\"'`\\<>:;,)\]}\x1b"
START, END = rf"{PATH_START}(?:file://)?", rf"(?:(/)(?=[^{DELIMITERS}])|/?(?=[{DELIMITERS}]|\Z))"


class Redactor:
    """Replaces what must not be kept, and counts what it replaced by kind."""

    def __init__(self, live: Iterable[str] = (), home: Path | None = None, *, mask_emails: bool = False) -> None:
        self._live = SecretValues(value for value in live if len(value) >= MIN_LENGTH)
        self._home = _home_pattern(Path.home() if home is None else home)
        self._mask_emails = mask_emails
        self.counts: Counter[str] = Counter()
        self._results: dict[str, tuple[str, Counter[str]]] = {}  # two of three strings of a record stand in it already

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def text(self, text: str) -> str:
        """A text without secrets; pictures in it are left alone."""
        if text not in self._results:
            counts: Counter[str] = Counter()
            parts = PICTURE.split(text)
            result = "".join(part if place % 2 else self._part(part, counts) for place, part in enumerate(parts))
            self._results[text] = result, counts
        result, counts = self._results[text]
        self.counts.update(counts)
        return result

    def value(self, value: Any) -> Any:
        """The same for every string in a JSON value, its keys too: notebooks, events, reviews."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(k)): v if _is_allowed(k, v) else self.value(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return self._lines(value) if value and _has_key_line(value) else [self.value(item) for item in value]
        return value

    def _lines(self, lines: Sequence[str]) -> list[str]:
        """Lines of one text, of which a private key takes several."""
        end = "" if any(line.endswith("\n") for line in lines) else "\n"
        return self.text(end.join(lines)).split("\n") if end else self.text("".join(lines)).splitlines(keepends=True)

    def _part(self, text: str, counts: Counter[str]) -> str:
        """A text without secrets; what was replaced is added to `counts`."""
        text, count = replace_values(text, self._live, MARK)
        counts["live credential"] += count
        text, kinds = replace_secrets(text)
        for kind, count in kinds:
            counts[kind] += count
        for pattern in (self._home, HOMES):
            text, count = pattern.subn("~", text)
            counts["home folder"] += count
        if not self._mask_emails:
            return text
        shortened = mask_emails(text)
        counts["email"] += shortened.count("…@") - text.count("…@")
        return shortened


def _is_allowed(key: object, value: object) -> bool:
    """A picture, and a hash under the name of one, which has to be exact and can hold no secret."""
    is_picture = key in PICTURES and isinstance(value, str) and re.fullmatch(PICTURE_BASE64, value)
    return bool(is_picture) or (str(key).endswith("sha256") and bool(HASH.fullmatch(str(value))))


def _has_key_line(lines: Sequence[Any]) -> bool:
    """Whether these are all strings, and a private key begins in one."""
    return all(isinstance(line, str) for line in lines) and any("PRIVATE KEY" in line for line in lines)


def live_values(environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """The credentials that the environment hands to a run."""
    return (environment[name] for name in SECRET_SETTINGS if environment.get(name))


def _home_pattern(home: Path) -> re.Pattern[str]:
    """This home folder at the start of a path; one that is `/` matches nothing."""
    if len(home.parts) < 2:
        return re.compile(r"(?!)")
    return re.compile(rf"{PATH_START}{re.escape(str(home))}(?=[/\s\"'\\<>:,)]|\Z)")


class ProjectPaths:
    """Replaces the folders that a machine has for a project, its outputs and its interpreter.

    Args:
        project: The project's folder.
        run_folder: The run folder that is sealed.
        notebook: The executed notebook. Its metadata name the folders of the machine that executed it.
    """

    def __init__(self, project: Path, run_folder: Path, notebook: Mapping[str, Any]) -> None:
        names = dict.fromkeys(_spellings(project), "")
        for path in (str(run_folder), *_paths_of(notebook)):
            names = dict(_root_of(PurePath(path), names)) | names
        names = _interpreter_folders() | names
        names |= {quote(folder): name for folder, name in names.items()}
        known = sorted(names.keys() - set(SHARED_FOLDERS), key=len, reverse=True)
        self._names = names
        self._pattern = re.compile(f"{START}({'|'.join(map(re.escape, known))}){END}" if known else r"(?!)")

    def text(self, text: str) -> str:
        """A text with each of these paths relative to the project."""
        return self._pattern.sub(self._relative, text)

    def value(self, value: Any) -> Any:
        """The same for every string in a JSON value."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.value(item) for key, item in value.items()}
        return [self.value(item) for item in value] if isinstance(value, list | tuple) else value

    def _relative(self, match: re.Match[str]) -> str:
        name = self._names[match[1]]
        if match[2]:
            return f"{name}/" if name else ""
        return name or "."


def _spellings(folder: Path) -> Iterator[str]:
    """A folder as it is named, and where links lead."""
    yield str(folder.absolute())
    yield str(folder.resolve())


def _interpreter_folders() -> dict[str, str]:
    """Where Python, its packages and orgkit lie on this machine."""
    folders = {get_path("stdlib"): PYTHON, str(Path(__file__).parents[2]): CHECKOUT, get_path("purelib"): PACKAGES}
    return {spelling: name for folder, name in folders.items() if folder for spelling in _spellings(Path(folder))}


def _paths_of(notebook: Mapping[str, Any]) -> Iterator[str]:
    """The absolute paths that papermill has noted."""
    metadata = notebook.get("metadata")
    papermill = metadata.get("papermill") if isinstance(metadata, dict) else None
    if not isinstance(papermill, dict):
        return
    parameters = papermill.get("parameters")
    values = (*papermill.values(), *(parameters.values() if isinstance(parameters, dict) else ()))
    yield from (text for text in values if isinstance(text, str) and text.startswith("/") and "\n" not in text)


def _root_of(path: PurePath, known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The folder of which a path is a part, and its name in the record; nothing for a path that is covered already."""
    if any(path.is_relative_to(folder) for folder in known):
        return
    for parent in (path, *path.parents):
        if parent.name == OUTPUTS or parent.name in PROJECT_FOLDERS:
            yield str(parent.parent), ""
            return
    run = next((parent for parent in (path, *path.parents) if RUN_FOLDER.fullmatch(parent.name)), None)
    yield (str(run.parent.parent), OUTPUTS) if run else (str(path.parent), "")
