"""Keys: what is written comes back, what cannot be relied on is refused, and openssl agrees with what was signed."""

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from orgkit.errors import KeyRefused
from orgkit.signing.keys import PublicKey
from orgkit.signing.local import LocalSigner, new_pair
from orgkit.signing.signer import signer_of

MESSAGE = b"plan 0f3c\n"


def openssl(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=False)


def pem(key, password: bytes | None = None) -> bytes:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def private_file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def test_a_new_pair_signs_and_the_public_half_verifies_however_it_is_written(tmp_path: Path) -> None:
    signer = new_pair(tmp_path / "ada")
    signature = signer.sign(MESSAGE)
    for written in (signer.public.line, signer.public.pem, tmp_path / "ada.pub", str(tmp_path / "ada.pub")):
        key = PublicKey.load(written)
        assert key == signer.public
        assert key.verify(MESSAGE, signature)
    assert signer.name == f"ed25519 {signer.public.id}"
    assert str(tmp_path) not in signer.name


def test_of_a_new_pair_only_the_owner_can_read_the_private_half(tmp_path: Path) -> None:
    new_pair(tmp_path / "ada")
    assert (tmp_path / "ada").stat().st_mode & 0o777 == 0o600
    assert b"PRIVATE" not in (tmp_path / "ada.pub").read_bytes()


@pytest.mark.parametrize("there", ["ada", "ada.pub"])
def test_a_key_is_never_overwritten(tmp_path: Path, there: str) -> None:
    (tmp_path / there).symlink_to(tmp_path / "nowhere")
    with pytest.raises(KeyRefused, match="is there already, and a key is never overwritten"):
        new_pair(tmp_path / "ada")
    assert sorted(each.name for each in tmp_path.iterdir()) == [there]


def test_openssl_verifies_what_was_signed_and_signs_what_we_verify(tmp_path: Path) -> None:
    signer, message, signature = new_pair(tmp_path / "ada"), tmp_path / "message", tmp_path / "signature"
    message.write_bytes(MESSAGE)
    signature.write_bytes(signer.sign(MESSAGE))
    verify = ("pkeyutl", "-verify", "-pubin", "-inkey", tmp_path / "ada.pub", "-rawin", "-in", message)
    assert openssl(*verify, "-sigfile", signature).returncode == 0
    by_openssl = tmp_path / "by-openssl"
    assert openssl("genpkey", "-algorithm", "ed25519", "-out", by_openssl).returncode == 0
    by_openssl.chmod(0o600)
    signed = openssl("pkeyutl", "-sign", "-inkey", by_openssl, "-rawin", "-in", message).stdout
    assert LocalSigner(by_openssl).public.verify(MESSAGE, signed)


def test_another_message_signature_or_key_does_not_verify(tmp_path: Path) -> None:
    signer, other = new_pair(tmp_path / "ada"), new_pair(tmp_path / "bob")
    signature = signer.sign(MESSAGE)
    assert not signer.public.verify(MESSAGE + b" ", signature)
    assert not signer.public.verify(MESSAGE, signature[:-1] + bytes([signature[-1] ^ 1]))
    assert not signer.public.verify(MESSAGE, b"")
    assert not other.public.verify(MESSAGE, signature)


def test_keys_of_the_kinds_that_kms_has_verify_too() -> None:
    for curve, digest in ((ec.SECP256R1(), hashes.SHA256()), (ec.SECP384R1(), hashes.SHA384())):
        own = ec.generate_private_key(curve)
        assert PublicKey.from_object(own.public_key()).verify(MESSAGE, own.sign(MESSAGE, ec.ECDSA(digest)))
    big = rsa.generate_private_key(65537, 2048)
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    for way in (pss, padding.PKCS1v15()):
        signature = big.sign(MESSAGE, way, hashes.SHA256())
        assert PublicKey.from_object(big.public_key()).verify(MESSAGE, signature)
        assert not PublicKey.from_object(big.public_key()).verify(b"another", signature)


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP256K1()), rsa.generate_private_key(65537, 1024)])
def test_a_weak_or_unusual_key_is_not_relied_on(key) -> None:
    with pytest.raises(KeyRefused, match="of a kind or size that orgkit does not accept"):
        PublicKey.from_object(key.public_key())


def test_a_private_key_where_the_public_one_belongs_is_refused_and_not_shown(tmp_path: Path) -> None:
    new_pair(tmp_path / "ada")
    for values in ((tmp_path / "ada").read_text(), tmp_path / "ada"):
        with pytest.raises(KeyRefused, match="holds a private key, which is a secret") as rejection:
            PublicKey.load(values)
        assert (tmp_path / "ada").read_text().splitlines()[1] not in str(rejection.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada.pub",
        "M" * 60,
        "~nobody-of-that-name/key",
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----",
        "a\0b",
    ],
)
def test_what_is_no_public_key_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(KeyRefused) as rejection:
        PublicKey.load(text)
    assert "orgkit keys show" in rejection.value.remedy


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_private_key_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    new_pair(tmp_path / "ada")
    (tmp_path / "ada").chmod(mode)
    with pytest.raises(KeyRefused, match="can be read or changed by others") as rejection:
        signer_of("ada", None, tmp_path)
    assert "chmod 600" in rejection.value.remedy


def test_an_encrypted_a_foreign_and_a_missing_private_key_are_refused(tmp_path: Path) -> None:
    own = Ed25519PrivateKey.generate()
    for content, why in (
        (pem(own, b"secret"), "is encrypted"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "is not Ed25519"),
        (b"nothing", "holds no private key"),
    ):
        with pytest.raises(KeyRefused, match=why):
            LocalSigner(private_file(tmp_path / "key", content))
    with pytest.raises(KeyRefused, match="cannot be read: No such file"):
        signer_of("nowhere", None, tmp_path)
    with pytest.raises(KeyRefused, match="cannot be read"):
        signer_of("~nobody-of-that-name/key", None)
    with pytest.raises(KeyRefused, match="there is no connection"):
        signer_of("arn:aws:kms:us-east-1:999999999999:key/1", None)


def test_the_folder_of_a_new_pair_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    signer = new_pair(tmp_path / "keys" / "ada")
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert PublicKey.load(tmp_path / "keys" / "ada.pub").id == signer.public.id
    with pytest.raises(KeyRefused, match="cannot be written"):
        new_pair(tmp_path / "nowhere" / "keys" / "ada")
