"""Patterns of secrets of any vendor: keys of AWS, headers, private keys, and values with a name such as password.

Patterns are bounded or possessive, so that the time grows with the length of the text and no faster.
"""

import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from orgkit.sanitize.encodings import printable_text

# What may stand between a name and its value: JSON, Python, HTML tables, URLs, headers, a traceback's colours.
SEPARATOR = r"""(?:["'\\\s:=>,|]|\x1b\[[0-9;]*m|%3D|&#3[49];|&\#x27;|&quot;|</?t[hd]>)++"""
# The same where an assignment or a header has to be meant: a colon or an equals sign, or two strings in a row.
ASSIGNS = (
    r"""(?:["'\\]{0,3}\s{0,3}(?:=>|:=|[:=])\s{0,3}(?:[bru]?["'\\]{1,4})?|["'\\]{1,3}\s{0,3},\s{0,3}[bru]?["'\\]{1,3}"""
    r"""|["']\s{1,5}value\s{0,2}=\s{0,2}["']|</t[hd]>\s{0,9}<t[hd]>)"""
)
# A value ends at one of these; one that was taken out before is not taken out again.
END, REST = r"""\s"'\\<>&,;|""", r"(?!\[redacted)"
VALUE = rf"{REST}[^{END}]+"
KEY_ID = r"(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{16}"
KEY_WORDS = "akia asia abia acca a3t"
FORTY_CHARACTERS = r"[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"
LONG_VALUE = r"[A-Za-z0-9+/=_.~-]{20,}"
# A value that is a reference, a placeholder, code, or a word without a digit is not a secret.
LITERAL = r"(?!arn:|[a-z]{2,6}://|\.{1,2}/|~/|/[\w.-]{1,60}/|[$<{*%\[(])" + REST
MIXED = rf"(?=[^{END}]{{0,300}}\d)(?=[^{END}]{{0,300}}[A-Za-z])"
CREDENTIAL_NAME = (
    # Most characters of a text begin no name: to see that by the first two takes a fifth of the time.
    r"(?=[pscaet][awerpcuino])"
    r"(?:passw(?:or)?d|passphrase|(?-i:(?<![A-Za-z])[Pp]wd)|(?<!\d:)secret|credential"
    r"|(?:secret|private|api|access|auth|account|signing|encryption)[_-]?key"
    r"|(?<!next)(?<!next[_-])(?<!page)(?<!page[_-])(?<!client)(?<!continuation)token)"
)
CREDENTIAL_WORDS = (
    "passwd password passphrase pwd secret credential token"
    " private_key private-key privatekey api_key api-key apikey access_key access-key accesskey auth_key auth-key"
    " authkey account_key account-key accountkey signing_key signing-key signingkey encryption_key encryption-key"
    " encryptionkey"
)
QUERY_NAME = (
    r"[\w.-]{0,40}?(?:token|secret|passw(?:or)?d|passphrase|pass|pwd|api[_-]?key|access[_-]?key|signature|sig|auth"
    r"|authorization|credential|code|jwt|session(?:id)?|sid|otp)"
)
SCHEMES = (
    r"(?:digest|negotiate|ntlm|token|api-?key|key|oauth|hawk|gssapi|sharedkey(?:lite)?|genie ?key|dpop|bot|splunk"
    r"|apitoken|sso-key)"
)
HEADER_NAME = r"(?:\bx-[a-z-]{0,30}(?:token|api-?key|secret|auth)|\b(?:private|deploy|job|project)-token)"


@dataclass(frozen=True)
class Pattern:
    """The kind of a secret, and its regular expression; a group named `keep` is not part of the secret.

    A text without any of the `words`, in lower case, needs no search; a match has to pass `accepts` in addition.
    """

    kind: str
    words: tuple[str, ...]
    expression: str
    flags: int
    accepts: Callable[[re.Match[str]], bool] | None = None

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """Compiled at the first text that has one of the words: few processes meet one."""
        return re.compile(self.expression, self.flags)


def pattern(
    kind: str, words: str, expression: str, flags: int = re.I, accepts: Callable[[re.Match[str]], bool] | None = None
) -> Pattern:
    """Return one of the patterns; upper and lower case are the same unless `flags` say otherwise."""
    return Pattern(kind, tuple(words.split()), expression, flags, accepts)


def is_basic(match: re.Match[str]) -> bool:
    """Whether the value is a user and a password in base64, and no word."""
    value = match["value"].rstrip("=").replace("-", "+").replace("_", "/")
    return len(value) % 4 != 1 and ":" in printable_text(b64decode(value + "=" * (-len(value) % 4)))


def is_no_page_mark(match: re.Match[str]) -> bool:
    """Whether the token is not that of the next page, which many answers of AWS have."""
    return not match["name"].lower().lstrip("?&;#").startswith(("next", "page", "continuation", "client"))


