"""The plan on the first screen of the README: made by the tool, never by hand."""

import subprocess
from pathlib import Path

from doc_session import environment, quiet, workplace

_SITUATION = r"""
set -eu
cp examples/pools_for_teams/stack.yaml pools.yaml
reconcile apply pools.yaml --auto-approve >applied 2>&1
sed -e '/pool_name: orders-web/,/pool_size/s/pool_size: 20/pool_size: 25/' \
    -e 's/pool_name: billing-web/pool_name: billing/' pools.yaml >edited
mv edited pools.yaml
avn service connection-pool-update back-office-postgres --project my-project \
    --pool-name crm-reports --pool-size 7
printf '$ reconcile plan pools.yaml\n'
reconcile plan pools.yaml
"""
"""Twelve pools are there. Two are changed in YAML, a third was changed at the API by somebody else."""


def first_plan(parent: Path) -> str:
    """Return the command and the plan that the tool prints for it today."""
    with workplace(parent) as place:
        ran = subprocess.run(
            ["reconcile", "sandbox", "run", "--engine", "memory", "--", "sh", "-c", _SITUATION],
            cwd=place,
            env=environment(parent / "home"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            timeout=120,
            check=True,
        )
    return quiet(ran.stdout)
