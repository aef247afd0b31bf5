"""A service as JSON.

The keys are those avn fails without (KeyError) and those the Go clients decode: ports are
numbers in `components` but strings in every `*_params`, and `connection_info` and `maintenance`
must be objects even when empty (the Aiven Terraform provider dereferences them).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from reconciler.sandbox.account import user_config
from reconciler.sandbox.account.objects import Backup, Pool, Service, State, User
from reconciler.sandbox.account.user_config import REDACTED
from reconciler.sandbox.catalogue import CLOUDS, PLANS, SERVICE_DESCRIPTION, Plan
from reconciler.sandbox.views.times import rfc3339

Json = dict[str, Any]


def show_service(service: Service, *, reveal: bool) -> Json:
    """Return the whole service; `reveal` False masks every secret as `<redacted>`."""
    plan = PLANS[service.plan]
    config = service.user_config
    shown = {
        "acl": [],
        "backups": [show_backup(backup, service) for backup in service.backups],
        "cloud_description": CLOUDS[service.cloud].description,
        "cloud_name": service.cloud,
        "cmk_id": service.cmk_id,
        "components": _components(service, plan),
        "connection_pools": _pools(service, reveal),
        "create_time": rfc3339(service.created_at_s),
        "databases": sorted(service.databases),
        "disk_space_mb": service.disk_space_mb,
        "features": {},
        "group_list": ["default"],
        "maintenance": _maintenance(service),
        "metadata": _metadata(service, plan),
        "node_count": plan.node_count,
        "node_cpu_count": plan.cpu_count,
        "node_memory_mb": plan.memory_mb,
        "node_states": _node_states(service, plan),
        "plan": service.plan,
        "project_vpc_id": None,
        "service_integrations": [_integration(entry) for entry in service.integrations],
        "service_name": service.name,
        "service_notifications": [],
        "service_type": service.service_type,
        "service_type_description": SERVICE_DESCRIPTION,
        "state": service.state,
        "tags": dict(service.tags),
        "tech_emails": [{"email": email} for email in service.tech_emails],
        "termination_protection": service.termination_protection,
        "update_time": rfc3339(service.updated_at_s),
        "user_config": config if reveal else user_config.redact(config),
        "users": [show_user(user, reveal=reveal) for user in service.users.values()],
    }
    return shown | _connection(service, plan, reveal)


def show_user(user: User, *, reveal: bool) -> Json:
    """Return one user; `access_cert` and `access_key` are of services with certificates."""
    return {
        "access_cert": None,
        "access_control": {"pg_allow_replication": user.allow_replication},
        "access_key": None,
        "password": user.password if reveal else REDACTED,
        "password_encryption_type": "scram-sha-256",
        "password_updated_time": rfc3339(user.password_updated_s),
        "type": "primary" if user.is_primary else "regular",
        "username": user.name,
    }


def show_backup(backup: Backup, service: Service) -> Json:
    """Return one backup; avn fails without `storage_location`."""
    return {
        "backup_name": backup.name,
        "backup_time": rfc3339(backup.taken_at_s),
        "data_size": backup.size_bytes,
        "storage_location": service.cloud,
    }


def _uri(user: User, host: str, port: int, database: str, sslmode: str = "require") -> str:
    password = quote(user.password, safe="")
    login = f"{quote(user.name, safe='')}:{password}"
    return f"postgres://{login}@{host}:{port}/{quote(database, safe='')}?sslmode={sslmode}"


def _connection(service: Service, plan: Plan, reveal: bool) -> Json:
    """Return service_uri, its parts and connection_info: nothing of it while powered off."""
    if service.state is State.POWEROFF:
        return {"service_uri": None, "service_uri_params": {}, "connection_info": {}}
    place, admin = service.place, service.users[service.admin]
    uri = _uri(admin, place.host, place.port, "defaultdb", place.sslmode)
    params = {
        "dbname": "defaultdb",
        "host": place.host,
        "password": admin.password if reveal else REDACTED,
        "port": str(place.port),
        "sslmode": place.sslmode,
        "user": admin.name,
    }
    pooler = _uri(admin, place.host, place.pooler_port, "pgbouncer")
    info: Json = {
        "pg": [uri if reveal else REDACTED],
        "pg_params": [dict(params)],
        "pg_standby": [],
        "pg_syncing": [],
    }
    if plan.has_pooling:
        info["pgbouncer"] = pooler if reveal else REDACTED
    if plan.node_count > 1:
        replica = _uri(admin, _replica_host(service), place.port, "defaultdb", place.sslmode)
        info["pg_replica_uri"] = replica if reveal else REDACTED
        info["pg_standby"] = [info["pg_replica_uri"]] * (plan.node_count - 1)
    shown_uri = uri if reveal else REDACTED
    return {"service_uri": shown_uri, "service_uri_params": params, "connection_info": info}


def _replica_host(service: Service) -> str:
    """Return the replica's host: where the host is an address, the one server there is."""
    host = service.place.host
    return host if host.replace(".", "").isdigit() else f"replica-{host}"


