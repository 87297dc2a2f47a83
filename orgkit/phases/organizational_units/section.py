"""`[units]`: the organizational units, by their paths."""

from collections.abc import Iterator

from orgkit.model.desired import UnitSpec
from orgkit.phases.schema.location import Violation
from orgkit.phases.schema.raw import Raw, common_tags, duplicates, path, section, tags, unit_paths
from orgkit.phases.schema.section import Defaults, Section, too_many_tags, unit_tags
from orgkit.phases.schema.types import SectionModel, Tags, UnitPath
from orgkit.sanitize.names import reading


class UnitModel(SectionModel):
    """`[units."Security/Audit"]`."""

    tags: Tags = {}


def build(models: dict[UnitPath, UnitModel], defaults: Defaults) -> tuple[UnitSpec, ...]:
    """Return every unit, also those that a path implies: "Security/Audit" implies "Security"."""
    own = {names: model.tags for names, model in models.items()}
    return tuple(
        UnitSpec(names, unit_tags(names[-1], defaults.common_tags, own.get(names, {})))
        for names in sorted(unit_paths(models))
    )


def names_that_look_the_same(raw: Raw) -> Iterator[Violation]:
    """Report OU names that look the same to a person: AWS compares them as bytes, so they are two units."""
    claims = [(("units", text), text) for text in section(raw, "units")]
    yield from duplicates(claims, "the two look the same: keep one", reading)


def tag_counts(raw: Raw) -> Iterator[Violation]:
    """Report the units with more tags than AWS allows, the default tags included."""
    common = common_tags(raw)
    for text in section(raw, "units"):
        own, names = tags(section(raw, "units", text)), path(text)
        if names is not None:
            yield from too_many_tags(("units", text), unit_tags(names[-1], common, own))


SECTION = Section("units", dict[UnitPath, UnitModel], build, {}, (names_that_look_the_same, tag_counts))
