"""Every route of the sandbox, one a line."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.sandbox.api import catalogue, inside, projects, services
from reconciler.sandbox.api.call import Handler


@dataclass(frozen=True, slots=True)
class ApiRoute:
    method: str
    path: str
    handler: Handler
    is_public: bool = False
    """Three reads of the catalogue need no token (Aiven's API documentation)."""


_P = "/v1/project/{project}"
_S = _P + "/service/{service}"

# fmt: off
ROUTES: tuple[ApiRoute, ...] = (
    ApiRoute("GET", "/v1/clouds", catalogue.read_clouds, is_public=True),
    ApiRoute("GET", "/v1/service_types", catalogue.read_service_types, is_public=True),
    ApiRoute("GET", "/v1/service_versions", catalogue.read_versions, is_public=True),
    ApiRoute("GET", "/v1/account/{account}/service_versions", catalogue.read_versions),
    ApiRoute("GET", "/v1/organization/{organization}", projects.read_organization),

    ApiRoute("GET", _S, services.read),
    ApiRoute("PUT", _S, services.update),
    ApiRoute("DELETE", _S, services.delete),
    ApiRoute("GET", _S + "/tags", services.read_tags),
    ApiRoute("PUT", _S + "/tags", services.replace_tags),
    ApiRoute("PATCH", _S + "/tags", services.update_tags),
    ApiRoute("PUT", _S + "/credentials/reset", inside.reset_all_users),
    ApiRoute("PUT", _S + "/maintenance/start", services.start_maintenance),
    ApiRoute("GET", _S + "/backups", services.read_backups),
    ApiRoute("GET", _S + "/migration", services.read_migration),
    ApiRoute("POST", _S + "/task", services.create_task),
    ApiRoute("GET", _S + "/task/{task}", services.read_task),
    ApiRoute("GET", _S + "/db", inside.read_databases),
    ApiRoute("POST", _S + "/db", inside.create_database),
    ApiRoute("DELETE", _S + "/db/{database}", inside.delete_database),
    ApiRoute("POST", _S + "/user", inside.create_user),
    ApiRoute("GET", _S + "/user/{user}", inside.read_user),
    ApiRoute("PUT", _S + "/user/{user}", inside.modify_user),
    ApiRoute("DELETE", _S + "/user/{user}", inside.delete_user),
    ApiRoute("PUT", _S + "/user/{user}/credentials/reset", inside.reset_user),
    ApiRoute("POST", _S + "/connection_pool", inside.create_pool),
    ApiRoute("PUT", _S + "/connection_pool/{pool}", inside.update_pool),
    ApiRoute("DELETE", _S + "/connection_pool/{pool}", inside.delete_pool),

    ApiRoute("GET", _P + "/service", services.read_all),
    ApiRoute("POST", _P + "/service", services.create),
    ApiRoute("GET", "/v1/project", projects.read_all),
    ApiRoute("POST", "/v1/project", projects.create),
    ApiRoute("GET", _P, projects.read),
    ApiRoute("PUT", _P, projects.update),
    ApiRoute("DELETE", _P, projects.delete),
    ApiRoute("GET", _P + "/kms/ca", projects.read_certificate),
    ApiRoute("GET", _P + "/tags", projects.read_tags),
    ApiRoute("PUT", _P + "/tags", projects.replace_tags),
    ApiRoute("PATCH", _P + "/tags", projects.update_tags),
    ApiRoute("GET", _P + "/vpcs", projects.read_vpcs),
    ApiRoute("GET", _P + "/static-ips", projects.read_static_ips),

    ApiRoute("GET", _P + "/clouds", catalogue.read_clouds),
    ApiRoute("GET", _P + "/service_types", catalogue.read_service_types),
    ApiRoute("GET", _P + "/service-types", catalogue.read_service_type_heads),
    ApiRoute("GET", _P + "/service-types/{type}", catalogue.read_service_type),
    ApiRoute("GET", _P + "/service-types/{type}/plans", catalogue.read_plans),
    ApiRoute("GET", _P + "/service-types/{type}/plans/{plan}", catalogue.read_plan),
    ApiRoute("GET", _P + "/pricing/service-types/{type}/plans/{plan}/clouds/{cloud}",
             catalogue.read_price),
)
# fmt: on
