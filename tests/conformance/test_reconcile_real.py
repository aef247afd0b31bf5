"""The whole job on real databases: two hundred pools applied by reconcile, every URI opened."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sandbox_real import need_programs
from workbench import Workbench, database, many_pools, pg, pool, stack, user

from reconciler.sandbox import Settings, running

pytestmark = pytest.mark.real_engine

POOLS = 200


@pytest.fixture
def real_bench(tmp_path: Path) -> Iterator[Workbench]:
    need_programs()
    (tmp_path / "state").mkdir()
    with running(Settings(engine="real")) as sandbox:
        yield Workbench(sandbox=sandbox, project="my-project", folder=tmp_path)


def ask(uri: str, question: str) -> object:
    with psycopg.connect(uri, prepare_threshold=None, autocommit=True) as session:
        row = session.execute(question).fetchone()
    return row and row[0]


def test_two_hundred_pools_are_applied_and_every_one_opens(real_bench: Workbench) -> None:
    """A tenth of them pinned; on two databases; then half of them changed, and all gone."""
    named = many_pools(POOLS - 20, database_name="${aiven_pg_database.sales.database_name}")
    pinned = {
        f"pinned{n}": pool(
            f"pinned-{n}", "${aiven_pg.main.service_name}", username="${aiven_pg_user.app.username}"
        )
        for n in range(20)
    }
    content = stack(
        aiven_pg={"main": pg(plan="startup-16")},
        aiven_pg_database={"sales": database("sales", "${aiven_pg.main.service_name}")},
        aiven_pg_user={"app": user("app", "${aiven_pg.main.service_name}")},
        aiven_connection_pool={**named, **pinned},
    )
    real_bench.write(content)
    real_bench.apply()
    pools = real_bench.pools()
    assert len(pools) == POOLS
    with ThreadPoolExecutor(8) as threads:
        question = "SELECT current_user || '@' || current_database()"
        uris = [one["connection_uri"] for one in pools.values()]
        found = dict(zip(pools, threads.map(lambda uri: ask(uri, question), uris), strict=True))
    assert found == {
        name: "app@defaultdb" if name.startswith("pinned-") else "avnadmin@sales" for name in pools
    }
    assert real_bench.changes() == {}
    for one in list(named.values())[:100]:
        one["pool_size"] = 3
    real_bench.write(content)
    real_bench.apply()
    assert sum(one["pool_size"] == 3 for one in real_bench.pools().values()) == 100
    real_bench.destroy()
    assert real_bench.services() == []
