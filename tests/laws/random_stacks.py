"""Small stacks out of a small universe of names, so that two of them overlap and differ in every way."""

from typing import Any

from hypothesis import strategies as st
from workbench import Stack, database, pg, pool, stack, user

PASSWORD = "canary-password-5e1f"
VARIABLES = {"password": {"type": "string", "writeOnly": True}}
ENVIRONMENT = {"RECONCILE_VAR_password": PASSWORD}

Attributes = dict[str, Any]


def _some(**options: st.SearchStrategy[object]) -> st.SearchStrategy[Attributes]:
    """Return any subset of these attributes."""
    return st.fixed_dictionaries({}, optional=options)


_SERVICES = _some(
    plan=st.sampled_from(["startup-4", "business-4", "premium-8"]),
    cloud_name=st.sampled_from(["google-europe-west1", "aws-eu-west-1"]),
    tags=st.dictionaries(st.sampled_from(["team", "env"]), st.sampled_from(["a", "b"])),
    tech_emails=st.lists(st.sampled_from(["a@example.org", "b@example.org"]), unique=True),
    maintenance_window_dow=st.sampled_from(["monday", "sunday"]),
    pg_user_config=_some(
        work_mem=st.integers(1, 64),
        backup_hour=st.integers(0, 23),
        ip_filter=st.lists(
            st.sampled_from(["10.0.0.0/8", "192.168.0.0/16", {"network": "172.16.0.0/12"}]),
            min_size=1,
            max_size=2,
            unique_by=str,
        ),
        pg=_some(jit=st.booleans(), deadlock_timeout=st.integers(500, 5000)),
        pgbouncer=_some(server_idle_timeout=st.integers(0, 600)),
    ),
)
_DATABASES = _some(lc_collate=st.sampled_from(["C", "en_US.UTF-8"]), lc_ctype=st.just("C"))
_USERS = st.builds(
    lambda more, secret: {**more, **secret},
    _some(pg_allow_replication=st.booleans()),
    st.sampled_from(
        [
            {},
            {"password": "${vars.password}"},
            {"password_wo": "${vars.password}", "password_wo_version": 1},
            {"password_wo": "${vars.password}", "password_wo_version": 2},
        ]
    ),
)
_POOLS = _some(
    pool_size=st.integers(1, 40), pool_mode=st.sampled_from(["session", "statement", "transaction"])
)


@st.composite
def stacks(draw: st.DrawFn) -> Stack:
    """Return one or two services with up to three databases, two users and four pools."""
    services = draw(st.sets(st.sampled_from(["s1", "s2"]), min_size=1))
    drawn = _Drawn(draw, sorted(services))
    parts = {
        "pg": {name: pg(name, **draw(_SERVICES)) for name in drawn.services},
        "pg_database": drawn.named(["d1", "d2", "d3"], "database_name", database, _DATABASES),
        "pg_user": drawn.named(["u1", "u2"], "username", user, _USERS),
        "connection_pool": drawn.pools(["p1", "p2", "p3", "p4"]),
    }
    kept = {kind: named for kind, named in parts.items() if named}
    return stack(sections={"variables": VARIABLES}, **kept)


class _Drawn:
    """What was drawn so far. on: service → the names to refer to by, per kind."""

    def __init__(self, draw: st.DrawFn, services: list[str]) -> None:
        self.draw = draw
        self.services = services
        self.on: dict[tuple[str, str], list[str]] = {}

    def named(self, names: list[str], key: str, make: Any, more: Any) -> dict[str, Attributes]:
        kind = f"aiven_pg_{make.__name__}"
        found = {}
        for address in sorted(self.draw(st.sets(st.sampled_from(names)))):
            service, name = self._service(), address + self._suffix()
            attributes = make(name, self._naming("aiven_pg", service, "service_name", service))
            found[address] = {**attributes, **self.draw(more)}
            reference = self._naming(kind, address, key, name)
            self.on.setdefault((kind, service), []).append(reference)
        return found

    def pools(self, names: list[str]) -> dict[str, Attributes]:
        found = {}
        for address in sorted(self.draw(st.sets(st.sampled_from(names)))):
            service = self._service()
            users = [None, "avnadmin", *self.on.get(("aiven_pg_user", service), [])]
            databases = ["defaultdb", *self.on.get(("aiven_pg_database", service), [])]
            pinned = self.draw(st.sampled_from(users))
            found[address] = {
                **pool(
                    address + self._suffix(),
                    self._naming("aiven_pg", service, "service_name", service),
                    str(self.draw(st.sampled_from(databases))),
                ),
                **self.draw(_POOLS),
                **({} if pinned is None else {"username": pinned}),
            }
        return found

    def _service(self) -> str:
        return str(self.draw(st.sampled_from(self.services)))

    def _suffix(self) -> str:
        return "_v2" if self.draw(st.integers(0, 4)) == 0 else ""

    def _naming(self, kind: str, address: str, attribute: str, literal: str) -> str:
        """Return a reference or the literal name: both make the same edge."""
        return f"${{{kind}.{address}.{attribute}}}" if self.draw(st.booleans()) else literal


@st.composite
def shuffled_files(draw: st.DrawFn, content: Stack) -> dict[str, Stack]:
    """Return the same stack in files with its keys in any order."""
    rest = {key: value for key, value in content.items() if key != "resources"}
    files: dict[str, Stack] = {"a.yaml": rest, "b.yaml": {}, "c.yaml": {}}
    for kind, named in content["resources"].items():
        for name, attributes in named.items():
            file = files[draw(st.sampled_from(sorted(files)))]
            file.setdefault("resources", {}).setdefault(kind, {})[name] = attributes
    return {name: draw(shuffled(file)) for name, file in files.items() if file}


@st.composite
def shuffled(draw: st.DrawFn, value: Any) -> Any:
    """Return the same value with the keys of every mapping in any order."""
    if not isinstance(value, dict):
        return value
    return {key: draw(shuffled(value[key])) for key in draw(st.permutations(list(value)))}
