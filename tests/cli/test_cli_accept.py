"""`reconcile accept`: the live value goes into its YAML line and into the record, and nothing else moves."""

import difflib
from pathlib import Path

import pytest
from workbench import Workbench

POOL = "aiven_connection_pool.main"
STACK = """\
# what we have
stack: test

variables:
  project: {type: string}
  size: {type: integer, default: 25}

resources:
  aiven_pg:
    main:   # the only one
      project: ${vars.project}
      service_name: pg1
      plan: startup-4
      tags: {team: payments}
      pg_user_config:
        # measured in May
        work_mem: 4
        ip_filter:
          - 10.0.0.0/8   # office
          - 192.168.0.0/16

  aiven_connection_pool:
    main:
      project: ${vars.project}
      service_name: ${aiven_pg.main.service_name}
      database_name: defaultdb
      pool_name: app
      pool_size: 25   # enough for May
      username: avnadmin
      timeouts: {create: 5m}
    other:
      project: ${vars.project}
      service_name: ${aiven_pg.main.service_name}
      database_name: defaultdb
      pool_name: other
      pool_size: ${vars.size}
# the end
"""


@pytest.fixture
def applied(bench: Workbench) -> Workbench:
    bench.write(STACK)
    bench.apply()
    return bench


def change_pool(bench: Workbench, name: str = "app", **values: object) -> None:
    """Change a pool as somebody else would."""
    bench.ok("PUT", f"/service/pg1/connection_pool/{name}", values)


def configure(bench: Workbench, **values: object) -> None:
    bench.ok("PUT", "/service/pg1", {"user_config": values})


def accept(bench: Workbench, attribute: str, *words: str) -> list[str]:
    """Accept; return the lines that differ from before, as a diff has them. The plan is empty then."""
    before = (bench.folder / "stack.yaml").read_text()
    ran = bench.reconcile("accept", attribute, *words)
    assert ran.code == 0, ran.both
    after = (bench.folder / "stack.yaml").read_text()
    assert bench.steps() == []
    return [
        line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"
    ]


def refused(bench: Workbench, attribute: str, *words: str) -> str:
    """Return what is said when it is refused: neither the file nor the state has changed."""
    before = (bench.folder / "stack.yaml").read_bytes(), bench.state()
    ran = bench.reconcile("accept", attribute, *words)
    assert ran.code == 1, ran.both
    assert ran.out == ""
    assert ((bench.folder / "stack.yaml").read_bytes(), bench.state()) == before
    assert [path.name for path in bench.folder.iterdir() if path.name.startswith(".")] == []
    return " ".join(ran.err.split())


def test_a_declared_value_is_written_over(applied: Workbench) -> None:
    """One line, its comment kept; the record has it too."""
    change_pool(applied, pool_size=40)
    assert accept(applied, f"{POOL}.pool_size") == [
        "-       pool_size: 25   # enough for May",
        "+       pool_size: 40   # enough for May",
    ]
    assert applied.state()[POOL]["attributes"]["pool_size"] == 40
    assert applied.reconcile("drift").code == 0


def test_what_was_done_is_told_with_its_place(applied: Workbench) -> None:
    change_pool(applied, pool_size=40)
    ran = applied.reconcile("accept", f"{POOL}.pool_size")
    assert ran.out == f"{POOL}.pool_size is 40 now (was 25)  stack.yaml:28\n"


def test_a_value_that_was_not_declared_gets_a_line(applied: Workbench) -> None:
    """In the block, before what is beside the attributes."""
    change_pool(applied, pool_mode="session")
    assert accept(applied, f"{POOL}.pool_mode") == ["+       pool_mode: session"]
    assert (
        "username: avnadmin\n      pool_mode: session\n      timeouts"
        in (applied.folder / "stack.yaml").read_text()
    )


def test_an_unset_value_loses_its_line(applied: Workbench) -> None:
    change_pool(applied, username=None)
    assert accept(applied, f"{POOL}.username") == ["-       username: avnadmin"]
    assert "username" not in applied.state()[POOL]["attributes"]


def test_a_property_of_a_merged_object(applied: Workbench) -> None:
    """One that is declared, one that was reset."""
    configure(applied, work_mem=8)
    assert accept(applied, "aiven_pg.main.pg_user_config.work_mem") == [
        "-         work_mem: 4",
        "+         work_mem: 8",
    ]
    configure(applied, work_mem=None)
    assert accept(applied, "aiven_pg.main.pg_user_config.work_mem") == ["-         work_mem: 8"]


