"""What began a run: a CI system with its run and its actor, or somebody at a machine."""

import os
from collections.abc import Mapping

# CI system → (the variable that tells it, and what is kept of its variables).
SYSTEMS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "GitHub Actions": (
        "GITHUB_ACTIONS",
        {
            "repository": "GITHUB_REPOSITORY", "run": "GITHUB_RUN_ID", "attempt": "GITHUB_RUN_ATTEMPT",
            "workflow": "GITHUB_WORKFLOW_REF", "event": "GITHUB_EVENT_NAME", "actor": "GITHUB_ACTOR",
            "triggering_actor": "GITHUB_TRIGGERING_ACTOR", "ref": "GITHUB_REF", "commit": "GITHUB_SHA",
        },
    ),
    "GitLab CI": (
        "GITLAB_CI",
        {
            "repository": "CI_PROJECT_PATH", "run": "CI_PIPELINE_URL", "job": "CI_JOB_URL",
            "actor": "GITLAB_USER_LOGIN", "event": "CI_PIPELINE_SOURCE",
            "ref": "CI_COMMIT_REF_NAME", "commit": "CI_COMMIT_SHA",
        },
    ),
    "Jenkins": ("JENKINS_URL", {"run": "BUILD_URL", "actor": "BUILD_USER_ID", "commit": "GIT_COMMIT"}),
    "CI": ("CI", {}),
}  # fmt: skip


def trigger(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The first system that says it is there; what a variable says is a claim of that system, and no more."""
    for system, (sign, names) in SYSTEMS.items():
        if environment.get(sign) not in (None, "", "false"):
            kept = {name: environment[variable] for name, variable in names.items() if environment.get(variable)}
            return {"by": system, **kept}
    return {"by": "somebody at a machine"}
