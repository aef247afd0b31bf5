"""Whole outputs as people see them, at 80 columns without colour. `RECONCILE_GOLDEN=1` writes them anew."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from workbench import Ran, Workbench

GOLDEN = Path(__file__).parent / "golden"

STACK = """\
stack: shop

variables:
  project: {type: string}
  pool_size: {type: integer, default: 25}

resources:
  aiven_pg:
    shop:
      project: ${vars.project}
      service_name: shop-pg
      plan: startup-4
  aiven_pg_database:
    orders:
      project: ${vars.project}
      service_name: ${aiven_pg.shop.service_name}
      database_name: orders
  aiven_pg_user:
    app:
      project: ${vars.project}
      service_name: ${aiven_pg.shop.service_name}
      username: app
  aiven_connection_pool:
    web:
      project: ${vars.project}
      service_name: ${aiven_pg.shop.service_name}
      pool_name: web
      database_name: ${aiven_pg_database.orders.database_name}
      pool_size: ${vars.pool_size}
      username: ${aiven_pg_user.app.username}
    jobs:
      project: ${vars.project}
      service_name: ${aiven_pg.shop.service_name}
      pool_name: jobs
      database_name: ${aiven_pg_database.orders.database_name}
      pool_mode: session
"""

REPORTS = """\
    reports:
      project: ${vars.project}
      service_name: ${aiven_pg.shop.service_name}
      pool_name: reports
      database_name: defaultdb
"""


def normalised(text: str) -> str:
    """Return it without what differs from run to run: digests and times."""
    text = re.sub(r"\b[0-9a-f]{8}\b", "5739d596", text)
    text = re.sub(r"\b\d+\.(\d+) s\b", lambda time: f"0.{'0' * len(time[1])} s", text)
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)


def transcript(ran: Ran, *words: str) -> str:
    parts = [f"$ reconcile {' '.join(words)}", ran.out.rstrip()]
    if ran.err:
        parts.append("--- stderr\n" + ran.err.rstrip())
    parts.append(f"--- exit {ran.code}")
    return normalised("\n".join(parts) + "\n")


@pytest.fixture
def shop(bench: Workbench) -> Iterator[Workbench]:
    """A workbench in a project whose name is always the same, and as long."""
    shop = replace(bench, project="my-project")
    yield shop
    for name in shop.services():
        shop.ok("DELETE", f"/service/{name}")


def applied(bench: Workbench) -> None:
    bench.write(STACK)
    bench.apply("--parallelism", "1")


def changed(bench: Workbench) -> None:
    """A pool renamed, another drifted, one more declared, a user gone."""
    applied(bench)
    bench.ok("PUT", "/service/shop-pg/connection_pool/jobs", {"pool_size": 40})
    text = STACK.replace("pool_name: web", "pool_name: web-v2")
    text = text.replace("      username: ${aiven_pg_user.app.username}\n", "")
    text = re.sub(r"  aiven_pg_user:\n    app:\n(      .*\n){3}", "", text)
    bench.write(text + REPORTS)


def renamed_by_another(bench: Workbench) -> None:
    applied(bench)
    bench.reconcile("state", "rm", "aiven_connection_pool.web")


def hobbyist(bench: Workbench) -> None:
    bench.write(STACK.replace("plan: startup-4", "plan: hobbyist"))


def refused(bench: Workbench) -> None:
    """The API says no to one pool."""
    bench.write(STACK)
    body = {"message": "No, thanks", "errors": [{"message": "No, thanks", "status": 400}]}
    bench.fault(method="POST", path="shop-pg/connection_pool", status=400, body=body)


def misspelt(bench: Workbench) -> None:
    bench.write(STACK.replace("pool_mode", "pool_mod").replace("${vars.pool_size}", "0"))


def declared(bench: Workbench) -> None:
    bench.write(STACK)


SERIAL = ["--parallelism", "1"]
SCENES: dict[str, tuple[Callable[[Workbench], None], list[str]]] = {
    "plan_of_all": (declared, ["plan"]),
    "apply_of_all": (declared, ["apply", "--auto-approve", *SERIAL]),
    "plan_of_nothing": (applied, ["plan"]),
    "plan_of_a_size": (applied, ["plan", "--var", "pool_size=42"]),
    "plan_of_many_changes": (changed, ["plan"]),
    "apply_of_many_changes": (changed, ["apply", "--auto-approve", *SERIAL]),
    "plan_blocked": (hobbyist, ["plan"]),
    "plan_refused": (renamed_by_another, ["plan"]),
    "apply_partly_refused": (refused, ["apply", "--auto-approve", *SERIAL]),
    "validate_misspelt": (misspelt, ["validate"]),
    "destroy": (
        applied,
        ["destroy", "--auto-approve", "--ack", "data-loss:aiven_pg.shop", *SERIAL],
    ),
    "destroy_not_acknowledged": (applied, ["destroy", "--auto-approve"]),
    "state_list": (applied, ["state", "list"]),
}


@pytest.mark.parametrize("name", SCENES)
def test_output_is_as_it_was(shop: Workbench, name: str) -> None:
    """Read the difference before writing it anew: it is what people will see."""
    prepare, words = SCENES[name]
    prepare(shop)
    found = transcript(shop.reconcile(*words), *words)
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("RECONCILE_GOLDEN"):
        file.write_text(found)
    assert found == file.read_text()
    assert max(map(len, found.splitlines())) <= 100
