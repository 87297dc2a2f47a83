"""IAM Identity Center: an account has no instance until somebody makes one."""

from moto.ssoadmin.models import SSOAdminBackend

from orgkit.sandbox.corrections.registry import corrects

_begin = SSOAdminBackend.__init__


@corrects(SSOAdminBackend, "__init__", moto="Every account has an instance of Identity Center from the start.")
def begin(self: SSOAdminBackend, region_name: str, account_id: str) -> None:
    """An account has no instance of Identity Center; the organization's is made in the console."""
    _begin(self, region_name, account_id)
    self.instances.clear()
