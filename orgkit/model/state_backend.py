"""What the file says of the backend for the state of Terraform and OpenTofu, as frozen values."""

from dataclasses import dataclass, replace

from orgkit.model.desired import Tags

STATE_ACCOUNT_ID = "<state account>"  # stands for its id in names and documents, until the account exists
PLAN_ROLE, APPLY_ROLE = "orgkit-state-plan", "orgkit-state-apply"


@dataclass(frozen=True)
class GitHubSpec:
    """`[state_backend] github`: the repository whose jobs may take the two roles, by its numbers, which nobody reuses.

    Attributes:
        owner: Who owns the repository, by name.
        owner_id: The number of that owner.
        repository: Its name, without the owner.
        repository_id: Its number.
        plan_environment: The environment of GitHub whose jobs may plan.
        apply_environment: The one whose jobs may apply.
        subject: How GitHub's tokens name it: `immutable`, with the numbers; or `name`.
    """

    owner: str
    owner_id: str
    repository: str
    repository_id: str
    plan_environment: str
    apply_environment: str
    subject: str

    def subject_of(self, environment: str) -> str:
        """Return the `sub` of the tokens of one environment."""
        if self.subject == "immutable":
            repository = f"{self.owner}@{self.owner_id}/{self.repository}@{self.repository_id}"
        else:
            repository = f"{self.owner}/{self.repository}"
        return f"repo:{repository}:environment:{environment}"

    @property
    def roles(self) -> tuple[tuple[str, str], ...]:
        """The roles, each with the environment whose jobs may take it."""
        return (PLAN_ROLE, self.plan_environment), (APPLY_ROLE, self.apply_environment)


@dataclass(frozen=True)
class StateBackendSpec:
    """`[state_backend]`: the bucket of the state, and who may use it; without an account, there is none.

    Attributes:
        account: The key of the account, in [accounts] or [imports]; "" for none.
        bucket: The bucket's name, with STATE_ACCOUNT_ID for the account's id.
        bucket_namespace: Of that name: `account-regional`, or `global`.
        region: Where the bucket is.
        key: The key of the state in the bucket.
        kms_key: The ARN of the key that encrypts it; "" for S3's own keys.
        keeps_key: Whether the file leaves that out: then a key that the bucket has stays.
        noncurrent_days: How long older versions are kept; 0 for ever.
        tags: Of the bucket.
        github: The repository whose jobs use the state; None for none.
    """

    account: str = ""
    bucket: str = ""
    bucket_namespace: str = ""
    region: str = ""
    key: str = ""
    kms_key: str = ""
    keeps_key: bool = True
    noncurrent_days: int = 0
    tags: Tags = ()
    github: GitHubSpec | None = None

    @property
    def expire_days(self) -> int:
        """After how many days the state itself is deleted: never."""
        return 0

    def with_account(self, account_id: str | None) -> "StateBackendSpec":
        """Return the same with the id in the bucket's name, where the account exists."""
        return replace(self, bucket=self.bucket.replace(STATE_ACCOUNT_ID, account_id)) if account_id else self
