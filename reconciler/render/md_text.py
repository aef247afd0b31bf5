"""Text from outside as Markdown that is shown as it is: nothing in it is obeyed, linked or pinged.

A host looks for mentions, issue numbers and addresses after Markdown is done, where entities are
characters again; only what stands as code is let alone. So whatever is not a plain word becomes code.
"""

import re
from collections.abc import Iterable

_SPAN = re.compile(r"[^`|\s](?:[^`|\r\n]*[^`|\s])?")
"""What can stand between two backticks in a table, too."""
_LITERAL = re.compile(r"[A-Za-z0-9 ]")
_WORD = re.compile(r"(?P<before>[(]*)(?P<core>.*?)(?P<after>[),;:.]*)", re.DOTALL)
_PLAIN = re.compile(r"(?:[A-Za-z]+(?:['-][A-Za-z]+)?|[0-9]{1,3}(?:,[0-9]{3})*)?|[→×…]")
_HASH = re.compile(r"[A-Fa-f0-9]{7,40}")
"""A word that a host may take for a commit."""
_RUN = re.compile("`+")


def code(text: str) -> str:
    """Return one line of text as inline code, in a paragraph or in a cell of a table."""
    if _SPAN.fullmatch(text):
        return f"`{text}`"
    return f"<code>{''.join(map(_entity, text))}</code>" if text else ""


def _entity(char: str) -> str:
    if not char.isascii() or _LITERAL.fullmatch(char):
        return char
    # The comment keeps hosts from joining the parts around it to an e-mail address.
    return "&#64;<!-- -->" if char == "@" else f"&#{ord(char)};"


def prose(text: str) -> str:
    """Return a sentence with its plain words as they are, and all else in it as code."""
    parts: list[str] = []
    odd = ""
    for word in text.split(" "):
        before, core, after = _parts(word)
        is_plain = _PLAIN.fullmatch(core) and not _HASH.fullmatch(core)
        if odd and (before or is_plain):
            parts.append(code(odd))
            odd = ""
        if is_plain:
            parts.append(word)
            continue
        odd = f"{odd} {core}" if odd else core
        if before or after:
            parts.append(f"{before}{code(odd)}{after}")
            odd = ""
    return " ".join([*parts, *([code(odd)] if odd else [])])


def _parts(word: str) -> tuple[str, str, str]:
    """Return a word apart from the brackets before it and the punctuation after it."""
    found = _WORD.fullmatch(word)
    return (found["before"], found["core"], found["after"]) if found else ("", word, "")


def clipped(text: str, limit: int) -> str:
    """Return at most `limit` characters of a text that is not Markdown yet."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def fenced(text: str, language: str = "") -> str:
    """Return a code block whose fence is longer than any run of backticks in it."""
    longest = max((len(run) for run in _RUN.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def folded(summary: str, content: str) -> str:
    """Return Markdown that is shown on demand."""
    return f"<details><summary>{summary}</summary>\n\n{content}\n\n</details>"


def table(headers: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table; its cells are Markdown already."""
    names = list(headers)
    lines = [names, ["-"] * len(names), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def size(text: str) -> int:
    """Return how long hosts take a text to be, in the larger of their ways of counting characters."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
