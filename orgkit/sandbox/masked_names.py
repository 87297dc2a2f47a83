"""Replacements of names, ids and emails, alone and within longer texts: ARNs, sentences and patterns of policies."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

MIN_TEXT = 3  # characters of the shortest name that is replaced inside a longer text
MIN_IN_WORD = 4  # of the shortest one that is replaced inside a word, as in the Sid DenyBakery
FORMS = {
    "account": "9{:011}", "email": "account-{}@masked.example", "domain": "masked.example",
    "organization": "o-masked{:06}", "root": "r-mask{}", "unit": "ou-mask-{:08}", "unit-prefix": "ou-mask",
    "policy": "p-{:08}", "handshake": "h-{:08}", "tag": "value-{}", "key": "00000000-0000-4000-a000-{:012}",
    "canonical-user": "{:064}", "unique-id": "AROAMASKED{:011}",
}  # fmt: skip
# Ids and the like: they are replaced in every text.
IDS = ("account", "email", "organization", "root", "unit", "unit-prefix", "policy", "key")
# Words of people: they may be words of AWS as well (a unit ALL, an account Config), so they stay outside of documents.
WORDS = (
    "unit-name", "account-name", "policy-name", "trail", "bucket", "bucket-prefix", "key-prefix", "alias", "domain",
)  # fmt: skip

VARIABLE = r"\$\{[^{}]{0,200}\}"
FIELD = rf"(?:{VARIABLE}|\$(?!\{{)|[^:$\s\"])*"  # of an ARN
REGION = r"[a-z]{2,4}(?:-[a-z]+)+-[0-9]"
TOKEN = re.compile(rf"({VARIABLE}|[*?]+|<[^>]*>|(?<![0-9])[0-9]{{12}}(?![0-9])|(?:^|-){REGION}-an$)")  # not of a name
DEFAULT = re.compile(r"'([^']*)'")  # of a policy variable: ${aws:PrincipalTag/team, 'default'}
LOCAL = r"[\w.!#$%&'*+=?^`|~-]"  # of an email before its @; braces are of policy variables, a slash is of an ARN
SPECIAL = "|".join(
    (
        rf"(?P<variable>{VARIABLE})",
        rf"(?P<aws>arn:{FIELD}:{FIELD}:{FIELD}:aws:[^\s\"]*|(?<=role/)aws-service-role/)",  # what AWS has made itself
        rf"(?P<s3>arn:{FIELD}:s3[\w*?-]*:{FIELD}:{FIELD}:)(?P<resource>(?:{VARIABLE}|[^\s\"',;\\])*)",
        rf"(?P<head>arn:{FIELD}:{FIELD}:{FIELD}:)(?P<owner>{FIELD}:)(?P<kind>[a-z-]+[/:])?",
        r"(?P<alias_head>(?<![\w-])alias/)(?P<alias_name>(?!aws/)[\w/*?${}:-]+)",
        rf"(?P<email_local>(?<!{LOCAL}){LOCAL}+)@(?P<email_domain>[\w-]+(?:\.[\w-]+)+)",
    )
)
UNKNOWN_IDS = "|".join(
    (
        r"(?P<organization>(?<![\w-])o-[a-z0-9]{10,32}(?![\w-]))",
        r"(?P<unit>(?<![\w-])ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}(?![\w-]))",
        r"(?P<root>(?<=/)r-[0-9a-z]{4,32}(?![\w-]))",
        r"(?P<key>(?<![\w-])(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![\w-]))",
        r"(?P<canonical>(?<!\w)[0-9a-f]{64}(?!\w))",
        r"(?P<unique>(?<!\w)A(?:IDA|ROA|KIA|SIA)[A-Z0-9]{12,}(?!\w))",
        r"(?P<account>(?<![0-9])[0-9]{12}(?![0-9]))",
    )
)
# Where a name can begin: a hyphen or dot ends a word, as in the pattern NAME-*.
PATTERN = re.compile(rf"{SPECIAL}|{UNKNOWN_IDS}|(?P<start>(?<![^\W_])\S)")
ID_KINDS = {
    "organization": "organization", "unit": "unit", "root": "root", "key": "key", "canonical": "canonical-user",
    "unique": "unique-id", "account": "account",
}  # fmt: skip


class Names:
    """Replacements by value, numbered in the order of their appearance: nobody can compute them back."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}
        self._spellings: dict[tuple[str, str], str] = {}  # as they were first met
        self._counts: dict[str, int] = {}
        self._replacements: set[str] = set()
        self.roles: tuple[str, ...] = ()  # by which orgkit enters accounts: their names stay

    def replace(self, kind: str, value: str) -> str:
        """Return the replacement of a value, in whatever case it is written; "" stays."""
        if not value:
            return value
        key = _key(kind, value)
        if key not in self._known:
            number = self._counts[kind] = self._counts.get(kind, 0) + 1
            self._spellings[key] = value
            self._known[key] = FORMS.get(kind, kind + "-{}").format(number)
            self._replacements.add(self._known[key])
        return self._known[key]

    def replace_pattern(self, kind: str, value: str) -> str:
        """Return a name, or a pattern of names, without what it says: wildcards and policy variables stay."""
        if _key(kind, value) in self._known or value in self._replacements:
            return self._known.get(_key(kind, value), value)
        return "".join(self._part(kind, part) for part in TOKEN.split(value))

    def bucket(self, name: str) -> str:
        """Return the replacement of a bucket's name: that of its prefix, where the name has the account and region."""
        prefixed = re.fullmatch(rf"(?i)(.+)-(?:[0-9]{{12}}|<[^>]*>)-{REGION}-an", name)
        if not prefixed:
            return self.replace("bucket", name)
        self.replace("bucket-prefix", prefixed[1])
        return self.replace_pattern("bucket-prefix", name)

    def in_ids(self, text: str) -> str:
        """Return a text with every id, every email and each bucket of an ARN replaced."""
        return "".join(self._parts(text, self._id_index))

    def in_text(self, text: str) -> str:
        """Return a text with names of units, accounts, policies, trails and buckets replaced as well."""
        return "".join(self._parts(text, self._text_index))

    def in_word(self, word: str) -> str:
        """Return a word such as a Sid, which names may be a part of: letters and digits only."""
        parts, position = [], 0
        while position < len(word):
            new, length = self._word_index.find(word, position, is_whole=False) or (word[position], 1)
            parts.append(new)
            position += length
        return "".join(parts)

    def object_key(self, key: str) -> str:
        """Return the key of an object; what stands before AWSLogs is the prefix that a person has chosen."""
        prefix, separator, rest = key.partition("AWSLogs")
        if separator:
            parts = [self.replace_pattern("key-prefix", part) for part in prefix.split("/")]
            return "/".join(parts) + separator + self.in_text(rest)
        return self.in_text(key)

    def _part(self, kind: str, part: str) -> str:
        """Return a part of a pattern: hyphens around a name are none of it."""
        if TOKEN.fullmatch(part):
            return self._variable(part) if part.startswith("${") else self.in_ids(part)
        core = part.strip("-._/")
        if not core:
            return part
        start = part.index(core)
        return part[:start] + self.replace(kind, core) + part[start + len(core) :]

    def _variable(self, text: str) -> str:
        return DEFAULT.sub(lambda match: f"'{self.replace('tag', match[1])}'", text)

    def _parts(self, text: str, index: "_Index") -> Iterator[str]:
        """Yield the text in parts, each replaced where it has to be."""
        position = 0
        while match := PATTERN.search(text, position):
            start, end = match.span()
            yield text[position:start]
            new, length = self._part_at(match, index) or (match[0], end - start)
            yield new
            position = start + length
        yield text[position:]

    def _part_at(self, match: re.Match[str], index: "_Index") -> tuple[str, int] | None:
        """Return what replaces the text from where a pattern matches, and its length; None for what stays."""
        groups, length = match.groupdict(), len(match[0])
        is_id = any(groups[group] for group in ID_KINDS)
        if not is_id and not groups["start"]:
            return self._special(groups, match[0]), length
        if role := self._role_at(match.string, match.start()):
            return role, len(role)
        return index.find(match.string, match.start()) or ((self._unknown_id(groups), length) if is_id else None)

    def _role_at(self, text: str, start: int) -> str:
        """Return the name of a role by which orgkit enters accounts, if an ARN has it here."""
        is_role = text.endswith("role/", 0, start)
        return next((role for role in self.roles if is_role and text.startswith(role, start)), "")

    def _unknown_id(self, groups: dict[str, Any]) -> str:
        for group, kind in ID_KINDS.items():
            if value := groups[group]:
                return str(value) if value in self._replacements else self.replace(kind, value)
        return ""

    def _special(self, groups: dict[str, Any], whole: str) -> str:
        """Return what replaces a part with a form of its own."""
        if groups["variable"]:
            return self._variable(whole)
        if groups["s3"]:
            return self.in_ids_of_arn(groups["s3"]) + self._s3_resource(groups["resource"])
        if groups["head"]:
            return str(groups["head"]) + self.in_ids_of_arn(groups["owner"]) + (groups["kind"] or "")
        if groups["alias_head"]:
            return str(groups["alias_head"]) + self.replace_pattern("alias", groups["alias_name"])
        if groups["email_local"]:
            return self._email(groups["email_local"], whole)
        return whole  # of AWS, or a role

    def in_ids_of_arn(self, head: str) -> str:
        """Return the head of an ARN with the replacement of its account."""
        return re.sub(r"[0-9]{12}", lambda match: self._account(match[0]), head)

    def _account(self, number: str) -> str:
        return number if number in self._replacements else self.replace("account", number)

    def _email(self, local: str, whole: str) -> str:
        if whole in self._replacements:
            return whole
        return "*@masked.example" if "*" in local else self.replace("email", whole)

    def _s3_resource(self, resource: str) -> str:
        """Return bucket and object key; the bucket need not be in the snapshot."""
        bucket, slash, key = resource.partition("/")
        if _key("bucket", bucket) in self._known:
            bucket = self.replace("bucket", bucket)
        elif bucket != "accesspoint":
            bucket = self.replace_pattern("bucket-prefix" if TOKEN.search(bucket) else "bucket", bucket)
        return bucket + slash + self.object_key(key)

    def _known_of(self, kinds: Iterable[str]) -> dict[str, str]:
        """Return new names by the old ones, as they were first met."""
        return {
            self._spellings[kind, value]: new
            for (kind, value), new in self._known.items()
            if kind in kinds and len(value) >= MIN_TEXT and self._spellings[kind, value] not in self._replacements
        }

    @cached_property
    def _id_index(self) -> "_Index":
        return _Index(self._known_of(IDS))

    @cached_property
    def _text_index(self) -> "_Index":
        known = self._known_of((*IDS, *WORDS))
        variants = {variant: new for value, new in known.items() for variant in _variants(value)}
        return _Index({**variants, **known})

    @cached_property
    def _word_index(self) -> "_Index":
        """Names and their replacements without anything but letters and digits, as a Sid must have them."""
        pairs = {_letters(value): _letters(new) for value, new in self._known_of((*IDS, *WORDS)).items()}
        return _Index({value: new for value, new in pairs.items() if len(value) >= MIN_IN_WORD})


