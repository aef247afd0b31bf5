"""Locals, defaults and environments: what is said once and used in many places."""

from pathlib import Path

import pytest

from reconciler.desired import load_stack_name
from reconciler.expressions import Reference, Template
from reconciler.kinds.catalogue import load_catalogue
from reconciler.model.address import Address
from reconciler.model.values import Secret

USER = "aiven_pg_user.a"
DATABASE = "aiven_pg_database.a"


def locals_of(load, locals_: str, **expressions: str) -> dict[str, object]:
    """Return what expressions that use these locals stand for."""
    outputs = "".join(f"  {name}: {text}\n" for name, text in expressions.items())
    stack = load(
        "stack: x\nvariables:\n  env: {type: string, default: dev}\n"
        f"  word: {{type: string, writeOnly: true, default: hunter2hunter2}}\nlocals:\n{locals_}"
        f"outputs:\n{outputs}"
        "resources: {aiven_pg: {m: {project: p, service_name: pg-1, plan: startup-4}}}\n"
    )
    return {name: output.value for name, output in stack.outputs.items()}


def test_a_local_may_use_variables_and_other_locals(load) -> None:
    """In any order, at any depth, with its type."""
    found = locals_of(
        load,
        "  c: {deep: ['${locals.b}'], size: 5}\n  b: ${locals.a}-x\n  a: ${vars.env}\n",
        whole="${locals.c}",
        item="'${locals.c.deep[0]}'",
        size="${locals.c.size}",
    )
    assert found == {"whole": {"deep": ["dev-x"], "size": 5}, "item": "dev-x", "size": 5}


def test_what_a_local_says_of_a_resource_is_put_in_where_it_is_used(load) -> None:
    """A declared attribute at once, any other later; and the user refers to the resource."""
    stack = load(
        """
        stack: x
        locals:
          service: ${aiven_pg.m.service_name}
          host: "h-${aiven_pg.m.service_host}"
        resources:
          aiven_pg: {m: {project: p, service_name: pg-1, plan: startup-4}}
          aiven_pg_database:
            a: {project: p, service_name: "${locals.service}", database_name: "${locals.host}"}
        """
    )
    database = stack.resources[Address(DATABASE)]
    host = Reference("aiven_pg", ("service_host",), Address("aiven_pg.m"))
    assert database.attributes["service_name"] == "pg-1"
    assert database.attributes["database_name"] == Template(("h-", host))
    assert [(use.attribute, use.target) for use in database.uses] == [
        ("database_name", "aiven_pg.m"),
        ("service_name", "aiven_pg.m"),
    ]


def test_a_secret_stays_one_in_a_local(load) -> None:
    """Wherever the local goes."""
    found = locals_of(load, "  uri: postgres://${vars.word}@h\n", uri="${locals.uri}")
    assert found["uri"] == Secret("postgres://hunter2hunter2@h")


def test_an_index_may_be_a_local(load) -> None:
    """A value looked up by another."""
    found = locals_of(load, "  sizes: {dev: 5, prod: 20}\n", size="'${locals.sizes[vars.env]}'")
    assert found["size"] == 5


def test_a_chain_of_many_locals_is_followed(load) -> None:
    """In order of need, not by recursion."""
    lines = "".join(f"  l{n}: ${{locals.l{n - 1}}}\n" for n in range(1, 3000))
    assert locals_of(load, f"  l0: end\n{lines}", end="${locals.l2999}") == {"end": "end"}


DEFAULTS = """
stack: x
variables: {mode: {type: string, default: session}}
defaults:
  aiven_connection_pool:
    pool_mode: ${vars.mode}
    pool_size: 7
    project: ${aiven_pg.m.project}
    timeouts: {default: 5m, create: 1m}
resources:
  aiven_pg: {m: {project: p, service_name: pg-1, plan: startup-4}}
  aiven_connection_pool:
    a: {service_name: pg-1, pool_name: a, database_name: d}
    b:
      service_name: pg-1
      pool_name: b
      database_name: d
      pool_mode: statement
      pool_size: null
      timeouts: {create: 2m}
"""


