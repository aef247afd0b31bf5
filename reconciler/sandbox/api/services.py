"""Routes of services."""

from __future__ import annotations

from reconciler.sandbox import bodies
from reconciler.sandbox.account import projects, services, tasks
from reconciler.sandbox.account.objects import Task
from reconciler.sandbox.api.call import Call, Json
from reconciler.sandbox.views.service import show_backup, show_service
from reconciler.sandbox.views.times import rfc3339


def read_all(call: Call) -> Json:
    names = projects.find(call.account, call.project).services
    found = [services.find(call.account, call.project, name) for name in names]
    return {"services": [show_service(service, reveal=call.reveals) for service in found]}


def create(call: Call) -> Json:
    body = call.checked(bodies.SERVICE_CREATE)
    service = services.create(call.account, call.project, body)
    return {"service": show_service(service, reveal=call.reveals_in_write)}


def read(call: Call) -> Json:
    return {"service": show_service(services.find(*call.place), reveal=call.reveals)}


def update(call: Call) -> Json:
    body = call.checked(bodies.SERVICE_UPDATE)
    service = services.update(*call.place, body)
    return {"service": show_service(service, reveal=call.reveals_in_write)}


def delete(call: Call) -> Json:
    services.delete(*call.place)
    return {"message": "deleted"}


def read_tags(call: Call) -> Json:
    return {"tags": dict(services.find(*call.place).tags)}


def replace_tags(call: Call) -> Json:
    service = services.find(*call.place)
    service.tags = dict(call.checked(bodies.TAGS_REPLACE)["tags"])
    return {"message": "tags replaced"}


def update_tags(call: Call) -> Json:
    service = services.find(*call.place)
    service.tags = projects.merge_tags(service.tags, call.checked(bodies.TAGS_UPDATE)["tags"])
    return {"message": "tags updated"}


def start_maintenance(call: Call) -> Json:
    services.find_operational(*call.place)
    return {"message": "maintenance started"}


def read_backups(call: Call) -> Json:
    service = services.find(*call.place)
    return {"backups": [show_backup(backup, service) for backup in service.backups]}


def read_migration(call: Call) -> Json:
    """Answer a migration that is done: nothing here migrates."""
    services.find(*call.place)
    return {"migration": {"method": "dump", "status": "done"}, "migration_detail": []}


def create_task(call: Call) -> Json:
    body = call.checked(bodies.TASK_CREATE)
    return {"task": _show_task(tasks.create(*call.place, body))}


def read_task(call: Call) -> Json:
    return {"task": _show_task(tasks.find(*call.place, call.names["task"]))}


def _show_task(task: Task) -> Json:
    return {
        "create_time": rfc3339(task.created_at_s),
        "result": task.result,
        "result_codes": [],
        "success": task.success,
        "task_id": task.task_id,
        "task_type": task.task_type,
    }
