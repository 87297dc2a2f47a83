"""Public keys that a parameters file names: read when it is loaded, so that nothing else has to look for them."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from orgkit.errors import KeyRefused
from orgkit.parameters.formats import quoted
from orgkit.parameters.places import Place, spell
from orgkit.parameters.raw import Raw, section, text
from orgkit.parameters.validate import Wrong

PUBLIC_KEY: Place = ("records", "public_key")
APPROVERS: Place = ("approval", "approvers")


def public_keys(raw: Raw, folder: Path) -> tuple[dict[Place, str], list[Wrong]]:
    """Each as PEM by its place, and what is wrong with the others; a relative path counts from `folder`."""
    pems: dict[Place, str] = {}
    wrong: list[Wrong] = []
    for place, value in _named(raw):
        try:
            pems[place] = _pem(value, folder)
        except KeyRefused as refused:
            wrong.append((place, f"{refused.why} {refused.do[0].upper()}{refused.do[1:]}"))
    return pems, [*wrong, *_twice(pems), *_missing(raw)]


def pem_of(pems: Mapping[Place, str], name: str) -> str:
    """The key of an approver, in whichever of the two forms it was written."""
    return pems.get((*APPROVERS, name)) or pems[*APPROVERS, name, "key"]


def _named(raw: Raw) -> Iterator[tuple[Place, str]]:
    for name in section(raw, *APPROVERS):
        short, long = text(section(raw, *APPROVERS), name), text(section(raw, *APPROVERS, name), "key")
        if short is not None:
            yield (*APPROVERS, name), short
        elif long is not None:
            yield (*APPROVERS, name, "key"), long
    if own := text(section(raw, "records"), "public_key"):
        yield PUBLIC_KEY, own


def _pem(value: str, folder: Path) -> str:
    from orgkit.signing.keys import PublicKey  # late: most files name no key
    from orgkit.signing.texts import is_inline, path_of

    if value.startswith("arn:"):
        what = f"write what `orgkit keys show {value[:120]}` prints."
        raise KeyRefused("is in AWS, where not everybody can look.", what)
    return PublicKey.load(value if is_inline(value) else folder / path_of(value)).pem


def _twice(pems: dict[Place, str]) -> Iterator[Wrong]:
    """One key under two names would let one person be two."""
    first: dict[str, Place] = {}
    for place, pem in pems.items():
        owner = first.setdefault(pem, place) if place[0] == "approval" else place
        if owner != place:
            yield place, f"is the key of {spell(owner)} too: each approver needs a key of their own."


def _missing(raw: Raw) -> Iterator[Wrong]:
    """What signs the records asks for its public half."""
    records = section(raw, "records")
    sign_with = text(records, "sign_with")
    if sign_with and "PRIVATE KEY" in sign_with:
        yield ("records", "sign_with"), "is a private key itself: keep it in a file of its own, and write its path."
    elif sign_with and not records.get("public_key"):
        yield PUBLIC_KEY, f"is missing, and sign_with is {quoted(sign_with)}: write the public half of that key."