def _components(service: Service, plan: Plan) -> list[Json]:
    if service.state is State.POWEROFF:
        return []
    place = service.place
    primary = {"route": "dynamic", "usage": "primary", "host": place.host}
    components: list[Json] = [{"component": "pg", "port": place.port, **primary}]
    if plan.has_pooling:
        components.append({"component": "pgbouncer", "port": place.pooler_port, **primary})
    if plan.node_count > 1:
        replica = {"route": "dynamic", "usage": "replica", "host": _replica_host(service)}
        components.append({"component": "pg", "port": place.port, **replica})
    return components


def _pools(service: Service, reveal: bool) -> list[Json]:
    """Return the pools; a URI carries its user's current password, the admin's if unpinned.

    The path is the pool's name, the port PgBouncer's (Aiven's Kubernetes operator's docs).
    """
    place = service.place
    tail = f"@{place.host}:{place.pooler_port}/"
    logins: dict[str, str] = {}

    def show(pool: Pool) -> Json:
        name = pool.username or service.admin
        if name not in logins:
            password = quote(service.users[name].password, safe="")
            logins[name] = f"postgres://{quote(name, safe='')}:{password}{tail}"
        uri = f"{logins[name]}{pool.name}?sslmode=require"
        return {
            "connection_uri": uri if reveal else REDACTED,
            "database": pool.database,
            "pool_mode": pool.mode,
            "pool_name": pool.name,
            "pool_size": pool.size,
            "username": pool.username,
        }

    return [show(pool) for pool in service.pools.values()]


def _maintenance(service: Service) -> Json:
    window = service.maintenance
    return {"dow": window.dow, "time": window.time, "enabled": True, "updates": []}


def _metadata(service: Service, plan: Plan) -> Json:
    return {
        "end_of_life_help_article_url": "https://aiven.io/docs/platform/reference/eol-for-major-versions",
        "end_of_life_policy_url": "https://aiven.io/docs/platform/reference/eol-for-major-versions",
        "max_connections": service.user_config.get("pg", {}).get("max_connections")
        or plan.max_connections,
        "pg_version": service.user_config["pg_version"],
        "write_block_threshold_exceeded": False,
    }


def _node_states(service: Service, plan: Plan) -> list[Json]:
    """Return one entry per node; avn's verbose table needs `progress_updates`."""
    if service.state is State.POWEROFF:
        return []
    is_up = service.state is not State.REBUILDING
    return [
        {
            "availability_zone": service.cloud,
            "name": f"{service.name}-{number}",
            "progress_updates": [],
            "role": "master" if number == 1 else "standby",
            "state": "running" if is_up else "setting_up_vm",
        }
        for number in range(1, plan.node_count + 1)
    ]


def _integration(entry: Json) -> Json:
    return {
        "active": True,
        "description": "",
        "dest_service_type": "pg",
        "enabled": True,
        "integration_status": {
            "state": {"errors": [], "nodes": {}, "status": "running"},
            "status_user_desc": "Integration is active",
        },
        "source_service_type": "pg",
        **entry,
    }
