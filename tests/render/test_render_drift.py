"""Drift as text: what stands where, at several widths, in colour and without."""

import re
from pathlib import Path

import pytest

from reconciler.model.address import Address
from reconciler.model.drift import DriftReport, Stand, Standing
from reconciler.model.location import Location
from reconciler.model.plan import Drift
from reconciler.model.values import Secret
from reconciler.render.drift import drift_text
from reconciler.render.drift_json import drift_json

GOLDEN = Path(__file__).parent / "golden"


def stand(address: str, *drift: Drift, **more: object) -> Stand:
    standing = Standing.DIFFERS if drift else Standing.SAME
    found = {
        "address": Address(address),
        "identity": f"my-project/example-postgres/{address.rpartition('.')[2]}",
        "standing": standing,
        "drift": drift,
        "source": Location("pools.yaml", 20, 7),
    }
    return Stand(**{**found, **more})  # type: ignore[arg-type]


def differs(name: str, recorded: object, live: object, **more: object) -> Drift:
    return Drift(path=(name,), recorded=recorded, live=live, **more)  # type: ignore[arg-type]


REPORT = DriftReport(
    stack="example",
    serial=118,
    projects=("my-project",),
    meta={"read_s": 0.214, "requests": 1},
    stands=(
        stand("aiven_connection_pool.analytics", differs("pool_size", 30, 40)),
        stand(
            "aiven_connection_pool.billing",
            differs("pool_size", 30, 40),
            differs("username", None, "a\x1b[31m"),
            declared={("pool_size",): 35},
        ),
        *(
            stand(
                f'aiven_connection_pool.team["{n}"]', differs("pool_mode", "session", "statement")
            )
            for n in range(25)
        ),
        stand("aiven_connection_pool.orders"),
        stand(
            "aiven_connection_pool.legacy",
            standing=Standing.GONE,
            is_declared=False,
            source=None,
        ),
        stand(
            "aiven_pg_user.app",
            differs("password", Secret("hunter2"), Secret("hunter3"), sensitive=True),
        ),
    ),
)
UNREADABLE = DriftReport(
    stack="example",
    serial=1,
    stands=(stand("aiven_pg.main", standing=Standing.UNKNOWN, why="the token may not see it"),),
)
CASES = {
    "drift-80": (REPORT, 80),
    "drift-120": (REPORT, 120),
    "drift-unreadable": (UNREADABLE, 80),
    "drift-none": (DriftReport(stack="example", serial=3, stands=(stand("aiven_pg.main"),)), 80),
}


@pytest.mark.parametrize("name", CASES)
def test_drift_reads_as_agreed(name: str) -> None:
    """Golden files; a change of them is a change of what people see."""
    report, width = CASES[name]
    text = drift_text(report, width=width) + "\n"
    assert text == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_colour_only_decorates(name: str) -> None:
    """Without it the same text stands there."""
    report, width = CASES[name]
    coloured = drift_text(report, width=width, colour=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == drift_text(report, width=width)


def test_no_secret_is_told() -> None:
    """Neither to people nor to machines."""
    assert "hunter" not in drift_text(REPORT) + drift_json(REPORT)
