"""Random walks over both engines: they answer alike, and what the real one runs is what it says.

After every step the API, pg_roles and pg_database, and PgBouncer's SHOW DATABASES must agree.
`RECONCILE_WALKS=200` walks longer than the usual few.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sandbox_real import Shop
from sandbox_real import invariant as assert_invariant

pytestmark = pytest.mark.real_engine

WALKS = int(os.environ.get("RECONCILE_WALKS", "4"))
LONG = 50
STEPS = 20

names = st.sampled_from(["a", "b", "A", "c-d.e_1", "all"])
databases = st.sampled_from(["defaultdb", "a", "B-1", "nope"])
users = st.none() | st.sampled_from(["avnadmin", "a", "U.1", "nope"])
modes = st.sampled_from(["session", "transaction", "statement"])
sizes = st.integers(1, 30)


class Walk(RuleBasedStateMachine):
    """The same calls to both; `shops` is set by the test."""

    shops: dict[str, Shop]

    def __init__(self) -> None:
        super().__init__()
        self.is_off = False
        for shop in self.shops.values():
            clear(shop)

    def call(self, method: str, path: str, body: Any = None) -> int:
        """Do it on both; they must answer with the same status and the same words."""
        answers = []
        for shop in self.shops.values():
            answer = shop.api.call(method, shop.path + path, body)
            said = answer.json()
            answers.append((answer.status_code, said.get("message"), said.get("errors")))
        assert answers[0] == answers[1], (method, path, body)
        return int(answers[0][0])

    @rule(name=databases)
    def create_database(self, name: str) -> None:
        self.call("POST", "/db", {"database": name})

    @rule(name=databases)
    def delete_database(self, name: str) -> None:
        self.call("DELETE", f"/db/{name}")

    @rule(name=users.filter(bool), replicates=st.booleans())
    def create_user(self, name: str, replicates: bool) -> None:
        access = {"pg_allow_replication": replicates}
        self.call("POST", "/user", {"username": name, "access_control": access})

    @rule(name=users.filter(bool), replicates=st.booleans())
    def change_user(self, name: str, replicates: bool) -> None:
        access = {"pg_allow_replication": replicates}
        body = {"operation": "set-access-control", "access_control": access}
        self.call("PUT", f"/user/{name}", body)

    @rule(name=users.filter(bool))
    def reset_password(self, name: str) -> None:
        self.call("PUT", f"/user/{name}/credentials/reset")

    @rule(name=users.filter(bool))
    def delete_user(self, name: str) -> None:
        self.call("DELETE", f"/user/{name}")

    @rule(name=names, database=databases, username=users, mode=modes, size=sizes)
    def create_pool(
        self, name: str, database: str, username: str | None, mode: str, size: int
    ) -> None:
        body = {
            "pool_name": name, "database": database, "username": username,
            "pool_mode": mode, "pool_size": size,
        }  # fmt: skip
        self.call("POST", "/connection_pool", body)

    @rule(
        name=names,
        change=st.fixed_dictionaries(
            {},
            optional={
                "database": databases,
                "username": users,
                "pool_mode": modes,
                "pool_size": sizes,
            },
        ),
    )
    def change_pool(self, name: str, change: dict[str, Any]) -> None:
        self.call("PUT", f"/connection_pool/{name}", change)

    @rule(name=names)
    def delete_pool(self, name: str) -> None:
        self.call("DELETE", f"/connection_pool/{name}")

    @rule(size=st.integers(0, 3))
    def tune_pooler(self, size: int) -> None:
        config = {"pgbouncer": {"min_pool_size": size}}
        assert self.call("PUT", "", {"user_config": config}) == 200

    @rule(work_mem=st.none() | st.integers(1, 8))
    def tune_database(self, work_mem: int | None) -> None:
        assert self.call("PUT", "", {"user_config": {"work_mem": work_mem}}) == 200

    @rule()
    def switch_off_or_on(self) -> None:
        self.is_off = not self.is_off
        assert self.call("PUT", "", {"powered": not self.is_off}) == 200
        for shop in self.shops.values():
            shop.service()

    @rule(plan=st.sampled_from(["startup-4", "business-8"]))
    def move(self, plan: str) -> None:
        assert self.call("PUT", "", {"plan": plan}) == 200
        for shop in self.shops.values():
            shop.service()

    @invariant()
    def both_show_the_same(self) -> None:
        assert shown(self.shops["memory"]) == shown(self.shops["real"])

    @invariant()
    def what_runs_is_what_is_shown(self) -> None:
        if not self.is_off:
            assert_invariant(self.shops["real"])


def shown(shop: Shop) -> dict[str, Any]:
    """Return what does not differ by design: not passwords, hosts, ports, times."""
    service = shop.service()
    keys = ("state", "plan", "databases", "node_count", "user_config", "metadata")
    return {
        **{key: service[key] for key in keys},
        "users": [(u["username"], u["type"], u["access_control"]) for u in service["users"]],
        "pools": [
            {key: value for key, value in pool.items() if key != "connection_uri"}
            for pool in service["connection_pools"]
        ],
        "components": [(c["component"], c["usage"]) for c in service["components"]],
    }


def clear(shop: Shop) -> None:
    """Bring the service back to how it was made."""
    api, path = shop.api, shop.path
    if shop.service()["state"] == "POWEROFF":
        api.ok("PUT", path, {"powered": True})
    service = shop.service()
    for pool in service["connection_pools"]:
        api.ok("DELETE", f"{path}/connection_pool/{pool['pool_name']}")
    for user in service["users"][1:]:
        api.ok("DELETE", f"{path}/user/{user['username']}")
    for name in set(service["databases"]) - {"defaultdb"}:
        api.ok("DELETE", f"{path}/db/{name}")
    if "defaultdb" not in service["databases"]:
        api.ok("POST", f"{path}/db", {"database": "defaultdb"})
    config = {"pgbouncer": None, "work_mem": None}
    api.ok("PUT", path, {"plan": "startup-4", "user_config": config})


def test_random_walks_over_both_engines(shops: dict[str, Shop]) -> None:
    Walk.shops = shops
    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=WALKS,
            stateful_step_count=STEPS,
            deadline=None,
            # A walk takes seconds: only who asks for long ones waits for the shortest that fails.
            phases=[Phase.generate] if WALKS < LONG else list(Phase),
            suppress_health_check=list(HealthCheck),
        ),
    )
    for name, shop in shops.items():
        clear(shop)
        assert shown(shop)["state"] == "RUNNING", name
