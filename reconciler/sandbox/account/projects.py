"""Projects: created, renamed, tagged, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.account.account import (
    ACCOUNT_ID,
    BILLING_GROUP_ID,
    DEFAULT_CLOUD,
    ORGANIZATION_ID,
    Account,
)
from reconciler.sandbox.account.objects import Project
from reconciler.sandbox.catalogue import find_cloud
from reconciler.sandbox.errors import (
    ACCOUNT_NOT_FOUND,
    PROJECT_EXISTS,
    PROJECT_NOT_EMPTY,
    PROJECT_NOT_FOUND,
    refuse,
)

_BILLING = (
    "address_lines",
    "billing_address",
    "billing_currency",
    "billing_emails",
    "billing_extra_text",
    "city",
    "company",
    "country_code",
    "state",
    "vat_id",
    "zip_code",
)


def find(account: Account, name: str) -> Project:
    if name not in account.projects:
        raise refuse(PROJECT_NOT_FOUND)
    return account.projects[name]


def create(account: Account, body: Mapping[str, Any]) -> Project:
    """Create a project from a checked body; `copy_from_project` lends cloud and tags."""
    name = body["project"]
    if name in account.projects:
        raise refuse(PROJECT_EXISTS, name=name)
    model = find(account, body["copy_from_project"]) if "copy_from_project" in body else None
    project = Project(
        name=name,
        account_id=ACCOUNT_ID,
        cloud=model.cloud if model else DEFAULT_CLOUD,
        created_at_s=account.now_s(),
        billing_group_id=model.billing_group_id if model else BILLING_GROUP_ID,
    )
    if model and body.get("copy_tags"):
        project.tags = dict(model.tags)
    _change(project, body)
    account.projects[name] = project
    return project


def update(account: Account, name: str, body: Mapping[str, Any]) -> Project:
    """Change what the checked body names; `project_name` renames."""
    project = find(account, name)
    new_name = body.get("project_name", name)
    if new_name != name and new_name in account.projects:
        raise refuse(PROJECT_EXISTS, name=new_name)
    _change(project, body)
    if new_name != name:
        _rename(account, project, new_name)
    return project


def delete(account: Account, name: str) -> None:
    if find(account, name).services:
        raise refuse(PROJECT_NOT_EMPTY)
    del account.projects[name]


def merge_tags(tags: Mapping[str, str], given: Mapping[str, str | None]) -> dict[str, str]:
    """Return `tags` after a PATCH: null deletes a tag (Aiven's API documentation)."""
    return {key: value for key, value in {**tags, **given}.items() if value is not None}


def _change(project: Project, body: Mapping[str, Any]) -> None:
    """Check first, then change: a refused body leaves nothing half done."""
    account_id = body.get("account_id")
    if account_id is not None and account_id not in (ACCOUNT_ID, ORGANIZATION_ID):
        raise refuse(ACCOUNT_NOT_FOUND)
    if body.get("cloud") is not None:
        project.cloud = find_cloud(body["cloud"]).name
    if body.get("billing_group_id") is not None:
        project.billing_group_id = body["billing_group_id"]
    if "tags" in body:
        project.tags = dict(body["tags"])
    if body.get("tech_emails") is not None:
        project.tech_emails = [entry["email"] for entry in body["tech_emails"]]
    project.billing |= {key: body[key] for key in _BILLING if key in body}


def _rename(account: Account, project: Project, name: str) -> None:
    del account.projects[project.name]
    project.name = name
    account.projects[name] = project
    for service in project.services.values():
        service.project = name
