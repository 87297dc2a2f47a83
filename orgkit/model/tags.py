"""Tags that are asked for and not there; tags that orgkit does not know are left alone."""

Tags = tuple[tuple[str, str], ...]


def missing(wanted: Tags, there: Tags) -> Tags:
    """Those of `wanted` that `there` lacks or has with another value."""
    have = dict(there)
    return tuple((key, value) for key, value in wanted if have.get(key) != value)
