"""Gluing the rooms: a path to a stack, a stack and its state to what is live, all three to a plan."""

import os
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from reconciler.cli.options import StackOptions
from reconciler.cli.reading import check_kinds, read_requests, requests_of
from reconciler.cli.terminal import show_diagnostics
from reconciler.kinds.kind import Kind
from reconciler.model.address import Address
from reconciler.model.live import Live, LiveObject, ObjectKey
from reconciler.model.plan import Plan
from reconciler.model.resource import Stack
from reconciler.model.state import State
from reconciler.model.values import Secret
from reconciler.plan.scope import WHOLE, Scope

if TYPE_CHECKING:
    from reconciler.live.client import Client
    from reconciler.live.driver import Driver
    from reconciler.live.snapshot import ReadRequest, Snapshot
    from reconciler.recorded.run import Run
    from reconciler.recorded.stores.file import FileStore

READ_TIMEOUT_S = 20 * 60.0
"""For all reads of a plan together; the longest a read may take by default at Aiven's provider too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A stack with the kinds it is written in and the store its state is in."""

    stack: Stack
    catalogue: Mapping[str, Kind]
    store: "FileStore"
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An open connection to the API."""

    client: "Client"
    snapshot: "Snapshot"
    driver: "Driver"
    calls: list[str]
    """Every call made so far, as `METHOD /path`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan with the live objects it was made from."""

    plan: Plan
    live: Live


def open_project(options: StackOptions) -> Project:
    """Read the stack that was named. Raises InvalidStackError with every problem."""
    from reconciler.desired import load_stack
    from reconciler.kinds.catalogue import load_catalogue
    from reconciler.recorded.find import find_state_dir
    from reconciler.recorded.stores.file import FileStore

    catalogue = load_catalogue(options.schemas)
    stack = load_stack(
        options.path,
        catalogue,
        var=options.var,
        var_files=options.var_file,
        env=options.env,
        environ=os.environ,
    )
    directory = options.state_dir or find_state_dir(options.path)
    store = FileStore(directory, stack.name)
    return Project(stack=stack, catalogue=catalogue, store=store, path=options.path)


@contextmanager
def open_run(store: "FileStore", verb: str, lock_timeout_s: float) -> Iterator["Run"]:
    """Take the stack's lock and open a run. Raises LockedError, StateError."""
    with store.open_run(
        verb, lock_timeout_s=lock_timeout_s, run_id=token_hex(4), now=datetime.now(UTC)
    ) as run:
        if run.warnings:
            show_diagnostics(run.warnings)
        yield run


@asynccontextmanager
async def connect(parallelism: int) -> AsyncIterator[Session]:
    """Open a session with AIVEN_WEB_URL and AIVEN_TOKEN. Raises UnauthorizedError without a token."""
    from reconciler.live.client import Client
    from reconciler.live.driver import Driver
    from reconciler.live.errors import UnauthorizedError
    from reconciler.live.snapshot import Snapshot

    token = os.environ.get("AIVEN_TOKEN", "").strip()
    if not token:
        raise UnauthorizedError("AIVEN_TOKEN is not set.")
    url = os.environ.get("AIVEN_WEB_URL") or "https://api.aiven.io"
    ca_file = os.environ.get("AIVEN_CA_CERT")
    calls: list[str] = []

    def count(method: str, path: str, _status: int, _elapsed_s: float) -> None:
        calls.append(f"{method} {path}")

    async with Client(
        url,
        Secret(token),
        ca_file=Path(ca_file) if ca_file else None,
        parallelism=parallelism,
        on_call=count,
    ) as client:
        snapshot = Snapshot(client, parallelism)
        yield Session(client=client, snapshot=snapshot, driver=Driver(client), calls=calls)


async def make_plan(
    project: Project, state: State, session: Session, scope: Scope = WHOLE
) -> Planned:
    """Read what is live and return the plan. Raises what reading and planning raise."""
    from reconciler.live.request import secrets_in
    from reconciler.plan.build import MissingLiveError, build_plan

    check_kinds(state, project.catalogue)
    for resource in project.stack.resources.values():
        session.client.remember(secrets_in(resource.attributes))
    started = time.monotonic()
    live: dict[ObjectKey, LiveObject] = {}
    wanted: Iterable[ReadRequest] = read_requests(project.stack, state, project.catalogue)
    while True:
        live |= await read(session, wanted)
        meta = {
            "path": str(project.path),
            "read_s": round(time.monotonic() - started, 3),
            "requests": len(session.calls),
            "recorded": len(state.resources),
            "scope": {key: value for key, value in asdict(scope).items() if value},
        }
        try:
            plan = build_plan(project.stack, state, live, project.catalogue, scope=scope, meta=meta)
        except MissingLiveError as missing:
            wanted = requests_of(missing.objects, project.stack, project.catalogue)
            continue
        warnings = project.stack.warnings + session.snapshot.diagnostics
        return Planned(plan=replace(plan, diagnostics=plan.diagnostics + warnings), live=live)


def scope_of(plan: Plan) -> Scope:
    """Return the scope that a plan file's plan was made with."""
    found = plan.meta.get("scope")
    given = found if isinstance(found, Mapping) else {}
    return Scope(
        destroy=plan.destroy,
        refresh_only=plan.refresh_only or given.get("refresh_only") is True,
        targets=_texts(given.get("targets")),
        excludes=_texts(given.get("excludes")),
        replace=_texts(given.get("replace")),
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list | tuple) else ()


async def read(session: Session, wanted: Iterable["ReadRequest"]) -> dict[ObjectKey, LiveObject]:
    """Return the live objects asked for, each service read once."""
    from reconciler.live.deadline import Deadline

    deadline = Deadline.after(READ_TIMEOUT_S, "reading what is live")
    return dict(await session.snapshot.read_all(wanted, deadline))


def data_identities(stack: Stack, catalogue: Mapping[str, Kind]) -> dict[Address, str]:
    """Return the identity of each data source that is known."""
    found = {
        address: catalogue[address.kind].identity_of(resource.attributes)
        for address, resource in stack.data.items()
    }
    return {address: identity for address, identity in found.items() if identity}
