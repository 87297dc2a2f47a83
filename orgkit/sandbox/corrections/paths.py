"""Paths of units and accounts: o-…/r-…/ou-…/<account>/, which AWS returns since 2026 and moto does not."""

from moto.organizations.models import FakeOrganizationalUnit, OrganizationsBackend


def chain(backend: OrganizationsBackend, parent_id: str) -> list[FakeOrganizationalUnit]:
    """From the root down to the parent itself."""
    known = {candidate.id: candidate for candidate in backend.ou}
    units: list[FakeOrganizationalUnit] = []
    unit = known.get(parent_id)
    while unit is not None:
        units.insert(0, unit)
        unit = known.get(unit.parent_id)
    return units


def path(backend: OrganizationsBackend, parent_id: str, *last: str) -> str:
    """o-…/r-…/ou-…/<account>/ as in Account.Paths and OrganizationalUnit.Path, which moto does not have."""
    return "/".join([backend.org.id, *(unit.id for unit in chain(backend, parent_id)), *last]) + "/"
