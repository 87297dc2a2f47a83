"""What GitHub reports about runs of the workflows: whether a plan's commit was merged, and earlier runs of an apply."""

import json
import re
import subprocess
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from orgkit.dataclass import dataclass
from orgkit.errors import WorkflowRefused
from orgkit.sanitize.terminal import short

Facts = Mapping[str, Any]
PLAN_WORKFLOW, APPLY_WORKFLOW = ".github/workflows/orgkit-plan.yml", ".github/workflows/orgkit-apply.yml"
PLAN_EVENTS = ("pull_request", "workflow_dispatch")
ANCESTOR_STATES = ("ahead", "identical")  # of the default branch, compared with an ancestor
REVIEWER_PERMISSIONS = ("admin", "write")  # others may review, and their approval counts for nothing
DECISIONS = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")  # a comment leaves the reviewer's decision as it was
PER_PAGE, MAX_PAGES = 100, 10
MAX_COMPARED_FILES = 300  # GitHub lists no more: what is not listed may have changed
GH_SECONDS = 120  # until a request that has not ended is given up
NOT_FOUND = "HTTP 404"
COMMIT, NUMBER, REPOSITORY = (re.compile(text) for text in ("[0-9a-f]{40}", "[0-9]{1,20}", r"[\w.-]+/[\w.-]+"))
LOGIN = re.compile("[A-Za-z0-9_-]{1,100}")
PLAN_AGAIN = "run the workflow orgkit plan on the default branch, and apply the digest that it shows."


