"""A phase's section of the parameters file: its keys, its frozen value, its checks, default tags."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orgkit.model.desired import KEY_TAG, Desired, Tags
from orgkit.phases.schema.formats import in_tags
from orgkit.phases.schema.location import Place, Violation
from orgkit.phases.schema.raw import Raw

REQUIRED_SECTION: Any = ...  # pydantic's own sign for a section that has to be there
Check = Callable[[Raw], Iterator[Violation]]
CommonTags = Mapping[str, str] | None  # of [organization]; None for `tags = "none"`: then there are no default tags
FileTexts = Mapping[Place, str]  # the texts of files that a section names, by the place of the name


def no_files(_: Raw) -> Iterator[tuple[Place, str]]:
    """Name no files, as most sections."""
    yield from ()


@dataclass(frozen=True)
class Defaults:
    """Defaults that `[organization]` gives to the other sections, and the files that they name."""

    management_account_id: str
    home_region: str
    tags: Tags | None  # None: the file asks for no tags but those that a section has itself
    files: FileTexts = field(default_factory=dict)

    @property
    def common_tags(self) -> CommonTags:
        """The tags for everything, as `unit_tags` and the others take them."""
        return None if self.tags is None else dict(self.tags)


@dataclass(frozen=True)
class Section:
    """One section of the parameters file.

    `schema` is its pydantic type, and `build` makes the frozen value from a valid one. `checks` read the raw file, so
    that contradictions between its parts are reported together with wrong types.

    `files` yields each file that the section names, which has to lie in the folder of the parameters file or below it;
    `file_checks` read their texts. `final_checks` read the whole file once it is otherwise valid.
    """

    name: str
    schema: Any
    build: Callable[[Any, Defaults], object]
    default: Any = REQUIRED_SECTION
    checks: tuple[Check, ...] = ()
    files: Callable[[Raw], Iterator[tuple[Place, str]]] = no_files
    file_checks: tuple[Callable[[Raw, FileTexts], Iterator[Violation]], ...] = ()
    final_checks: tuple[Callable[[Desired], Iterator[Violation]], ...] = ()


MAX_TAGS = 50  # that AWS allows on one resource
_ORGKIT_TAGS = {"ManagedBy": "orgkit"}


def unit_tags(name: str, common: CommonTags, own: Mapping[str, str]) -> Tags:
    """Return the tags of an organizational unit."""
    return _merge({"Name": _name(name), **_ORGKIT_TAGS}, common, own)


def account_tags(key: str, name: str, common: CommonTags, own: Mapping[str, str]) -> Tags:
    """Return the tags of a member account, created or imported."""
    return _merge({"Name": _name(name), **_ORGKIT_TAGS, KEY_TAG: key}, common, own)


def trail_tags(common: CommonTags, own: Mapping[str, str]) -> Tags:
    """Return the tags of the trail, its buckets and its key."""
    return _merge(_ORGKIT_TAGS, common, own)


def too_many_tags(place: Place, tags: Tags) -> Iterator[Violation]:
    """Report a section whose tags, the default ones included, are more than AWS allows."""
    if len(tags) > MAX_TAGS:
        yield (
            (*place, "tags"),
            f"come to {len(tags)} with the defaults and those of [organization]; AWS allows {MAX_TAGS}.",
        )


def _name(name: str) -> str:
    """Return a name as the value of a tag: names may have characters that tags may not, as in "Logs & Evidence"."""
    return "".join(character if in_tags(character) else "_" for character in name)


def _merge(defaults: Mapping[str, str], common: CommonTags, own: Mapping[str, str]) -> Tags:
    """Merge tags, sorted by key; of two with the same key, the later one wins."""
    layers = (own,) if common is None else (defaults, common, own)
    return tuple(sorted({key: value for layer in layers for key, value in layer.items()}.items()))
