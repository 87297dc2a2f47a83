"""The tags that everything gets: orgkit's own, then those of [organization], then those of its own section."""

from collections.abc import Mapping

from orgkit.model.desired import KEY_TAG
from orgkit.model.tags import Tags
from orgkit.parameters.formats import in_tags

MOST = 50  # that AWS allows on one thing
_OURS = {"ManagedBy": "orgkit"}


def unit_tags(path: str, common: Mapping[str, str], own: Mapping[str, str]) -> Tags:
    """Of an organizational unit."""
    return _merged({"Name": _name(path.rpartition("/")[2]), **_OURS}, common, own)


def account_tags(key: str, name: str, common: Mapping[str, str], own: Mapping[str, str]) -> Tags:
    """Of a member account, created or imported."""
    return _merged({"Name": _name(name), **_OURS, KEY_TAG: key}, common, own)


def trail_tags(common: Mapping[str, str], own: Mapping[str, str]) -> Tags:
    """Of the trail, its buckets and its key."""
    return _merged(_OURS, common, own)


def _name(name: str) -> str:
    """Names may hold what tags may not, as in "Logs & Evidence"."""
    return "".join(character if in_tags(character) else "_" for character in name)


def _merged(*layers: Mapping[str, str]) -> Tags:
    """Sorted by key; of two with the same key, the later one wins."""
    return tuple(sorted({key: value for layer in layers for key, value in layer.items()}.items()))
