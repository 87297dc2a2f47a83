"""Keys of KMS: they sign on the sandbox, and anybody verifies it with nothing of ours."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from orgkit.aws.session import Connection, open_connection
from orgkit.errors import KeyRefused
from orgkit.journal.events import Journal
from orgkit.parameters import load
from orgkit.rehearsal.bootstrap import seed_of
from orgkit.sandbox.lifecycle import start
from orgkit.signing.keys import PublicKey
from orgkit.signing.kms_aws import MAX_MESSAGE_BYTES, KmsSigner
from orgkit.signing.signer import signer_of

EXAMPLE = Path(__file__).parents[2] / "parameters" / "example.toml"
MESSAGE = b'{"plan_sha256": "0f3c"}'


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with (
        start(seed_of(load(EXAMPLE)), tmp_path_factory.mktemp("kms") / "sandbox") as sandbox,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in sandbox.environment().items():
            patch.setenv(name, value)
        yield open_connection(region="us-east-1", endpoint=sandbox.endpoint_url, journal=Journal())


def key_of(aws: Connection, spec: str, usage: str = "SIGN_VERIFY") -> str:
    client = aws.session_for_library().client("kms", endpoint_url=aws.endpoint, region_name="eu-central-1")
    return str(client.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["Arn"])


@pytest.mark.parametrize("spec", ["ECC_NIST_P256", "ECC_NIST_P384", "RSA_2048"])
def test_a_kms_key_signs_in_its_region_and_its_public_half_verifies(aws: Connection, spec: str) -> None:
    signer = signer_of(key_of(aws, spec), aws)
    signature = signer.sign(MESSAGE)
    assert PublicKey.load(signer.public.line).verify(MESSAGE, signature)
    assert not signer.public.verify(MESSAGE + b" ", signature)
    assert signer.name.startswith("arn:aws:kms:eu-central-1:999999999999:key/")


def test_plain_cryptography_and_openssl_verify_what_kms_signed(aws: Connection, tmp_path: Path) -> None:
    signer = signer_of(key_of(aws, "ECC_NIST_P256"), aws)
    signature = signer.sign(MESSAGE)
    plain = serialization.load_pem_public_key(signer.public.pem.encode())
    assert isinstance(plain, ec.EllipticCurvePublicKey)
    plain.verify(signature, MESSAGE, ec.ECDSA(hashes.SHA256()))
    for name, content in (("key", signer.public.pem.encode()), ("message", MESSAGE), ("signature", signature)):
        (tmp_path / name).write_bytes(content)
    command = ["openssl", "dgst", "-sha256", "-verify", "key", "-signature", "signature", "message"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "Verified OK")


def test_a_key_that_is_not_there_or_does_not_sign_is_refused_with_what_to_do(aws: Connection) -> None:
    encrypts = key_of(aws, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
    nowhere = "arn:aws:kms:us-east-1:999999999999:key/0b4a7c2e-6f3e-4c52-9a3b-2f6b1e5f7a10"
    for arn, do in (
        (nowhere, "compare the ARN"),
        (encrypts, "make one with"),
        ("arn:aws:s3:::x", "write it as arn:aws:kms"),
    ):
        with pytest.raises(KeyRefused) as rejection:
            KmsSigner(aws, arn)
        assert do in rejection.value.remedy


def test_a_message_that_kms_would_not_take_is_refused_before_it_is_sent(aws: Connection) -> None:
    with pytest.raises(KeyRefused, match="KMS signs 4096 bytes at most"):
        KmsSigner(aws, key_of(aws, "ECC_NIST_P256")).sign(b"x" * (MAX_MESSAGE_BYTES + 1))
