"""What AWS accepts as an id, email, name, tag …: each function returns the text or says what to write instead."""

import difflib
import json
import re
import unicodedata
from collections.abc import Collection
from typing import Any, NoReturn

from orgkit.model.desired import KEY_TAG, UnitPath, format_path, parse_path
from orgkit.policy_evaluation.policy_types import policy_types
from orgkit.sanitize.names import deception, invisible_characters
from orgkit.signing.identities import is_identity

_DIRECTIONS = "(north|south|east|west|central|northeast|northwest|southeast|southwest)"
# Regular expressions that the JSON Schema of the file has too.
ACCOUNT_ID = "[0-9]{12}"
ORGANIZATION_ID = "o-[a-z0-9]{10,32}"
EMAIL = r"(?!\.)[A-Za-z0-9!#$*+./=?^_`{}~-]+@(?!-)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?<!-)"
EMAIL_CONVENTION = r"[^{}]*(?:\{(?:key|name)\}[^{}]*)+"
KEY = "[a-z0-9][a-z0-9-]{0,40}"
ROLE_NAME = "[A-Za-z0-9_+=,.@-]{1,64}"
REGION = rf"(?!cn-)[a-z]{{2}}-{_DIRECTIONS}-[0-9]{{1,2}}"
SERVICE_PRINCIPAL = r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com"
ROOT = "/"  # as the unit of an account: the organization root
_LOCAL_FORBIDS = set("\"'()<>[]:;,\\|%&")
IDENTITIES = (
    'write "arn:aws:iam::ACCOUNT:user/NAME", or of a role "arn:aws:sts::ACCOUNT:assumed-role/ROLE", without its path.'
)
_MAX_SUGGESTIONS = 20  # words of a list of what may be meant


def quote(value: str) -> str:
    """Return the value as the file writes it, shortened, without control characters."""
    short = value if len(value) <= 60 else value[:57] + "…"
    if "\\" in short and "'" not in short and short.isprintable() and not invisible_characters(short):
        return f"'{short}'"  # TOML's literal string, in which a backslash is a backslash
    return json.dumps(short, ensure_ascii=bool(invisible_characters(short)))


def refuse(value: str, reason: str) -> NoReturn:
    """Raise an error that says what is wrong with a string of the file."""
    raise ValueError(f"{quote(value)} {reason}")


def account_id(value: str) -> str:
    """Check an account id: twelve digits as text, so that leading zeros stay."""
    if re.fullmatch(ACCOUNT_ID, value):
        return value
    if re.fullmatch(r"[0-9]{4}[- ][0-9]{4}[- ][0-9]{4}", value):
        refuse(value, f'has dashes or spaces: write "{re.sub("[- ]", "", value)}".')
    refuse(value, "is not an account id: write its twelve digits, with leading zeros.")


def organization_id(value: str) -> str:
    """Check the id that pins the file to one organization."""
    if not re.fullmatch(ORGANIZATION_ID, value):
        refuse(value, 'is not an organization id: write it as AWS shows it, as "o-a1b2c3d4e5", or leave it out.')
    return value


def email(value: str) -> str:
    """Check a root email by AWS's rules, which are stricter than those of mail."""
    local, _, domain = value.rpartition("@")
    if not 6 <= len(value) <= 64:
        refuse(value, f"has {len(value)} characters; AWS takes emails of 6 to 64.")
    if not local or "@" in local or not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", domain):
        refuse(value, 'is not an email address: write one like "aws-website-prod@example.com".')
    if domain[0] == "-" or domain[-1] == "-" or local[0] == ".":
        refuse(value, "is not an email address that AWS accepts: it has a dot or hyphen at an edge.")
    if not all("!" <= character <= "~" for character in local) or _LOCAL_FORBIDS & set(local):
        refuse(value, "has a character before the @ that AWS does not accept: use letters, digits, . _ - and +.")
    return value


def email_convention(value: str) -> str:
    """Check a pattern that gives each account a unique email."""
    example = value.replace("{key}", "website").replace("{name}", "website")
    if example == value or "{" in example or "}" in example:
        refuse(value, 'has to hold {key} or {name}, and no other braces: write "aws-{key}@example.com".')
    email(example)
    return value


def account_name(value: str) -> str:
    """Check a name by CreateAccount's rules; older accounts may have longer names, and can be renamed."""
    if not re.fullmatch(r"[ -~]{1,50}", value):
        refuse(value, "is not an account name: write 1 to 50 letters, digits, spaces or symbols, without accents.")
    return _trim(value)


def label(value: str) -> str:
    """Check a text for people, which must not be empty."""
    if not value:
        refuse(value, "is empty: write a name.")
    return _not_deceptive(_trim(value))


def former_name(value: str) -> str:
    """Check the name that a unit or an account has in AWS: it may be one that the file would not give."""
    if not 1 <= len(value) <= 128:
        refuse(value, f"has {len(value)} characters; AWS has names of 1 to 128.")
    return value


def key(value: str) -> str:
    """Check the key of an account, its name in this file, in tags and in records."""
    if not re.fullmatch(KEY, value):
        refuse(value, "is not an account key: write up to 41 lower-case letters, digits and hyphens, as website-prod.")
    return value


