"""The unmodified `avn` command against the sandbox: every command is a process of its own.

Each test is a short walk, so that a run over several processes can share them out.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sandbox_api import Api

from reconciler.sandbox import Running

AVN = [str(Path(sys.executable).with_name("avn"))]


@dataclass(frozen=True)
class Avn:
    environment: dict[str, str]
    project: str

    def run(self, line: str, *more: str) -> subprocess.CompletedProcess[str]:
        command = [*AVN, *line.split(), *more]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=60
        )

    def say(self, line: str, *more: str) -> str:
        """Return what a command prints that must succeed."""
        done = self.run(line, *more)
        assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
        return done.stdout

    def read(self, line: str, *more: str) -> Any:
        """Return the answer of a command that must succeed, as JSON."""
        return json.loads(self.say(line, *more, "--json"))

    def fail(self, line: str, *more: str) -> str:
        """Return what a command prints that must fail."""
        done = self.run(line, *more)
        assert done.returncode != 0, f"{line}: {done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def avn(sandbox: Running, api: Api, tmp_path: Path) -> Avn:
    """The command with an empty home, in the project of the test."""
    environment = {
        **{name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ},
        "AIVEN_WEB_URL": sandbox.url,
        "AIVEN_AUTH_TOKEN": sandbox.token,
        "AIVEN_CONFIG_DIR": str(tmp_path),
        "AIVEN_PROJECT": api.project,
        "HOME": str(tmp_path),
    }
    return Avn(environment=environment, project=api.project)


def by(key: str) -> Callable[[list[dict[str, Any]]], list[Any]]:
    return lambda rows: [row[key] for row in rows]


def test_avn_projects(avn: Avn, api: Api) -> None:
    new = f"{avn.project}-new"
    account = api.ok("GET", api.path)["project"]["account_id"]
    organization = api.ok("GET", api.path)["project"]["organization_id"]
    assert avn.project in by("project_name")(avn.read("project list"))
    assert new in avn.say(f"project create {new} --parent-id {account}")
    assert "already exists" in avn.fail(f"project create {new} --parent-id {organization}")
    avn.say(f"project update --project {new} --cloud aws-eu-west-1")
    (details,) = avn.read(f"project details --project {new}")
    assert details["default_cloud"] == "aws-eu-west-1"
    assert avn.say(f"project tags replace --project {new} --tag a=1 --tag b=2")
    assert avn.say(f"project tags update --project {new} --add-tag c=3 --remove-tag a")
    tags = avn.read(f"project tags list --project {new}")
    assert {row["key"]: row["value"] for row in tags} == {"b": "2", "c": "3"}
    assert avn.say(f"project delete {new}") is not None
    assert new not in by("project_name")(avn.read("project list"))
    assert "Project does not exist" in avn.fail(f"project details --project {new}")


def test_avn_certificate_and_catalogue(avn: Avn, tmp_path: Path) -> None:
    target = tmp_path / "ca.pem"
    avn.say("project ca-get --target-filepath", str(target))
    assert target.read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert "google-europe-west1" in by("cloud_name")(avn.read("cloud list"))
    assert "PostgreSQL" in avn.say("service types")
    plans = avn.say("service plans --service-type pg --cloud google-europe-west1 --monthly")
    assert re.search(r"pg:startup-4 +\$75/mo", plans)
    versions = avn.read("service versions")
    assert "17" in by("major_version")(versions)


def test_avn_services(avn: Avn, api: Api) -> None:
    avn.say(
        "service create db1 -t pg -p startup-4 --cloud google-europe-west1"
        " -c pg_version=16 -c pg.log_min_duration_statement=100 --enable-termination-protection"
    )
    avn.say("service wait db1")
    made = avn.read("service get db1")
    assert (made["state"], made["plan"]) == ("RUNNING", "startup-4")
    assert made["user_config"]["pg"] == {"log_min_duration_statement": 100}
    assert by("service_name")(avn.read("service list")) == ["db1"]
    assert "db1" in avn.say("service get db1 -v")
    assert "already exists" in avn.fail("service create db1 -t pg -p startup-4 --no-project-vpc")
    avn.say("service create db1 -t pg -p startup-4 --no-project-vpc --no-fail-if-exists")
    assert "Remove termination protection first" in avn.fail("service terminate db1 --force")
    avn.say("service update db1 --disable-termination-protection")
    avn.say("service update db1 --maintenance-dow sunday --maintenance-time 04:00:00")
    assert avn.read("service get db1")["maintenance"]["dow"] == "sunday"
    avn.say("service terminate db1 --force")
    assert avn.read("service list") == []
    assert "Service does not exist" in avn.fail("service get db1")


def test_avn_configuration_and_power(avn: Avn, api: Api) -> None:
    api.create_service("db1")
    avn.say("service update db1 -c work_mem=8 -c pgbouncer.min_pool_size=2")
    assert avn.read("service get db1")["user_config"]["work_mem"] == 8
    avn.say("service update db1 --remove-option work_mem")
    config = avn.read("service get db1")["user_config"]
    assert "work_mem" not in config
    assert config["pgbouncer"] == {"min_pool_size": 2}
    assert "100000" in avn.fail("service update db1 -c work_mem=100000")
    avn.say("service update db1 -p business-8 --cloud aws-eu-west-1")
    assert avn.read("service get db1")["node_count"] == 2
    avn.say("service update db1 --power-off")
    assert avn.read("service get db1")["state"] == "POWEROFF"
    assert "try again later" in avn.fail("service database-list db1")
    avn.say("service update db1 --power-on")
    avn.say("service wait db1")
    assert avn.say("service maintenance-start db1")
    assert len(avn.read("service backup-list db1")) == 1


def test_avn_databases_and_users(avn: Avn, api: Api) -> None:
    api.create_service("db1")
    avn.say("service database-create db1 --dbname sales")
    assert avn.read("service database-list db1") == ["defaultdb", "sales"]
    assert "already exists" in avn.fail("service database-create db1 --dbname sales")
    avn.say("service database-delete db1 --dbname sales")
    avn.say("service user-create db1 --username app")
    assert by("username")(avn.read("service user-list db1")) == ["avnadmin", "app"]
    first = avn.read("service user-get db1 --username app")["password"]
    avn.say("service user-password-reset db1 --username app --new-password correct-horse")
    second = avn.read("service user-get db1 --username app")["password"]
    avn.say("service credentials-reset db1")
    third = avn.read("service user-get db1 --username app")["password"]
    assert second == "correct-horse"
    assert len({first, second, third}) == 3
    avn.say("service user-delete db1 --username app")
    assert "Service user does not exist" in avn.fail("service user-get db1 --username app")


def test_avn_connection_pools(avn: Avn, api: Api) -> None:
    path = api.create_service("db1")
    api.ok("POST", f"{path}/user", {"username": "app"})
    pool = "--pool-name web"
    avn.say(f"service connection-pool-create db1 {pool} --dbname defaultdb --username app")
    assert "web" in avn.say("service connection-pool-list db1")
    avn.say(f"service connection-pool-update db1 {pool} --pool-size 3 --pool-mode session")
    (found,) = avn.read("service connection-pool-list db1")
    assert (found["pool_size"], found["pool_mode"], found["username"]) == (3, "session", "app")
    avn.say(f"service connection-pool-update db1 {pool} --username", "")
    (found,) = avn.read("service connection-pool-list db1")
    assert found["username"] is None
    assert "does not exist" in avn.fail(
        "service connection-pool-create db1 --pool-name p --dbname defaultdb --username who"
    )
    avn.say(f"service connection-pool-delete db1 {pool}")
    assert avn.read("service connection-pool-list db1") == []


def test_avn_connection_info_and_tags(avn: Avn, api: Api) -> None:
    path = api.create_service("db1")
    uri = avn.say("service connection-info pg uri db1").strip()
    assert uri.startswith("postgres://avnadmin:")
    assert "host=" in avn.say("service connection-info pg string db1")
    avn.say("service tags replace db1 --tag a=1 --tag b=2")
    avn.say("service tags update db1 --add-tag c=3 --remove-tag a")
    tags = avn.read("service tags list db1")
    assert {row["key"]: row["value"] for row in tags} == {"b": "2", "c": "3"}
    check = "--operation upgrade_check --target-version 18 --format {task_id}"
    assert avn.say(f"service task-create db1 {check}")
    assert api.service(path)["tags"] == {"b": "2", "c": "3"}


def test_avn_with_a_wrong_token_is_turned_away(avn: Avn) -> None:
    wrong = Avn(environment=avn.environment | {"AIVEN_AUTH_TOKEN": "no"}, project=avn.project)
    assert "Authentication failed" in wrong.fail("project list")
