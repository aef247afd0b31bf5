"""Markdown as a host reads it: through a CommonMark renderer with GitHub's tables."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

OURS = {"<br>", "<code>", "</code>", "<!-- -->"}
BLOCKS = re.compile(
    r"<!-- reconcile:[A-Za-z0-9_.~%@-]*:plan -->"
    r"|<details><summary>[0-9,]+ steps? in order</summary>|</details>"
)
CALLS = re.compile(r"@\w|#\d|www\.|://|\b[0-9a-f]{7,40}\b|[\w.]@[\w.]|!\d|[$&]\d|:\w+:|\[\[")
"""What hosts make links or pings of where it stands outside code."""
TAGS = {
    *("paragraph", "heading", "inline", "text", "softbreak", "code_inline", "fence", "html_inline"),
    *("html_block", "strong", "link", "table", "thead", "tbody", "tr", "th", "td", "list_item"),
    "bullet_list",
}


@dataclass
class Reading:
    """What a page came to. rows: cells as plain text, by heading; texts: what stands outside code."""

    rows: dict[str, list[list[str]]] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    headings: list[str] = field(default_factory=list)
    fences: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    markup: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    deepest: int = 0


def read(page: str) -> Reading:
    """Return what a CommonMark renderer makes of a page."""
    found = Reading()
    section = ""
    wide: list[str] = []
    depth = 0
    tokens = MarkdownIt("commonmark").enable("table").parse(page)
    for at, token in enumerate(tokens):
        found.kinds.add(re.sub("_(open|close)$", "", token.type))
        depth += (token.type == "bullet_list_open") - (token.type == "bullet_list_close")
        found.deepest = max(found.deepest, depth)
        if token.type == "fence":
            found.fences.append(token.content)
        elif token.type == "html_block":
            found.markup.add(token.content.strip())
        elif token.type == "tr_open":
            wide = []
        elif token.type == "tr_close":
            found.rows.setdefault(section, []).append(wide)
        elif token.type == "inline":
            text = _inline(token, found)
            before = tokens[at - 1]
            if before.type == "heading_open":
                found.headings.append(text)
                section = text
            elif before.type in ("th_open", "td_open"):
                wide.append(text)
            elif depth:
                found.lists.setdefault(section, []).append(text)
    return found


def _inline(token: Token, found: Reading) -> str:
    text = ""
    in_code = False
    for child in token.children or ():
        found.kinds.add(re.sub("_(open|close)$", "", child.type))
        if child.type == "html_inline":
            found.markup.add(child.content)
            in_code = {"<code>": True, "</code>": False}.get(child.content, in_code)
            text += "\n" if child.content == "<br>" else ""
        elif child.type == "link_open":
            found.links.append(str(child.attrs["href"]))
        elif child.type == "text" and not in_code:
            found.texts.append(child.content)
        text += child.content if child.type in ("text", "code_inline") else ""
    return text


def foreign(found: Reading) -> Mapping[str, Iterator[str] | set[str]]:
    """Return whatever is on the page that we did not put there; empty where all is well."""
    bad = {
        "kinds": found.kinds - TAGS,
        "markup": {m for m in found.markup if m not in OURS and not BLOCKS.fullmatch(m)},
        "calls": {text for text in found.texts if CALLS.search(text)},
    }
    return {name: items for name, items in bad.items() if items}