PATTERNS = (
    pattern(
        "private key",
        "begin putty",
        r"-{4,5} ?BEGIN[A-Z0-9 _-]{0,40}PRIVATE KEY[A-Z ]{0,10} ?-{4,5}.*?(?:-{4,5} ?END [A-Z0-9 ]{0,60}-{4,5}|\Z)"
        r"|PuTTY-User-Key-File-\d:.*?(?:Private-MAC: ?[0-9a-f]+|\Z)",
        re.S,
    ),
    pattern("signature", "aws4-hmac", rf"(?P<keep>AWS4-HMAC-SHA256\s{{1,9}}){REST}[^\n\"'\\<>]+", 0),
    pattern("signature", "x-amz-", rf"(?P<keep>x-amz-(?:security-token|signature|credential){SEPARATOR}){VALUE}"),
    pattern("sign-in token", "signintoken", rf"(?P<keep>signintoken{SEPARATOR}){VALUE}"),
    pattern(
        "session token",
        "session security",
        rf"(?P<keep>(?:session|security)[_ -]?token{SEPARATOR})[A-Za-z0-9+/=_-]{{20,}}",
    ),
    pattern("session token", "iqoj fwog fqog", r"(?:IQoJ|FwoG|FQoG)[A-Za-z0-9+/=]{50,}", 0),
    pattern("secret key", "secret", rf"(?P<keep>secret[_ -]?(?:access[_ -]?)?key{SEPARATOR}){FORTY_CHARACTERS}"),
    pattern(
        "secret key", KEY_WORDS, rf"(?P<keep>{KEY_ID}{SEPARATOR}){FORTY_CHARACTERS}", 0
    ),  # as the console's CSV has them
    pattern("access key id", KEY_WORDS, rf"{KEY_ID}(?![A-Za-z0-9])", 0),
    pattern("web token", "eyj", r"eyJ[\w-]{8,1000}\.eyJ[\w-]{8,}\.[\w-]*", 0),  # bounded: "eyJeyJeyJ…" takes no minutes
    # What `aws sso login` and `aws login` keep in their caches.
    pattern(
        "token",
        "access refresh client",
        rf"(?P<keep>(?:(?:access|refresh)_?token|client_?secret){SEPARATOR}){REST}{LONG_VALUE}",
    ),
    pattern(
        "bearer token", "bearer", r"(?P<keep>\bbearer[\s+]{1,9})(?=[\w.~+/=-]{0,300}\d|[\w.~+/=-]{20})[\w.~+/=-]{6,}"
    ),
    pattern(
        "authorization",
        "authorization",
        rf"(?P<keep>authorization{ASSIGNS}basic[\s+:]{{1,9}}){REST}[A-Za-z0-9+/=_-]{{2,}}",
    ),
    pattern(
        "authorization",
        "authorization",
        rf"(?P<keep>authorization{ASSIGNS}{SCHEMES}[\s+:=]{{1,9}}){REST}[^\r\n\\<>]{{2,}}",
    ),
    pattern(
        "authorization",
        "authorization",
        rf"(?P<keep>authorization{ASSIGNS}){REST}(?!AWS4-HMAC){MIXED}[^\s\"'\\<>]{{12,}}",
    ),
    pattern(
        "authorization", "basic", r"(?P<keep>\bbasic[\s+]{1,9})(?P<value>[A-Za-z0-9+/_-]{6,}={0,2})", re.I, is_basic
    ),
    pattern("cookie", "cookie", rf"(?P<keep>\b(?:set-)?cookie2?{ASSIGNS}){REST}(?=[\w.-]{{1,100}}=)[^\r\n\"'<>\\]+"),
    pattern("token", "x- -token", rf"(?P<keep>{HEADER_NAME}{ASSIGNS}){REST}[^\s\"'\\<>,;]{{6,}}"),
    pattern(
        "password",
        "curl",
        r"(?P<keep>\bcurl\b.{0,400}?\s(?:-u|-U|--user|--proxy-user)[\s=]{1,3}[\"']?[^\s:\"']{0,100}:)"
        rf"{REST}[^\s\"'\\]{{1,200}}",
        re.S,
    ),
    pattern(
        "password",
        "jdbc:oracle",
        rf"(?P<keep>jdbc:oracle:\w{{1,9}}:[^\s/@\"'<>]{{1,100}}/){REST}[^\s@\"'<>]{{1,200}}(?=@)",
    ),
    pattern("token", "= %3d", rf"(?P<keep>(?P<name>[?&;#]{QUERY_NAME})(?:=|%3D)){VALUE}", re.I, is_no_page_mark),
    pattern(
        "named secret",
        CREDENTIAL_WORDS,
        rf"(?P<keep>{CREDENTIAL_NAME}{ASSIGNS}(?<=[\"'])){LITERAL}[^\"'\\\r\n<>]{{4,}}(?=\\?[\"'])",
    ),
    pattern(
        "named secret",
        CREDENTIAL_WORDS,
        rf"(?P<keep>{CREDENTIAL_NAME}{ASSIGNS}){LITERAL}{MIXED}[^{END}()\[\]{{}}]{{8,}}",
    ),
    pattern(
        "seed of MFA",
        "base32stringseed totp",
        rf"(?P<keep>(?:base32stringseed|totp[_-]?(?:seed|secret|key)){ASSIGNS}){REST}[A-Z2-7]{{16,}}",
    ),
    pattern(
        "named secret",
        "--",
        r"(?P<keep>--[a-z-]{0,30}(?:password|passwd|token|secret|api-?key|secret-key)[\s=]{1,3}[\"']?)"
        rf"{LITERAL}{MIXED}[^\s\"'\\<>]{{8,}}",
    ),
)
