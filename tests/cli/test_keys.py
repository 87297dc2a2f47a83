"""`orgkit keys`: a pair is made once, and what it prints is what a parameters file takes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orgkit.model.desired import ApproverSpec
from orgkit.parameters import load
from orgkit.signing.local import LocalSigner
from tests.parameters.test_load import SMALLEST


@pytest.fixture
def orgkit(tmp_path: Path):
    def run(*words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ORGKIT_"))}
        command = [sys.executable, "-m", "orgkit", *words]
        done = subprocess.run(command, cwd=tmp_path, env=plain, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done

    return run


OPERATORS = '[approval.operators]\njane = "arn:aws:iam::999999999999:user/jane"\n'


def test_what_it_prints_goes_into_the_parameters_file_as_it_is(orgkit, tmp_path: Path) -> None:
    made = orgkit("keys", "new", "ada").stdout
    lines = made[made.index("NAME.key") :]
    section = "[approval.approvers]\n" + lines.replace("NAME", "ada")
    (tmp_path / "acme.toml").write_text(SMALLEST + section)
    key = LocalSigner(tmp_path / "ada").public
    assert load(tmp_path / "acme.toml").approval.approvers == (ApproverSpec("ada", key.pem),)
    whole = section.replace("#ada.arn", "ada.arn").replace("ACCOUNT", "999999999999")
    (tmp_path / "acme.toml").write_text(f"{SMALLEST}[approval]\nfour_eyes = true\n{whole}\n{OPERATORS}")
    assert load(tmp_path / "acme.toml").approval.approvers[0].arns == ("arn:aws:iam::999999999999:user/ada",)
    assert max(map(len, made.splitlines())) <= 80
    other = orgkit("keys", "new", "grace").stdout
    both = section + other[other.index("NAME.key") :].replace("NAME", "grace")
    (tmp_path / "acme.toml").write_text(SMALLEST + both)  # a heading that stood in each would stand there twice
    assert [each.name for each in load(tmp_path / "acme.toml").approval.approvers] == ["ada", "grace"]
    for of in ("ada", "ada.pub"):
        assert key.line in orgkit("keys", "show", of).stdout
    assert "PRIVATE" not in made


def test_a_pair_is_made_once(orgkit, tmp_path: Path) -> None:
    orgkit("keys", "new", "ada")
    before = (tmp_path / "ada").read_bytes()
    assert "is never overwritten" in " ".join(orgkit("keys", "new", "ada", code=1).stderr.split())
    assert (tmp_path / "ada").read_bytes() == before


def test_what_is_no_key_is_told_in_three_lines(orgkit, tmp_path: Path) -> None:
    (tmp_path / "notes.pub").write_text("nothing")
    for of, why in (
        ("notes.pub", "holds no public key"),
        ("nowhere", "cannot be read"),
        ("arn:aws:s3:::x", "not the ARN"),
    ):
        output = orgkit("keys", "show", of, code=1).stderr
        assert why in " ".join(output.split())
        assert "do:" in output
