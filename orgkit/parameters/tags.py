"""The tags that everything gets: orgkit's own, then those of [organization], then those of its own section."""

from collections.abc import Mapping

from orgkit.model.desired import KEY_TAG
from orgkit.model.tags import Tags

MOST = 50  # that AWS allows on one thing
_OURS = {"ManagedBy": "orgkit"}


def unit_tags(path: str, common: Mapping[str, str], own: Mapping[str, str]) -> Tags:
    """Of an organizational unit."""
    return _merged({"Name": path.rpartition("/")[2], **_OURS}, common, own)


def account_tags(key: str, name: str, common: Mapping[str, str], own: Mapping[str, str]) -> Tags:
    """Of a member account, created or imported."""
    return _merged({"Name": name, **_OURS, KEY_TAG: key}, common, own)


def trail_tags(common: Mapping[str, str], own: Mapping[str, str]) -> Tags:
    """Of the trail, its buckets and its key."""
    return _merged(_OURS, common, own)


def _merged(*layers: Mapping[str, str]) -> Tags:
    """Sorted by key; of two with the same key, the later one wins."""
    return tuple(sorted({key: value for layer in layers for key, value in layer.items()}.items()))
