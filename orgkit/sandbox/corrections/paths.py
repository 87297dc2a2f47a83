"""Where a unit or an account is: o-…/r-…/ou-…/<account>/, which AWS tells since 2026 and moto does not."""

from moto.organizations.models import FakeOrganizationalUnit, OrganizationsBackend


def chain(backend: OrganizationsBackend, parent_id: str) -> list[FakeOrganizationalUnit]:
    """From the root down to the parent itself."""
    known = {each.id: each for each in backend.ou}
    found: list[FakeOrganizationalUnit] = []
    here = known.get(parent_id)
    while here is not None:
        found.insert(0, here)
        here = known.get(here.parent_id)
    return found


def path(backend: OrganizationsBackend, parent_id: str, *last: str) -> str:
    """o-…/r-…/ou-…/<account>/ as in Account.Paths and OrganizationalUnit.Path, which moto does not have."""
    return "/".join([backend.org.id, *(each.id for each in chain(backend, parent_id)), *last]) + "/"
