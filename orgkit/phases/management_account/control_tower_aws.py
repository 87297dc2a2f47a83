"""AWS calls that read Control Tower: its trusted access, landing zones in any enabled region, and what it owns.

A landing zone is visible in its home region only, which may be any that the account has enabled.
"""

from collections.abc import Callable, Mapping
from typing import Any

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import HOME, Connection
from orgkit.model.observed import Unread
from orgkit.phases.management_account.control_tower import PRINCIPAL, ControlTower, LandingZone, Settings, version_of

# Returns the result, or Unread: the caller decides how to treat a rejection.
Ask = Callable[..., Any]
RECENT_SECONDS = 900.0
ENABLED = ["ENABLED", "ENABLED_BY_DEFAULT"]


def read_control_tower(aws: Connection, home: str, trusted_access: bool | Unread, ask: Ask) -> ControlTower:
    """Ask for a landing zone in the home region, then in all others that are enabled, and for what it owns."""
    enabled = ask(_regions, aws)
    unread = [("the enabled regions", enabled)] if isinstance(enabled, Unread) else []
    regions = tuple(dict.fromkeys((home, HOME, *(() if isinstance(enabled, Unread) else enabled))))
    for group in (regions[:1], regions[1:]):
        arns = aws.executor.map(lambda region: ask(_recent_landing_zone_arn, aws, region), group)
        for region, arn in zip(group, arns, strict=True):
            if isinstance(arn, Unread):
                unread.append((region, arn))
            elif arn:
                zone = _read_zone(aws, _home_region(arn, region, regions), arn, ask)
                return ControlTower(trusted_access, regions, zone)
    return ControlTower(trusted_access, regions, unread=tuple(unread))


def read_trusted_access(aws: Connection) -> bool:
    """Whether Control Tower may work across the organization; raises Rejected."""
    principals = aws.pages("organizations", "ListAWSServiceAccessForOrganization", "EnabledServicePrincipals")
    return any(principal.get("ServicePrincipal") == PRINCIPAL for principal in principals)


def read_role(aws: Connection) -> bool:
    """Whether the role of Control Tower is there, which a decommissioned landing zone leaves; raises Rejected."""
    try:
        return bool(aws.read("iam", "GetRole", RoleName="AWSControlTowerAdmin").get("Role"))
    except Rejected as rejection:
        if rejection.code in ("NoSuchEntity", "NoSuchEntityException"):
            return False
        raise


def _regions(aws: Connection) -> tuple[str, ...]:
    """The enabled regions that have Control Tower; one that botocore does not know yet is left to trusted access."""
    available = aws.regions_of("controltower")
    regions = aws.pages("account", "ListRegions", "Regions", RegionOptStatusContains=ENABLED)
    return tuple(sorted({str(item["RegionName"]) for item in regions} & available))


def _recent_landing_zone_arn(aws: Connection, region: str) -> str:
    """Read it once for a plan and the apply that follows: setting up a landing zone takes an hour."""
    return aws.recent(f"landing zone in {region}", RECENT_SECONDS, lambda: _landing_zone_arn(aws, region))


def _landing_zone_arn(aws: Connection, region: str) -> str:
    """The first landing zone's ARN; "" where there is none."""
    zone = next(aws.pages("controltower", "ListLandingZones", "landingZones", region=region), None)
    return "" if zone is None else str(zone.get("arn") or "unnamed")


def _home_region(arn: str, region: str, regions: tuple[str, ...]) -> str:
    """The region in the ARN, if it is one that is enabled; else the one that answered."""
    arn_region = (*arn.split(":"), "", "", "", "")[3]
    return arn_region if arn_region in regions else region


def _read_zone(aws: Connection, region: str, arn: str, ask: Ask) -> LandingZone:
    return LandingZone(
        region,
        settings=ask(_settings, aws, region, arn),
        baselines=ask(_targets, aws, region, "ListEnabledBaselines", "enabledBaselines"),
        controls=ask(_targets, aws, region, "ListEnabledControls", "enabledControls"),
    )


def _settings(aws: Connection, region: str, arn: str) -> Settings | Unread:
    answer = aws.read("controltower", "GetLandingZone", region=region, landingZoneIdentifier=arn)
    zone = answer.get("landingZone")
    zone = zone if isinstance(zone, Mapping) else {}
    version, manifest = version_of(str(zone.get("version", ""))), zone.get("manifest")
    if version is None:
        return Unread("controltower:GetLandingZone reported no version that can be understood")
    # AWS's model requires the manifest in this answer (only CreateLandingZone may leave it out): a landing zone
    # that has controls alone has an empty one, and an answer without one says nothing.
    if not isinstance(manifest, Mapping):
        return Unread("controltower:GetLandingZone reported no manifest that can be understood")
    unclear = next((str(name) for name, section in manifest.items() if _is_on(section) is None), None)
    if unclear is not None:
        return Unread(f"the landing zone's manifest does not say whether {unclear} is enabled")
    if zone.get("status", "ACTIVE") != "ACTIVE":
        return Unread(f"the landing zone is {zone['status']}: what it will own is not known yet")
    return Settings(version, tuple(sorted(str(name) for name, section in manifest.items() if _is_on(section))))


def _is_on(section: object) -> bool | None:
    """Whether a section of the manifest is switched on: it has settings of its own, unless it is disabled.

    Returns:
        None where that cannot be read from it. A list, such as that of the governed regions, switches nothing on.
    """
    if isinstance(section, list):
        return False
    if not isinstance(section, Mapping) or not isinstance(section.get("enabled", True), bool):
        return None
    return bool(section) and section.get("enabled", True) is True


def _targets(aws: Connection, region: str, operation: str, member: str) -> tuple[str, ...]:
    """Return the unit or account of each enabled one, without the part of the ARN that all share."""
    # Without a target AWS lists those of every unit: one answer instead of one for each.
    items = aws.pages("controltower", operation, member, region=region)
    return tuple(sorted(str(item.get("targetIdentifier") or "an unnamed target").rpartition("/")[2] for item in items))
