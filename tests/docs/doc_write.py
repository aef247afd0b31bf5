"""`make docs`: put what the tool prints today into the pages."""

import sys
import tempfile
from pathlib import Path
from textwrap import indent

from doc_blocks import PAGES, ROOT, blocks
from doc_session import Typed, quiet, type_page
from first_plan import first_plan


def written(page: str, parent: Path) -> str:
    """Return the page with its console blocks, and the first plan, as they come out today."""
    typed = type_page(page, parent / "typed")
    for block in reversed(list(blocks(page))):
        if block.language == "console":
            text = "\n".join(_shown(one) for one in typed if one.block == block)
        elif block.target == "first-plan":
            text = f"{first_plan(parent / 'first')}\n"
        else:
            continue
        page = page[: block.start] + indent(text, block.indent) + page[block.end :]
    return page


def _shown(one: Typed) -> str:
    """Return a command with its output: what stands there already, unless it says something else."""
    output = one.command.printed if one.is_as_told else f"{quiet(one.printed)}\n"
    return f"$ {one.command.line}\n{output}"


def main() -> int:
    for page in PAGES:
        before = page.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as parent:
            after = written(before, Path(parent))
        if after != before:
            page.write_text(after, encoding="utf-8")
            sys.stdout.write(f"written: {page.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
