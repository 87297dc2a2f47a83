"""Values that must not be written, and a search for all of them that takes no longer the more there are."""

from collections.abc import Collection, Iterable, Iterator

ENDING = 16  # characters of a value by which it is looked up; the tokens of AWS have the same beginning
FEW = 16  # values that are looked for one by one: a long text is searched faster for a value than for all endings


class SecretValues(Collection[str]):
    """A set of values that only grows.

    Args:
        values: The first ones.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._all: dict[str, bytes] = {}
        self._by_ending: dict[str, tuple[str, ...]] = {}
        self._by_encoded_ending: dict[bytes, tuple[bytes, ...]] = {}
        self._shorter: tuple[str, ...] = ()  # than an ending
        for value in values:
            self.add(value)

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._all))  # another thread may add one meanwhile

    def __contains__(self, value: object) -> bool:
        return value in self._all

    def add(self, value: str) -> None:
        """Add a value; one that is there already, or is empty, changes nothing."""
        if not value or value in self._all:
            return
        encoded = value.encode()
        if len(value) < ENDING:
            self._shorter = (*self._shorter, value)
        else:
            ending, encoded_ending = value[-ENDING:], encoded[-ENDING:]
            self._by_ending[ending] = (*self._by_ending.get(ending, ()), value)
            self._by_encoded_ending[encoded_ending] = (*self._by_encoded_ending.get(encoded_ending, ()), encoded)
        self._all[value] = encoded  # last: a search finds as many values as are counted

    def in_text(self, text: str) -> set[str]:
        """Return the values that stand in a text."""
        if len(self._all) <= FEW:
            return {value for value in self if value in text}
        positions = range(len(text) - ENDING + 1)
        candidates = {ending for start in positions if (ending := text[start : start + ENDING]) in self._by_ending}
        matches = {value for ending in candidates for value in self._by_ending[ending] if value in text}
        return matches | {value for value in self._shorter if value in text}

    def in_bytes(self, content: bytes) -> bool:
        """Return whether one of the values stands in these bytes, in UTF-8."""
        if len(self._all) <= FEW:
            return any(value in content for value in tuple(self._all.values()))
        positions = range(len(content) - ENDING + 1)
        candidates = {end for start in positions if (end := content[start : start + ENDING]) in self._by_encoded_ending}
        is_match = any(value in content for ending in candidates for value in self._by_encoded_ending[ending])
        return is_match or any(value.encode() in content for value in self._shorter)
