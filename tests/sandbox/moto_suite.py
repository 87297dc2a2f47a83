"""python -m tests.sandbox.moto_suite: moto's own tests of Organizations, against the sandbox.

moto's source distribution, of the version and with the hash in requirements.lock, is fetched when this runs and thrown
away afterwards. Its tests run in server mode. What they reset between two tests is a route of moto's that the sandbox
keeps closed: it is open here alone, in a server that this script makes for itself.

Each failure has to be explained in moto_suite.toml by a correction that is deliberate. The exit code is 1 where one is
not, and where one that is explained passes.
"""

import argparse
import fnmatch
import json
import os
import re
import subprocess
import sys
import tarfile
import threading
import tomllib
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import wrap
from typing import Any

from orgkit.sandbox import differences
from orgkit.sandbox.profiles import OPERATOR, Credential
from orgkit.sandbox.seed import Seed

HERE = Path(__file__).parents[2]
LOCK = HERE / "requirements.lock"
EXPLANATIONS = Path(__file__).with_suffix(".toml")
ACCOUNT = "123456789012"  # moto's own default account
SEED = Seed(
    ACCOUNT,
    "master@example.com",
    management_name="master",
    account_quota=1000,
    creation_seconds=(0, 0),
    role_seconds=0,
    latency_seconds=0.001,
    throttling=False,
)
WAIT_SECONDS = 10.0  # of the sandbox's clock: more than a request takes to succeed or to fail
RESET = "/moto-api/reset"
SUITE = "tests/test_organizations"
NEEDED = (SUITE, "tests/__init__.py", "tests/conftest.py")
COLUMNS = 80


@dataclass(frozen=True)
class Explanation:
    """Why tests of moto fail: a correction, by its name in `orgkit sandbox differences`."""

    tests: tuple[str, ...]  # patterns
    correction: str
    reason: str

    def covers(self, test: str) -> bool:
        return any(fnmatch.fnmatchcase(test, pattern) for pattern in self.tests)


def main(arguments: list[str] | None = None) -> int:
    """Run the suite and show its results."""
    parser = argparse.ArgumentParser(prog="tests.sandbox.moto_suite", description=__doc__)
    parser.add_argument("--source", type=Path, help="a moto source distribution that is there already")
    options = parser.parse_args(arguments)
    with TemporaryDirectory(prefix="moto-suite-") as name:
        folder = Path(name)
        unpack(options.source or download(folder), folder)
        endpoint_url = serve(folder)
        outcomes = run(folder, endpoint_url)
    return report(outcomes, read_explanations(), set(known_corrections()))


def locked_requirement(lock: str) -> str:
    """Return moto's entry in a lock file: version and hashes."""
    match = re.search(r"^moto==.*?(?=^\S)", lock, re.MULTILINE | re.DOTALL)
    if match is None:
        raise SystemExit(f"{LOCK.name} has no moto.")
    return match[0]