def test_a_list_is_changed_item_by_item(applied: Workbench) -> None:
    """Comments beside the items that stay do stay."""
    configure(applied, ip_filter=["192.168.0.0/16", "10.0.0.0/8", "172.16.0.0/12"])
    assert accept(applied, "aiven_pg.main.pg_user_config.ip_filter") == [
        "+           - 172.16.0.0/12"
    ]
    configure(applied, ip_filter=["172.16.0.0/12", {"network": "10.0.0.0/8", "description": "x"}])
    assert accept(applied, "aiven_pg.main.pg_user_config.ip_filter") == [
        "-           - 10.0.0.0/8   # office",
        "-           - 192.168.0.0/16",
        "+           - {network: 10.0.0.0/8, description: x}",
    ]


def test_a_mapping_is_changed_key_by_key(applied: Workbench) -> None:
    applied.ok("PUT", "/service/pg1/tags", {"tags": {"team": "a: b", "env": "yes"}})
    assert accept(applied, "aiven_pg.main.tags") == [
        "-       tags: {team: payments}",
        '+       tags: {team: "a: b", env: "yes"}',
    ]
    applied.ok("PUT", "/service/pg1/tags", {"tags": {}})
    assert accept(applied, "aiven_pg.main.tags") == ['-       tags: {team: "a: b", env: "yes"}']
    applied.ok("PUT", "/service/pg1/tags", {"tags": {"team": "b"}})
    assert accept(applied, "aiven_pg.main.tags") == ["+       tags: {team: b}"]


def test_one_key_of_a_mapping(applied: Workbench) -> None:
    """The other stays drifted."""
    applied.ok("PUT", "/service/pg1/tags", {"tags": {"team": "b", "env": "x"}})
    ran = applied.reconcile("accept", "aiven_pg.main.tags.env")
    assert ran.code == 0, ran.both
    assert "tags: {team: payments, env: x}" in (applied.folder / "stack.yaml").read_text()
    [change] = [c for c in applied.plan()["changes"] if c["action"] != "no-op"]
    assert [field["path"] for field in change["fields"]] == [["tags", "team"]]


def test_text_that_looks_like_an_expression_is_taken_literally(applied: Workbench) -> None:
    """Somebody's `${…}` at the API stays a text."""
    applied.ok("PUT", "/service/pg1/tags", {"tags": {"team": "${vars.project}"}})
    assert accept(applied, "aiven_pg.main.tags.team") == [
        "-       tags: {team: payments}",
        '+       tags: {team: "$${vars.project}"}',
    ]


def test_what_has_not_drifted_is_left_alone(applied: Workbench) -> None:
    """Exit 0, nothing written; a change that waits to be applied is no drift."""
    ran = applied.reconcile("accept", f"{POOL}.pool_size")
    assert (ran.code, "has not drifted" in ran.out) == (0, True)
    applied.write(STACK.replace("pool_size: 25", "pool_size: 30"))
    ran = applied.reconcile("accept", f"{POOL}.pool_size")
    assert (ran.code, "reconcile plan" in ran.out) == (0, True)
    assert "pool_size: 30" in (applied.folder / "stack.yaml").read_text()


def test_what_is_declared_as_live_already_is_recorded(applied: Workbench) -> None:
    """Somebody wrote the line by hand: only the record was behind."""
    change_pool(applied, pool_size=40)
    applied.write(STACK.replace("pool_size: 25", "pool_size: 40"))
    assert accept(applied, f"{POOL}.pool_size") == []
    assert applied.state()[POOL]["attributes"]["pool_size"] == 40


def test_drift_beats_a_declaration_that_has_changed(applied: Workbench) -> None:
    """25 was applied, 30 is declared, 40 is live and accepted."""
    change_pool(applied, pool_size=40)
    applied.write(STACK.replace("pool_size: 25", "pool_size: 30"))
    assert accept(applied, f"{POOL}.pool_size") == [
        "-       pool_size: 30   # enough for May",
        "+       pool_size: 40   # enough for May",
    ]


def test_an_expression_is_never_edited(applied: Workbench) -> None:
    """What sets it is told."""
    change_pool(applied, "other", pool_size=40)
    told = refused(applied, "aiven_connection_pool.other.pool_size")
    assert "error: Value is set elsewhere" in told
    assert "stack.yaml:36:18" in told
    assert "40" in told


def test_a_value_that_others_take_over_is_put_back(applied: Workbench) -> None:
    """The file was written, read again, and did not come out right."""
    text = STACK.replace(
        "pool_size: ${vars.size}", "pool_size: ${aiven_connection_pool.main.pool_size}"
    )
    applied.write(text)
    change_pool(applied, pool_size=40)
    told = refused(applied, f"{POOL}.pool_size")
    assert "error: Others follow this value" in told
    assert "aiven_connection_pool.other" in told


