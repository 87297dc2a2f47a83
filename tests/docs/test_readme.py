"""README.md: short, with links that work in the repository and in the wheel, and what pages and errors link to."""

import re
import tomllib
from collections import Counter
from pathlib import Path, PurePosixPath

import click
import pytest

from orgkit import errors
from orgkit.cli.main import cli
from orgkit.phases.registry import RUNBOOKS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FIRST = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md", "CHANGELOG.md")
PAGES = [*(ROOT / name for name in FIRST), *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)]+))?\)")
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
SHELLS = ("sh", "console")
CODE = re.compile(r"(`+)(.+?)\1")
COMMAND = re.compile(r"""^(?:eval "\$\()?(?:\S*/)?orgkit ([a-z].*?)(?: +#.*|\)")?$""")

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def headings(page: Path) -> set[str]:
    """The anchors of the headings, as GitHub and the site make them."""
    counts: Counter[str] = Counter()
    anchors = set()
    for title in re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE):
        anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        anchors.add(f"{anchor}-{counts[anchor]}" if counts[anchor] else anchor)
        counts[anchor] += 1
    return anchors


def links(page: Path) -> list[tuple[str, str]]:
    return LINK.findall(CODE.sub("", FENCE.sub("", page.read_text(encoding="utf-8"))))


def commands(page: Path) -> list[str]:
    """What follows `orgkit` in blocks of commands, and in text that is marked as code."""
    text = page.read_text(encoding="utf-8")
    lines = [
        line.strip() for language, block in FENCE.findall(text) for line in block.splitlines() if language in SHELLS
    ]
    lines += [code for _, code in CODE.findall(FENCE.sub("", text))]
    return [match[1] for line in lines if (match := COMMAND.match(line.rpartition("-- ")[2]))]


def test_the_readme_has_fewer_than_200_lines() -> None:
    assert len(README.splitlines()) < 200


@each_page
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for path, anchor in links(page):
        target = page.parent / path if path else page
        assert target.exists(), path
        assert not anchor or anchor in headings(target), f"{path}#{anchor}"


@each_page
def test_every_link_of_the_readme_and_of_its_pages_works_in_the_wheel_too(page: Path) -> None:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packed = configuration["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for source, place in packed.items():
        assert place == f"orgkit/_project/{source}", "neighbors in the checkout are neighbors in the wheel"
    for path in ("", *(path for path, _ in links(page) if path)):
        target = (page.parent / path if path else page).resolve().relative_to(ROOT)
        folders = {str(folder) for folder in (target, *target.parents)}
        assert folders & set(packed), f"{target} is not in the wheel"


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=lambda page: page.stem)
def test_every_command_and_option_that_a_page_names_exists(page: Path) -> None:
    for line in commands(page):
        unknown = unknown_words(line.split())
        assert unknown == [], f"orgkit {line}: {unknown}"


def unknown_words(words: list[str]) -> list[str]:
    """The first word that is no command, or the options that the command does not have."""
    command: click.Command = program()
    while isinstance(command, click.Group) and words:
        if words[0] not in command.commands:
            return [words[0]] if words[0].isalpha() and words[0].islower() else []
        command = command.commands[words.pop(0)]
    ours = words[: words.index("--")] if "--" in words else words
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
    return [word for word in ours if re.fullmatch(r"--[a-z][a-z-]+|-[a-z]", word) and word not in known]


def program() -> click.Group:
    context = click.Context(cli)
    return click.Group("orgkit", [cli.get_command(context, name) for name in cli.list_commands(context)])


def test_every_exit_code_of_the_page_is_one_of_the_programs() -> None:
    page = (ROOT / "docs" / "reference" / "exit-codes.md").read_text(encoding="utf-8")
    named = {int(code) for code in re.findall(r"^\| (\d) \|", page, re.MULTILINE)}
    assert named == {value for name, value in vars(errors).items() if name.startswith("EXIT_")}


def test_no_command_installs_a_package_that_was_never_released() -> None:
    for page in PAGES:
        installs = re.findall(r"(?:pip|pipx|uv tool) install .*", page.read_text(encoding="utf-8"))
        assert [line for line in installs if re.search(r"""install\s+['"]?orgkit""", line)] == [], page


def test_every_page_of_the_site_can_be_reached_from_its_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    trees = "\n".join(re.findall(r"```\{toctree\}\n(.*?)```", index, re.DOTALL))
    listed = {PurePosixPath(f"{line}.md") for line in trees.splitlines() if line and not line.startswith(":")}
    pages = {PurePosixPath(page.relative_to(ROOT / "docs").as_posix()) for page in (ROOT / "docs").rglob("*.md")}
    assert pages - {PurePosixPath("index.md")} == {page for page in listed if not str(page).startswith("..")}


def test_the_picture_of_the_phases_has_every_phase_once() -> None:
    picture = (ROOT / "docs" / "phases.svg").read_text(encoding="utf-8")
    assert sorted(re.findall(r">(\d\d)</text>", picture)) == sorted(phase.number for phase in RUNBOOKS)
