"""Where calls go: to AWS, or to the emulator that the environment names. It is known without botocore."""

import configparser
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from orgkit.aws.loopback import NotLoopback, loopback_url, shown_url
from orgkit.errors import WrongPlace


def config_files(environment: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Where the AWS configuration is read from: the config file and the credentials file."""
    return (
        Path(environment.get("AWS_CONFIG_FILE", "~/.aws/config")).expanduser(),
        Path(environment.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")).expanduser(),
    )


def endpoint_of(environment: Mapping[str, str] = os.environ) -> str | None:
    """The emulator that ORGKIT_ENDPOINT_URL names, or None for AWS; WrongPlace for anything else.

    AWS's own AWS_ENDPOINT_URL settings are refused wherever they stand: one forgotten line would send calls that
    are meant for AWS elsewhere, or the other way round. Only the variable AWS_ENDPOINT_URL may be set, to the emulator
    that ORGKIT_ENDPOINT_URL names. The address is rebuilt from its parsed parts.
    """
    variable = next(_unexpected_endpoints(environment, config_files()), None)
    if variable:
        raise WrongPlace(
            f"{variable} redirects AWS calls.", "remove it; for an emulator set ORGKIT_ENDPOINT_URL instead."
        )
    url = environment.get("ORGKIT_ENDPOINT_URL")
    if url:
        return _emulator(url)
    if environment.get("ORGKIT_CLOCK_URL"):
        raise WrongPlace(
            "ORGKIT_CLOCK_URL is set without an emulator: approvals on AWS end by the clock of this machine.",
            "unset it, or set ORGKIT_ENDPOINT_URL to the emulator that it belongs to.",
        )
    return None


def _unexpected_endpoints(environment: Mapping[str, str], files: Iterable[Path]) -> Iterator[str]:
    """All but AWS_ENDPOINT_URL with the emulator's own address, which `orgkit sandbox exec` sets for other clients."""
    emulator = environment.get("ORGKIT_ENDPOINT_URL")
    for name in sorted(environment):
        is_same = name == "AWS_ENDPOINT_URL" and emulator and environment[name] == emulator
        if name.startswith("AWS_ENDPOINT_URL") and not is_same:
            yield name
    for file in files:
        yield from _endpoints_in(file)


def _endpoints_in(file: Path) -> Iterator[str]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read(file, encoding="latin-1")  # reads any bytes, and what is looked for is ASCII
    except configparser.Error:
        return  # botocore reads the same file next and says what is wrong with it
    for section in parser.sections():
        # Per-service settings are indented lines: configparser gives them as one value.
        for key, value in parser.items(section):
            if key == "endpoint_url" or "endpoint_url" in value:
                yield f"endpoint_url in [{section}] of {file}"


def _emulator(url: str) -> str:
    try:
        return loopback_url(url)
    except NotLoopback as problem:
        raise WrongPlace(
            f"ORGKIT_ENDPOINT_URL is {shown_url(url)!r}, which is not on this machine: {problem}.",
            "use an address such as http://127.0.0.1:5000, or unset it for AWS.",
        ) from None
