"""Routes of projects and of the organization they are in."""

from __future__ import annotations

from reconciler.sandbox import bodies
from reconciler.sandbox.account import projects
from reconciler.sandbox.account.account import (
    ACCOUNT_ID,
    ACCOUNT_NAME,
    ORGANIZATION_ID,
)
from reconciler.sandbox.api.call import Call, Json
from reconciler.sandbox.errors import ORGANIZATION_NOT_FOUND, refuse
from reconciler.sandbox.views.project import show_project
from reconciler.sandbox.views.times import rfc3339


def read_all(call: Call) -> Json:
    found = list(call.account.projects.values())
    return {
        "project_membership": {project.name: "admin" for project in found},
        "project_memberships": {project.name: ["admin"] for project in found},
        "projects": [show_project(project) for project in found],
    }


def create(call: Call) -> Json:
    body = call.checked(bodies.PROJECT_CREATE)
    return {"project": show_project(projects.create(call.account, body))}


def read(call: Call) -> Json:
    return {"project": show_project(projects.find(call.account, call.project))}


def update(call: Call) -> Json:
    body = call.checked(bodies.PROJECT_UPDATE)
    return {"project": show_project(projects.update(call.account, call.project, body))}


def delete(call: Call) -> Json:
    projects.delete(call.account, call.project)
    return {"message": "deleted"}


def read_certificate(call: Call) -> Json:
    projects.find(call.account, call.project)
    return {"certificate": call.account.authority.certificate()}


def read_tags(call: Call) -> Json:
    return {"tags": dict(projects.find(call.account, call.project).tags)}


def replace_tags(call: Call) -> Json:
    project = projects.find(call.account, call.project)
    project.tags = dict(call.checked(bodies.TAGS_REPLACE)["tags"])
    return {"message": "tags replaced"}


def update_tags(call: Call) -> Json:
    project = projects.find(call.account, call.project)
    project.tags = projects.merge_tags(project.tags, call.checked(bodies.TAGS_UPDATE)["tags"])
    return {"message": "tags updated"}


def read_vpcs(call: Call) -> Json:
    """Answer no VPC: avn asks before it creates a service with --cloud."""
    projects.find(call.account, call.project)
    return {"vpcs": []}


def read_static_ips(call: Call) -> Json:
    """Answer no address: the Aiven Terraform provider asks at every read of a service."""
    projects.find(call.account, call.project)
    return {"static_ips": []}


def read_organization(call: Call) -> Json:
    if call.names["organization"] != ORGANIZATION_ID:
        raise refuse(ORGANIZATION_NOT_FOUND)
    time = rfc3339(call.account.created_at_s)
    return {
        "account_id": ACCOUNT_ID,
        "create_time": time,
        "organization_id": ORGANIZATION_ID,
        "organization_name": ACCOUNT_NAME,
        "tier": "business",
        "update_time": time,
    }
