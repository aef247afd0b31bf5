"""A process that applies until it dies: `recorded_child.py FOLDER COUNT HOW`.

Does COUNT calls of a run, then, by HOW: "die" kills itself as a power cut would, "hold" says so and waits,
"loop" goes on until somebody kills it, "full" goes on in files that may not grow. Each line it prints is
the name of an object whose outcome was acknowledged.
"""

import asyncio
import os
import resource
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path

from recorded_states import intent, record

from reconciler.model.errors import ReconcileError
from reconciler.recorded.run import Run
from reconciler.recorded.stores.file import FileStore


def tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def calls(run: Run) -> Iterator[tuple[str, Callable[[], Awaitable[None]]]]:
    """Yield one create after another, each in the three calls that a run makes of it."""
    for n in count():
        name = f"p{run.state.serial}_{n}"
        key = run.next_intent_id()
        yield "", lambda: run.announce(intent(key, name))  # noqa: B023  (called before the next one)
        yield "", lambda: run.written(key, record(name))  # noqa: B023  (called before the next one)
        yield name, lambda: run.done(key, record(name))  # noqa: B023  (called before the next one)


async def go(run: Run, limit: int | None) -> None:
    for name, call in islice(calls(run), limit):
        await call()
        if name:
            tell(name)


def main(folder: Path, limit: int, how: str) -> None:
    store = FileStore(folder, "example")
    with store.open_run("apply", run_id="child", now=datetime.now(UTC)) as run:
        if how == "full":
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        asyncio.run(go(run, None if how in ("loop", "full") else limit))
        if how == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        tell("holding")
        time.sleep(60)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
    except ReconcileError as error:
        sys.stderr.write(f"{type(error).__name__} {int(error.exit_code)}\n")
        sys.exit(error.exit_code)
