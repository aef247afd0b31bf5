"""The life of a user: passwords go where they are declared to go, and are never changed unasked."""

import pytest
from workbench import Stack, Workbench, pg, stack, user

MAIN = "aiven_pg_user.main"
SECRET = {"variables": {"password": {"type": "string", "writeOnly": True}}}
FIRST = "first-canary-9b1d"
SECOND = "second-canary-77aa"


def user_stack(**more: object) -> Stack:
    sections = SECRET if "${vars.password}" in more.values() else {}
    return stack(
        sections=sections,
        pg={"main": pg()},
        pg_user={"main": user("app", "${aiven_pg.main.service_name}", **more)},
    )


def password(bench: Workbench) -> str:
    return str(bench.users()["app"]["password"])


def with_password(text: str) -> dict[str, str]:
    return {"RECONCILE_VAR_password": text}


def test_a_user_without_a_password_gets_one_from_the_server_and_keeps_it(bench: Workbench) -> None:
    """Whatever else about it changes."""
    bench.write(user_stack())
    bench.apply()
    made = password(bench)
    assert made.startswith("AVNS_")
    for flag in (True, False):
        bench.write(user_stack(pg_allow_replication=flag))
        bench.apply()
        assert bench.users()["app"]["access_control"]["pg_allow_replication"] is flag
        assert bench.changes() == {}
    bench.write(user_stack())
    bench.apply()
    assert password(bench) == made
    assert bench.changes() == {}


def test_a_declared_password_is_set_and_a_changed_one_is_reset(bench: Workbench) -> None:
    """By a variable that is never shown or stored."""
    bench.write(user_stack(password="${vars.password}"))
    told = [bench.apply(**with_password(FIRST))]
    assert password(bench) == FIRST
    assert bench.changes(**with_password(FIRST)) == {}
    assert bench.changes(**with_password(SECOND)) == {MAIN: "update"}
    told.append(bench.apply(**with_password(SECOND)))
    assert password(bench) == SECOND
    assert bench.changes(**with_password(SECOND)) == {}
    kept = [path.read_text() for path in bench.folder.rglob("*") if path.is_file()]
    for text in [*kept, *(ran.both for ran in told)]:
        assert FIRST not in text
        assert SECOND not in text


def test_a_declared_password_is_not_sent_with_another_change(bench: Workbench) -> None:
    """Only what differs is sent: a set flag resets nothing."""
    bench.write(user_stack(password="${vars.password}"))
    bench.apply(**with_password(FIRST))
    since = bench.users()["app"]
    bench.write(user_stack(password="${vars.password}", pg_allow_replication=True))
    with bench.counted() as calls:
        bench.apply(**with_password(FIRST))
    assert calls["PUT user"] == 1
    assert bench.users()["app"]["password"] == FIRST
    changed = {key for key, value in bench.users()["app"].items() if since[key] != value}
    assert changed == {"access_control"}


def test_a_password_rotated_outside_is_drift_when_it_is_declared(bench: Workbench) -> None:
    """Unlike in the Terraform provider, which keeps what it planned."""
    bench.write(user_stack(password="${vars.password}"))
    bench.apply(**with_password(FIRST))
    body = {"operation": "reset-credentials", "new_password": SECOND}
    bench.ok("PUT", "/service/pg1/user/app", body)
    assert bench.changes(**with_password(FIRST)) == {MAIN: "update"}
    bench.apply(**with_password(FIRST))
    assert password(bench) == FIRST


def test_a_password_that_is_no_longer_declared_stays(bench: Workbench) -> None:
    """It belongs to the server from then on."""
    bench.write(user_stack(password="${vars.password}"))
    bench.apply(**with_password(FIRST))
    bench.write(user_stack())
    assert bench.changes() == {}
    bench.apply()
    assert password(bench) == FIRST


