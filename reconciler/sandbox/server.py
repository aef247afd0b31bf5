"""The sandbox as a process: a socket, uvicorn, and an orderly end."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from reconciler.sandbox.account import projects
from reconciler.sandbox.account.account import Account, Knobs
from reconciler.sandbox.account.engine import EngineError
from reconciler.sandbox.bodies import PROJECT_NAME
from reconciler.sandbox.control import NEEDED, MissingExtraError, Running, SandboxError
from reconciler.sandbox.settings import Settings
from reconciler.sandbox.store import read_account, write_account

if TYPE_CHECKING:
    from reconciler.sandbox.real.engine import RealEngine
    from reconciler.sandbox.real.programs import Programs

SAVE_AFTER_S = 0.1
"""How long changes are collected before the state file is written."""
LAST_WORDS_S = 3.0
"""How long an orderly end may take once nobody wants this process any more."""


def serve(
    settings: Settings,
    *,
    on_ready: Callable[[Running], None] | None = None,
    watched_pipe: int | None = None,
) -> None:
    """Serve until a signal comes, or until `watched_pipe` (a descriptor) is at its end.

    Raises `MissingExtraError`, `StateFileError`, `ValueError` for settings that cannot be, and
    `OSError` when the port is taken.
    """
    for name in NEEDED:
        if find_spec(name) is None:
            raise MissingExtraError(name)
    chosen, note = choose_engine(settings)
    account = open_account(settings)
    if chosen is not None:
        account.engine = real_engine(chosen, account, settings)
    listener = listen(settings.host, settings.port)
    host, port = listener.getsockname()[:2]
    shown_host = f"[{host}]" if ":" in host else host
    running = Running(
        url=f"http://{shown_host}:{port}",
        token=account.token,
        pid=os.getpid(),
        engine=account.engine.name,
        note=note,
    )
    saver = Saver(account, settings.account_file)
    try:
        _run(account, saver, listener, running, on_ready, watched_pipe)
    finally:
        listener.close()


def choose_engine(settings: Settings) -> tuple[Programs | None, str]:
    """Return the programs of the real engine, None for the other, and why for people.

    Raises `SandboxError` when the real one was asked for and cannot be. Only then is PgBouncer
    fetched from Debian's archive where it is missing: `auto` asks no network.
    """
    if settings.engine == "memory":
        return None, "nothing runs behind the API (engine memory)"
    from reconciler.sandbox.real.programs import (
        MissingProgramsError,
        cache_folder,
        find_programs,
    )

    may_fetch = settings.engine == "real"
    try:
        found = find_programs(
            settings.pg_bin, settings.pgbouncer, cache_folder(), may_fetch=may_fetch
        )
    except MissingProgramsError as error:
        if settings.engine == "real":
            raise SandboxError(str(error)) from error
        return None, f"nothing runs behind the API (engine memory): {error}"
    return found, f"services run {found.describe()} (engine real)"


def real_engine(programs: Programs, account: Account, settings: Settings) -> RealEngine:
    from reconciler.sandbox.real.engine import RealEngine
    from reconciler.sandbox.real.programs import cache_folder

    return RealEngine(programs, account.authority, settings.services_dir, cache_folder())


def open_account(settings: Settings) -> Account:
    """Return the account that was kept, or a new one with the projects of the settings."""
    knobs = Knobs(**{knob.name: getattr(settings, knob.name) for knob in fields(Knobs)})
    path = settings.account_file
    account = read_account(path) if path else None
    if account is None:
        account = Account(token=secrets.token_hex(24), created_at_s=time.time())
        for name in dict.fromkeys(settings.projects):
            if not re.match(PROJECT_NAME, name):
                raise ValueError(f"{name!r} cannot be the name of a project")
            projects.create(account, {"project": name})
    account.knobs = knobs
    if settings.token is not None:
        account.token = settings.token
    return account


def listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio turns Nagle's algorithm off only where it is: else
    # every answer waits 40 ms for an acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except BaseException:
        listener.close()
        raise
    return listener


class Saver:
    """Writes the account a moment after it changed, and once more at the end."""

    def __init__(self, account: Account, path: Path | None) -> None:
        self.account = account
        self.path = path
        self.is_due = False

    def touch(self) -> None:
        if self.path is not None and not self.is_due:
            self.is_due = True
            asyncio.get_running_loop().call_later(SAVE_AFTER_S, self.save)

    def save(self) -> None:
        self.is_due = False
        if self.path is not None:
            write_account(self.account, self.path)


def _run(
    account: Account,
    saver: Saver,
    listener: socket.socket,
    running: Running,
    on_ready: Callable[[Running], None] | None,
    watched_pipe: int | None,
) -> None:
    # Late: nobody who only starts or stops a sandbox pays for these.
    import uvicorn

    from reconciler.sandbox.api.app import build_app
    from reconciler.sandbox.api.world import World

    class Server(uvicorn.Server):
        """Says when it is ready, and saves before a signal is passed on and ends the process."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            try:
                await account.engine.open(account.all_services())
            except EngineError as error:
                raise SandboxError(str(error)) from error
            await super().startup(sockets)
            saver.save()
            if on_ready is not None:
                on_ready(running)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            await super().shutdown(sockets)
            await account.engine.close()
            saver.save()

    config = uvicorn.Config(
        build_app(World(account=account, on_change=saver.touch)),
        access_log=False,
        lifespan="off",
        log_config=None,
        loop="asyncio",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = Server(config)
    if watched_pipe is not None:
        watcher = threading.Thread(target=_end_with, args=(watched_pipe, server), daemon=True)
        watcher.start()
    server.run(sockets=[listener])


class Stoppable(Protocol):
    should_exit: bool


def _end_with(pipe: int, server: Stoppable) -> None:
    """Wait for the end of the pipe, which comes however its other side died, then stop.

    Not PR_SET_PDEATHSIG: that fires when the *thread* that started us ends.
    """
    while os.read(pipe, 4096):
        pass
    server.should_exit = True
    time.sleep(LAST_WORDS_S)
    os._exit(0)
