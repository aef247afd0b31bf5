"""Tasks of a service; the sandbox knows the check that comes before a major upgrade."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.account import services
from reconciler.sandbox.account.account import Account
from reconciler.sandbox.account.objects import Task
from reconciler.sandbox.catalogue import AVAILABLE_VERSIONS
from reconciler.sandbox.errors import INVALID_VALUE, TASK_NOT_FOUND, TASK_UNKNOWN, refuse


def create(account: Account, project: str, service_name: str, body: Mapping[str, Any]) -> Task:
    """Run an upgrade check. The version comes in `upgrade_check` or, the old form, beside it."""
    service = services.find_operational(account, project, service_name)
    if body["task_type"] != "upgrade_check":
        raise refuse(TASK_UNKNOWN, name=body["task_type"])
    target = body.get("upgrade_check", body).get("target_version")
    if target is None:
        raise refuse(INVALID_VALUE, path="target_version", problem="a version is required")
    possible = target in AVAILABLE_VERSIONS
    if not possible or int(target) < int(service.user_config["pg_version"]):
        success, result = False, f"Upgrade to version {target} is not possible"
    else:
        success, result = True, "All pre-upgrade checks passed successfully."
    task = Task(
        task_id=str(uuid.uuid4()),
        task_type=body["task_type"],
        target_version=target,
        created_at_s=account.now_s(),
        success=success,
        result=result,
    )
    service.tasks[task.task_id] = task
    return task


def find(account: Account, project: str, service_name: str, task_id: str) -> Task:
    service = services.find(account, project, service_name)
    if task_id not in service.tasks:
        raise refuse(TASK_NOT_FOUND)
    return service.tasks[task_id]