def test_password_wo_is_sent_when_its_version_changes_and_only_then(bench: Workbench) -> None:
    """Version 1 sets it; the same version with another value does nothing; version 2 sends it."""
    bench.write(user_stack(password_wo="${vars.password}", password_wo_version=1))
    bench.apply(**with_password(FIRST))
    assert password(bench) == FIRST
    assert bench.changes(**with_password(SECOND)) == {}
    bench.apply(**with_password(SECOND))
    assert password(bench) == FIRST
    bench.write(user_stack(password_wo="${vars.password}", password_wo_version=2))
    assert bench.changes(**with_password(SECOND)) == {MAIN: "update"}
    bench.apply(**with_password(SECOND))
    assert password(bench) == SECOND
    assert bench.changes(**with_password(SECOND)) == {}


def test_password_wo_is_not_sent_with_another_change(bench: Workbench) -> None:
    """A flag is changed; the version is not."""
    bench.write(user_stack(password_wo="${vars.password}", password_wo_version=1))
    bench.apply(**with_password(FIRST))
    bench.write(
        user_stack(password_wo="${vars.password}", password_wo_version=1, pg_allow_replication=True)
    )
    bench.apply(**with_password(SECOND))
    assert password(bench) == FIRST


def test_password_wo_never_asks_for_secrets(bench: Workbench) -> None:
    """It is not compared, so a token that may not read secrets will do."""
    bench.settings(redact_secrets=True)
    bench.write(user_stack(password_wo="${vars.password}", password_wo_version=1))
    bench.apply(**with_password(FIRST))
    assert bench.changes(**with_password(FIRST)) == {}
    assert password(bench) == FIRST


@pytest.mark.parametrize("redact", [False, True])
def test_a_declared_password_is_compared_whether_or_not_answers_are_redacted(
    bench: Workbench, redact: bool
) -> None:
    """Secrets are asked for where one is declared."""
    bench.settings(redact_secrets=redact)
    bench.write(user_stack(password="${vars.password}"))
    bench.apply(**with_password(FIRST))
    assert bench.changes(**with_password(FIRST)) == {}
    assert bench.changes(**with_password(SECOND)) == {MAIN: "update"}


def test_a_user_that_may_replicate_is_made_so(bench: Workbench) -> None:
    """And changed in place; taken away outside it is drift."""
    bench.write(user_stack(pg_allow_replication=True))
    bench.apply()
    assert bench.users()["app"]["access_control"]["pg_allow_replication"] is True
    body = {
        "operation": "set-access-control",
        "access_control": {"pg_allow_replication": False},
    }
    bench.ok("PUT", "/service/pg1/user/app", body)
    assert bench.reconcile("plan", "--detailed-exitcode").code == 3
    bench.apply()
    assert bench.users()["app"]["access_control"]["pg_allow_replication"] is True


def test_an_imported_user_keeps_its_password(bench: Workbench) -> None:
    """With password_wo its version is recorded as declared: an import must not rotate anything."""
    bench.write(user_stack(password_wo="${vars.password}", password_wo_version=3))
    bench.apply(**with_password(FIRST))
    bench.reconcile("state", "rm", MAIN)
    identity = f"{bench.project}/pg1/app"
    assert bench.reconcile("import", MAIN, identity, **with_password(SECOND)).code == 0
    assert bench.changes(**with_password(SECOND)) == {}
    assert password(bench) == FIRST


def test_a_secret_from_one_user_can_be_anothers(bench: Workbench) -> None:
    """What the server made up for one, known only after its step, is sent for the other."""
    made = stack(
        pg={"main": pg()},
        pg_user={
            "main": user("app", "${aiven_pg.main.service_name}"),
            "twin": user(
                "twin", "${aiven_pg.main.service_name}", password="${aiven_pg_user.main.password}"
            ),
        },
    )
    bench.write(made)
    told = bench.apply()
    users = bench.users()
    assert users["twin"]["password"] == users["app"]["password"]
    assert users["app"]["password"] not in told.both
    assert bench.changes() == {}
