"""`[units]`: the organizational units, by their paths."""

from collections.abc import Iterator

from orgkit.model.desired import UnitSpec
from orgkit.phases.schema.formats import split_path
from orgkit.phases.schema.location import Violation
from orgkit.phases.schema.raw import Raw, duplicates, section, tags, unit_paths
from orgkit.phases.schema.section import Defaults, Section, too_many_tags, unit_tags
from orgkit.phases.schema.types import SectionModel, Tags, UnitPath
from orgkit.sanitize.names import reading


class UnitModel(SectionModel):
    """`[units."Security/Audit"]`."""

    tags: Tags = {}


def build(models: dict[str, UnitModel], defaults: Defaults) -> tuple[UnitSpec, ...]:
    """Return every unit, also those that a path implies: "Security/Audit" implies "Security"."""
    own = {split_path(path): model.tags for path, model in models.items()}
    paths = sorted(split_path(path) for path in unit_paths(models))
    return tuple(UnitSpec(path, unit_tags(path[-1], dict(defaults.tags), own.get(path, {}))) for path in paths)


def names_that_look_the_same(raw: Raw) -> Iterator[Violation]:
    """AWS compares OU names as bytes; two that look the same to a person are a trap."""
    claims = [(("units", path), path) for path in section(raw, "units")]
    yield from duplicates(claims, "the two look the same: keep one", reading)


def tag_counts(raw: Raw) -> Iterator[Violation]:
    """Report the units with more tags than AWS allows, the default tags included."""
    common = tags(section(raw, "organization"))
    for path in section(raw, "units"):
        own = tags(section(raw, "units", path))
        yield from too_many_tags(("units", path), unit_tags(split_path(path)[-1], common, own))


SECTION = Section("units", dict[UnitPath, UnitModel], build, {}, (names_that_look_the_same, tag_counts))
