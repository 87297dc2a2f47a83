"""The bill of materials lists every package that an installation of orgkit may bring, and no tool of its tests."""

import tomllib

from packaging.requirements import Requirement

from tests.supply.sbom import CHECKOUT, pins, sbom


def test_every_pin_of_the_core_is_a_required_component() -> None:
    required = {(each["name"], each["version"]) for each in sbom()["components"] if each["scope"] == "required"}
    text = (CHECKOUT / "requirements-core.lock").read_text(encoding="utf-8")
    assert len(required) == sum("==" in line.partition(" ")[0] for line in text.splitlines())
    assert required == {(name, version) for name, version, _ in pins("requirements-core.lock")}


def test_packages_of_extras_are_optional_and_those_of_the_tests_are_not_listed() -> None:
    scopes = {each["name"]: each["scope"] for each in sbom()["components"]}
    assert (scopes["boto3"], scopes["moto"], scopes["jupyterlab"]) == ("required", "optional", "optional")
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    tools = {Requirement(text).name.lower() for text in project["dependency-groups"]["dev"]}
    assert tools & set(scopes) == set()


def test_each_component_has_a_reference_of_its_own_that_orgkit_depends_on() -> None:
    document = sbom()
    references = [each["bom-ref"] for each in document["components"]]
    assert len(references) == len(set(references))
    assert document["dependencies"] == [{"ref": "orgkit", "dependsOn": references}]