def test_what_an_alias_shares_is_refused(applied: Workbench) -> None:
    """Another place would change with it."""
    applied.write(
        STACK.replace("pool_size: 25", "pool_size: &size 25").replace("${vars.size}", "*size")
    )
    change_pool(applied, pool_size=40)
    assert "anchor" in refused(applied, f"{POOL}.pool_size")


WRONG = {
    "nothing.main.pool_size": "Address is not declared",
    "aiven_connection_pool.mein.pool_size": "did you mean 'aiven_connection_pool.main'?",
    f"{POOL}.pool_sise": "did you mean 'pool_size'?",
    f"{POOL}": "Not an attribute",
    "pool_size": "Not an attribute",
    "vars.size": "Not an attribute",
    "a b": "Not an attribute",
    f"{POOL}.connection_uri": "Attribute is sensitive",
    f"{POOL}.id": "Attribute is read-only",
    "aiven_pg.main.static_ips": "Attribute is never read",
    "aiven_pg.main.pg_user_config.nonsense": "Unknown attribute",
    "aiven_pg.main.pg_user_config.admin_password": "Attribute is sensitive",
}


@pytest.mark.parametrize("attribute", WRONG)
def test_what_cannot_be_accepted_is_refused(bench: Workbench, attribute: str) -> None:
    """Before anything is read."""
    bench.write(STACK)
    assert WRONG[attribute] in refused(bench, attribute)


def test_an_address_that_was_never_applied_is_refused(bench: Workbench) -> None:
    bench.write(STACK)
    assert "Address is not recorded" in refused(bench, f"{POOL}.pool_size")


def test_a_gone_object_is_refused(applied: Workbench) -> None:
    applied.ok("DELETE", "/service/pg1/connection_pool/app")
    assert "Object is gone" in refused(applied, f"{POOL}.pool_size")


def test_part_of_a_list_is_refused(applied: Workbench) -> None:
    """What to type is said."""
    configure(applied, ip_filter=["10.0.0.0/8"])
    told = refused(applied, "aiven_pg.main.pg_user_config.ip_filter[1]")
    assert "reconcile accept 'aiven_pg.main.pg_user_config.ip_filter'" in told


def test_a_read_only_file_is_refused(applied: Workbench) -> None:
    change_pool(applied, pool_size=40)
    (applied.folder / "stack.yaml").chmod(0o444)
    assert "File cannot be written" in refused(applied, f"{POOL}.pool_size")


