"""The stages of 08-health, in addition to those that every runbook has."""

from orgkit.aws.session import Connection
from orgkit.errors import Drifted
from orgkit.records.health.health import Health, examine
from orgkit.records.health.last_run import EVENT, as_event
from orgkit.runbook.read_display import show_reading
from orgkit.runbook.run import Run
from orgkit.runbook.stages import stage
from orgkit.runbook.views import health_views
from orgkit.runbook.views.tree import Node, observed_tree
from orgkit.runbook.views.views import Verification, View


@stage
def examine_organization(run: Run, aws: Connection) -> Health:
    """Read the organization, compare it, and write its inventory into the record, for the next run."""
    with show_reading(run, aws):
        health = examine(aws, run.desired, run.base)
    run.journal.write(EVENT, read_at=health.read_at, **as_event(health.resources, health.gaps))
    return health


def picture(health: Health) -> Node:
    """The organization as a tree; what the file does not name is marked as unmanaged."""
    return observed_tree(health.observed, health.desired)


def drift(health: Health) -> View:
    """What differs, attribute by attribute, and who changed it."""
    return health_views.render_drift(health)


def changes(health: Health) -> View:
    """What changed since the last run, and is as the file says."""
    return health_views.render_changes(health)


def unmanaged(health: Health) -> View:
    """What AWS has, and the file does not name."""
    return health_views.render_unmanaged(health)


def attention(health: Health) -> View:
    """Invitations that expire soon, closed accounts, and how much of each quota is left."""
    return health_views.render_attention(health)


def not_read(health: Health) -> View:
    """What AWS did not let us see: it may have drifted or not."""
    return health_views.render_not_read(health)


@stage
def pass_health(run: Run, health: Health) -> Verification:
    """Stop where something has drifted or could not be read."""
    lines = [
        *(item.sentence for item in health.drift),
        *health.plan_drift,
        *(f"{gap.subject} could not be read: {gap.reason}" for gap in health.not_read),
    ]
    run.journal.write("verified", passed=health.is_healthy, left=lines, waiting=[])
    if not health.is_healthy:
        more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
        raise Drifted(
            f"{lines[0]}{more}",
            f"read the table of this record; the steps that repair drift: `orgkit plan {run.file_argument}`",
        )
    if health.not_compared:
        run.journal.write("found", lines=[health.sentence])  # a terminal shows it next to the outcome
    return Verification(None, sentence=health.sentence)