def unit_path(value: Any) -> Any:
    r"""Return the names of OUs from the top down; the root itself is never written.

    Args:
        value: A text with slashes between the names (\/ is a slash within one), or a list of names. Values of other
            types are returned as they are, and refused as what they are.
    """
    if isinstance(value, str):
        return _checked_path(value, _parse_path(value))
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return _checked_path(format_path(tuple(value)), tuple(value))
    return value


def account_unit(value: Any) -> Any:
    """Return the unit of an account, which may stay in the organization root if it is there already: "/" is ()."""
    return () if value == ROOT else unit_path(value)


def _parse_path(value: str) -> UnitPath:
    try:
        return parse_path(value)
    except ValueError as error:
        refuse(value, str(error))


def _checked_path(value: str, names: UnitPath) -> UnitPath:
    if not names:
        refuse(value, 'is empty: write the path of a unit, as "Security/Audit"; nothing is placed in the root.')
    if not all(names):
        refuse(value, 'has an empty level: write names joined by single slashes, as "Security/Audit".')
    if len(names) > 5:
        refuse(value, f"is {len(names)} levels deep; AWS allows five: leave out a level.")
    if any(len(name) > 128 for name in names):
        refuse(value, "has a name of more than 128 characters: shorten it.")
    if any(name != name.strip() for name in names):
        refuse(value, "has a blank at the edge of a name: remove it.")
    for name in names:
        _not_deceptive(name)
    return names


def role_name(value: str) -> str:
    """Check the name of a role by IAM's rules."""
    if not re.fullmatch(ROLE_NAME, value):
        refuse(value, "is not a role name: write 1 to 64 letters, digits or _ + = , . @ -, without a path.")
    return value


def identity(value: str) -> str:
    """Check a person's ARN, as `aws sts get-caller-identity` prints it; for a role, the session may be left out."""
    if ":federated-user/" in value:
        refuse(value, f"names a federated user, and the caller of GetFederationToken chooses that name: {IDENTITIES}")
    if not is_identity(value):
        refuse(value, f"is not an identity that can approve: {IDENTITIES}")
    return value


def region(value: str) -> str:
    """Check the form of a region of the `aws` partition; only AWS knows whether it is enabled."""
    if not re.fullmatch(REGION, value):
        refuse(value, 'is not a region that orgkit works in: write its code, as "us-east-1" or "eu-central-1".')
    return value


def service_principal(value: str) -> str:
    """Check the name under which an AWS service gets trusted access."""
    if re.fullmatch(SERVICE_PRINCIPAL, value) and len(value) <= 128:
        return value
    hint = f"{value}.amazonaws.com" if re.fullmatch(r"[a-z0-9.-]+", value) else "cloudtrail.amazonaws.com"
    refuse(value, f'is not a service principal: write it in full, as "{hint}".')


def policy_type(value: str) -> str:
    """Check the name of a type of policy of AWS Organizations."""
    if value not in policy_types():
        refuse(value, f"is not a policy type. {suggest(value, policy_types().keys())}")
    return value


def tag_key(value: str) -> str:
    """Check the key of a tag by AWS's rules, and by one of orgkit's."""
    if value.lower().startswith("aws:"):
        refuse(value, "begins with aws:, which AWS keeps for itself: choose another tag key.")
    if value == KEY_TAG:
        refuse(value, "is the tag by which orgkit recognizes an account: leave it to orgkit.")
    if not 1 <= len(value) <= 128:
        refuse(value, f"has {len(value)} characters; AWS takes tag keys of 1 to 128.")
    return _taggable(value)


def tag_value(value: str) -> str:
    """Check the value of a tag by AWS's rules."""
    if len(value) > 256:
        refuse(value, f"has {len(value)} characters; AWS takes tag values of up to 256.")
    return _taggable(value)


def in_tags(character: str) -> bool:
    """Return whether AWS accepts the character in tag keys and values."""
    return character in "_.:/=+-@" or unicodedata.category(character)[0] in "LNZ"


def _taggable(value: str) -> str:
    if not all(map(in_tags, value)):
        refuse(value, "has a character that AWS does not accept in tags: use letters, digits, blanks, _ . : / = + - @.")
    return _not_deceptive(value)


def _not_deceptive(value: str) -> str:
    """Check that a name shows as what it is, since a person approves a plan by it."""
    problem = deception(value)
    if problem:
        refuse(value, problem)
    return value


def _trim(value: str) -> str:
    if value != value.strip():
        refuse(value, "begins or ends with a blank: remove it.")
    return value


def suggest(text: str, known: Collection[str]) -> str:
    """Suggest what to write instead: the nearest known word as a question, or all of them."""
    by_plain = {name.casefold().strip("/"): name for name in sorted(known)}
    near = difflib.get_close_matches(text.casefold().strip("/"), by_plain, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {_strip_name(by_plain[near[0]])}?"
    words = [*map(_strip_name, sorted(known)[:_MAX_SUGGESTIONS]), *(["…"] if len(known) > _MAX_SUGGESTIONS else [])]
    return f"It may be {', '.join(words)}." if words else ""


def _strip_name(name: str) -> str:
    """Return the name as it is, or quoted if it is long or has a backslash or control characters."""
    is_plain = not invisible_characters(name) and len(name) <= 60 and "\\" not in name
    return name if is_plain else quote(name)
