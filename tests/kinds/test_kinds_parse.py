"""Reading a kind file: each word of the vocabulary, and what its absence means."""

from typing import Any

import pytest

from reconciler.kinds.kind import Attribute, Check, ConnectionLimit, Given, Unset
from reconciler.kinds.parse import parse_kind
from reconciler.model.state import Op


def document(properties: dict[str, Any] | None = None, **life: Any) -> dict[str, Any]:
    """Return the smallest kind file, with these attributes and this x-kind put in."""
    return {
        "$schema": "kind.meta.json",
        "title": "thing",
        "description": "A thing.",
        "type": "object",
        "additionalProperties": False,
        "required": ["name"],
        "properties": {
            "name": {"description": "Its name.", "type": "string", "x-force-new": True},
            **(properties or {}),
        },
        "x-kind": {"identity": ["name"], "routes": {"read": [{"path": "/v1/{name}"}]}, **life},
    }


def attribute(**words: Any) -> Attribute:
    """Return the attribute `a` that these words describe; `x_merge` stands for `x-merge`."""
    spelt = {w.replace("_", "-") if w.startswith("x_") else w: v for w, v in words.items()}
    return parse_kind(document({"a": spelt})).attributes["a"]


def test_plain_attribute_is_read_and_sent_under_its_own_name() -> None:
    """Without words of ours an attribute is plain data."""
    plain = attribute(type="string")
    assert (plain.read_wire, plain.send_wire, plain.unset) == (("a",), ("a",), Unset.OMIT)
    flags = (plain.required, plain.read_only, plain.computed, plain.sensitive, plain.has_default)
    assert flags == (False,) * 5


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"readOnly": True}, "read_only"),
        ({"writeOnly": True}, "write_only"),
        ({"x_force_new": True}, "force_new"),
        ({"x_updatable": True}, "updatable"),
        ({"x_computed": True}, "computed"),
        ({"x_sensitive": True}, "sensitive"),
        ({"x_local": True}, "local"),
        ({"x_create_only": True}, "create_only"),
        ({"x_unordered": True}, "unordered"),
    ],
)
def test_flag_sets_its_field(words: dict[str, Any], field: str) -> None:
    """A flag of the file is a flag of the attribute."""
    assert getattr(attribute(**words), field) is True


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        ({"default": 3}, "default", 3),
        ({"x_convert": "emails"}, "convert", "emails"),
        ({"x_shorthand": "network"}, "shorthand", "network"),
        ({"x_unset": "empty"}, "unset", Unset.EMPTY),
        ({"x_refers_to": "other.name"}, "refers_to", ("other", "name")),
    ],
)
def test_word_with_a_value_is_kept(words: dict[str, Any], field: str, value: object) -> None:
    """A word's value arrives in its field."""
    assert getattr(attribute(**words), field) == value


@pytest.mark.parametrize(
    ("wire", "read", "send"),
    [
        ("b", ("b",), ("b",)),
        ("b.c", ("b", "c"), ("b", "c")),
        ({"send": "b"}, ("a",), ("b",)),
        ({"read": "x.y", "send": "b"}, ("x", "y"), ("b",)),
    ],
)
def test_wire_says_where_it_sits(
    wire: object, read: tuple[str, ...], send: tuple[str, ...]
) -> None:
    """A dotted path, one for both ways or one for each."""
    found = attribute(x_wire=wire)
    assert (found.read_wire, found.send_wire) == (read, send)


def test_what_is_never_read_or_sent_has_no_place_on_the_wire() -> None:
    """Local attributes stay here, read-only ones are not sent, write-only ones not read."""
    assert attribute(x_local=True).read_wire == attribute(x_local=True).send_wire == ()
    assert attribute(readOnly=True).send_wire == ()
    assert attribute(writeOnly=True).read_wire == ()
    made = parse_kind(document({"id": {"type": "string", "readOnly": True}})).attributes["id"]
    assert (made.read_wire, made.send_wire) == ((), ())


def test_merged_object_has_nested_attributes_that_are_the_servers_until_declared() -> None:
    """Each property of a merged object is an attribute, at any depth; a dot in its name is a dot."""
    leaf = {"type": "integer", "description": "."}
    inner = {"type": "object", "x-merge": True, "properties": {"pg_stat.track": leaf}}
    merged = attribute(type="object", x_merge=True, properties={"n": leaf, "pg": inner})
    pg = merged.nested["pg"]
    track = pg.nested["pg_stat.track"]
    assert merged.computed and pg.computed and track.computed
    assert track.read_wire == track.send_wire == ("pg_stat.track",)
    assert (merged.unset, pg.unset, track.unset) == (Unset.OMIT, Unset.OMIT, Unset.NULL)