def test_a_resources_own_attributes_win_over_defaults(load) -> None:
    """Also a null, which leaves the attribute undeclared."""
    stack = load(DEFAULTS)
    a = stack.resources[Address("aiven_connection_pool.a")]
    b = stack.resources[Address("aiven_connection_pool.b")]
    assert (a.attributes["pool_mode"], a.attributes["pool_size"]) == ("session", 7)
    assert a.attributes["project"] == "p"
    assert b.attributes["pool_mode"] == "statement"
    assert "pool_size" not in b.attributes


def test_deadlines_have_defaults_too(load) -> None:
    """Operation by operation."""
    stack = load(DEFAULTS)
    assert stack.resources[Address("aiven_connection_pool.a")].timeouts_s == {
        "default": 300,
        "create": 60,
    }
    assert stack.resources[Address("aiven_connection_pool.b")].timeouts_s == {
        "default": 300,
        "create": 120,
    }


def test_a_default_stands_where_it_was_written(load) -> None:
    """For messages and for the plan."""
    places = load(DEFAULTS).resources[Address("aiven_connection_pool.a")].places
    assert places.at(("pool_size",)).line == 7
    assert places.at(("pool_name",)).line == 13
    assert places.key_at(()).line == 13


def test_data_sources_have_no_defaults(load) -> None:
    """They take what finds them, and nothing else."""
    stack = load(
        "stack: x\ndefaults: {aiven_pg: {plan: startup-4}}\n"
        "data: {aiven_pg: {a: {project: p, service_name: s}}}\n"
    )
    assert stack.data[Address("data.aiven_pg.a")].attributes == {
        "project": "p",
        "service_name": "s",
    }


ENVIRONMENTS = """
stack: x
variables: {v: {type: string, default: default}}
outputs: {v: "${vars.v}", name: "${stack.name}", env: "${stack.env}"}
"""


@pytest.fixture
def value_in(load, tmp_path: Path):
    """Return a function that gives vars.v in the environment `prod`, where it is said to be env."""
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "prod.yaml").write_text("v: env")
    (tmp_path / "file.vars").write_text("v: file")

    def value_in(**options: object) -> object:
        return load(ENVIRONMENTS, env="prod", **options).outputs["v"].value

    return value_in


def test_an_environment_is_nearer_than_the_shell_and_farther_than_what_is_typed(
    value_in, tmp_path: Path
) -> None:
    """--var, --var-file, env/NAME.yaml, RECONCILE_VAR_, default."""
    environ = {"RECONCILE_VAR_v": "environ"}
    file = tmp_path / "file.vars"
    assert value_in(environ=environ) == "env"
    assert value_in(environ=environ, var_files=[file]) == "file"
    assert value_in(environ=environ, var_files=[file], var={"v": "var"}) == "var"


def test_an_environment_has_a_state_of_its_own(load, value_in, tmp_path: Path) -> None:
    """The stack's name stays what it is."""
    value_in()
    stack = load(ENVIRONMENTS, env="prod")
    assert (stack.name, stack.env) == ("x@prod", "prod")
    assert [stack.outputs[name].value for name in ("name", "env")] == ["x", "prod"]
    assert load_stack_name(tmp_path, load_catalogue(), env="prod") == "x@prod"
    plain = load(ENVIRONMENTS)
    assert (plain.name, plain.env, plain.outputs["env"].value) == ("x", "", "")


def test_an_environment_lies_beside_a_single_file_too(load, value_in, tmp_path: Path) -> None:
    """The folder is the one the stack file is in; it may be empty."""
    value_in()
    (tmp_path / "env" / "empty.yaml").write_text("")
    assert load_stack_name(tmp_path / "stack.yaml", load_catalogue(), env="empty") == "x@empty"
    assert load(ENVIRONMENTS, env="empty").outputs["v"].value == "default"