def run_gh(path: str) -> bytes | None:
    """Answer one GET request by `gh`, which has the job's token; None when GitHub has no such resource."""
    try:
        done = subprocess.run(  # noqa: S603  no shell, and parts of the path are checked
            ["gh", "api", "--method", "GET", path],  # noqa: S607  of the runner
            capture_output=True, timeout=GH_SECONDS, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise WorkflowRefused(f"GitHub cannot be asked: {error}.", "run this workflow again.") from None
    if done.returncode:
        message = done.stderr.decode(errors="replace").strip()
        if NOT_FOUND in message:
            return None
        raise WorkflowRefused(f"GitHub answered {path} with: {short(message, 300)}.", "run this workflow again.")
    return done.stdout


@dataclass(frozen=True)
class Workflows:
    """The runs of one repository's workflows.

    Attributes:
        repository: OWNER/NAME.
        branch: The branch of the job, which has to be the default branch.
        commit: The commit of that branch that was checked out.
        request: Answers a GET request of GitHub's REST API; None for what GitHub does not have.
    """

    repository: str
    branch: str
    commit: str
    request: Callable[[str], bytes | None] = run_gh

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Workflows":
        """The repository whose job this is; WorkflowRefused outside a job."""
        repository, branch, commit = (
            environment.get(f"GITHUB_{name}", "") for name in ("REPOSITORY", "REF_NAME", "SHA")
        )
        if not (REPOSITORY.fullmatch(repository) and branch and COMMIT.fullmatch(commit)):
            raise WorkflowRefused(
                "without GITHUB_REPOSITORY, GITHUB_REF_NAME and GITHUB_SHA this is no job of a GitHub workflow.",
                "run it in a workflow that `orgkit init --ci github` writes.",
            )
        return cls(repository, branch, commit)

    def check_commit(self, files: Collection[str]) -> None:
        """Check that the commit is of the default branch, and that these files have not changed there since.

        A run can be started again when its files were replaced long ago.
        """
        default = (self._get("") or {}).get("default_branch")
        compared = self._get(f"compare/{self.commit}...{quote(self.branch, safe='')}") or {}
        if default != self.branch or compared.get("status") not in ANCESTOR_STATES:
            raise WorkflowRefused(
                f"commit {self.commit[:12]} is not one of the default branch.",
                "run this workflow on the default branch.",
            )
        changes = compared.get("files") or ()
        changed_names = {change.get(name) for change in changes for name in ("filename", "previous_filename")}
        if len(changes) >= MAX_COMPARED_FILES or changed_names & set(files):
            raise WorkflowRefused(
                f"the default branch has changed since commit {self.commit[:12]}: {', '.join(sorted(files))}.",
                "begin a new run of this workflow, instead of running an old one again.",
            )

    def check_plan_run(self, number: str) -> None:
        """Check that a plan comes from what was merged, or from the head of a pull request that was reviewed.

        Raises:
            WorkflowRefused: The run is none of the plan workflow, failed, or planned what nobody has reviewed.
        """
        run = self._get(f"actions/runs/{number}") if NUMBER.fullmatch(number) else None
        if run is None:
            raise WorkflowRefused(f"there is no run {short(number, 30)!r}.", "copy the plan run from its summary.")
        if not self._is_own(run, PLAN_WORKFLOW, PLAN_EVENTS):
            raise WorkflowRefused(
                f"run {number} is not a run of {PLAN_WORKFLOW} in this repository.", "copy the plan run from a summary."
            )
        if run.get("conclusion") != "success":
            raise WorkflowRefused(f"run {number} did not succeed: {run.get('conclusion')}.", PLAN_AGAIN)
        commit = str(run.get("head_sha"))
        if not (self._is_merged(commit) or self._is_reviewed(commit)):
            raise WorkflowRefused(
                f"run {number} planned commit {commit[:12]}, which is not in {self.branch} and not the reviewed head "
                "of a pull request that was merged.",
                PLAN_AGAIN,
            )

    def record_archives(self, digest: str) -> Iterator[tuple[str, bytes]]:
        """Yield the records that runs of the apply workflow kept for this digest, the newest first.

        Each is the name of an artifact, and its zip archive. Only runs of merged workflow files count.
        """
        for run in self._apply_runs(digest):
            number = str(run["id"])
            listing = self._get(f"actions/runs/{number}/artifacts?per_page={PER_PAGE}") or {}
            artifacts = [
                artifact
                for artifact in listing.get("artifacts", ())
                if re.fullmatch(f"orgkit-records-{number}-[0-9]+", str(artifact.get("name")))
                and not artifact.get("expired")
            ]
            for artifact in sorted(artifacts, key=lambda artifact: int(artifact["id"]), reverse=True):
                content = self.request(self._path(f"actions/artifacts/{int(artifact['id'])}/zip"))
                if content is not None:
                    yield str(artifact["name"]), content

    def _apply_runs(self, digest: str) -> Iterator[Facts]:
        """Runs that name the digest in their title, which `run-name` of the workflow file gives them."""
        merged_commits: dict[str, bool] = {}
        workflow = APPLY_WORKFLOW.rpartition("/")[2]
        query = f"event=workflow_dispatch&branch={quote(self.branch, safe='')}&per_page={PER_PAGE}"
        for page in range(1, MAX_PAGES + 1):
            listing = self._get(f"actions/workflows/{workflow}/runs?{query}&page={page}") or {}
            runs = listing.get("workflow_runs", ())
            for run in runs:
                commit = str(run.get("head_sha"))
                is_candidate = self._is_own(run, APPLY_WORKFLOW, ("workflow_dispatch",)) and (
                    run.get("head_branch") == self.branch and digest in str(run.get("display_title"))
                )
                if is_candidate and merged_commits.setdefault(commit, self._is_merged(commit)):
                    yield run
            if len(runs) < PER_PAGE:
                return

    def _is_own(self, run: Facts, workflow: str, events: tuple[str, ...]) -> bool:
        """Whether a run is one of this repository's workflow, not of a fork or of a file that has its name."""
        repositories = {(run.get(name) or {}).get("full_name") for name in ("repository", "head_repository")}
        path = str(run.get("path")).partition("@")[0]  # GitHub may add the branch
        return path == workflow and run.get("event") in events and repositories == {self.repository}

    def _is_merged(self, commit: str) -> bool:
        if not COMMIT.fullmatch(commit):
            return False
        compared = self._get(f"compare/{commit}...{self.commit}?per_page=1") or {}
        return compared.get("status") in ANCESTOR_STATES

    def _is_reviewed(self, commit: str) -> bool:
        """Whether a merged pull request ended with this commit, and somebody approved that commit."""
        if not COMMIT.fullmatch(commit):
            return False
        pulls = [pull for pull in self._get(f"commits/{commit}/pulls") or () if self._is_merged_pull(pull, commit)]
        return any(self._has_approval(int(pull["number"]), commit) for pull in pulls)

    def _is_merged_pull(self, pull: Facts, commit: str) -> bool:
        head, base = pull.get("head") or {}, pull.get("base") or {}
        repositories = {(side.get("repo") or {}).get("full_name") for side in (head, base)}
        is_merged = bool(pull.get("merged_at")) and base.get("ref") == self.branch
        return is_merged and head.get("sha") == commit and repositories == {self.repository}

    def _has_approval(self, pull: int, commit: str) -> bool:
        """Whether the last review of somebody who may write to the repository approves this very commit."""
        last: dict[str, Facts] = {}
        for page in range(1, MAX_PAGES + 1):
            reviews = self._get(f"pulls/{pull}/reviews?per_page={PER_PAGE}&page={page}") or ()
            decisions = [review for review in reviews if review.get("state") in DECISIONS]
            last |= {str((review.get("user") or {}).get("login")): review for review in decisions}
            if len(reviews) < PER_PAGE:
                break
        approvals = [r for r in last.values() if r["state"] == "APPROVED" and r.get("commit_id") == commit]
        return any(self._may_write(review.get("user") or {}) for review in approvals)

    def _may_write(self, user: Facts) -> bool:
        """Whether a reviewer is a person who could have merged; an approval of a bot is nobody's."""
        login = str(user.get("login"))
        if user.get("type") != "User" or not LOGIN.fullmatch(login):
            return False
        permission = self._get(f"collaborators/{login}/permission") or {}
        return permission.get("permission") in REVIEWER_PERMISSIONS

    def _path(self, resource: str) -> str:
        return f"repos/{self.repository}/{resource}".rstrip("/")

    def _get(self, resource: str) -> Any:
        content = self.request(self._path(resource))
        if content is None:
            return None
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            raise WorkflowRefused(f"GitHub's answer to {resource} is not JSON.", "run this workflow again.") from None
