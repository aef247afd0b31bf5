"""Routes of clouds, service types, plans, prices and versions."""

from __future__ import annotations

from reconciler.sandbox.account import projects
from reconciler.sandbox.account.account import ACCOUNT_ID
from reconciler.sandbox.api.call import Call, Json
from reconciler.sandbox.catalogue import (
    CLOUDS,
    PLANS,
    SERVICE_TYPE,
    find_cloud,
    find_plan,
    find_type,
)
from reconciler.sandbox.errors import ACCOUNT_NOT_FOUND, refuse
from reconciler.sandbox.views import project as views


def read_clouds(call: Call) -> Json:
    _need_project(call)
    return {"clouds": [views.show_cloud(cloud) for cloud in CLOUDS.values()]}


def read_service_types(call: Call) -> Json:
    """Answer every type with its plans (the form avn's `service plans` reads)."""
    _need_project(call)
    plans = [views.show_plan(plan) for plan in PLANS.values()]
    return {"service_types": {SERVICE_TYPE: views.show_type() | {"service_plans": plans}}}


def read_service_type_heads(call: Call) -> Json:
    """Answer every type without its plans, each at the top level."""
    _need_project(call)
    return {SERVICE_TYPE: views.show_type()}


def read_service_type(call: Call) -> Json:
    """Answer one type at the top level: avn asks before every create and update."""
    _need_project(call)
    find_type(call.names["type"])
    return views.show_type()


def read_plans(call: Call) -> Json:
    _need_project(call)
    find_type(call.names["type"])
    return {"service_plans": [views.show_plan(plan) for plan in PLANS.values()]}


def read_plan(call: Call) -> Json:
    _need_project(call)
    find_type(call.names["type"])
    return views.show_plan_specs(find_plan(call.names["plan"]))


def read_price(call: Call) -> Json:
    _need_project(call)
    find_type(call.names["type"])
    return views.show_price(find_plan(call.names["plan"]), find_cloud(call.names["cloud"]))


def read_versions(call: Call) -> Json:
    if call.names.get("account", ACCOUNT_ID) != ACCOUNT_ID:
        raise refuse(ACCOUNT_NOT_FOUND)
    return {"service_versions": views.show_versions()}


def _need_project(call: Call) -> None:
    """Refuse an unknown project; the public forms of these routes name none."""
    if "project" in call.names:
        projects.find(call.account, call.project)