def download(folder: Path) -> Path:
    """Fetch the source distribution with pip, which compares its hash."""
    requirements = folder / "requirements.txt"
    requirements.write_text(locked_requirement(LOCK.read_text(encoding="utf-8")), encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-binary", "moto", "--require-hashes", "-r", str(requirements), "-d", str(folder)]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    (source,) = folder.glob("moto-*.tar.gz")
    return source


def unpack(source: Path, folder: Path) -> None:
    """Take the suite out of a source distribution, and nothing of moto itself: the installed one is used."""
    with tarfile.open(source) as archive:
        for member in archive.getmembers():
            _, _, member.name = member.name.partition("/")
            if member.name.startswith(NEEDED):
                archive.extract(member, folder, filter="data")


def serve(folder: Path) -> str:
    """Start a sandbox in this process, with moto's reset route, and return its address."""
    from orgkit.sandbox import server  # late: it settles the environment before moto is imported

    credential = Credential("management", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/{OPERATOR}", "FOOBARKEY", "FOOBAR", "")
    values = {"seed": json.loads(SEED.to_json()), "credentials": [asdict(credential)]}
    seed = folder / "seed.json"
    seed.write_text(json.dumps(values), encoding="utf-8")
    application = server.make_application(server.parse(["--seed", str(seed), "--folder", str(folder)]))
    http_server = server.make_http_server(_adapt(application, values))
    threading.Thread(target=http_server.serve_forever, daemon=True).start()
    return f"http://{server.HOST}:{http_server.server_port}"


def _adapt(application: Any, values: dict[str, Any]) -> Callable[..., Iterable[bytes]]:
    """What the suite takes for granted: a reset, and an account that is there when CreateAccount answers."""
    from orgkit.sandbox import seeding

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == RESET:
            application.begin_again(lambda: seeding.begin(values, real_time=False))
            start_response("200 OK", [("Content-Type", "application/json")])
            return [b"{}"]
        content: Iterable[bytes] = application(environ, _without_length(start_response))
        creates = environ.get("HTTP_X_AMZ_TARGET", "").endswith(".CreateAccount")
        return [_finish_creation(b"".join(content))] if creates else content

    return answer


def _without_length(start_response: Callable[..., Any]) -> Callable[..., Any]:
    def start(status: str, headers: list[tuple[str, str]]) -> Any:
        return start_response(status, [header for header in headers if header[0].lower() != "content-length"])

    return start


def _finish_creation(content: bytes) -> bytes:
    """The same answer, as DescribeCreateAccountStatus has it once the request has come to its end."""
    from orgkit.sandbox.corrections.creations import creations
    from orgkit.sandbox.corrections.members import backend_of
    from orgkit.sandbox.corrections.registry import settle
    from orgkit.sandbox.world import world

    request = json.loads(content).get("CreateAccountStatus")
    if request is None:
        return content
    world().clock.sleep(WAIT_SECONDS)
    settle()
    (creation,) = [item for item in creations(backend_of(ACCOUNT)) if item.id == request["Id"]]
    return json.dumps({"CreateAccountStatus": creation.describe()}).encode()


def run(folder: Path, endpoint_url: str) -> dict[str, str]:
    """Run the suite; whether each test passed, failed or was skipped, by its name."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_", "ORGKIT_"))
    }
    environment |= {"TEST_SERVER_MODE": "true", "TEST_SERVER_MODE_ENDPOINT": endpoint_url, "PYTHONPATH": str(folder)}
    results = folder / "results.xml"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        f"--rootdir={folder}",
    ]
    command += ["-c", os.devnull, "-o", "junit_family=xunit1", f"--junitxml={results}", SUITE]
    finished = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if not results.exists():
        raise SystemExit(f"The suite did not run:\n{finished.stdout}{finished.stderr}")
    return parse_results(results.read_text(encoding="utf-8"))


def parse_results(text: str) -> dict[str, str]:
    """Read pytest's XML."""
    outcomes = {}
    for case in ElementTree.fromstring(text).iter("testcase"):
        kinds = {child.tag for child in case}
        outcome = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        outcomes[case.attrib["name"]] = outcome
    return outcomes


def read_explanations(path: Path = EXPLANATIONS) -> tuple[Explanation, ...]:
    """Read the explanations, each with its tests."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["failure"]
    return tuple(Explanation(tuple(entry["tests"]), entry["correction"], entry["reason"]) for entry in entries)


def known_corrections() -> list[str]:
    """The names of all differences, corrected or not."""
    corrected = [row.name for subject in differences.differences() for row in subject.differences]
    return corrected + [gap.what for gap in differences.uncorrected()]


def report(outcomes: dict[str, str], explanations: tuple[Explanation, ...], corrections: set[str]) -> int:
    """Print the table and what is wrong with it; 0 where every failure is explained and fails."""
    counts = Counter(outcomes.values())
    failed = [test for test, outcome in outcomes.items() if outcome == "failed"]
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped (moto's own choice).")
    for explanation in explanations:
        explained = [test for test in failed if explanation.covers(test)]
        print(f"\n{explanation.correction}: {len(explained)}")
        for line in wrap(explanation.reason, COLUMNS - 3):
            print(f"  {line}")
        for test in explained:
            print(f"    {test}"[:COLUMNS])
    problems = list(_find_problems(outcomes, explanations, corrections))
    print()
    for problem in problems:
        print("\n".join(wrap(problem, COLUMNS - 1, subsequent_indent="  ", break_long_words=False)))
    print("Every failure is explained." if not problems else f"{len(problems)} unexplained.")
    return 1 if problems else 0


def _find_problems(
    outcomes: dict[str, str], explanations: tuple[Explanation, ...], corrections: set[str]
) -> Iterable[str]:
    if "passed" not in outcomes.values():
        yield "No test passed: the suite did not reach the sandbox."
    for test, outcome in outcomes.items():
        names = [explanation.correction for explanation in explanations if explanation.covers(test)]
        yield from _find_test_problems(test, outcome, names)
    for explanation in explanations:
        if explanation.correction not in corrections:
            yield f"no correction has the name {explanation.correction}."
        for pattern in explanation.tests:
            if not fnmatch.filter(outcomes, pattern):
                yield f"the suite has no test {pattern}."


def _find_test_problems(test: str, outcome: str, names: list[str]) -> Iterable[str]:
    if outcome == "failed" and not names:
        yield f"failed without an explanation: {test}"
    if outcome != "failed" and names:
        yield f"{outcome}, though {names[0]} explains that it fails: {test}"
    if len(names) > 1:
        yield f"explained more than once ({', '.join(names)}): {test}"


if __name__ == "__main__":
    sys.exit(main())
