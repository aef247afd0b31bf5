"""One stack in several environments: variables, state and the next command of each."""

import pytest
from workbench import Workbench, pg, pool, stack


@pytest.fixture
def two(bench: Workbench) -> Workbench:
    """A stack whose service and pool are called after the environment."""
    bench.write(
        stack(
            sections={"variables": {"size": {"type": "integer", "default": 5}}},
            pg={"main": pg("pg-${stack.env}")},
            connection_pool={
                "main": pool("pool", "${aiven_pg.main.service_name}", pool_size="${vars.size}")
            },
        )
    )
    (bench.folder / "env").mkdir()
    bench.write("size: 20\n", "env/prod.yaml")
    bench.write("", "env/dev.yaml")
    return bench


def test_each_environment_has_its_variables_and_its_state(two: Workbench) -> None:
    """The state is called after both, and `state` commands find it."""
    assert two.reconcile("apply", "--auto-approve", "--env", "prod").code == 0
    assert two.reconcile("plan", "--env", "prod", "--detailed-exitcode").code == 0
    assert (two.folder / "state" / "test@prod.yaml").exists()
    assert two.reconcile("plan", "--env", "dev", "--detailed-exitcode").code == 2
    shown = two.reconcile("state", "show", "aiven_connection_pool.main", "--env", "prod")
    assert '"pool_size": 20' in shown.out
    assert two.reconcile("state", "list", "--env", "dev").out == ""


def test_the_next_command_is_for_the_same_environment(two: Workbench) -> None:
    """What a plan tells to type carries it."""
    assert "--env dev" in two.reconcile("plan", "--env", "dev").out


def test_an_environment_that_there_is_not_is_an_error(two: Workbench) -> None:
    """With the names there are, for every command."""
    for words in (("plan",), ("state", "list")):
        ran = two.reconcile(*words, "--env", "prd")
        assert ran.code == 1
        assert "did you mean 'prod'?" in ran.err


def test_a_plan_file_knows_its_environment(two: Workbench) -> None:
    """It is applied there, and nowhere else."""
    assert two.reconcile("plan", "--env", "prod", "--out", "plan.json").code == 0
    assert two.reconcile("apply", "plan.json", "--env", "dev").code == 5
    assert two.reconcile("apply", "plan.json").code == 0
    assert two.reconcile("state", "list", "--env", "prod").out.count("aiven_pg.main") == 1
