"""The parent of all daemons: stops them in good order when the sandbox is gone, however it went.

A process of its own with the standard library alone, run as `python -I -S guard.py`. Orders come
as lines of JSON on standard input and news go out on standard output. The end of the input, which
also comes when the sandbox is killed by SIGKILL, means: stop everything, remove the litter, end.

One thread on purpose: PR_SET_PDEATHSIG fires when the *thread* that forked ends, so here, and
only here, it can be trusted to take the daemons along should the guard itself be killed.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import shutil
import signal
import sys
import time
from contextlib import suppress
from typing import Any, NoReturn

PR_SET_PDEATHSIG = 1
POOLERS_S = 0.2
"""How long what is in front of a database may take to end."""
KINDLY_S = 0.35
"""How long a database may take over a fast shutdown before it is told to stop at once."""
AT_ONCE_S = 1.0

Order = dict[str, Any]


class Guard:
    def __init__(self) -> None:
        self.children: dict[int, Order] = {}
        self.litter: list[str] = []
        self.libc = ctypes.CDLL(None) if sys.platform == "linux" else None
        self.rest = b""

    def serve(self) -> None:
        """Take orders until the input ends."""
        wakeup, told = os.pipe()
        os.set_blocking(wakeup, False)
        os.set_blocking(told, False)
        signal.set_wakeup_fd(told)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        while True:
            ready, _, _ = select.select([0, wakeup], [], [])
            if wakeup in ready:
                with suppress(BlockingIOError):
                    os.read(wakeup, 4096)
                self.collect()
            if 0 in ready and not self.read_orders():
                return

    def read_orders(self) -> bool:
        """Carry out what can be read now; False at the end of the input."""
        chunk = os.read(0, 65536)
        *lines, self.rest = (self.rest + chunk).split(b"\n")
        for line in lines:
            order = json.loads(line)
            if order["do"] == "spawn":
                self.spawn(order)
            elif order["do"] == "signal":
                self.send(order["pid"], order["signal"])
            else:
                self.litter.append(order["path"])
        return bool(chunk)

    def spawn(self, order: Order) -> None:
        pid = os.fork()
        if pid == 0:
            self.become(order)
        self.children[pid] = order
        tell({"spawned": order["id"], "pid": pid})

    def become(self, order: Order) -> NoReturn:
        """Turn this fork into the program: its own session, its own log, its own limits."""
        try:
            os.setsid()
            if self.libc is not None:
                self.libc.prctl(PR_SET_PDEATHSIG, order["end_by"])
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.closerange(3, 256)
            os.execve(order["argv"][0], order["argv"], order["env"])  # noqa: S606 - a list, no shell
        except BaseException as error:  # noqa: BLE001 - a fork must never return
            os.write(2, f"cannot run {order['argv'][0]}: {error}\n".encode())
        os._exit(127)

    def send(self, pid: int, number: int) -> None:
        """Signal a child of ours; a number alone might by now be anybody's."""
        if pid in self.children:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def collect(self) -> None:
        """Tell of every child that ended."""
        while self.children:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if self.children.pop(pid, None) is not None:
                tell({"exited": pid, "code": os.waitstatus_to_exitcode(status)})

    def stop(self) -> None:
        """End what stands in front first, then the databases: kindly, at once, by force."""
        for order in sorted({child["order"] for child in self.children.values()}):
            ours = [pid for pid, child in self.children.items() if child["order"] == order]
            for pid in ours:
                self.send(pid, self.children[pid]["end_by"])
            self.wait(ours, KINDLY_S if order else POOLERS_S)
        for number in (signal.SIGQUIT, signal.SIGKILL):
            for pid in list(self.children):
                self.send(pid, number)
            self.wait(list(self.children), AT_ONCE_S)
        for path in self.litter:
            shutil.rmtree(path, ignore_errors=True)

    def wait(self, pids: list[int], limit_s: float) -> None:
        deadline_s = time.monotonic() + limit_s
        while time.monotonic() < deadline_s:
            self.collect()
            if not any(pid in self.children for pid in pids):
                return
            time.sleep(0.005)


def tell(news: dict[str, Any]) -> None:
    with suppress(OSError):
        # Nobody may be listening any more; the work goes on all the same.
        os.write(1, json.dumps(news).encode() + b"\n")


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    os.umask(0o077)
    if sys.argv[1:]:
        uid, gid = map(int, sys.argv[1:])
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    guard = Guard()
    try:
        guard.serve()
    finally:
        guard.stop()
