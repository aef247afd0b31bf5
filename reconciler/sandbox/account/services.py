"""Services: created, changed, powered, deleted, and the clockwork of their states."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.account import clockwork, projects, user_config
from reconciler.sandbox.account.account import Account, new_password
from reconciler.sandbox.account.objects import (
    OPERATIONAL,
    Database,
    Maintenance,
    Project,
    Service,
    State,
    User,
)
from reconciler.sandbox.catalogue import PLANS, SERVICE_TYPE, Plan, find_cloud
from reconciler.sandbox.errors import (
    DISK_OUT_OF_RANGE,
    INTEGRATION_UNKNOWN,
    NOT_POWERED,
    NOT_RUNNING,
    PLAN_UNKNOWN,
    PROTECTED,
    SERVICE_EXISTS,
    SERVICE_NOT_FOUND,
    SOURCE_NOT_FOUND,
    STATIC_IP_NOT_FOUND,
    TYPE_UNKNOWN,
    USER_RESERVED,
    USER_TOO_LONG,
    VPC_NOT_FOUND,
    refuse,
)

NO_CMK = "00000000-0000-0000-0000-000000000000"
ADMIN = "avnadmin"
RESERVED = frozenset({"postgres", "public", "none", "aiven", "aiven_extras", "_aiven", "pgbouncer"})
"""Names PostgreSQL or the service itself needs; Aiven's own list is not published."""
LONGEST_NAME = 63
"""PostgreSQL's limit; the API's is 64 (its documentation), which no role can have."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def find(account: Account, project: str, name: str) -> Service:
    """Return the service, its state brought up to the clock."""
    services = projects.find(account, project).services
    if name not in services:
        raise refuse(SERVICE_NOT_FOUND)
    service = services[name]
    clockwork.settle(account, service)
    return service


def find_operational(account: Account, project: str, name: str) -> Service:
    """Return the service if databases, users and pools can be written in it."""
    service = find(account, project, name)
    if service.state is State.POWEROFF:
        raise refuse(NOT_POWERED)
    if service.state not in OPERATIONAL:
        raise refuse(NOT_RUNNING, state=service.state)
    return service


def create(account: Account, project_name: str, body: Mapping[str, Any]) -> Service:
    """Create a service from a checked body; it answers REBUILDING, the next read settles it."""
    project = projects.find(account, project_name)
    if body["service_name"] in project.services:
        raise refuse(SERVICE_EXISTS, name=body["service_name"])
    if body["service_type"] != SERVICE_TYPE:
        raise refuse(TYPE_UNKNOWN, name=body["service_type"])
    service = _build(account, project, body)
    project.services[service.name] = service
    return service


def _build(account: Account, project: Project, body: Mapping[str, Any]) -> Service:
    plan = _find_plan(body["plan"])
    _check_network(body)
    config = user_config.create(body.get("user_config", {}))
    check_role_name(config.get("admin_username", ADMIN))
    now_s = account.now_s()
    admin = User(
        name=config.get("admin_username", ADMIN),
        password=config.get("admin_password", new_password()),
        is_primary=True,
        allow_replication=True,
        password_updated_s=now_s,
    )
    service = Service(
        project=project.name,
        name=body["service_name"],
        service_type=body["service_type"],
        plan=plan.name,
        cloud=find_cloud(body.get("cloud") or project.cloud).name,
        disk_space_mb=_disk(plan, body.get("disk_space_mb")),
        maintenance=_some_maintenance(body.get("maintenance", {})),
        place=account.engine.place(project.name, body["service_name"]),
        user_config=config,
        admin=admin.name,
        state=State.REBUILDING,
        changed_at_s=now_s,
        created_at_s=now_s,
        updated_at_s=now_s,
        users={admin.name: admin},
        databases={"defaultdb": Database(name="defaultdb")},
    )
    _change_plain(service, body)
    service.tags = dict(body.get("tags", {}))
    if body.get("copy_tags"):
        service.tags = {**project.tags, **service.tags}
    service.integrations = _integrate(project, service, body.get("service_integrations", []))
    return service


def check_role_name(name: str) -> None:
    """Refuse what no role can be called."""
    if len(name) > LONGEST_NAME:
        raise refuse(USER_TOO_LONG, length=LONGEST_NAME)
    if name.lower() in RESERVED or name.lower().startswith("pg_"):
        raise refuse(USER_RESERVED, name=name)


def update(account: Account, project: str, name: str, body: Mapping[str, Any]) -> Service:
    """Change what the checked body names. Everything is checked before anything changes."""
    service = find(account, project, name)
    plan = _find_plan(body.get("plan", service.plan))
    cloud = find_cloud(body.get("cloud") or service.cloud).name
    disk = _next_disk(service, plan, body.get("disk_space_mb"))
    config = user_config.update(service.user_config, body.get("user_config", {}))
    _check_network(body)
    _check_power(service, body)

    moves = (plan.name, cloud) != (service.plan, service.cloud)
    upgrades = config["pg_version"] != service.user_config["pg_version"]
    service.plan, service.cloud, service.disk_space_mb = plan.name, cloud, disk
    service.user_config = config
    service.maintenance = _merge_maintenance(service.maintenance, body.get("maintenance", {}))
    _change_plain(service, body)
    service.updated_at_s = account.now_s()
    _change_state(account, service, body.get("powered"), moves=moves, upgrades=upgrades)
    return service


def _check_power(service: Service, body: Mapping[str, Any]) -> None:
    """Refuse to stop a service that is protected, or will be by this very update."""
    stops = body.get("powered") is False and service.state is not State.POWEROFF
    if stops and body.get("termination_protection", service.termination_protection):
        raise refuse(PROTECTED)


def _change_state(
    account: Account, service: Service, powered: bool | None, *, moves: bool, upgrades: bool
) -> None:
    """Let an update that was accepted show in the state."""
    is_off = service.state is State.POWEROFF
    if powered is False and not is_off:
        clockwork.power_off(account, service)
        return
    if powered and is_off:
        clockwork.power_on(account, service)
        return
    if not is_off and (moves or upgrades):
        # A new version stops the database for a while; new nodes do not.
        stays_up = service.state is not State.REBUILDING and not upgrades
        clockwork.enter(account, service, State.REBALANCING if stays_up else State.REBUILDING)


def delete(account: Account, project: str, name: str) -> None:
    """Delete the service and all it holds."""
    service = find(account, project, name)
    if service.termination_protection:
        raise refuse(PROTECTED)
    del projects.find(account, project).services[name]


def _change_plain(service: Service, body: Mapping[str, Any]) -> None:
    """Set the fields that need no check and move nothing."""
    if "termination_protection" in body:
        service.termination_protection = body["termination_protection"]
    if "tech_emails" in body:
        service.tech_emails = [entry["email"] for entry in body["tech_emails"]]
    if "cmk_id" in body:
        service.cmk_id = None if body["cmk_id"] == NO_CMK else body["cmk_id"]


def _find_plan(name: str) -> Plan:
    if name not in PLANS:
        raise refuse(PLAN_UNKNOWN, name=name)
    return PLANS[name]


def _check_network(body: Mapping[str, Any]) -> None:
    """Refuse what no project here has: a VPC, a static IP address."""
    if body.get("project_vpc_id") is not None:
        raise refuse(VPC_NOT_FOUND)
    if body.get("static_ips"):
        raise refuse(STATIC_IP_NOT_FOUND)


def _disk(plan: Plan, given_mb: int | None) -> int:
    """Return the disk of the service: the plan's own, or more of it within cap and step."""
    if not given_mb:
        return plan.disk_mb
    high = plan.disk_cap_mb or plan.disk_mb
    is_step = (given_mb - plan.disk_mb) % plan.disk_step_mb == 0
    if plan.disk_mb <= given_mb <= high and (is_step or given_mb == high):
        return given_mb
    raise refuse(
        DISK_OUT_OF_RANGE,
        given=given_mb,
        plan=plan.name,
        low=plan.disk_mb,
        high=high,
        step=plan.disk_step_mb,
    )


