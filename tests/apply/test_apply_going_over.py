"""Changes that others feel: who names a renamed object goes over to it, what is ignored is left alone."""

from workbench import Stack, Workbench, database, pg, pool, stack, user

PG = "${aiven_pg.main.service_name}"
SIZE_IS_THEIRS = {"ignore_changes": ["pool_size"]}


def pinned(username: str) -> Stack:
    """A pool that is pinned to a user, by reference."""
    return stack(
        pg={"main": pg()},
        pg_user={"app": user(username, PG)},
        connection_pool={"main": pool("main", PG, username="${aiven_pg_user.app.username}")},
    )


def test_a_pool_goes_over_from_a_renamed_user(bench: Workbench) -> None:
    """The API does not delete a user that a pool is pinned to; nobody is cut, nothing is refused."""
    bench.write(pinned("old"))
    bench.apply()
    bench.write(pinned("new"))
    bench.apply()
    assert bench.pools()["main"]["username"] == "new"
    assert set(bench.users()) == {"avnadmin", "new"}
    assert bench.steps() == []


def on_database(name: str) -> Stack:
    """A pool that may change in place, on a database, by reference."""
    return stack(
        pg={"main": pg()},
        pg_database={"orders": database(name, PG)},
        connection_pool={
            "main": pool(
                "main",
                PG,
                "${aiven_pg_database.orders.database_name}",
                lifecycle={"update_in_place": True},
            )
        },
    )


def test_a_pool_follows_its_renamed_database_in_place(bench: Workbench) -> None:
    """It is never deleted."""
    bench.write(on_database("old"))
    bench.apply()
    bench.write(on_database("new"))
    with bench.counted() as calls:
        bench.apply("--ack", "data-loss:aiven_pg_database.orders")
    assert bench.pools()["main"]["database"] == "new"
    assert (calls["PUT connection_pool"], "DELETE connection_pool" in calls) == (1, False)
    assert bench.steps() == []


def sized(**more: object) -> Stack:
    """A pool whose size is somebody else's matter; an update may take five seconds."""
    given = {"lifecycle": SIZE_IS_THEIRS, "timeouts": {"update": "5s"}, **more}
    return stack(
        pg={"main": pg()}, connection_pool={"main": pool("main", PG, pool_size=5, **given)}
    )


def test_an_update_does_not_wait_for_what_is_ignored(bench: Workbench) -> None:
    """Somebody made the pool larger; its mode changes, and the size is neither sent nor awaited."""
    bench.write(sized())
    bench.apply()
    bench.ok("PUT", "/service/pg1/connection_pool/main", {"pool_size": 9})
    bench.write(sized(pool_mode="session"))
    bench.apply()
    found = bench.pools()["main"]
    assert (found["pool_size"], found["pool_mode"]) == (9, "session")
    assert bench.state()["aiven_connection_pool.main"]["attributes"]["pool_size"] == 5
    assert bench.steps() == []


def tagged(team: str) -> Stack:
    """A service of which somebody else sets one tag."""
    ours = {"lifecycle": {"ignore_changes": ["tags.owner"]}, "timeouts": {"update": "5s"}}
    return stack(pg={"main": pg(tags={"team": team}, **ours)})


def test_an_ignored_key_of_a_map_stays_when_another_changes(bench: Workbench) -> None:
    """Tags are sent as a whole, so theirs is sent as it is."""
    bench.write(tagged("a"))
    bench.apply()
    bench.ok("PUT", "/service/pg1/tags", {"tags": {"team": "a", "owner": "them"}})
    assert bench.steps() == []
    bench.write(tagged("b"))
    bench.apply()
    assert bench.ok("GET", "/service/pg1/tags")["tags"] == {"team": "b", "owner": "them"}
    assert bench.steps() == []


def named_late(plan: str, attribute: str) -> Stack:
    """A user whose name has something in it that only the API tells of the service."""
    return stack(
        pg={"main": pg(plan=plan)},
        pg_user={"app": user(f"app-${{aiven_pg.main.{attribute}}}", PG)},
    )


def test_a_late_value_that_stays_sends_nothing(bench: Workbench) -> None:
    """Another plan might have brought another admin, and did not."""
    bench.write(named_late("startup-4", "service_username"))
    bench.apply()
    bench.write(named_late("startup-8", "service_username"))
    assert bench.changes() == {"aiven_pg.main": "update", "aiven_pg_user.app": "update"}
    with bench.counted() as calls:
        bench.apply()
    assert [call for call in calls if not call.startswith("GET")] == ["PUT service"]
    assert bench.steps() == []


def test_a_late_value_that_needs_a_replace_stops_the_step(bench: Workbench) -> None:
    """The plan showed an update; the next one shows the replace."""
    bench.write(named_late("startup-4", "max_connections"))
    bench.apply()
    [old] = set(bench.users()) - {"avnadmin"}
    bench.write(named_late("startup-8", "max_connections"))
    ran = bench.apply(code=6)
    assert "Not as planned: it would have to be replaced" in ran.said
    assert old in bench.users()
    assert bench.changes() == {"aiven_pg_user.app": "replace"}
    bench.apply()
    assert old not in bench.users()
    assert bench.steps() == []


def test_a_password_is_handed_on_from_a_new_user(bench: Workbench) -> None:
    """The user is made again under another name, and has another password then."""

    def handing_on(username: str) -> Stack:
        taken = "${aiven_pg_user.app.password}"
        users = {"app": user(username, PG), "twin": user("twin", PG, password=taken)}
        return stack(pg={"main": pg()}, pg_user=users)

    for username in ("old", "new"):
        bench.write(handing_on(username))
        bench.apply()
        users = bench.users()
        assert users[username]["password"] == users["twin"]["password"]
        assert bench.steps() == []
