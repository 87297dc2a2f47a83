"""Where each resource of AWS is in the configuration, and what a later hand-over moves or takes out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from orgkit.phases.terraform.hcl import Attribute, Block, Expression

# Type and import id of a resource → its address.
Addresses = Mapping[tuple[str, str], str]


@dataclass(frozen=True)
class Changes:
    """What differs from an earlier hand-over.

    Attributes:
        earlier: The addresses that it wrote.
        moved: Old and new addresses, of this hand-over and of those before it.
        removed: Addresses of resources that Terraform forgets.
        forgotten: Addresses of single instances, which only a command takes out of the state.
    """

    earlier: Addresses
    moved: tuple[tuple[str, str], ...] = ()
    removed: tuple[str, ...] = ()
    forgotten: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.moved or self.removed)

    def compared_with(self, addresses: Addresses) -> "Changes":
        """Return the changes with those that lead from the earlier addresses to these."""
        present = set(addresses.values())
        new_moves = [
            (address, addresses[identity])
            for identity, address in self.earlier.items()
            if identity in addresses and addresses[identity] != address
        ]
        moved = tuple(pair for pair in (*self.moved, *new_moves) if pair[0] not in present)
        blocks = {resource_of(address) for address in present}
        absent = [address for identity, address in self.earlier.items() if identity not in addresses]
        resources = {resource_of(address) for address in absent} | set(self.removed)
        removed = tuple(sorted(resources - blocks))
        forgotten = {address for address in (*absent, *self.forgotten) if resource_of(address) in blocks} - present
        return Changes(addresses, tuple(dict.fromkeys(moved)), removed, tuple(sorted(forgotten)))


def resource_of(address: str) -> str:
    """Return the address of a resource without the key of an instance."""
    return address.partition("[")[0]


def change_blocks(changes: Changes) -> Iterator[Block]:
    """Yield `moved` and `removed` blocks; what is removed leaves Terraform's state, and stays in AWS."""
    for source, destination in changes.moved:
        values = (Attribute("from", Expression(source)), Attribute("to", Expression(destination)))
        yield Block("moved", (), values)
    for address in changes.removed:
        yield removed_block(address)


def removed_block(address: str) -> Block:
    """Return the block with which a resource leaves Terraform, and nothing in AWS is destroyed."""
    lifecycle = Block("lifecycle", (), (Attribute("destroy", value=False),))
    return Block("removed", (), (Attribute("from", Expression(address)), lifecycle))
