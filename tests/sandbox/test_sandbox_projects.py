"""Projects and the catalogue."""

from __future__ import annotations

import httpx
from cryptography import x509
from sandbox_api import Api

from reconciler.sandbox import Running


def test_project_has_every_key_the_clients_cannot_do_without(api: Api) -> None:
    project = api.ok("GET", api.path)["project"]
    needed = [
        "project_name",
        "account_id",
        "account_name",
        "organization_id",
        "default_cloud",
        "tags",
        "billing_group_id",
        "billing_group_name",
        "billing_address",
        "billing_currency",
        "billing_emails",
        "billing_extra_text",
        "available_credits",
        "estimated_balance",
        "payment_method",
        "country",
        "country_code",
        "vat_id",
        "card_info",
        "tech_emails",
        "trial_expiration_time",
        "end_of_life_extension",
        "features",
    ]
    assert [key for key in needed if key not in project] == []
    assert project["default_cloud"] == "google-europe-west1"
    listed = api.ok("GET", "/project")
    assert project in listed["projects"]
    assert listed["project_membership"][api.project] == "admin"
    assert listed["project_memberships"][api.project] == ["admin"]


def test_first_project_is_there_from_the_start(api: Api) -> None:
    assert api.ok("GET", "/project/my-project")["project"]["project_name"] == "my-project"


def test_project_is_created_as_avn_and_the_terraform_provider_ask(api: Api) -> None:
    """avn sends a null cloud, the provider copies settings from another project."""
    name = f"{api.project}-b"
    account = api.ok("GET", api.path)["project"]["account_id"]
    api.ok("PUT", api.path, {"tags": {"a": "1"}, "cloud": "aws-eu-west-1"})
    body = {"project": name, "account_id": account, "cloud": None}
    copied = api.ok(
        "POST", "/project", {**body, "copy_from_project": api.project, "copy_tags": True}
    )
    assert copied["project"]["default_cloud"] == "aws-eu-west-1"
    assert copied["project"]["tags"] == {"a": "1"}
    assert api.code("POST", "/project", body) == (409, "project_already_exists")
    assert "already exists" in api.refused(409, "POST", "/project", body)


def test_renamed_project_keeps_its_services(api: Api) -> None:
    api.create_service()
    new = f"{api.project}-new"
    assert api.ok("PUT", api.path, {"project_name": new})["project"]["project_name"] == new
    assert api.code("GET", api.path) == (404, "project_not_found")
    assert api.ok("GET", f"/project/{new}/service/pg1")["service"]["service_name"] == "pg1"
    assert api.code("PUT", f"/project/{new}", {"project_name": "my-project"})[0] == 409


def test_project_update_keeps_what_it_does_not_name(api: Api) -> None:
    api.ok("PUT", api.path, {"tech_emails": [{"email": "a@example.org"}], "vat_id": "FI1"})
    project = api.ok("PUT", api.path, {"billing_currency": "EUR"})["project"]
    assert project["tech_emails"] == [{"email": "a@example.org"}]
    assert (project["vat_id"], project["billing_currency"]) == ("FI1", "EUR")


def test_project_with_services_cannot_be_deleted(api: Api) -> None:
    pg = api.create_service()
    assert api.code("DELETE", api.path)[0] == 403
    api.ok("DELETE", pg)
    api.ok("DELETE", api.path)
    assert api.code("GET", api.path)[0] == 404
    assert api.code("DELETE", api.path)[0] == 404


def test_wrong_projects_are_refused(api: Api) -> None:
    for body in (
        {},
        {"project": ""},
        {"project": "a" * 64},
        {"project": "a/b"},
        {"project": "new-one", "colour": "red"},
        {"project": "new-one", "cloud": "moon-1"},
        {"project": "new-one", "billing_group_id": "short"},
        {"project": "new-one", "tech_emails": ["a@example.org"]},
        {"project": "new-one", "tags": {"a": 1}},
    ):
        assert api.code("POST", "/project", body)[0] == 400, body
    assert api.code("POST", "/project", {"project": "new-one", "account_id": "nope"})[0] == 404
    assert api.code("GET", "/project/new-one")[0] == 404


def test_project_tags(api: Api) -> None:
    api.ok("PUT", f"{api.path}/tags", {"tags": {"a": "1", "b": "2"}})
    api.ok("PATCH", f"{api.path}/tags", {"tags": {"a": None, "c": "3"}})
    assert api.ok("GET", f"{api.path}/tags") == {"tags": {"b": "2", "c": "3"}}
    assert api.code("PUT", f"{api.path}/tags", {"tags": {"a": None}})[0] == 400
    assert api.code("PUT", f"{api.path}/tags", {})[0] == 400


