"""States to test with: hostile ones by hypothesis, and a plain one."""

from hypothesis import strategies as st

from reconciler.model.address import Address
from reconciler.model.state import Approval, Intent, Op, Recorded, State

LINEAGE = "7f9c2ba4e88f827d616045507605853e"

texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.sampled_from(
        ["", "\x7f", "\x80\x85\x9f", "\u2028\u2029", "\ufffe\uffff\ufeff", "\u202etxt", "# end\n"]
    ),
    st.sampled_from(
        ["a: b", '": {"', "\\u0041", "\\", '"', "no", "1e+16", "\t\r\n\0", "😀", "${x}"]
    ),
    st.sampled_from(["!tag &a *a", "'", "-1e-07", "~", "<<", "- a", "0x1F", "2024-01-01"]),
)
numbers = st.one_of(
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        [1e16, -1e-7, 5e-324, 1.7976931348623157e308, -0.0, 1e22, 123456789012345680.0]
    ),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=8,
)
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
addresses = st.builds(Address.of, names, names, st.one_of(st.none(), texts))
records = st.builds(
    Recorded,
    identity=texts,
    attributes=st.dictionaries(texts, values, max_size=4),
    depends_on=st.lists(addresses, max_size=3).map(tuple),
    protected=st.booleans(),
)
approvals = st.builds(Approval, digest=texts, left=st.dictionaries(addresses, texts, max_size=3))
intent_ids = st.builds("{}.{}".format, st.integers(0, 99), st.integers(1, 99))


def _intents(ids: list[str]) -> st.SearchStrategy[dict[str, Intent]]:
    return st.fixed_dictionaries(
        {
            key: st.builds(
                Intent,
                id=st.just(key),
                op=st.sampled_from(Op),
                address=addresses,
                identity=texts,
                want=st.one_of(st.none(), records),
                at=texts,
            )
            for key in ids
        }
    )


stack_names = st.one_of(
    names, st.sampled_from(["no", "12", "1e3", "null", "a-b.c", "0x1F", "Y", "a b"]), texts
)
states = st.builds(
    State,
    stack=stack_names.filter(bool),
    lineage=st.one_of(
        st.text("0123456789abcdef", min_size=32, max_size=32),
        st.sampled_from([LINEAGE, "1" * 32, "1e" + "0" * 30, "0b" + "1" * 30, "e" + "1" * 31]),
    ),
    serial=st.integers(0, 10**15),
    resources=st.dictionaries(addresses, records, max_size=4),
    unresolved=st.lists(intent_ids, max_size=3, unique=True).flatmap(_intents),
    approved=st.one_of(st.none(), approvals),
)


def record(name: str, **attributes: object) -> Recorded:
    return Recorded(
        identity=f"my-project/my-service/{name}",
        attributes={"pool_name": name, "pool_size": 10, **attributes},
        depends_on=(Address("aiven_pg.main"),),
    )


def pool(name: str) -> Address:
    return Address.of("aiven_connection_pool", name)


def intent(key: str, name: str, op: Op = Op.CREATE, **attributes: object) -> Intent:
    return Intent(
        id=key,
        op=op,
        address=pool(name),
        identity=f"my-project/my-service/{name}",
        want=None if op is Op.DELETE else record(name, **attributes),
        at="2025-11-23T10:42:07Z",
    )


def approval(*left: str) -> Approval:
    """Return an approval of which the pools of these names are left."""
    return Approval(digest="5ca1ab1e" * 8, left={pool(name): f"fp-{name}" for name in left})


def plain_state(serial: int = 12) -> State:
    """Return two pools and an intent of which nobody knows what became."""
    return State(
        stack="example",
        lineage=LINEAGE,
        serial=serial,
        resources={pool("b"): record("b"), pool("a"): record("a")},
        unresolved={"12.3": intent("12.3", "c")},
    )
