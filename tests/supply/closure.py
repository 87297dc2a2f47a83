"""The packages that a requirement brings, from the metadata of what is installed: `python closure.py orgkit[all]`.

It runs in any environment that orgkit is installed in, and prints one JSON object: name of each package → its bytes.
"""

import json
import sys
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def closure(*requirements: str) -> dict[str, Distribution]:
    """Every installed distribution that these requirements need on this Python, themselves included."""
    found: dict[str, Distribution] = {}
    pending, seen = [Requirement(text) for text in requirements], set()
    while pending:
        wanted = pending.pop()
        name = canonicalize_name(wanted.name)
        if (name, frozenset(wanted.extras)) in seen:
            continue
        seen.add((name, frozenset(wanted.extras)))
        found[name] = distribution(name)
        for text in found[name].requires or ():
            needed = Requirement(text)
            extras = ("", *wanted.extras)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                pending.append(needed)
    return found


def size(installed: Distribution) -> int:
    """Bytes of the files that are there, compiled ones too."""
    places = (Path(str(file.locate())) for file in installed.files or ())
    return sum(place.stat().st_size for place in places if place.is_file())


if __name__ == "__main__":
    print(json.dumps({name: size(found) for name, found in sorted(closure(*sys.argv[1:]).items())}))
