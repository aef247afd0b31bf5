"""Answers → objects: what is told, what is unset, what is not known."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_kinds import DATABASE, PG, POOL, PROJECT, USER, kind

from reconciler.kinds.kind import Kind
from reconciler.live.answer import Answer
from reconciler.live.driver import requests_for
from reconciler.live.reading import REDACTED, object_from
from reconciler.model.live import ABSENT, LiveObject, Presence
from reconciler.model.state import Op
from reconciler.model.values import Secret

POOL_ID = "my-project/pg-1/main"
POOL_WIRE = {
    "pool_name": "main",
    "database": "defaultdb",
    "pool_mode": "transaction",
    "pool_size": 25,
    "username": None,
    "connection_uri": "postgres://avnadmin:pw@h:1/main",
}


def page(secrets: bool = True, **content: Any) -> Answer:
    return Answer(pages=[content], shows_secrets=secrets)


def pools(*items: Any, secrets: bool = True) -> Answer:
    return page(secrets, service={"connection_pools": list(items)})


def read(kind_of: Kind, identity: str, *answers: Answer | None) -> LiveObject:
    told = [*answers, *[None] * (len(kind_of.reads) - len(answers))]
    return object_from(kind_of, identity, told)


def test_an_object_has_our_names_and_what_finds_it() -> None:
    """Wire names are gone, null is kept, identity and id are filled in, secrets are Secret."""
    found = read(POOL, POOL_ID, pools({"pool_name": "other"}, POOL_WIRE))
    assert found.is_present
    assert found.attributes == {
        "project": "my-project",
        "service_name": "pg-1",
        "pool_name": "main",
        "id": POOL_ID,
        "database_name": "defaultdb",
        "pool_mode": "transaction",
        "pool_size": 25,
        "username": None,
        "connection_uri": Secret("postgres://avnadmin:pw@h:1/main"),
    }
    assert "pw" not in repr(found)


def test_what_is_not_in_the_list_is_absent() -> None:
    """The list was read whole and does not hold it."""
    assert read(POOL, POOL_ID, pools({"pool_name": "other"})) == ABSENT
    assert read(POOL, POOL_ID, pools()) == ABSENT
    assert read(POOL, POOL_ID, Answer(presence=Presence.ABSENT)) == ABSENT


@pytest.mark.parametrize(
    "answer",
    [
        pools(POOL_WIRE, POOL_WIRE),
        pools({"database": "nameless"}),
        pools(None),
        pools({"pool_name": {"odd": 1}}),
        page(service={}),
        page(service={"connection_pools": None}),
        page(service={"connection_pools": {}}),
        page(),
        Answer(presence=Presence.UNKNOWN, why="because"),
    ],
)
def test_a_list_in_doubt_tells_of_no_absence(answer: Answer) -> None:
    """Listed twice, without a name, or no list at all: unknown, with the reason."""
    found = read(POOL, POOL_ID, answer)
    assert found.presence is Presence.UNKNOWN
    assert found.why


def test_a_doubt_about_one_item_does_not_touch_others() -> None:
    """Only the name that is there twice is unknown."""
    twice = {"pool_name": "twice"}
    assert read(POOL, POOL_ID, pools(twice, POOL_WIRE, twice)).is_present


@pytest.mark.parametrize("uri", [None, "", "<redacted>"])
def test_a_secret_that_is_not_shown_is_not_known(uri: object) -> None:
    """It is left out, which differs from unset."""
    found = read(POOL, POOL_ID, pools({**POOL_WIRE, "connection_uri": uri}))
    assert "connection_uri" not in found.attributes


def test_secrets_that_were_not_asked_for_are_not_known() -> None:
    """Whatever the answer holds: so that a plan does not depend on who else reads the URL."""
    found = read(POOL, POOL_ID, pools({**POOL_WIRE}, secrets=False))
    assert "connection_uri" not in found.attributes
    assert found.attributes["pool_size"] == 25


def test_a_key_that_is_not_there_is_unset_only_where_that_starts_nothing() -> None:
    """An answer without lc_collate or pool_size does not tell it; one without username has none."""
    found = read(POOL, POOL_ID, pools({"pool_name": "main"}))
    assert found.attributes["username"] is None
    assert not {"pool_size", "pool_mode", "database_name"} & found.attributes.keys()


def test_bare_strings_and_a_second_read() -> None:
    """A database is a name in the service; its locale comes from the list, when that was read."""
    service = page(service={"databases": ["defaultdb", "main"]})
    listed = Answer(
        pages=[
            {"databases": [{"database_name": "a"}]},
            {"databases": [{"database_name": "main", "lc_collate": "C", "lc_ctype": "C.UTF-8"}]},
        ]
    )
    without = read(DATABASE, "p/s/main", service)
    assert without.is_present
    assert "lc_collate" not in without.attributes
    whole = read(DATABASE, "p/s/main", service, listed)
    assert (whole.attributes["lc_collate"], whole.attributes["lc_ctype"]) == ("C", "C.UTF-8")
    assert read(DATABASE, "p/s/gone", service, listed) == ABSENT


def test_a_second_read_that_finds_nothing_leaves_its_attributes_not_known() -> None:
    """And one that could not be read makes the object unknown: it was needed."""
    service = page(service={"databases": ["main"]})
    missing = read(DATABASE, "p/s/main", service, Answer(presence=Presence.ABSENT))
    assert missing.is_present
    assert "lc_collate" not in missing.attributes
    refused = Answer(presence=Presence.UNKNOWN, why="answered 403")
    assert read(DATABASE, "p/s/main", service, refused).presence is Presence.UNKNOWN


def test_an_object_that_is_an_answer_of_its_own() -> None:
    """No list: the project, and the certificate of its second read."""
    project = page(project={"project_name": "p", "tech_emails": [{"email": "a@b.c"}]})
    found = read(PROJECT, "p", project, page(certificate="PEM"))
    assert found.attributes["technical_emails"] == ["a@b.c"]
    assert found.attributes["ca_cert"] == Secret("PEM")
    assert read(PROJECT, "p", page(project=[])).presence is Presence.UNKNOWN


SERVICE_WIRE: dict[str, Any] = {
    "plan": "startup-4",
    "cloud_name": "google-europe-west1",
    "project_vpc_id": None,
    "disk_space_mb": 81920,
    "maintenance": {"dow": "monday", "time": "10:00:00", "enabled": True},
    "service_uri_params": {"host": "h", "port": "13039", "password": "pw"},
    "state": "RUNNING",
    "tags": {},
    "user_config": {
        "pg_version": "16",
        "unheard_of": 1,
        "ip_filter": ["0.0.0.0/0"],
        "admin_password": "pw",
        "migration": {"host": "old", "password": "<redacted>"},
        "pg": {"jit": True, "unheard_of": 1},
    },
}


def test_a_merged_object_is_as_the_server_has_it_as_far_as_the_kind_knows() -> None:
    """Unknown keys, masked secrets and what is never read are left out, at every depth."""
    found = read(PG, "p/s", page(service=SERVICE_WIRE))
    assert found.attributes["pg_user_config"] == {
        "ip_filter": ["0.0.0.0/0"],
        "migration": {"host": "old"},
        "pg": {"jit": True},
        "pg_version": "16",
    }


def test_conversions_and_nested_places_on_the_way_in() -> None:
    """As they are written in YAML."""
    attributes = read(PG, "p/s", page(service=SERVICE_WIRE)).attributes
    assert attributes["disk_space"] == "80GiB"
    assert attributes["maintenance_window_dow"] == "monday"
    assert attributes["service_port"] == 13039
    assert attributes["service_password"] == Secret("pw")
    assert attributes["project_vpc_id"] is None
    assert "static_ips" not in attributes


def test_a_value_without_the_expected_form_makes_the_object_unknown() -> None:
    """It must not pass for another value."""
    found = read(PG, "p/s", page(service={**SERVICE_WIRE, "disk_space_mb": "a lot"}))
    assert found.presence is Presence.UNKNOWN
    assert "disk_space_mb" in found.why


def test_a_masked_value_inside_a_list_makes_the_whole_of_it_not_known() -> None:
    """Half a value is none."""
    things = kind(
        {"keys": {"type": "array"}, "codes": {"type": "array", "x-sensitive": True}},
        {"read": [{"path": "/things/{name}", "answer": "thing"}]},
    )
    shown = {"keys": [{"a": "<redacted>"}], "codes": ["one", {"b": "two"}, 3]}
    attributes = read(things, "n", page(thing=shown)).attributes
    assert "keys" not in attributes
    assert attributes["codes"] == [Secret("one"), {"b": Secret("two")}, 3]


def test_numbers_are_names_too() -> None:
    """An identity is text; the API may have made the id a number."""
    things = kind({}, {"read": [{"path": "/things", "answer": "things", "find": {"id": "name"}}]})
    assert read(things, "17", page(things=[{"id": 17}])).is_present
    assert read(things, "true", page(things=[{"id": True}])).presence is Presence.UNKNOWN


def test_users_show_nested_flags_and_no_password_that_was_not_made_yet() -> None:
    """A fresh user may have none for a moment."""
    wire = {"username": "u", "type": "regular", "password": "", "access_control": {}}
    attributes = read(USER, "p/s/u", page(service={"users": [wire]})).attributes
    assert "password" not in attributes
    assert attributes["pg_allow_replication"] is None
    assert attributes["type"] == "regular"


TEXT = st.text(min_size=1).filter(lambda text: text != REDACTED)


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "pool_mode": st.sampled_from(["session", "transaction", "statement"]),
            "pool_size": st.integers(1, 10_000),
            "database_name": TEXT,
            "username": st.none() | TEXT,
        }
    ),
    st.text(st.characters(exclude_categories=("Cs",)), min_size=1).filter(
        lambda name: name not in (".", "..")
    ),
)
def test_what_was_sent_is_what_is_read(values: dict[str, object], name: str) -> None:
    """An API that keeps what it is given shows an object equal to what was wanted."""
    wanted = {"project": "p", "service_name": "s", "pool_name": name, **values}
    identity = POOL.identity_of(wanted)
    assert identity is not None
    (request,) = requests_for(POOL, Op.CREATE, wanted, (), identity)
    found = read(POOL, identity, pools({"username": None, **(request.body or {})}))
    assert {**found.attributes} == {**wanted, "id": identity}
