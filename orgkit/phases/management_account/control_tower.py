"""Whether AWS Control Tower is set up, what it owns, and which phases that stops.

Control Tower repairs what it calls drift: what orgkit changes about its units, accounts and trail does not last, or
breaks its landing zone. A landing zone 4.0 may have controls alone; it then owns no units, accounts and trail.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from orgkit.model.desired import Desired
from orgkit.model.finding import Finding
from orgkit.model.observed import Unread

PRINCIPAL = "controltower.amazonaws.com"
READS = (
    "account:ListRegions", "controltower:GetLandingZone", "controltower:ListEnabledBaselines",
    "controltower:ListEnabledControls", "controltower:ListLandingZones",
)  # fmt: skip
PHASES, PARTIAL_PHASES = ("02", "03", "04", "16"), ("05",)  # in 05 only steps that change what Control Tower owns
OPTIONAL_SINCE = 4  # the first version whose landing zone may have no Security OU, log archive account and trail
MAX_TARGETS = 5  # in one sentence

ITEM = "Control Tower"
STOP_REMEDY = (
    "create units and accounts with Control Tower (Account Factory), or decommission the landing zone first; "
    "01, 05 and 10 go on."
)
ATTEST = (
    "look in the console yourself and attest in the file: "
    'control_tower = { by = "your name", on = the date } under [organization.attestations].'
)
UNREAD_REMEDY = f"allow these reads (`orgkit permissions 02` prints them), or {ATTEST}"
ACCESS_ALONE_REMEDY = (
    "if Control Tower is not used, disable it: `aws organizations disable-aws-service-access "
    f"--service-principal {PRINCIPAL}`; otherwise {ATTEST}"
)


@dataclass(frozen=True)
class Settings:
    """What GetLandingZone reports: the version, and the sections of the manifest that are switched on."""

    version: str
    sections: tuple[str, ...]


@dataclass(frozen=True)
class LandingZone:
    """The landing zone, in its home region; targets are ids of units and accounts, one for each that is enabled."""

    region: str
    settings: Settings | Unread
    baselines: tuple[str, ...] | Unread
    controls: tuple[str, ...] | Unread


@dataclass(frozen=True)
class ControlTower:
    """The signs of Control Tower; `unread` holds what could not be asked, by region."""

    trusted_access: bool | Unread
    regions: tuple[str, ...]  # that were asked for a landing zone
    zone: LandingZone | None = None
    unread: tuple[tuple[str, Unread], ...] = ()
    role: bool | Unread | None = None  # whether its role exists; None: not asked


def check(state: ControlTower, desired: Desired) -> Finding:
    """Return what it owns as a stop, controls alone as a warning, and what could not be read as a stop."""
    if state.zone is not None:
        return _landing_zone(state.zone, desired)
    places = _counted(len(state.regions), "region")
    if state.unread:
        names = ", ".join(name for name, _ in state.unread[:MAX_TARGETS])
        more = f" and {len(state.unread) - MAX_TARGETS} more" if len(state.unread) > MAX_TARGETS else ""
        return _unread(f"landing zones in {names}{more}: {state.unread[0][1].reason}", state.unread[0][1], desired)
    if isinstance(state.trusted_access, Unread):
        return _unread(f"trusted access for {PRINCIPAL}: {state.trusted_access.reason}", state.trusted_access, desired)
    if state.trusted_access:
        reason = f"trusted access for {PRINCIPAL} is enabled, but no landing zone was found in {places}."
        return _unread(reason, Unread(reason, ACCESS_ALONE_REMEDY), desired)
    if isinstance(state.role, Unread):
        return Finding.from_unknown(ITEM, state.role.reason)
    if state.role:
        return Finding.warns(
            ITEM,
            f"there is no landing zone in {places}, but the role AWSControlTowerAdmin exists.",
            "delete the role if Control Tower was decommissioned.",
        )
    return Finding.ok(ITEM, f"no landing zone in {places}, and no trusted access.")


def _landing_zone(zone: LandingZone, desired: Desired) -> Finding:
    owned = _join(list(_owned(zone)))
    if _governs(zone):
        return Finding.stops(
            ITEM,
            f"a landing zone in {zone.region} owns {owned}; Control Tower reverts what others change there.",
            STOP_REMEDY,
            PHASES,
            PARTIAL_PHASES,
        )
    parts = (zone.settings, zone.baselines, zone.controls)
    unread = next((part for part in parts if isinstance(part, Unread)), None)
    if unread is not None:
        owned = f" (seen: {owned})" if owned else ""
        return _unread(f"what the landing zone in {zone.region} owns{owned}: {unread.reason}", unread, desired)
    return Finding.warns(
        ITEM,
        f"a landing zone in {zone.region} has controls only: {owned or 'none is enabled'}. They may deny steps there.",
        "nothing has to be done; the owner of Control Tower should know of this organization's plans.",
        (*PHASES, *PARTIAL_PHASES),
    )


def _governs(zone: LandingZone) -> bool:
    """Whether it owns more than controls, by what could be read."""
    if not isinstance(zone.settings, Unread):
        major = int(zone.settings.version.partition(".")[0])
        if zone.settings.sections or major < OPTIONAL_SINCE:
            return True
    return not isinstance(zone.baselines, Unread) and bool(zone.baselines)


def _owned(zone: LandingZone) -> Iterator[str]:
    """Describe what was read of it: the manifest, then each unit or account with what is enabled on it."""
    if not isinstance(zone.settings, Unread):
        sections = f" ({', '.join(zone.settings.sections)})" if zone.settings.sections else ""
        if sections or int(zone.settings.version.partition(".")[0]) < OPTIONAL_SINCE:
            yield f"what its manifest of version {zone.settings.version} names{sections}"
    baselines = Counter(() if isinstance(zone.baselines, Unread) else zone.baselines)
    controls = Counter(() if isinstance(zone.controls, Unread) else zone.controls)
    for target in sorted(baselines | controls):
        counted = ((baselines[target], "baseline"), (controls[target], "control"))
        yield f"{target} ({' and '.join(_counted(number, name) for number, name in counted if number)})"


def _counted(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"


def _join(owned: list[str]) -> str:
    more = f" and {len(owned) - MAX_TARGETS} more" if len(owned) > MAX_TARGETS else ""
    return f"{', '.join(owned[:MAX_TARGETS])}{more}"


def _unread(reason: str, unread: Unread, desired: Desired) -> Finding:
    """Return a stop, unless a person attests that Control Tower owns nothing that the file changes."""
    attestation = next((item for item in desired.organization.attestations if item.item == "control_tower"), None)
    if attestation is not None:
        statement = "Control Tower owns nothing that the file changes: attested by"
        return Finding(ITEM, "ok", "attested", f"{statement} {attestation.by} on {attestation.on}.")
    unknown = Finding.from_unknown(ITEM, reason, unread.remedy or UNREAD_REMEDY)
    return unknown.stopping(PHASES, PARTIAL_PHASES)


def version_of(text: str) -> str | None:
    """Return a version such as 3.3 or 4.0; None for anything else."""
    return text if re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,4}){0,3}", text) else None
