"""The software bill of materials of a release, as CycloneDX 1.6: `python -m tests.supply.sbom > orgkit.cdx.json`.

It lists what the lock files pin: packages that orgkit needs as required, packages of its extras as optional. Hashes of
their archives stand in the lock files, which the source distribution has.
"""

import json
import re
from pathlib import Path
from typing import Any

from orgkit import __version__
from tests.supply.closure import closure

CHECKOUT = Path(__file__).parents[2]
PIN = re.compile(r"^([a-z0-9.-]+)(?:\[[a-z0-9,-]+\])?==([^ ]+)(?: ; (.+?))? \\$", re.MULTILINE)
Component = dict[str, Any]


def sbom() -> dict[str, Any]:
    """The whole document; the same for the same lock files."""
    core, everything = pins("requirements-core.lock"), pins("requirements.lock")
    extras = set(closure("orgkit[all]")) - {"orgkit"}
    components = [component(*pin, "required") for pin in core]
    listed = {each["purl"] for each in components}
    optional = [component(*pin, "optional") for pin in everything if pin[0] in extras]
    components += [each for each in optional if each["purl"] not in listed]
    root = {"type": "application", "bom-ref": "orgkit", **_package("orgkit", __version__)}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": root | {"licenses": [{"license": {"id": "Apache-2.0"}}]}},
        "components": components,
        "dependencies": [{"ref": "orgkit", "dependsOn": [each["bom-ref"] for each in components]}],
    }


def pins(lock: str) -> list[tuple[str, str, str]]:
    """Name, version and environment marker of each package that a lock file pins."""
    return PIN.findall((CHECKOUT / lock).read_text(encoding="utf-8"))


def component(name: str, version: str, marker: str, scope: str) -> Component:
    """One package; where it is needed on some machines only, its marker is a property."""
    package = _package(name, version)
    properties = {"properties": [{"name": "python:marker", "value": marker}]} if marker else {}
    return {"type": "library", "bom-ref": package["purl"], **package, "scope": scope, **properties}


def _package(name: str, version: str) -> dict[str, str]:
    return {"name": name, "version": version, "purl": f"pkg:pypi/{name}@{version}"}


if __name__ == "__main__":
    print(json.dumps(sbom(), indent=1))
