"""Conversions between YAML and the wire."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.kinds.catalogue import load_catalogue
from reconciler.kinds.kind import Attribute
from reconciler.kinds.normal import normal
from reconciler.live.convert import CONVERSIONS, ConversionError, from_wire, to_wire
from reconciler.model.values import Secret

VALUES = {
    "gibibytes": st.builds("{}{}".format, st.integers(1, 10**6), st.sampled_from(["GiB", "G"])),
    "emails": st.lists(st.text()),
    "vpc": st.builds("{}{}".format, st.sampled_from(["", "project/"]), st.uuids().map(str)),
    "service_integrations": st.lists(
        st.fixed_dictionaries(
            {
                "integration_type": st.sampled_from(["read_replica", "disaster_recovery"]),
                "source_service_name": st.text(),
            }
        )
    ),
    "integer": st.integers(-(10**9), 10**9),
}


@pytest.mark.parametrize("name", sorted(CONVERSIONS))
@settings(deadline=None)
@given(data=st.data())
def test_there_and_back_is_the_normal_form(name: str, data: st.DataObject) -> None:
    """What comes back from the wire compares equal to what was declared."""
    value = data.draw(VALUES[name])
    attribute = Attribute(name="x", schema={}, convert=name)
    assert from_wire(name, to_wire(name, value)) == normal(attribute, value)


@pytest.mark.parametrize(
    ("name", "ours", "wire"),
    [
        ("gibibytes", "80GiB", 81920),
        ("gibibytes", "80G", 81920),
        ("emails", ["a@b.c"], [{"email": "a@b.c"}]),
        ("vpc", "p/0b6d", "0b6d"),
        (
            "service_integrations",
            [{"integration_type": "read_replica", "source_service_name": "main"}],
            [{"integration_type": "read_replica", "source_service": "main"}],
        ),
        ("integer", 13039, "13039"),
    ],
)
def test_on_the_wire_it_has_the_apis_form(name: str, ours: object, wire: object) -> None:
    """As the API documents it."""
    assert to_wire(name, ours) == wire


def test_integrations_of_other_types_are_not_ours() -> None:
    """Metrics and logs are integrations too."""
    wire = [
        {"integration_type": "metrics", "source_service": "a", "dest_service": "b"},
        {"integration_type": "read_replica", "source_service": "main", "active": True},
    ]
    assert from_wire("service_integrations", wire) == [
        {"integration_type": "read_replica", "source_service_name": "main"}
    ]


@pytest.mark.parametrize("name", ["", *sorted(CONVERSIONS)])
def test_unset_stays_unset_and_secrets_pass(name: str) -> None:
    """Neither is converted."""
    secret = Secret("x")
    assert to_wire(name, None) is None
    assert from_wire(name, None) is None
    assert to_wire(name, secret) is secret


@pytest.mark.parametrize("name", sorted(CONVERSIONS))
@pytest.mark.parametrize("value", [{}, 1.5, True, "x" * 30, [1], ["s3cret"]])
def test_an_unexpected_form_is_told_without_the_value(name: str, value: object) -> None:
    """It never passes through as something else."""
    try:
        from_wire(name, value)
    except ConversionError as err:
        assert "s3cret" not in str(err)
    else:
        assert name == "vpc"


def test_the_shipped_kinds_use_known_conversions() -> None:
    """A name that nothing stands for would fail at the first apply."""
    used = {
        attribute.convert
        for kind in load_catalogue().values()
        for attribute in kind.attributes.values()
    }
    assert used - {""} <= CONVERSIONS
