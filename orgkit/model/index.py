"""Dictionaries from a key to the items that have it, for what is looked up more than once."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


def first_by(items: Iterable[V], key: Callable[[V], K]) -> Mapping[K, V]:
    """Return the first item of each key."""
    index: dict[K, V] = {}
    for item in items:
        index.setdefault(key(item), item)
    return index


def all_by(items: Iterable[V], key: Callable[[V], K]) -> Mapping[K, list[V]]:
    """Return the items of each key, in their order."""
    index: dict[K, list[V]] = defaultdict(list)
    for item in items:
        index[key(item)].append(item)
    return dict(index)  # looking up a key must not add it
