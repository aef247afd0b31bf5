"""What is put in offline, what stays for later, and what a reference makes of a value."""

from reconciler.expressions import Reference, Template
from reconciler.model.address import Address
from reconciler.model.resource import Lifecycle, Use
from reconciler.model.values import Secret

PG = """
stack: example
variables:
  size: {type: integer, default: 20}
  env: {type: string, default: dev}
  nothing: {default: null}
data:
  aiven_project:
    main: {project: my-project}
resources:
  aiven_pg:
    main:
      project: ${data.aiven_project.main.project}
      service_name: pg-${vars.env}
      plan: startup-4
      pg_user_config: {work_mem: 4, pgbouncer: {autodb_pool_size: 5}}
  aiven_pg_user:
    app:
      project: p
      service_name: pg-1
      username: app
      password: hunter2hunter2
    other: {project: p, service_name: pg-1, username: other}
  aiven_connection_pool:
    main:
      project: ${aiven_pg.main.project}
      service_name: ${aiven_pg.main.service_name}
      pool_name: main
      database_name: main
      username: ${vars.nothing}
"""


def outputs(load, **expressions: str) -> dict[str, object]:
    """Return the values of these expressions beside the resources above."""
    lines = "".join(f"  {name}: {text}\n" for name, text in expressions.items())
    stack = load(f"{PG}outputs:\n{lines}")
    return {name: output.value for name, output in stack.outputs.items()}


def late(root: str, address: str, *path: str | int) -> Template:
    return Template((Reference(root, path, Address(address)),))


def test_what_is_declared_is_put_in(load) -> None:
    """Through any number of references, with its type."""
    assert outputs(
        load,
        size="${vars.size}",
        stack="${stack.name}",
        project="${aiven_connection_pool.main.project}",
        service="x-${aiven_connection_pool.main.service_name}-${vars.size}",
        nested="${aiven_pg.main.pg_user_config.work_mem}",
        bracket='\'${aiven_pg.main.pg_user_config["pgbouncer"]["autodb_pool_size"]}\'',
    ) == {
        "size": 20,
        "stack": "example",
        "project": "my-project",
        "service": "x-pg-dev-20",
        "nested": 4,
        "bracket": 5,
    }


def test_what_is_not_declared_is_the_default_or_null(load) -> None:
    """As the plan will take it."""
    assert outputs(
        load,
        size="${aiven_connection_pool.main.pool_size}",
        mode="${aiven_connection_pool.main.pool_mode}",
        user="${aiven_connection_pool.main.username}",
    ) == {"size": 10, "mode": "transaction", "user": None}


def test_an_id_is_known_when_the_identity_is(load) -> None:
    """Of resources and of data sources."""
    assert outputs(
        load, pool="${aiven_connection_pool.main.id}", project="${data.aiven_project.main.id}"
    ) == {"pool": "my-project/pg-dev/main", "project": "my-project"}


def test_what_only_the_api_knows_stays_for_later(load) -> None:
    """Read-only and computed attributes, keys of merged maps, what a lookup reads."""
    assert outputs(
        load,
        uri="${aiven_connection_pool.main.connection_uri}",
        cloud="${aiven_pg.main.cloud_name}",
        password="${aiven_pg_user.other.password}",
        merged="${aiven_pg.main.pg_user_config.shared_buffers_percentage}",
        component="${aiven_pg.main.components[0].host}",
        account="${data.aiven_project.main.account_id}",
        mixed="${vars.env}/${aiven_pg.main.service_host}/${vars.size}",
    ) == {
        "uri": late("aiven_connection_pool", "aiven_connection_pool.main", "connection_uri"),
        "cloud": late("aiven_pg", "aiven_pg.main", "cloud_name"),
        "password": late("aiven_pg_user", "aiven_pg_user.other", "password"),
        "merged": late("aiven_pg", "aiven_pg.main", "pg_user_config", "shared_buffers_percentage"),
        "component": late("aiven_pg", "aiven_pg.main", "components", 0, "host"),
        "account": late("data", "data.aiven_project.main", "account_id"),
        "mixed": Template(
            ("dev/", *late("aiven_pg", "aiven_pg.main", "service_host").parts, "/20")
        ),
    }


def test_a_late_value_is_handed_on_to_who_refers_to_it(load) -> None:
    """So what is left always names an attribute that the API will tell."""
    stack = load(
        """
        stack: example
        data:
          aiven_project:
            a: {project: p}
        resources:
          aiven_pg_database:
            a: {project: p, service_name: s, database_name: "${data.aiven_project.a.default_cloud}"}
            b: {project: p, service_name: s, database_name: "b-${aiven_pg_database.a.database_name}"}
        """
    )
    late_cloud = late("data", "data.aiven_project.a", "default_cloud")
    b = stack.resources[Address("aiven_pg_database.b")]
    assert b.attributes["database_name"] == Template(("b-", *late_cloud.parts))
    assert b.uses == (
        Use(
            attribute="database_name",
            target=Address("aiven_pg_database.a"),
            target_attribute="database_name",
        ),
    )


