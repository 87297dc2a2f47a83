"""Make `orgkit/sanitize/secret_rules.toml` from detect-secrets: `python -m tests.sanitize.secret_rules`."""

import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from detect_secrets import plugins
from detect_secrets.plugins.base import RegexBasedDetector

FILE = Path(__file__).parents[2] / "orgkit" / "sanitize" / "secret_rules.toml"
HEAD = """\
# The rules of detect-secrets {version} (Copyright Yelp, Inc.; Apache License 2.0) as data, without those of which
# tests/sanitize/secret_rules.py says why. Made by `python -m tests.sanitize.secret_rules`.
"""
# Modules of detect-secrets whose rules are left out, and why.
LEFT_OUT = {
    "artifactory": "matches words such as AP1 and what follows; orgkit has the vendor's prefixes",
    "aws": "orgkit has its own, which keep the name of what was redacted",
    "basic_auth": "does not match a password with a slash or an at sign; orgkit parses URLs",
    "cloudant": "matches a digest after the word token or key",
    "ibm_cloud_iam": "matches any 44 characters after the word key",
    "ibm_cos_hmac": "matches a digest after the words secret key",
    "ip_public": "an address is no secret",
    "jwt": "takes time that grows with the square of the length",
    "npm": "takes the rest of the line; orgkit has the vendor's prefix",
    "private_key": "matches the first line alone; orgkit takes the key",
    "softlayer": "matches a digest after the word token or key",
    "telegram_token": "matches an account id and the name after it in an ARN",
    "twilio": "matches account ids of Twilio, which are no secret; orgkit has the prefix of its keys",
}


def rules() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Kind and pattern of each rule that is taken."""
    for info in pkgutil.iter_modules(plugins.__path__):
        module = importlib.import_module(f"{plugins.__name__}.{info.name}")
        for detector in vars(module).values():
            if info.name not in {"base", *LEFT_OUT} and _is_detector(detector, module.__name__):
                yield from ((detector.secret_type, pattern) for pattern in detector.denylist)


def _is_detector(value: object, module: str) -> bool:
    """A class that the module makes itself."""
    return isinstance(value, type) and issubclass(value, RegexBasedDetector) and value.__module__ == module


def content() -> str:
    """The data file."""
    parts = [HEAD.format(version=version("detect-secrets"))]
    for kind, pattern in rules():
        flags = str(bool(pattern.flags & re.I)).lower()
        parts.append(
            f"[[rule]]\nkind = {json.dumps(kind)}\nignore_case = {flags}\npattern = {json.dumps(pattern.pattern)}\n"
        )
    return "\n".join(parts)


if __name__ == "__main__":
    FILE.write_text(content(), encoding="utf-8")
