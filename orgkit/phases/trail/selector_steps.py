"""The steps of phase 05 that set what the organization trail logs, and its tags."""

from collections.abc import Iterable
from typing import ClassVar

from orgkit.costs.estimate.charge import Usage
from orgkit.costs.estimate.usage import Volumes
from orgkit.dataclass import dataclass
from orgkit.model.desired import Desired, Tags
from orgkit.model.plan import Step
from orgkit.phases.trail.steps import DEPENDENT_ACTIONS, copied_events


@dataclass(frozen=True, kw_only=True)
class _TrailSetting(Step):
    symbol: ClassVar = "~"
    trail: str
    region: str  # the trail's home region: the only one that takes changes

    @property
    def subject(self) -> str:
        return self.trail


@dataclass(frozen=True, kw_only=True)
class SetEventSelectors(_TrailSetting):
    """Let a trail log all management events: the whole new set of event selectors, in the form of the old one.

    AWS replaces the whole set: `starts_from` is all of the old one. The new set keeps its selectors of data and network
    activity events.
    """

    kind: ClassVar = "set-event-selectors"
    cost_note: ClassVar = "the first copy of management events is free; its log files are counted where logging starts"
    usage_note: ClassVar = "events that another trail logs as well"
    actions: ClassVar = ("cloudtrail:GetEventSelectors", "cloudtrail:PutEventSelectors", *DEPENDENT_ACTIONS)
    form: str  # basic | advanced
    selectors: tuple[str, ...]  # each as JSON
    other_selectors: int  # of data and network activity events: they stay
    second_copy: str = ""  # as in StartLogging, of a trail that logs already

    @property
    def sentence(self) -> str:
        copy = f"; it is a second copy of the management events of {self.second_copy}" if self.second_copy else ""
        return (
            f"log all management events with trail {self.trail} in {self.region}: replace its {self.form} event "
            f"selectors, and keep those of other events ({self.other_selectors}){copy}"
        )

    def added_usage(self, desired: Desired, volumes: Volumes) -> Iterable[Usage]:
        """What AWS charges for a second copy of events."""
        return copied_events(self.second_copy, desired, volumes)


@dataclass(frozen=True, kw_only=True)
class TagTrail(_TrailSetting):
    """Set tags of a trail; other tags stay."""

    kind: ClassVar = "tag-trail"
    cost_note: ClassVar = "tags cost nothing"
    actions: ClassVar = ("cloudtrail:ListTags", "cloudtrail:AddTags")
    tags: Tags

    @property
    def sentence(self) -> str:
        return f"tag trail {self.trail}: {', '.join(f'{key}={value}' for key, value in self.tags)}"