def test_unset_of_a_merged_property_can_be_said() -> None:
    """A property may keep its value when it is declared no more; an object may be unset whole."""
    properties = {
        "version": {"type": "string", "x-unset": "omit"},
        "migration": {"type": "object", "x-merge": True, "x-unset": "null", "properties": {}},
    }
    nested = attribute(type="object", x_merge=True, properties=properties).nested
    assert (nested["version"].unset, nested["migration"].unset) == (Unset.OMIT, Unset.NULL)


def test_properties_of_a_plain_object_are_not_attributes() -> None:
    """An object that is not merged is one value."""
    plain = attribute(type="object", properties={"n": {"type": "integer"}})
    assert plain.nested == {}


def test_kind_without_create_is_for_looking_up() -> None:
    """Identity, description and reads are enough."""
    kind = parse_kind(document())
    assert (kind.name, kind.description, kind.identity) == ("thing", "A thing.", ("name",))
    assert not kind.is_resource
    assert kind.attributes["name"].required


def test_schema_leaves_out_what_is_not_about_attributes() -> None:
    """Validators see neither the path of the meta-schema nor the object's life."""
    assert {"$schema", "x-kind"}.isdisjoint(parse_kind(document()).schema)


def test_life_is_read_in_full() -> None:
    """Every word under x-kind has its place."""
    kind = parse_kind(
        document(
            routes={
                "read": [
                    {
                        "path": "/v1/{name}",
                        "query": {"max": "9"},
                        "answer": "a.b",
                        "find": {"": "name"},
                        "only_for": ["name"],
                        "secrets": {"s": "true"},
                        "page": {"cursor": "next", "parameter": "after"},
                    }
                ],
                "create": [{"method": "POST", "path": "/v1", "constants": {"k": None}}],
                "update": [{"method": "PUT", "path": "/v1", "send": ["a"], "when": ["b"]}],
                "delete": [{"method": "DELETE", "path": "/v1", "query": {"q": "1"}}],
            },
            settle={"attribute": "a", "wanted": {"create": ["UP"]}, "failed": ["DEAD"]},
            retry=[{"status": 404, "message": "m", "ops": ["create"], "within": "1m"}],
            hints=[{"status": 403, "message": "m", "hint": "h"}],
            timeouts={"create": "2h45m"},
            effects=[{"on": ["update"], "attributes": ["a"], "code": "c", "text": "t"}],
            stateful=True,
        )
    )
    read = kind.reads[0]
    assert (read.query, read.answer, read.find) == ({"max": "9"}, ("a", "b"), {"": "name"})
    assert (read.only_for, read.secrets, read.page) == (("name",), {"s": "true"}, ("next", "after"))
    assert (kind.create[0].method, kind.create[0].constants) == ("POST", {"k": None})
    assert (kind.update[0].send, kind.update[0].when) == (("a",), ("b",))
    assert (kind.delete[0].path, kind.delete[0].query) == ("/v1", {"q": "1"})
    assert kind.settle is not None
    assert (kind.settle.wanted, kind.settle.failed) == ({Op.CREATE: ("UP",)}, ("DEAD",))
    assert (kind.retries[0].ops, kind.retries[0].within_s) == ((Op.CREATE,), 60)
    assert (kind.hints[0].status, kind.hints[0].hint) == (403, "h")
    assert kind.timeouts_s == {"create": 9900}
    assert (kind.effects[0].on, kind.effects[0].attributes) == (("update",), ("a",))
    assert kind.stateful and kind.is_resource


def test_words_about_what_it_lies_in_are_read() -> None:
    """What the container must be like, what it brings along, and what is taken of it."""
    rule = {"container_attribute": "plan", "pattern": "^big", "message": "m", "hint": "h"}
    limit = {"attribute": "most", "set_by": "a.most", "by": "plan", "values": [["^big", 9]]}
    kind = parse_kind(
        document(
            checks=[rule],
            given={"names": ["first"], "unless": ["copy_of"]},
            takes_connections="size",
            gives_connections=limit,
        )
    )
    assert kind.checks == (
        Check(container_attribute="plan", pattern="^big", message="m", hint="h"),
    )
    assert kind.given == Given(names=("first",), unless=("copy_of",))
    assert kind.takes_connections == "size"
    assert kind.gives_connections == ConnectionLimit(
        attribute="most", set_by="a.most", by="plan", values=(("^big", 9),)
    )
    bare = parse_kind(document())
    assert (bare.checks, bare.given, bare.takes_connections) == ((), None, "")
    assert bare.gives_connections is None


def test_values_that_an_effect_waits_for_are_read() -> None:
    """Null stands for unset."""
    rule = {"on": ["update"], "attributes": ["a"], "becomes": ["x", None], "code": "c", "text": ""}
    assert parse_kind(document(effects=[rule])).effects[0].becomes == ("x", None)
