"""The adoption of an organization: its file, what good practice would change, and what the file does not hold."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from orgkit.adoption.content import Content
from orgkit.adoption.reading import read_organization
from orgkit.aws.session import Connection
from orgkit.engine.observe import observe, read_account
from orgkit.errors import OrgkitError
from orgkit.model.canonical_json import compact_json
from orgkit.model.desired import READ_ROLE, Desired
from orgkit.model.finding import Finding
from orgkit.model.observed import Observed
from orgkit.model.plan import Plan
from orgkit.phases.adopted import SEVERITIES, Adopted, Advice, NotRead, Severity, Unexpressed, is_tagged_by_orgkit
from orgkit.phases.descriptor import Phase
from orgkit.phases.management_account.findings import NOT_REPORTED
from orgkit.phases.registry import RUNBOOKS, phases_for, plan
from orgkit.sanitize.secrets import hide_secrets
from orgkit.sanitize.summary import Summary

CHECKS = "00-management-account"
NOT_ASKED = "so orgkit does not ask"  # in a finding of phase 00 about what AWS charges for
MEDIUM_CHECKS = ("does not belong here", "IAM users with access keys", "belongs here: organization trail")
OWN_CHECKS = ("feature set",)  # what the phases' own advice says too
MAX_STEPS = 3  # that a reason names
Plans = tuple[tuple[Phase, Plan | OrgkitError], ...]
Comments = Mapping[tuple[str, ...], str]


@dataclass(frozen=True, repr=False)
class Adoption(Summary):
    """An organization as a parameters file, and everything that a person should know of it.

    Attributes:
        observed: What was read.
        desired: What the file asks for.
        content: The file.
        left_out: Sections that are comments of the file, since the plan with them would change something.
        comments: What to know of a section or key, by its place in the file.
        advice: What good practice would change, the most important first.
        not_expressed: What is in AWS, and not in the file.
        not_read: What AWS did not let us see.
        plans: What each phase would change with this file, or why it cannot be planned.
    """

    observed: Observed
    desired: Desired
    content: Content
    left_out: Mapping[str, Mapping[str, object]]
    comments: Comments
    advice: tuple[Advice, ...]
    not_expressed: tuple[Unexpressed, ...]
    not_read: tuple[NotRead, ...]
    plans: Plans

    def summary(self) -> dict[str, object]:
        """The organization, and the numbers of what a person should read."""
        counted = {"advice": self.advice, "not_expressed": self.not_expressed, "not_read": self.not_read}
        numbers = {name: len(items) for name, items in counted.items()}
        return {"organization": self.desired.organization.organization_id, **numbers, "steps": self.step_count}

    @property
    def step_count(self) -> int:
        """The number of steps in the plans of this file: 0, but where the organization needs all features first."""
        return sum(len(item.steps) for _, item in self.plans if isinstance(item, Plan))

    @property
    def is_settled(self) -> bool:
        """Whether each phase can be planned with this file, and would change nothing."""
        return not any(_changes(self.plans))

    @property
    def plan_lines(self) -> tuple[str, ...]:
        """What each phase would change with this file, in sentences."""
        changes = [reason for _, reason in _changes(self.plans)]
        return tuple(changes) or (f"empty, in {', '.join(phase.run_label for phase, _ in self.plans)}",)

    def as_json(self) -> dict[str, object]:
        """Everything that is not in the file, for a program to read."""
        items = {"findings": self.advice, "not_expressed": self.not_expressed, "not_read": self.not_read}
        return {
            "organization": self.desired.organization.organization_id,
            **{name: [_hidden(vars(item)) for item in rows] for name, rows in items.items()},
            "steps": self.step_count,
            "plan": list(self.plan_lines),
        }


def by_reason(items: Iterable[Unexpressed | NotRead]) -> dict[str, list[str]]:
    """Return reason → what it applies to, in the order in which the reasons appear; secrets are hidden."""
    groups: dict[str, list[str]] = {}
    for item in items:
        groups.setdefault(hide_secrets(item.reason), []).append(hide_secrets(item.subject))
    return groups


@dataclass(frozen=True)
class _Choices:
    """Which form of each section is tried, by its number; the number after the last leaves the section out."""

    forms: Mapping[str, int]
    reads_members: bool

    def weaker(self, phase: Phase, adopted: Adopted | None) -> "_Choices | None":
        """Return choices with which a phase would change less; None where there are no others."""
        name, number = (
            phase.section.name if phase.section else "",
            self.forms.get(phase.section.name, 0) if phase.section else 0,
        )
        last = len(adopted.alternatives) + (1 if adopted.is_optional else 0) if adopted else 0
        if number < last:
            return replace(self, forms={**self.forms, name: number + 1})
        return replace(self, reads_members=False) if self.reads_members else None


@dataclass(frozen=True)
class _Draft:
    """A file with one choice of its sections."""

    content: Content
    sections: Mapping[str, Adopted]  # the first form of each
    forms: Mapping[str, Adopted]  # the chosen one; none for a section that is left out
    removals: tuple[Unexpressed, ...]


def adopt_organization(aws: Connection, read_role: str = READ_ROLE) -> Adoption:
    """Read an organization, and return a file whose plan changes nothing.

    Args:
        aws: A connection as the management account.
        read_role: The role through which member accounts are read.

    Raises:
        CouldNotRead: There is no organization, or its tree cannot be seen.
        NotAdopted: AWS has something without which there is no file.
        WrongAccount: The caller is a member account.
    """
    observed = read_organization(aws, read_role)
    choices, reasons = _Choices({}, reads_members=is_tagged_by_orgkit(observed)), dict[str, str]()
    while True:
        draft = _draft(observed, choices)
        plans = _plans(aws, draft.content.desired())
        following = None
        for phase, reason in _changes(plans):
            name = phase.section.name if phase.section else ""
            following = choices.weaker(phase, draft.sections.get(name) if name in draft.forms else None)
            if following is not None:
                reasons[name] = reason
                break
        if following is None:
            return _adoption(aws, observed, draft, plans, reasons)
        choices = following


def _draft(observed: Observed, choices: _Choices) -> _Draft:
    """Return the file with these choices, section by section: later ones name units and accounts of earlier ones."""
    content, sections, forms = Content(), dict[str, Adopted](), dict[str, Adopted]()
    removals: list[Unexpressed] = []
    for phase in RUNBOOKS:
        if phase.adopt is None or phase.section is None:
            continue
        name = phase.section.name
        sections[name] = phase.adopt(observed, content.raw)
        form = _form(sections[name], choices, name)
        if form is None:
            continue
        forms[name] = form
        if form.values:
            content, new = content.with_section(name, form.values, form.texts)
            removals += new
        if name == "organization" and not choices.reads_members:
            content, _ = content.with_section("members", {"read_role": False}, {})
    return _Draft(content, sections, forms, tuple(removals))


def _hidden(values: Mapping[str, str]) -> dict[str, str]:
    return {name: hide_secrets(value) for name, value in values.items()}


def _form(first: Adopted, choices: _Choices, name: str) -> Adopted | None:
    """Return the chosen form of a section, or the first after it that needs no role which the file does not have."""
    forms = (first, *first.alternatives)[choices.forms.get(name, 0) :]
    return next((form for form in forms if choices.reads_members or not form.needs_members), None)


def _plans(aws: Connection, desired: Desired) -> Plans:
    """Read the organization again, as the file wants it read, and plan each phase."""
    observed = observe(aws, desired, findings=False)
    return tuple((phase, _plan(phase, observed, desired)) for phase in phases_for(desired) if phase.changes)


def _plan(phase: Phase, observed: Observed, desired: Desired) -> Plan | OrgkitError:
    try:
        return plan(phase.label, observed, desired)
    except OrgkitError as error:
        return error


def _changes(plans: Plans) -> Iterator[tuple[Phase, str]]:
    """Yield the phases that would change something, or cannot be planned, and what that is."""
    for phase, outcome in plans:
        if isinstance(outcome, OrgkitError):
            yield phase, f"{phase.run_label} cannot be planned with it: {outcome.reason}"
        elif outcome.steps:
            sentences = [step.sentence for step in outcome.steps]
            more = f"; and {len(sentences) - MAX_STEPS} more steps" if len(sentences) > MAX_STEPS else ""
            yield phase, f"{phase.run_label} would {'; '.join(sentences[:MAX_STEPS])}{more}"


def _adoption(aws: Connection, observed: Observed, draft: _Draft, plans: Plans, reasons: Mapping[str, str]) -> Adoption:
    desired = draft.content.desired()
    parts = list(draft.forms.values())
    left_out = {name: form for name, form in draft.sections.items() if name not in draft.forms}
    last_forms = {name: (form, *form.alternatives)[-1] for name, form in left_out.items()}
    advice, unread = _checks(aws, desired)
    return Adoption(
        observed=observed,
        desired=desired,
        content=draft.content,
        left_out={name: form.values for name, form in last_forms.items()},
        comments=_comments(draft, last_forms, reasons),
        advice=_sorted(
            (
                *(item for part in (*parts, *last_forms.values()) for item in part.advice),
                *(_left_out_advice(name, reasons.get(name, "")) for name in left_out),
                *advice,
            )
        ),
        not_expressed=(
            *(
                Unexpressed(
                    f"section [{name}], which is a comment of the file: {compact_json(form.values)}",
                    reasons.get(name, ""),
                )
                for name, form in last_forms.items()
            ),
            *(item for part in (*parts, *last_forms.values()) for item in part.not_expressed),
            *draft.removals,
        ),
        not_read=(*(item for part in (*parts, *last_forms.values()) for item in part.not_read), *unread),
        plans=plans,
    )


def _comments(draft: _Draft, left_out: Mapping[str, Adopted], reasons: Mapping[str, str]) -> Comments:
    comments = {
        (name, *([key] if key else [])): text
        for name, form in draft.forms.items()
        for key, text in form.comments.items()
        if not key or key in form.values
    }
    for name in left_out:
        comments[name,] = f"A comment, since with this section {reasons.get(name, '')}."
    return {**comments, ("members", "read_role"): "orgkit made no roles here, and makes none."}


def _left_out_advice(name: str, reason: str) -> Advice:
    return Advice(
        "medium", f"[{name}] is not as orgkit makes it", reason, f"take the comment signs off [{name}], then plan"
    )


def _checks(aws: Connection, desired: Desired) -> tuple[list[Advice], list[NotRead]]:
    """Return what the checks of phase 00 say of the management account."""
    try:
        checks = [finding for finding in read_account(aws, desired) if finding.item not in OWN_CHECKS]
        findings = [finding for finding in checks if finding.verdict != "ok"]
    except OrgkitError as error:
        return [], [NotRead("the checks of the management account", error.reason)]
    unknown = [item for item in findings if item.source == "unknown" and not _is_for_people(item)]
    advice = [_as_advice(finding) for finding in findings if finding.source != "unknown"]
    return advice, [NotRead(finding.item, finding.message) for finding in unknown]


def _is_for_people(finding: Finding) -> bool:
    """Return whether nothing was read because no API reports it, or AWS charges for it: 00 lists that."""
    return NOT_REPORTED in finding.message or NOT_ASKED in finding.message or "the file attests" in finding.message


def _as_advice(finding: Finding) -> Advice:
    is_medium = any(finding.item.startswith(item) for item in MEDIUM_CHECKS)
    severity: Severity = "high" if finding.verdict == "stops" else "medium" if is_medium else "low"
    effect = finding.effect if finding.verdict == "stops" else "warns"
    return Advice(severity, f"{finding.item}: {finding.message}", f"a check of {CHECKS} {effect}", finding.remedy)


def _sorted(advice: tuple[Advice, ...]) -> tuple[Advice, ...]:
    return tuple(sorted(dict.fromkeys(advice), key=lambda item: SEVERITIES.index(item.severity)))