def test_certificate_is_a_real_one_and_stays(api: Api) -> None:
    pem = api.ok("GET", f"{api.path}/kms/ca")["certificate"]
    certificate = x509.load_pem_x509_certificate(pem.encode())
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    certificate.verify_directly_issued_by(certificate)
    assert api.ok("GET", "/project/my-project/kms/ca")["certificate"] == pem


def test_project_has_no_vpcs_and_no_static_ips(api: Api) -> None:
    assert api.ok("GET", f"{api.path}/vpcs") == {"vpcs": []}
    assert api.ok("GET", f"{api.path}/static-ips?limit=999") == {"static_ips": []}
    body = {"service_name": "x", "service_type": "pg", "plan": "hobbyist"}
    vpc = {"project_vpc_id": "0" * 36}
    assert api.code("POST", f"{api.path}/service", body | vpc)[0] == 404
    assert api.code("POST", f"{api.path}/service", body | {"static_ips": ["ip1"]})[0] == 404


def test_organization_leads_to_the_account(api: Api) -> None:
    """avn project create --parent-id org… asks for it."""
    project = api.ok("GET", api.path)["project"]
    found = api.ok("GET", f"/organization/{project['organization_id']}")
    assert found["account_id"] == project["account_id"]
    assert api.code("GET", "/organization/org1")[0] == 404


def test_three_reads_of_the_catalogue_need_no_token(sandbox: Running) -> None:
    with httpx.Client(base_url=sandbox.url, trust_env=False) as stranger:
        for path in ("clouds", "service_types", "service_versions"):
            assert stranger.get(f"/v1/{path}").status_code == 200
        assert stranger.get("/v1/project/my-project/clouds").status_code == 401


def test_clouds(api: Api) -> None:
    clouds = api.ok("GET", f"{api.path}/clouds")["clouds"]
    assert clouds == api.ok("GET", "/clouds")["clouds"]
    assert "google-europe-west1" in {cloud["cloud_name"] for cloud in clouds}
    assert all(cloud["geo_region"] and cloud["provider"] for cloud in clouds)


def test_every_plan_can_be_read_in_every_way(api: Api) -> None:
    """The Terraform provider reads the specs, avn the list, both the price in a cloud."""
    plans = api.ok("GET", f"{api.path}/service-types/pg/plans")["service_plans"]
    types = api.ok("GET", f"{api.path}/service_types")["service_types"]
    assert types["pg"]["service_plans"] == plans
    names = {plan["service_plan"] for plan in plans}
    assert {"hobbyist", "free-1-5gb", "startup-4", "business-120", "premium-8"} <= names
    for plan in plans:
        specs = api.ok("GET", f"{api.path}/service-types/pg/plans/{plan['service_plan']}")
        region = plan["regions"]["google-europe-west1"]
        assert specs["disk_space_mb"] == region["disk_space_mb"]
        assert specs["node_count"] == plan["node_count"]
        assert specs["backup_config"].keys() == {"interval", "max_count", "recovery_mode"}
        assert {"price_usd", "node_memory_mb", "node_cpu_count"} <= region.keys()
    pricing = f"{api.path}/pricing/service-types/pg/plans/startup-4/clouds"
    assert api.ok("GET", f"{pricing}/google-europe-west1")["base_price_usd"] == "0.10274"
    assert api.code("GET", f"{pricing}/moon-1")[0] == 400
    assert api.code("GET", f"{api.path}/service-types/pg/plans/nope")[0] == 404
    assert api.code("GET", f"{api.path}/service-types/kafka")[0] == 404


def test_service_type_has_the_schema_avn_walks(api: Api) -> None:
    found = api.ok("GET", f"{api.path}/service-types/pg")
    schema = found["user_config_schema"]
    assert "null" in schema["properties"]["work_mem"]["type"]
    assert schema["properties"]["admin_password"]["type"] == "string"
    assert api.ok("GET", f"{api.path}/service-types")["pg"] == found


def test_versions(api: Api) -> None:
    account = api.ok("GET", api.path)["project"]["account_id"]
    versions = api.ok("GET", f"/account/{account}/service_versions")["service_versions"]
    assert versions == api.ok("GET", "/service_versions")["service_versions"]
    assert {"17", "18"} <= {entry["major_version"] for entry in versions}
    assert all("aiven_end_of_life_time" in entry for entry in versions)
    assert api.code("GET", "/account/nope/service_versions")[0] == 404