def test_a_sensitive_attribute_is_a_secret(load) -> None:
    """Where it is declared and wherever it is used."""
    stack = load(PG + "outputs:\n  p: ${aiven_pg_user.app.password}\n")
    app = stack.resources[Address("aiven_pg_user.app")]
    assert app.attributes["password"] == Secret("hunter2hunter2")
    assert stack.outputs["p"].value == Secret("hunter2hunter2")
    assert "hunter2" not in repr(stack)


def test_a_sensitive_key_of_a_map_is_a_secret(load) -> None:
    """At any depth."""
    stack = load(
        """
        stack: example
        resources:
          aiven_pg:
            main:
              project: p
              service_name: pg-1
              plan: startup-4
              pg_user_config: {admin_password: hunter2hunter2, work_mem: null}
        """
    )
    config = stack.resources[Address("aiven_pg.main")].attributes["pg_user_config"]
    assert config == {"admin_password": Secret("hunter2hunter2")}


def test_null_is_not_declared(load) -> None:
    """Written out or through an expression."""
    stack = load(PG)
    assert "username" not in stack.resources[Address("aiven_connection_pool.main")].attributes


def test_a_literal_dollar_brace_stays_text(load) -> None:
    """And is not read again on the way."""
    stack = load(
        """
        stack: example
        resources:
          aiven_pg:
            main: {project: p, service_name: s, plan: b-1, tags: {a: "$${vars.x}"}}
            copy: {project: p, service_name: t, plan: b-1, tags: "${aiven_pg.main.tags}"}
        """
    )
    assert stack.resources[Address("aiven_pg.copy")].attributes["tags"] == {"a": "${vars.x}"}


def test_every_reference_is_listed_as_a_use(load) -> None:
    """Resolved already or not, sorted, with the paths on both sides."""
    stack = load(
        PG
        + """
  aiven_pg_database:
    db:
      project: ${data.aiven_project.main.project}
      service_name: ${aiven_pg.main.service_name}
      database_name: ${aiven_pg.main.pg_user_config.pgbouncer.server_lifetime}-x
"""
    )
    uses = stack.resources[Address("aiven_pg_database.db")].uses
    assert [(use.attribute, use.target, use.target_attribute) for use in uses] == [
        ("database_name", "aiven_pg.main", "pg_user_config.pgbouncer.server_lifetime"),
        ("project", "data.aiven_project.main", "project"),
        ("service_name", "aiven_pg.main", "service_name"),
    ]


def test_what_stands_beside_the_attributes_is_read(load) -> None:
    """depends_on, timeouts in seconds, lifecycle; variables may stand in them."""
    stack = load(
        """
        stack: example
        variables:
          wait: {type: string, default: 2h45m}
          keep: {type: boolean, default: true}
        resources:
          aiven_pg_database:
            a: {project: p, service_name: s, database_name: a}
            b:
              project: p
              service_name: s
              database_name: b
              depends_on: [aiven_pg_database.a]
              timeouts: {create: 5m, default: "${vars.wait}"}
              lifecycle: {prevent_destroy: "${vars.keep}"}
        """
    )
    b = stack.resources[Address("aiven_pg_database.b")]
    assert set(b.attributes) == {"project", "service_name", "database_name"}
    assert b.depends_on == (Address("aiven_pg_database.a"),)
    assert b.timeouts_s == {"create": 300, "default": 9900}
    assert b.lifecycle == Lifecycle(prevent_destroy=True)


def test_a_deprecated_attribute_warns(load) -> None:
    """It still works."""
    stack = load(
        """
        stack: example
        resources:
          aiven_pg:
            main:
              project: p
              service_name: s
              plan: startup-4
              pg_user_config: {pg_qualstats: {enabled: true}}
        """
    )
    [warning] = stack.warnings
    assert warning.summary == "Deprecated attribute"
    assert warning.location is not None
    assert warning.location.line == 9


def test_a_chain_of_many_references_is_followed(load) -> None:
    """In order of need, not by recursion."""
    lines = [
        f"    d{n}: {{project: p, service_name: '${{aiven_pg_database.d{n - 1}.service_name}}',"
        f" database_name: d{n}}}\n"
        for n in range(1, 3000)
    ]
    stack = load(
        "stack: x\nresources:\n  aiven_pg_database:\n"
        "    d0: {project: p, service_name: s, database_name: d0}\n" + "".join(lines)
    )
    assert stack.resources[Address("aiven_pg_database.d2999")].attributes["service_name"] == "s"
