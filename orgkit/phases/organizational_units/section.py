"""`[units]`: the organizational units, by their paths."""

from collections.abc import Iterator

from orgkit.model.desired import UnitSpec
from orgkit.phases.schema.formats import quote
from orgkit.phases.schema.location import Violation, spell
from orgkit.phases.schema.raw import Raw, common_tags, duplicates, path, section, tags, text, unit_paths
from orgkit.phases.schema.section import Defaults, Section, too_many_tags, unit_tags
from orgkit.phases.schema.types import FormerName, SectionModel, Tags, UnitPath
from orgkit.sanitize.names import reading


class UnitModel(SectionModel):
    """`[units."Security/Audit"]`."""

    tags: Tags = {}
    renamed_from: FormerName | None = None


def build(models: dict[UnitPath, UnitModel], defaults: Defaults) -> tuple[UnitSpec, ...]:
    """Return every unit, also those that a path implies: "Security/Audit" implies "Security"."""
    own = {names: model.tags for names, model in models.items()}
    former_names = {names: model.renamed_from or "" for names, model in models.items()}
    return tuple(
        UnitSpec(names, unit_tags(names[-1], defaults.common_tags, own.get(names, {})), former_names.get(names, ""))
        for names in sorted(unit_paths(models))
    )


def names_that_look_the_same(raw: Raw) -> Iterator[Violation]:
    """Report OU names that look the same to a person: AWS compares them as bytes, so they are two units."""
    claims = [(("units", key), key) for key in section(raw, "units")]
    yield from duplicates(claims, "the two look the same: keep one", reading)


def tag_counts(raw: Raw) -> Iterator[Violation]:
    """Report the units with more tags than AWS allows, the default tags included."""
    common = common_tags(raw)
    for key in section(raw, "units"):
        own, names = tags(section(raw, "units", key)), path(key)
        if names is not None:
            yield from too_many_tags(("units", key), unit_tags(names[-1], common, own))


def former_names(raw: Raw) -> Iterator[Violation]:
    """Report a former name that another unit of the file has under the same parent, now or as its former name."""
    units = {key: names for key in section(raw, "units") if (names := path(key))}
    known = unit_paths(units.values())
    used: dict[tuple[str, ...], str] = {}
    for key, names in units.items():
        former_name, place = text(section(raw, "units", key), "renamed_from"), ("units", key, "renamed_from")
        if former_name is None:
            continue
        former_path = (*names[:-1], former_name)
        if former_path in known:
            other = "is the name of the unit itself" if former_path == names else "is another unit of the file"
            yield place, f"{quote(former_name)} {other}: write the name that this unit has in AWS and loses."
        elif former_path in used:
            yield place, f"{quote(former_name)} is renamed_from of {used[former_path]} too: a unit gets one name."
        used.setdefault(former_path, spell(place[:-1]))


SECTION = Section("units", dict[UnitPath, UnitModel], build, {}, (names_that_look_the_same, former_names, tag_counts))