class _Index:
    """Names to be found in a text, in any case: there may be thousands, so each position looks up each length once."""

    def __init__(self, new_names: dict[str, str]) -> None:
        self._new_names = {value.casefold(): new for value, new in new_names.items()}
        lengths: dict[str, set[int]] = {}
        for value in new_names:
            lengths.setdefault(value[:1].casefold(), set()).update((len(value), len(value.casefold())))
        self._lengths = {first: sorted(sizes, reverse=True) for first, sizes in lengths.items()}

    def find(self, text: str, start: int, *, is_whole: bool = True) -> tuple[str, int] | None:
        """Return what replaces the longest name that begins here, and the length of that name; None without one."""
        for length in self._lengths.get(text[start].casefold(), ()):
            new = self._new_names.get(text[start : start + length].casefold())
            follower = text[start + length : start + length + 1]
            if new is not None and not (is_whole and follower.isalnum()):
                return new, min(length, len(text) - start)
        return None


def _key(kind: str, value: str) -> tuple[str, str]:
    return kind, value if kind == "tag" else value.casefold()


def _variants(name: str) -> tuple[str, ...]:
    """Return a name of several words as it is written where no blank may be: secret-project, SecretProject."""
    words = re.split(r"[\W_]+", name)
    long_enough = len(words) > 1 and len("".join(words)) > MIN_IN_WORD
    return tuple(joiner.join(words) for joiner in ("", "-", "_", ".")) if long_enough else ()


def _letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum())
