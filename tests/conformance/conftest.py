"""The same service in both sandboxes: one in memory, one on PostgreSQL and PgBouncer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from sandbox_api import Api
from sandbox_real import Shop, need_programs

from reconciler.sandbox import Settings, running


@pytest.fixture(scope="session")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Shop]]:
    """Return a shop for each engine."""
    need_programs()
    with ExitStack() as stack:
        found: dict[str, Shop] = {}
        for engine in ("memory", "real"):
            sandbox = stack.enter_context(running(Settings(engine=engine)))
            headers = {"authorization": f"aivenv1 {sandbox.token}"}
            http = httpx.Client(base_url=sandbox.url, headers=headers, trust_env=False, timeout=30)
            api = Api(http=stack.enter_context(http), root=sandbox.url, project="my-project")
            ca: Path = tmp_path_factory.mktemp("ca") / "ca.pem"
            ca.write_text(api.ok("GET", f"{api.path}/kms/ca")["certificate"])
            found[engine] = Shop(api=api, path=api.create_service(), ca=ca)
        yield found