@pytest.mark.parametrize("marks", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
def test_line_endings_stay(bench: Workbench, marks: bytes) -> None:
    """CRLF, a byte order mark and a missing last newline stay as they are."""
    text = STACK.removesuffix("# the end\n").rstrip("\n").replace("\n", "\r\n").encode()
    (bench.folder / "stack.yaml").write_bytes(marks + text)
    bench.apply()
    change_pool(bench, pool_size=40, pool_mode="session")
    assert bench.reconcile("accept", f"{POOL}.pool_size").code == 0
    assert bench.reconcile("accept", f"{POOL}.pool_mode").code == 0
    expected = text.replace(b"pool_size: 25", b"pool_size: 40").replace(
        b"username: avnadmin\r\n", b"username: avnadmin\r\n      pool_mode: session\r\n"
    )
    assert (bench.folder / "stack.yaml").read_bytes() == marks + expected


def test_in_a_folder_of_several_files_only_the_one_is_touched(bench: Workbench) -> None:
    """The one that declares the resource; PATH and flags as for plan."""
    (bench.folder / "stack").mkdir()
    head, _, pools = STACK.partition("  aiven_connection_pool:\n")
    bench.write(head, "stack/a.yaml")
    bench.write("resources:\n  aiven_connection_pool:\n" + pools, "stack/b.yaml")
    bench.apply("stack")
    change_pool(bench, pool_size=40)
    before = (bench.folder / "stack" / "a.yaml").stat()
    ran = bench.reconcile("accept", f"{POOL}.pool_size", "stack")
    assert ran.code == 0, ran.both
    assert "stack/b.yaml:8" in ran.out
    after = (bench.folder / "stack" / "a.yaml").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert bench.steps("stack") == []


def test_a_file_written_as_json_stays_json(bench: Workbench) -> None:
    """Quotes, commas and lines as they were."""
    from workbench import pg, pool, stack

    file = bench.write(stack(pg={"main": pg()}, connection_pool={"main": pool("app")}))
    bench.apply()
    change_pool(bench, pool_mode="session")
    before = file.read_text()
    assert bench.reconcile("accept", f"{POOL}.pool_mode").code == 0
    assert file.read_text() == before.replace(
        '"database_name": "defaultdb"\n',
        '"database_name": "defaultdb",\n    "pool_mode": "session"\n',
    )
    assert bench.steps() == []


def test_somebody_else_has_the_lock(applied: Workbench) -> None:
    """Nothing is written without it."""
    import fcntl

    change_pool(applied, pool_size=40)
    [lock] = [path for path in Path(applied.folder / "state").iterdir() if "lock" in path.name]
    with lock.open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        ran = applied.reconcile("accept", f"{POOL}.pool_size")
    assert ran.code == 7
    assert "pool_size: 25" in (applied.folder / "stack.yaml").read_text()


@pytest.mark.parametrize(
    ("attribute", "applied_as", "live", "said"),
    [
        ("pool_mode", "transaction", "session", "Others follow this value"),
        ("username", "avnadmin", None, "pool_name"),
    ],
    ids=["another object", "no object at all"],
)
def test_a_value_that_names_an_object_is_put_back(
    bench: Workbench, attribute: str, applied_as: str, live: str | None, said: str
) -> None:
    """What follows it would be an object that nobody has read, or none."""
    text = STACK.replace(
        "pool_name: other", f"pool_name: ${{aiven_connection_pool.main.{attribute}}}"
    )
    bench.write(text.replace("username: avnadmin", f"{attribute}: {applied_as}"))
    bench.apply()
    change_pool(bench, **{attribute: live})
    assert said in refused(bench, f"{POOL}.{attribute}")


LANGUAGE = """\
stack: test
variables:
  project: {type: string}
  size: {type: integer, default: 25}
locals:
  mode: transaction
defaults:
  aiven_connection_pool: {username: avnadmin, database_name: defaultdb}
resources:
  aiven_pg:
    main: {project: "${vars.project}", service_name: pg1, plan: startup-4}
  aiven_connection_pool:
    one:
      project: ${vars.project}
      service_name: ${aiven_pg.main.service_name}
      pool_name: one
      pool_mode: ${locals.mode}
      pool_size: ${vars.size}
    each:
      for_each: {orders: 20, billing: 5}
      project: ${vars.project}
      service_name: ${aiven_pg.main.service_name}
      pool_name: ${each.key}
      pool_size: ${each.value}
"""
ELSEWHERE = {
    "one.pool_size": ("stack.yaml:18:18", "vars.size from its default", "stack.yaml:4:"),
    "one.pool_mode": ("stack.yaml:17:18", "locals.mode", "stack.yaml:6:9"),
    "one.username": ("stack.yaml:8:37", "defaults", "or write username into the resource"),
    'each["orders"].pool_size': (
        "stack.yaml:24:18",
        "for_each",
        'each.value of "orders" (stack.yaml:20:26)',
    ),
    'each["orders"].pool_mode': ("for_each",),
}


@pytest.mark.parametrize("attribute", ELSEWHERE)
def test_what_sets_a_value_is_told(bench: Workbench, attribute: str) -> None:
    """Variables, locals, defaults and for_each: each with its place, and none of them is edited."""
    bench.write(LANGUAGE)
    bench.apply()
    for name in ("one", "orders"):
        change_pool(bench, name, pool_size=40, pool_mode="session", username=None)
    told = refused(bench, f"aiven_connection_pool.{attribute}")
    assert "error: Value is set elsewhere" in told
    for part in ELSEWHERE[attribute]:
        assert part in told, told


def test_a_variable_from_the_command_line_is_told_as_such(bench: Workbench) -> None:
    bench.write(LANGUAGE)
    bench.apply("--var", "size=30")
    change_pool(bench, "one", pool_size=40)
    told = refused(bench, "aiven_connection_pool.one.pool_size", "--var", "size=30")
    assert "--var size" in told


def test_an_environment_is_accepted_into_its_own_record(bench: Workbench) -> None:
    """--env as everywhere: the line is shared, the record is the environment's."""
    bench.write(STACK)
    (bench.folder / "env").mkdir()
    bench.write("size: 7\n", "env/prod.yaml")
    bench.apply("--env", "prod")
    change_pool(bench, pool_size=40)
    assert bench.reconcile("accept", f"{POOL}.pool_size", "--env", "prod").code == 0
    assert bench.steps("--env", "prod") == []
    assert not bench.state_file.exists()


def test_what_is_ignored_can_be_accepted_still(bench: Workbench) -> None:
    """ignore_changes keeps drift out of sight, not out of reach."""
    ignoring = STACK.replace("timeouts: {create: 5m}", "lifecycle: {ignore_changes: [pool_size]}")
    bench.write(ignoring)
    bench.apply()
    change_pool(bench, pool_size=40)
    assert bench.reconcile("drift").code == 0
    assert accept(bench, f"{POOL}.pool_size") == [
        "-       pool_size: 25   # enough for May",
        "+       pool_size: 40   # enough for May",
    ]
