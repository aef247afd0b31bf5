"""A project and the catalogue as JSON."""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.account import user_config
from reconciler.sandbox.account.account import ACCOUNT_NAME, ORGANIZATION_ID
from reconciler.sandbox.account.objects import Project
from reconciler.sandbox.catalogue import (
    CLOUDS,
    DEFAULT_VERSION,
    LATEST_VERSION,
    SERVICE_DESCRIPTION,
    SERVICE_TYPE,
    VERSIONS,
    Cloud,
    Plan,
    Version,
)

Json = dict[str, Any]


def show_project(project: Project) -> Json:
    """Return a project; avn fails without the billing keys, the Go clients without the ids."""
    defaults: Json = {
        "address_lines": [],
        "billing_address": "",
        "billing_currency": "USD",
        "billing_emails": [],
        "billing_extra_text": None,
        "city": "",
        "company": "",
        "country_code": "",
        "state": "",
        "vat_id": "",
        "zip_code": "",
    }
    return (
        defaults
        | {key: value for key, value in project.billing.items() if value is not None}
        | {
            "account_id": project.account_id,
            "account_name": ACCOUNT_NAME,
            "available_credits": "0.00",
            "billing_group_id": project.billing_group_id,
            "billing_group_name": "Default billing group",
            "card_info": None,
            "country": "",
            "default_cloud": project.cloud,
            "end_of_life_extension": {},
            "estimated_balance": "0.00",
            "estimated_balance_local": "0.00",
            "features": {},
            "organization_id": ORGANIZATION_ID,
            "payment_method": "no_payment_expected",
            "project_name": project.name,
            "tags": dict(project.tags),
            "tech_emails": [{"email": email} for email in project.tech_emails],
            "tenant_id": "aiven",
            "trial_expiration_time": None,
        }
    )


def show_cloud(cloud: Cloud) -> Json:
    return {
        "cloud_description": cloud.description,
        "cloud_name": cloud.name,
        "geo_latitude": cloud.latitude,
        "geo_longitude": cloud.longitude,
        "geo_region": cloud.region,
        "provider": cloud.provider,
        "provider_description": cloud.provider_description,
    }


def show_plan(plan: Plan) -> Json:
    """Return a plan as in the list of service types, with its price in every cloud."""
    region = {
        "disk_space_mb": plan.disk_mb,
        "node_cpu_count": plan.cpu_count,
        "node_memory_mb": plan.memory_mb,
        "price_usd": plan.price_usd,
        **_disk_limits(plan),
    }
    return _head(plan) | {"regions": dict.fromkeys(CLOUDS, region)}


def show_plan_specs(plan: Plan) -> Json:
    """Return a plan's own figures, which the Aiven Terraform provider reads at every refresh."""
    return _head(plan) | {"disk_space_mb": plan.disk_mb, **_disk_limits(plan)}


def show_price(plan: Plan, cloud: Cloud) -> Json:
    return {
        "base_price_usd": plan.price_usd,
        "cloud_name": cloud.name,
        "extra_disk_price_per_gb_usd": "0.00027",
        "service_plan": plan.name,
        "service_type": SERVICE_TYPE,
    }


def show_type() -> Json:
    return {
        "default_version": DEFAULT_VERSION,
        "description": SERVICE_DESCRIPTION,
        "latest_available_version": LATEST_VERSION,
        "user_config_schema": user_config.schema(),
    }


def show_versions() -> list[Json]:
    return [_version(version) for version in VERSIONS]


def _version(version: Version) -> Json:
    """Return a version; avn needs the key aiven_end_of_life_time, null or not."""
    return {
        "aiven_end_of_life_time": version.end_of_life,
        "availability_end_time": version.end_of_life,
        "availability_start_time": version.available_from,
        "end_of_life_help_article_url": "https://aiven.io/docs/platform/reference/eol-for-major-versions",
        "major_version": version.major,
        "service_type": SERVICE_TYPE,
        "state": version.state,
        "termination_time": None,
        "upstream_end_of_life_time": version.end_of_life,
    }


def _head(plan: Plan) -> Json:
    return {
        "backup_config": {
            "interval": 24,
            "max_count": plan.backup_count,
            "recovery_mode": "pitr" if plan.has_pitr else "basic",
        },
        "max_memory_percent": 100,
        "node_count": plan.node_count,
        "service_plan": plan.name,
        "service_type": SERVICE_TYPE,
    }


def _disk_limits(plan: Plan) -> Json:
    if plan.disk_cap_mb is None:
        return {}
    return {"disk_space_cap_mb": plan.disk_cap_mb, "disk_space_step_mb": plan.disk_step_mb}
