"""HANDOVER.md: what to do with the files, what is left out, and how something leaves Terraform."""

from collections.abc import Sequence

from orgkit.handover.addresses import Changes, removed_block
from orgkit.handover.permissions import LOG_ARCHIVE, MANAGEMENT, shared_actions
from orgkit.handover.providers import PERMISSIONS
from orgkit.handover.tools import Tool
from orgkit.phases.terraform.part import LeftOut
from orgkit.phases.terraform.provider import PROVIDER_SOURCE, TRIED_VERSION
from orgkit.phases.terraform.writer import write
from orgkit.sanitize.terminal import flat


def write_guide(tool: Tool, imports: int, left_out: Sequence[LeftOut], changes: Changes, labels: Sequence[str]) -> str:
    """Return the guide as Markdown."""
    sections = (
        _first_plan(tool, imports),
        _section_of_file(tool, labels),
        _permissions(tool),
        _leaving(tool, changes),
        _left_out(left_out),
    )
    return "# Hand-over\n\n" + "\n\n".join(sections) + "\n"


def notes(tool: Tool) -> tuple[str, ...]:
    """Return what was tried and what was not, a sentence each."""
    version = f"{tool.title} {tool.tried}" if tool.tried else "Terraform 1.11"
    tried = f"Tried on the sandbox with {version} and {PROVIDER_SOURCE} {TRIED_VERSION}."
    untried = "Versions 6 of the provider are untried: the files follow their documented schema."
    opentofu = () if tool.tried else (f"{tool.title} itself is untried.",)
    return (tried, untried, *opentofu, "Nothing of this was tried on real AWS.")


def _first_plan(tool: Tool, imports: int) -> str:
    return f"""## The first plan

```sh
{tool.command} init
{tool.command} plan
```

The plan has to say: {imports} to import, 0 to add, 0 to change, 0 to destroy. Apply nothing else.
{" ".join(notes(tool))}
Add a backend in a file of your own: the state names every account."""


def _section_of_file(tool: Tool, labels: Sequence[str]) -> str:
    return f"""## The parameters file

With this section, orgkit reports what {tool.title} owns, and plans no step for it:

```toml
{section_text(labels)}
```

Run `orgkit handover` again when an account joins, or is closed. It changes its own blocks alone, and keeps what you
write outside `orgkit:begin` and `orgkit:end`."""


def section_text(labels: Sequence[str]) -> str:
    """Return the section of the parameters file."""
    phases = ", ".join(f'"{label}"' for label in labels)
    return f"[handover]\nphases = [{phases}]"


def _permissions(tool: Tool) -> str:
    rows = "\n".join(
        f"- `{name}`: {action}" for account in (MANAGEMENT, LOG_ARCHIVE) for name, action in shared_actions(account)
    )
    return f"""## Permissions

`prevent_destroy` protects nothing once its block is deleted. So give the role of {tool.title} in the management account
the policy in `{PERMISSIONS[MANAGEMENT]}` and no other. It denies every action by which {tool.title} would destroy
what was handed over. Its sessions in the log archive account have the rights of `{PERMISSIONS[LOG_ARCHIVE]}`.

AWS has no action of its own for these deletions, so that the action that changes them is denied, too. Change them with
orgkit or another role:

{rows}"""


def _leaving(tool: Tool, changes: Changes) -> str:
    example = write([removed_block("aws_cloudtrail.organization")]).rstrip()
    commands = "\n".join(f"{tool.command} state rm {_quoted(address)}" for address in changes.forgotten)
    now = (
        f"\n\nThese are no longer in the files. Before the next apply, run:\n\n```sh\n{commands}\n```"
        if commands
        else ""
    )
    return f"""## Leaving {tool.title}

Nothing is destroyed by a block that takes a resource out of the state. Delete the resource, and write instead:

```hcl
{example}
```

One entry of a map leaves with `{tool.command} state rm ADDRESS`, before it is deleted in the file.{now}"""


def _quoted(address: str) -> str:
    return "'" + address.replace("'", "'\\''") + "'"


def _left_out(left_out: Sequence[LeftOut]) -> str:
    rows = "\n".join(f"- {_plain(item.subject)}: {_plain(item.reason)}" for item in left_out)
    return f"## Left out\n\n{rows}"


def _plain(text: str) -> str:
    """Return a text with names from AWS in which Markdown finds nothing to format."""
    return "".join(f"\\{character}" if character in "\\`*_[]<>#|!" else character for character in flat(text))
