"""What one phase hands over to Terraform: resources with their imports, and what is left out."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from unicodedata import normalize

from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.model.plan import Step
from orgkit.phases.terraform.hcl import Attribute, Block, Comment, Expression, attributes
from orgkit.phases.terraform.provider import MANAGEMENT


@dataclass(frozen=True)
class LeftOut:
    """Something of AWS that Terraform does not get, and the reason."""

    subject: str
    reason: str


def unique_keys(names: Mapping[str, str]) -> dict[str, str]:
    """Return a key for each id: its name, with the id where Terraform would take two names for one.

    Terraform compares strings in Unicode's normal form C.
    """
    counts = Counter(normalize("NFC", name) for name in names.values())
    return {
        identity: name if counts[normalize("NFC", name)] == 1 else f"{name} ({identity})"
        for identity, name in names.items()
    }


@dataclass(frozen=True)
class Resource:
    """One `resource` block with its imports.

    Attributes:
        type: As in `aws_cloudtrail`.
        name: Its name in the configuration.
        body: Its arguments; `provider` and `lifecycle` are added.
        import_id: What it is imported from; empty for one with `instances`.
        instances: Import ids by the keys of its `for_each`.
        for_each: The expression of its `for_each`; None for a single resource.
        provider: The provider that works in its account.
        account: The member account of a resource that has no name of its own in the organization, such as a role.
        ignored: Arguments that Terraform must not compare, with the reason.
    """

    type: str
    name: str
    body: tuple[Attribute | Comment | Block, ...]
    import_id: str = ""
    instances: Mapping[str, str] = field(default_factory=dict)
    for_each: Expression | None = None
    provider: Expression = MANAGEMENT
    ignored: tuple[str, ...] = ()
    ignored_reason: str = ""
    account: str = ""

    @property
    def address(self) -> str:
        return f"{self.type}.{self.name}"

    @property
    def import_ids(self) -> dict[str, str]:
        """Import ids by key; of a single resource, by the empty string."""
        return dict(self.instances) if self.for_each else {"": self.import_id}

    @property
    def block(self) -> Block:
        """The resource as it is written. Nothing may destroy it: what it stands for cannot be made again."""
        head = attributes(for_each=self.for_each, provider=self.provider)
        ignored: tuple[Attribute | Comment, ...] = ()
        if self.ignored:
            names = Expression(f"[{', '.join(self.ignored)}]")
            ignored = (Comment(self.ignored_reason), Attribute("ignore_changes", names))
        lifecycle = Block("lifecycle", (), (Attribute("prevent_destroy", value=True), *ignored))
        return Block("resource", (self.type, self.name), (*head, *self.body, lifecycle))

    @property
    def import_block(self) -> Block:
        """The `import` block; it may be deleted once Terraform has applied it."""
        target = Expression(self.address)
        if self.for_each is None:
            return Block("import", (), attributes(to=target, id=self.import_id))
        loop = attributes(for_each=dict(self.instances), to=Expression(f"{self.address}[each.key]"))
        return Block("import", (), (*loop, Attribute("id", Expression("each.value"))))


@dataclass(frozen=True)
class HandoverPart:
    """What one phase hands over: the content of its file.

    Attributes:
        title: What the file describes, as its first comment.
        items: Blocks such as `locals`, in the order of the file, and resources.
        left_out: What of this phase Terraform does not get.
    """

    title: str
    items: tuple[Block | Resource, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def resources(self) -> tuple[Resource, ...]:
        return tuple(item for item in self.items if isinstance(item, Resource))


@dataclass(frozen=True)
class Handover:
    """How a phase hands over: what its file holds, and which of its steps are Terraform's afterwards.

    `handover_aws.py` of the phase reads what only the hand-over needs.

    Attributes:
        part: From what is observed and desired to the content of the file.
        steps: Those that Terraform owns once the phase is handed over.
        remedies: For a type of step, what a person does instead, where that is more than to change it in Terraform.
        unrequested: What is left out where the file does not ask for the phase, so that nothing of it was read.
        member_steps: Those that change a role of a member account, which Terraform owns where `members` is set.
    """

    part: Callable[[Observed, Desired], HandoverPart]
    steps: tuple[type[Step], ...]
    remedies: Mapping[type[Step], str] = field(default_factory=dict)
    unrequested: str = ""
    member_steps: tuple[type[Step], ...] = ()
