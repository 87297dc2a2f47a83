"""The two tools that read the files of a hand-over."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tool:
    """Terraform or OpenTofu.

    Attributes:
        name: As `orgkit handover` takes it.
        title: As it is written in sentences.
        command: Its command.
        required_version: The versions that know every block of the files.
        tried: The version with which the files were tried; "" for none.
    """

    name: str
    title: str
    command: str
    required_version: str
    tried: str = ""


# Terraform 1.7 is the first with `removed` and with for_each in `import`. Older versions of OpenTofu know no
# `lifecycle` in `removed`.
TERRAFORM = Tool("terraform", "Terraform", "terraform", ">= 1.7", tried="1.11")
OPENTOFU = Tool("opentofu", "OpenTofu", "tofu", ">= 1.11")
TOOLS = {tool.name: tool for tool in (TERRAFORM, OPENTOFU)}
