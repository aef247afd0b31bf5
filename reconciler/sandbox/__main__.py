"""`python -m reconciler.sandbox`: serve in the foreground, or as the child of `control`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from reconciler.sandbox.control import Running, SandboxError, decode_settings
from reconciler.sandbox.settings import DEFAULT_PROJECT, ENGINES, Settings


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    if arguments.settings_on_stdin:
        return _serve_as_child()
    return _serve_in_foreground(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reconciler.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--token", help="default: a random one")
    parser.add_argument("--project", action="append", help=f"default: {DEFAULT_PROJECT}")
    parser.add_argument("--state-file", type=Path, help="default: nothing is kept")
    parser.add_argument("--data-dir", type=Path, help="keep everything here, databases too")
    parser.add_argument("--engine", choices=ENGINES, default="auto")
    parser.add_argument("--pg-bin", type=Path, help="the folder of postgres and initdb")
    parser.add_argument("--pgbouncer", type=Path, help="the program")
    parser.add_argument("--build-delay", type=float, default=0, metavar="SECONDS")
    parser.add_argument("--backup-delay", type=float, default=0, metavar="SECONDS")
    parser.add_argument("--latency", type=float, default=0, metavar="SECONDS")
    parser.add_argument("--redact-secrets", action="store_true")
    parser.add_argument("--enforce-pool-limit", action="store_true")
    parser.add_argument("--settings-on-stdin", action="store_true", help=argparse.SUPPRESS)
    return parser


def _settings(arguments: argparse.Namespace) -> Settings:
    return Settings(
        host=arguments.host,
        port=arguments.port,
        token=arguments.token,
        projects=tuple(arguments.project or [DEFAULT_PROJECT]),
        state_file=arguments.state_file,
        data_dir=arguments.data_dir,
        engine=arguments.engine,
        pg_bin=arguments.pg_bin,
        pgbouncer=arguments.pgbouncer,
        build_delay_s=arguments.build_delay,
        backup_delay_s=arguments.backup_delay,
        latency_s=arguments.latency,
        redact_secrets=arguments.redact_secrets,
        enforce_pool_limit=arguments.enforce_pool_limit,
    )


def _serve_in_foreground(arguments: argparse.Namespace) -> int:
    from reconciler.sandbox.server import serve
    from reconciler.sandbox.store import StateFileError

    try:
        serve(_settings(arguments), on_ready=_announce)
    except KeyboardInterrupt:
        return 0
    except (SandboxError, StateFileError, OSError, ValueError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def _announce(running: Running) -> None:
    sys.stderr.write(f"{running.note}\n")
    for name, value in running.environment().items():
        sys.stdout.write(f"export {name}={value}\n")
    sys.stdout.flush()


def _serve_as_child() -> int:
    """Read settings from standard input, answer one line, serve. See `control`."""
    line = _read_line(0)
    if not line:
        return 1
    order = json.loads(line)
    if not order["watched"]:
        os.close(0)
        os.open(os.devnull, os.O_RDONLY)
    from reconciler.sandbox.server import serve
    from reconciler.sandbox.store import StateFileError

    try:
        serve(
            decode_settings(order["settings"]),
            on_ready=lambda running: _tell(asdict(running)),
            watched_pipe=0 if order["watched"] else None,
        )
    except (SandboxError, StateFileError, OSError, ValueError) as error:
        _tell({"error": str(error)})
        return 1
    return 0


def _read_line(descriptor: int) -> bytes:
    """Read up to the first newline and not a byte more, which a buffered reader would."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(descriptor, 1)
        if not byte:
            break
        line += byte
    return line


def _tell(answer: dict[str, object]) -> None:
    """Say the one line the parent waits for, then let go of standard output."""
    os.write(1, json.dumps(answer).encode() + b"\n")
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.close(nothing)


if __name__ == "__main__":
    sys.exit(main())
