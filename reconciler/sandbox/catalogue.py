"""Clouds, plans and versions: a small true-looking cut of Aiven's catalogue.

Nodes, memory and processors of the plans follow Aiven's plan names (`startup-4` has 4 GB);
connection limits by memory are documented; prices and disk caps are round figures of ours.
"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.sandbox.errors import CLOUD_UNKNOWN, PLAN_NOT_FOUND, TYPE_NOT_FOUND, refuse

SERVICE_TYPE = "pg"
SERVICE_DESCRIPTION = "PostgreSQL - Object-Relational Database Management System"
DEFAULT_VERSION = "17"
LATEST_VERSION = "18"
GIB = 1024
HOURS_A_MONTH = 730


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    name: str
    description: str
    region: str
    latitude: float
    longitude: float
    provider: str
    provider_description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    name: str
    node_count: int
    memory_mb: int
    cpu_count: int
    disk_mb: int
    disk_cap_mb: int | None
    """None: the disk cannot be changed."""
    max_connections: int
    has_pooling: bool
    backup_count: int
    has_pitr: bool
    price_usd: str
    """An hour of the whole plan (avn shows it as $/h)."""

    @property
    def disk_step_mb(self) -> int:
        return 10 * GIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    major: str
    state: str
    available_from: str
    end_of_life: str


def _cloud(name: str, region: str, where: tuple[float, float], place: str) -> Cloud:
    provider, _, region_code = name.partition("-")
    title = {
        "aws": "Amazon Web Services",
        "azure": "Microsoft Azure",
        "do": "DigitalOcean",
        "google": "Google Cloud Platform",
        "upcloud": "UpCloud",
    }[provider]
    return Cloud(
        name=name,
        description=f"{place} - {title}: {region_code}",
        region=region,
        latitude=where[0],
        longitude=where[1],
        provider=provider,
        provider_description=title,
    )


CLOUDS: dict[str, Cloud] = {
    cloud.name: cloud
    for cloud in (
        _cloud("aws-ap-southeast-2", "australia", (-33.86, 151.20), "Australia, New South Wales"),
        _cloud("aws-eu-central-1", "europe", (50.11, 8.68), "Europe, Germany"),
        _cloud("aws-eu-west-1", "europe", (53.35, -6.26), "Europe, Ireland"),
        _cloud("aws-us-east-1", "north america", (38.13, -78.45), "United States, Virginia"),
        _cloud("azure-westeurope", "europe", (52.37, 4.90), "Europe, Netherlands"),
        _cloud("do-fra", "europe", (50.11, 8.68), "Europe, Germany"),
        _cloud("do-nyc", "north america", (40.71, -74.01), "United States, New York"),
        _cloud("google-asia-northeast1", "east asia", (35.68, 139.77), "Asia, Japan"),
        _cloud("google-europe-north1", "europe", (60.57, 27.19), "Europe, Finland"),
        _cloud("google-europe-west1", "europe", (50.45, 3.82), "Europe, Belgium"),
        _cloud("google-europe-west3", "europe", (50.11, 8.68), "Europe, Germany"),
        _cloud("google-us-east1", "north america", (33.20, -80.01), "United States, S. Carolina"),
        _cloud("upcloud-de-fra", "europe", (50.11, 8.68), "Europe, Germany"),
    )
}

_SIZES_GB = (4, 8, 16, 32, 64, 120)
_CPUS = {4: 2, 8: 2, 16: 4, 32: 8, 64: 16, 120: 30}
_DISKS_GIB = {4: 80, 8: 175, 16: 350, 32: 700, 64: 1000, 120: 1000}
_FAMILIES = {"startup": (1, 3, 75), "business": (2, 15, 150), "premium": (3, 31, 225)}
"""Nodes, backups kept, dollars a month for 4 GB."""


def max_connections(memory_gb: int) -> int:
    """Return max_connections for a plan of that memory (Aiven's documentation)."""
    return min(memory_gb * 25, 1000)


def _sized(family: str, gigabytes: int) -> Plan:
    nodes, backups, price = _FAMILIES[family]
    disk = _DISKS_GIB[gigabytes] * GIB
    return Plan(
        name=f"{family}-{gigabytes}",
        node_count=nodes,
        memory_mb=gigabytes * GIB,
        cpu_count=_CPUS[gigabytes],
        disk_mb=disk,
        disk_cap_mb=disk * 3,
        max_connections=1000 if gigabytes >= 64 else max_connections(gigabytes),
        has_pooling=True,
        backup_count=backups,
        has_pitr=True,
        price_usd=_hourly(price * gigabytes // 4),
    )


def _hourly(dollars_a_month: int) -> str:
    return f"{dollars_a_month / HOURS_A_MONTH:.5f}"


def _small(name: str, disk_gib: int, max_clients: int, price: int) -> Plan:
    return Plan(
        name=name,
        node_count=1,
        memory_mb=GIB,
        cpu_count=1,
        disk_mb=disk_gib * GIB,
        disk_cap_mb=None,
        max_connections=max_clients,
        has_pooling=False,
        backup_count=1,
        has_pitr=False,
        price_usd=_hourly(price),
    )


PLANS: dict[str, Plan] = {
    plan.name: plan
    for plan in (
        _small("free-1-5gb", 5, 20, 0),
        _small("hobbyist", 8, 25, 19),
        *(_sized(family, size) for family in _FAMILIES for size in _SIZES_GB),
    )
}

VERSIONS: tuple[Version, ...] = tuple(
    Version(major=major, state=state, available_from=start, end_of_life=end)
    for major, state, start, end in (
        ("13", "eol", "2021-02-15T00:00:00Z", "2025-11-13T00:00:00Z"),
        ("14", "available", "2021-11-11T00:00:00Z", "2026-11-12T00:00:00Z"),
        ("15", "available", "2022-12-12T00:00:00Z", "2027-11-11T00:00:00Z"),
        ("16", "available", "2023-11-15T00:00:00Z", "2028-11-09T00:00:00Z"),
        ("17", "available", "2024-11-20T00:00:00Z", "2029-11-08T00:00:00Z"),
        ("18", "available", "2025-11-20T00:00:00Z", "2030-11-14T00:00:00Z"),
    )
)

AVAILABLE_VERSIONS = frozenset(v.major for v in VERSIONS if v.state == "available")


def find_cloud(name: str) -> Cloud:
    if name not in CLOUDS:
        raise refuse(CLOUD_UNKNOWN, name=name)
    return CLOUDS[name]


def find_type(name: str) -> str:
    """Return `name` if it is the one service type of the sandbox."""
    if name != SERVICE_TYPE:
        raise refuse(TYPE_NOT_FOUND, name=name)
    return name


def find_plan(name: str) -> Plan:
    if name not in PLANS:
        raise refuse(PLAN_NOT_FOUND, name=name)
    return PLANS[name]