def _next_disk(service: Service, plan: Plan, given_mb: int | None) -> int:
    """Return the disk after an update; a new plan brings its own unless one is asked for."""
    if given_mb:
        return _disk(plan, given_mb)
    return service.disk_space_mb if plan.name == service.plan else plan.disk_mb


def _some_maintenance(given: Mapping[str, str]) -> Maintenance:
    """Return a window: Aiven picks what is not given."""
    hour, minute = secrets.randbelow(24), secrets.randbelow(60)
    chosen = Maintenance(dow=secrets.choice(WEEKDAYS), time=f"{hour:02d}:{minute:02d}:00")
    return _merge_maintenance(chosen, given)


def _merge_maintenance(old: Maintenance, given: Mapping[str, str]) -> Maintenance:
    """Merge: avn may send only the day (avn's source)."""
    return Maintenance(dow=given.get("dow", old.dow), time=given.get("time", old.time))


def _integrate(
    project: Project, service: Service, given: list[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    made = []
    for entry in given:
        if entry["integration_type"] not in ("read_replica", "disaster_recovery"):
            raise refuse(INTEGRATION_UNKNOWN, name=entry["integration_type"])
        if entry.get("source_service") not in project.services:
            raise refuse(SOURCE_NOT_FOUND)
        made.append(
            {
                "service_integration_id": str(uuid.uuid4()),
                "integration_type": entry["integration_type"],
                "source_service": entry["source_service"],
                "source_project": project.name,
                "dest_service": service.name,
                "dest_project": project.name,
                "user_config": dict(entry.get("user_config", {})),
            }
        )
    return made
