"""No secret in any byte that is written or printed, whatever goes wrong on the way."""

import json
import signal

import pytest
from workbench import Stack, Workbench, pg, pool, stack, user, wait_until

CANARY = "SECRET-canary-4b7f19"
GIVEN = {"RECONCILE_VAR_password": CANARY}
PG = "${aiven_pg.main.service_name}"


def secretive(**more: object) -> Stack:
    """A password, an admin's password, a pool whose URI holds one, and outputs of them."""
    return stack(
        sections={
            "variables": {"password": {"type": "string", "writeOnly": True}},
            "outputs": {
                "uri": "${aiven_connection_pool.main.connection_uri}",
                "user": "${aiven_pg_user.app.password}",
            },
        },
        pg={"main": pg(pg_user_config={"admin_password": "${vars.password}"})},
        pg_user={
            "app": user("app", PG, password="${vars.password}", **more),
            "wo": user("wo", PG, password_wo="${vars.password}", password_wo_version=1),
        },
        connection_pool={
            "main": pool("app", PG, username="${aiven_pg_user.app.username}"),
        },
    )


@pytest.fixture
def declared(bench: Workbench) -> Workbench:
    bench.extra = GIVEN
    bench.write(secretive())
    return bench


def told_nothing(bench: Workbench, *texts: str) -> None:
    """Neither the given texts nor any file in the folder holds a secret."""
    generated = [one["password"] for one in bench.users().values()] if bench.services() else []
    uris = [one["connection_uri"] for one in bench.pools().values()] if bench.services() else []
    files = {str(f): f.read_bytes() for f in bench.folder.rglob("*") if f.is_file()}
    for secret in {CANARY, *generated, *uris}:
        assert not [text for text in texts if secret in text]
        assert not [name for name, content in files.items() if secret.encode() in content]


def test_a_whole_life_tells_no_secret(declared: Workbench) -> None:
    """Every command, in every form."""
    told = []
    for words in (
        ["validate"],
        ["plan", "--out", "plan.json"],
        ["plan", "--format", "json"],
        ["plan", "--verbose"],
        ["apply", "--auto-approve"],
        ["plan", "--format", "json"],
        ["show", "plan.json"],
        ["output"],
        ["output", "--json"],
        ["output", "--name", "uri"],
        ["state", "list"],
        ["state", "show", "aiven_pg_user.app"],
        ["state", "rm", "aiven_pg_user.app"],
        ["import", "aiven_pg_user.app", f"{declared.project}/pg1/app"],
        ["refresh"],
    ):
        ran = declared.reconcile(*words)
        assert ran.code == 0, ran.both
        told.append(ran.both)
        told_nothing(declared, *told)
    declared.write(secretive(pg_allow_replication=True))
    told.append(declared.apply("--json").both)
    told.append(declared.reconcile("plan", RECONCILE_VAR_password="SECRET-other-11").both)
    told_nothing(declared, *told)
    assert "SECRET-other-11" not in "".join(told)
    told_nothing(declared, declared.destroy().both)


ECHO = {
    "message": f"Bad password {CANARY}",
    "errors": [{"message": f"Bad password '{CANARY}'", "status": 400}],
    "user": {"password": CANARY},
}


@pytest.mark.parametrize("flags", [[], ["--json"]])
@pytest.mark.parametrize("status", [400, 500])
def test_a_secret_in_an_error_of_the_api_is_masked(
    declared: Workbench, status: int, flags: list[str]
) -> None:
    """It echoes what was sent; we do not."""
    declared.fault(method="PUT", path="/user", status=status, body=ECHO, count=6)
    declared.fault(method="POST", path="/service$", status=status, body=ECHO)
    ran = declared.reconcile("apply", "--auto-approve", *flags)
    assert ran.code in (1, 6), ran.both
    told_nothing(declared, ran.both)


def test_the_journal_of_a_killed_run_holds_no_secret(declared: Workbench) -> None:
    """Nor does the state that the next run folds it into."""
    declared.fault(method="PUT", path="/user/app", latency_s=10)
    with declared.start("apply", "--auto-approve") as process:
        wait_until(lambda: not declared.hook("GET", "faults")["faults"])
        process.send_signal(signal.SIGKILL)
        out, err = process.communicate()
    assert (declared.folder / "state" / "test.journal").exists()
    told_nothing(declared, out, err)
    told_nothing(declared, declared.apply().both)


def test_a_password_that_does_not_fit_is_not_quoted(bench: Workbench) -> None:
    """Too short, too long, of a wrong type."""
    bench.write(secretive())
    for text in ("tiny7", "x" * 300):
        ran = bench.reconcile("plan", RECONCILE_VAR_password=text)
        assert ran.code == 1, ran.both
        assert text not in ran.both
    bench.write(json.dumps(secretive()).replace('"${vars.password}"', "12345678"))
    ran = bench.reconcile("plan", **GIVEN)
    assert ran.code == 1
    assert "12345678" not in ran.both


def test_a_literal_password_is_not_stored_or_shown(bench: Workbench) -> None:
    """Who writes it into the YAML file finds it there only."""
    text = json.dumps(secretive()).replace('"${vars.password}"', json.dumps(CANARY))
    bench.write(text)
    told = [bench.reconcile("plan", "--out", "plan.json", **GIVEN).both, bench.apply(**GIVEN).both]
    bench.write("stack: test\n")
    told_nothing(bench, *told)


def test_a_secret_does_not_move_the_digest(declared: Workbench) -> None:
    """A plan's name must not be a way to guess a password."""
    one = declared.plan()["digest"]
    other = declared.plan(RECONCILE_VAR_password="quite-another-one")["digest"]
    assert one == other


def test_a_debugging_environment_tells_no_secret(declared: Workbench) -> None:
    """Python's own switches and httpx's logging."""
    switches = {"PYTHONASYNCIODEBUG": "1", "HTTPX_LOG_LEVEL": "trace", "PYTHONDEVMODE": "1"}
    ran = declared.process("apply", "--auto-approve", **switches)
    assert ran.code == 0, ran.both
    told_nothing(declared, ran.both)
    assert declared.sandbox.token not in ran.both
