"""Any plan at all, for laws."""

from hypothesis import strategies as st
from render_plans import CANARY

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.location import Location
from reconciler.model.plan import (
    Action,
    Change,
    Connections,
    Drift,
    Effect,
    Field,
    Plan,
    Resolution,
    Step,
)
from reconciler.model.resource import OriginKind
from reconciler.model.state import Op, Recorded
from reconciler.model.values import Secret, Unknown

texts = st.text(max_size=12) | st.sampled_from(
    ["", "transaction", "10", "null", "a b", "\x1b[2J", "\u202e", "\x9b", "x" * 200, "10.0.0.0/8"]
)
kinds = st.sampled_from(["aiven_connection_pool", "aiven_pg", "aiven_pg_user", "aiven_pg_database"])
names = st.sampled_from(["main", "orders", "billing", "reports", "a", "_"])
addresses = st.builds(Address.of, kinds, names, st.none() | texts)
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
secrets = st.builds(Secret, st.just(CANARY))
unknowns = st.builds(Unknown, addresses, names, sensitive=st.booleans())
scalars = st.none() | st.booleans() | numbers | texts
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)
values = json_values | st.dictionaries(
    st.sampled_from(["$secret", "$literal", "after_step", "a"]), scalars, max_size=2
)
desired = values | unknowns | secrets | st.lists(secrets | unknowns | texts, max_size=3)
paths = st.lists(names | texts | st.integers(0, 9), min_size=1, max_size=3).map(tuple)
locations = st.none() | st.builds(Location, texts, st.integers(0, 10**6), st.integers(0, 200))
open_fields = st.builds(
    Field,
    path=paths,
    before=values,
    after=desired,
    last_applied=json_values,
    source=locations,
    forces_replace=st.booleans(),
    origin=st.sampled_from(["", *map(str, OriginKind)]),
)
hidden_fields = st.builds(
    Field,
    path=paths,
    before=st.none() | secrets | st.just(CANARY),
    after=st.none() | secrets | unknowns | st.just(CANARY),
    last_applied=st.none() | st.just(CANARY),
    source=locations,
    sensitive=st.just(True),
)
diagnostics = st.builds(
    Diagnostic,
    summary=texts,
    detail=texts,
    hint=texts,
    location=locations,
    severity=st.sampled_from(Severity),
)


resolutions = st.builds(
    Resolution,
    intent=texts,
    address=addresses,
    op=st.sampled_from(Op),
    done=st.booleans(),
    record=st.none(),
    diagnostic=st.none(),
)


digests = st.text("0123456789abcdef", min_size=64, max_size=64)
counts = st.integers(0, 10**5)
connections = st.builds(
    Connections,
    service=texts,
    now=counts,
    peak=counts,
    after=counts,
    limit=st.none() | counts,
    basis=texts,
    over=st.just(0) | counts,
)
acks = st.builds("{}:{}".format, st.sampled_from(["data-loss", "cut-clients"]), addresses)


@st.composite
def changes(draw: st.DrawFn) -> Change:
    where = draw(addresses)
    steps = st.builds(
        Step,
        n=st.integers(1, 10**5),
        op=st.sampled_from(Op),
        address=st.just(where),
        identity=texts,
        timeout_s=st.floats(0, 10**5),
        needs=st.lists(st.integers(1, 99), max_size=2).map(tuple),
    )
    return Change(
        address=where,
        action=draw(st.sampled_from(Action)),
        reason=draw(texts),
        identity=draw(texts),
        source=draw(locations),
        fields=tuple(draw(st.lists(open_fields | hidden_fields, max_size=3))),
        drift=tuple(
            draw(
                st.lists(
                    st.builds(Drift, path=paths, recorded=json_values, live=json_values)
                    | st.builds(
                        Drift,
                        path=paths,
                        recorded=st.just(CANARY),
                        live=st.just(CANARY),
                        sensitive=st.just(True),
                    ),
                    max_size=2,
                )
            )
        ),
        effects=tuple(
            draw(st.lists(st.builds(Effect, code=texts, text=texts, instead=texts), max_size=2))
        ),
        steps=tuple(sorted(draw(st.lists(steps, max_size=2)), key=lambda step: step.n)),
        wanted={"password": Secret(CANARY)},
        precondition=draw(st.none() | st.dictionaries(texts, json_values | secrets, max_size=2)),
        diagnostics=tuple(draw(st.lists(diagnostics, max_size=2))),
        adopted=draw(st.none() | st.just(Recorded(identity="", attributes={"secret": CANARY}))),
        moved_from=draw(st.none() | addresses),
    )


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    found = draw(st.lists(changes(), max_size=5))
    if found and draw(st.booleans()):
        found += found[:1] * 4  # equal ones, to be grouped
    return Plan(
        stack=draw(texts),
        changes=tuple(found),
        steps=tuple(sorted((s for change in found for s in change.steps), key=lambda s: s.n)),
        digest=draw(st.just("") | digests),
        serial=draw(st.integers(0, 10**6)),
        projects=tuple(draw(st.lists(texts, max_size=2))),
        destroy=draw(st.booleans()),
        diagnostics=tuple(draw(st.lists(diagnostics, max_size=2))),
        resolutions=tuple(draw(st.lists(resolutions, max_size=2))),
        connections=tuple(draw(st.lists(connections, max_size=2))),
        acks=tuple(draw(st.lists(acks, max_size=2))),
        allow_delete=draw(st.just(0) | counts),
        limited_to=draw(st.none() | st.lists(addresses, max_size=3).map(tuple)),
        refresh_only=draw(st.booleans()),
        meta=draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "read_s": st.floats(0, 99),
                    "requests": st.integers(0, 99),
                    "recorded": counts,
                },
            )
        ),
    )
