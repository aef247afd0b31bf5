"""Typing what a page says, in order, in one shell of an empty home and a copy of the examples."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from doc_blocks import ROOT, Block, Command, blocks, commands

FILES = ("yaml", "json")
NOT_TYPED: Mapping[str, str] = {
    "make demo": "typed by test_demo.py",
    "make test": "is what runs this test",
    "python3 -m venv ~/.reconcile": "of no use without the next line",
    "~/.reconcile/bin/python -m pip install '.[sandbox]'": "needs the package index",
    "python3 -m pip install pre-commit": "needs the package index",
    "pre-commit install": "changes the clone it is typed in",
    "source <(reconcile completion bash)": "bash, not sh; its script is looked at in test_docs.py",
    "source <(reconcile completion zsh)": "zsh, not sh; its script is looked at in test_docs.py",
}
"""Lines that no test types from the page, and why."""

_MARK = "@@ended"
_SANDBOX = re.compile(r"\breconcile sandbox (?:start|run)\b")
_NOISE = (
    (re.compile(r"in \d\.\d\d s"), "in 0.04 s"),
    (re.compile(r"in \d\.\d s"), "in 0.1 s"),
    (re.compile(r"http://127\.0\.0\.1:\d+"), "http://127.0.0.1:8080"),
    (re.compile(r"process \d+"), "process 1"),
    (re.compile(r"TOKEN=\w+"), "TOKEN=0"),
    (re.compile(r"(\"?lineage\"?: ?\"?)\w{32}"), r"\g<1>0"),
    (re.compile(r"crc: \"\w{8}\""), 'crc: "0"'),
)
"""What differs from run to run and means nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A command with what became of it."""

    block: Block
    command: Command
    code: int
    printed: str

    @property
    def is_as_told(self) -> bool:
        told = self.command.printed
        return told is None or quiet(told) == quiet(self.printed)


def quiet(text: str) -> str:
    """Return printed text without times, ports and tokens."""
    for pattern, steady in _NOISE:
        text = pattern.sub(steady, text)
    return text.strip()


def environment(home: Path) -> dict[str, str]:
    """Return the environment of a newcomer: our commands on the path, no account, nothing set."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AIVEN_", "RECONCILE_", "XDG_", "NO_COLOR"))
    }
    bin_dir = str(Path(sys.executable).parent)
    return {
        **kept,
        "HOME": str(home),
        "PATH": f"{bin_dir}{os.pathsep}{kept['PATH']}",
        "COLUMNS": "80",
        "PAGER": "cat",
    }


@contextmanager
def workplace(parent: Path) -> Iterator[Path]:
    """Hand out a folder with the examples and schemas in it; stop a sandbox that was left running."""
    place = parent / "clone"
    parent.mkdir(exist_ok=True)
    for name in ("examples", "schemas"):
        ignore = shutil.ignore_patterns("state")
        shutil.copytree(ROOT / name, place / name, ignore=ignore)
    (place / "state").mkdir()
    (parent / "home").mkdir()
    try:
        yield place
    finally:
        stop = ["reconcile", "sandbox", "stop"]
        subprocess.run(stop, env=environment(parent / "home"), capture_output=True, check=False)


def type_page(page: str, parent: Path, engine: str = "memory") -> tuple[Typed, ...]:
    """Write the page's files and type its commands, those of NOT_TYPED apart.

    engine: what the sandboxes that the page starts run, whatever is installed.
    """
    script: list[str] = []
    asked: list[tuple[Block, Command]] = []
    for block in blocks(page):
        if block.language in FILES:
            script.append(_written(block))
        for command in commands(block):
            if command.line not in NOT_TYPED:
                line = _SANDBOX.sub(rf"\g<0> --engine {engine}", command.line)
                script.append(f"{line}\nprintf '\\n{_MARK} %s\\n' $?")
                asked.append((block, command))
    with workplace(parent) as place:
        ran = subprocess.run(
            ["sh", "-c", "exec 2>&1\n" + "\n".join(script)],
            cwd=place,
            env=environment(parent / "home"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            timeout=300,
            check=False,
        )
    return _matched(asked, ran.stdout)


def _written(block: Block) -> str:
    folder = Path(block.target).parent
    return f"mkdir -p {folder}\ncat >{block.target} <<'END OF FILE'\n{block.text}END OF FILE"


def _matched(asked: Sequence[tuple[Block, Command]], output: str) -> tuple[Typed, ...]:
    parts = re.split(rf"\n{_MARK} (\d+)\n", output)
    printed, codes = parts[0::2], parts[1::2]
    return tuple(
        Typed(block=block, command=command, code=int(code), printed=text)
        for (block, command), code, text in zip(asked, codes, printed, strict=False)
    )
