"""The canonical layout: what is made the same, what stays, and that the meaning never changes."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from yaml_texts import documents

from reconciler.desired.layout import format_text
from reconciler.desired.load import parse_yaml
from reconciler.desired.problems import Problems
from reconciler.desired.spans import TokenKind, scan_tokens

GOLDEN = Path(__file__).parent / "golden"
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").rglob("*.yaml"))


def meaning(text: str) -> str | None:
    """Return the value of a text as JSON, so that 1, 1.0 and true differ; None when it is refused."""
    problems = Problems()
    node = parse_yaml(text, "x.yaml", problems)
    return None if node is None or len(problems) else json.dumps(node.value)


def words(text: str) -> list[str]:
    """Return the tokens and comments of a text in their order, scalars of several lines left out."""
    text = text.replace("\r\n", "\n")
    found: list[str] = []
    end = 0
    for token in [*scan_tokens(text), None]:
        if token is None or token.has_text:
            gap = text[end : token.start if token else None].splitlines()
            found += filter(None, (line.strip() for line in gap))
        if token and token.has_text:
            end = token.end
            said = text[token.start : token.end]
            is_long = token.is_block_scalar or "\n" in said
            found.append(token.kind.name if is_long else said)
    return found


@given(documents())
@settings(
    max_examples=150, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)
@example("a:\n- b\n# c\nd: 1\n")
@example("a: |+\n  x\n\n")
@example("a: |\n  x")
@example("a: |\n  x\n    ")
@example("a: >-\n\n\n    x\n     y\n\nb: 1\n")
def test_the_meaning_stays_and_once_is_enough(text: str) -> None:
    """Equal values, the same tokens and comments in the same order; laid out again, the same bytes."""
    before = meaning(text)
    assume(before is not None)
    laid_out = format_text(text)
    assert meaning(laid_out) == before
    assert words(laid_out) == words(text)
    assert format_text(laid_out) == laid_out
    assert "\r" not in laid_out
    assert laid_out.endswith("\n")


@given(documents())
@settings(
    max_examples=40, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)
def test_every_line_stands_on_a_level(text: str) -> None:
    """Each line that begins with a token is indented by two spaces for each level it is in."""
    assume(meaning(text) is not None)
    laid_out = format_text(text)
    depth = 0
    for token in scan_tokens(laid_out):
        line = laid_out[laid_out.rfind("\n", 0, token.start) + 1 : token.start]
        depth += token.kind in (TokenKind.MAP, TokenKind.SEQUENCE)
        depth -= token.kind is TokenKind.END
        if token.kind is TokenKind.ENTRY and not line.strip():
            assert len(line) == 2 * (depth - 1), laid_out


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_the_examples_have_the_layout(file: Path) -> None:
    """What we show people is laid out as we would lay it out."""
    text = file.read_text(encoding="utf-8")
    assert format_text(text) == text


def test_a_file_before_and_after() -> None:
    """One file with everything that is made the same, and everything that stays."""
    text = (GOLDEN / "layout-before.yaml").read_text(encoding="utf-8")
    assert format_text(text) == (GOLDEN / "layout-after.yaml").read_text(encoding="utf-8")


SITUATIONS = {
    "indentation": ("a:\n    b:\n       c: 1\n", "a:\n  b:\n    c: 1\n"),
    "sequence level with its key": ("a:\n- 1\n-   2\nb: 3\n", "a:\n  - 1\n  - 2\nb: 3\n"),
    "map in a sequence": ("a:\n-   b: 1\n    c: 2\n", "a:\n  - b: 1\n    c: 2\n"),
    "sequence in a sequence": ("- -   a\n  -   b\n-\n   - c\n", "- - a\n  - b\n-\n  - c\n"),
    "spaces at ends": ("a: 1  \n# b  \n \nc: 2\t\n", "a: 1\n# b\n\nc: 2\n"),
    "CRLF": ("a: 1\r\nb: |\r\n  x\r\n", "a: 1\nb: |\n  x\n"),
    "no newline at the end": ("a: 1", "a: 1\n"),
    "too many newlines at the end": ("a: 1\n\n\n", "a: 1\n"),
    "blank lines at the start": ("\n\na: 1\n", "a: 1\n"),
    "blank lines between": ("a: 1\n\n\nb: 2\n", "a: 1\n\n\nb: 2\n"),
    "flow on a line": ("a: { b: 1,c: [ 1,2 ] , d: {}}\n", "a: {b: 1, c: [1, 2], d: {}}\n"),
    "flow over lines": ("a: [\n1,\n    2 ]\n", "a: [\n  1,\n  2]\n"),
    "flow in flow": ("a: {\nb: [{\nc: 1\n}]\n}\n", "a: {\n  b: [{\n    c: 1\n  }]\n}\n"),
    "comment in flow": ("a: [ # x\n# y\n1]\n", "a: [ # x\n  # y\n  1]\n"),
    "quotes": ("a:   'x'\nb: \"y\"\n", "a: 'x'\nb: \"y\"\n"),
    "comments aligned": ("a: 1      # x\nlong: 22  # y\n", "a: 1      # x\nlong: 22  # y\n"),
    "comment of a block": ("a:\n    # x\n    b: 1\n    # y\n# z", "a:\n  # x\n  b: 1\n  # y\n# z\n"),
    "comment at the left": ("a:\n    b: 1\n#   c: 2\n    d: 3\n", "a:\n  b: 1\n#   c: 2\n  d: 3\n"),
    "only comments": ("\n  # x\n\n", "# x\n"),
    "literal": ("a:\n    b: |\n          x\n            y\n", "a:\n  b: |\n    x\n      y\n"),
    "literal with a figure": ("a:\n    b: |2\n         x\n", "a:\n  b: |2\n       x\n"),
    "literal without a newline": ("a: |\n   x", "a: |-\n  x\n"),
    "literal that keeps its newlines": ("a: |+\n   x\n\n\n", "a: |+\n  x\n\n\n"),
    "comment after a literal": ("a: |\n    x\n\n# y\n", "a: |\n  x\n\n# y\n"),
    "quoted over lines": ('a: "b\n      c \\\n    d"\n', 'a: "b\n  c \\\n  d"\n'),
    "expression": ("a:  ${vars.size}\n", "a: ${vars.size}\n"),
    "alias as a key": ("a: &x b\n*x : 1\n", "a: &x b\n*x : 1\n"),
    "empty": ("", ""),
    "explicit key": ("?   a\n:   b\n", "? a\n: b\n"),
    "document": ("---\na:   1\n", "---\na: 1\n"),
    "long line": (f"a:  {'x ' * 200}y\n", f"a: {'x ' * 200}y\n"),
    "tab before a comment": ("a: 1\t\t# x\n", "a: 1 # x\n"),
    "flow with nothing": ("a: {b: , c: }\n", "a: {b: , c: }\n"),
}  # fmt: skip


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_situation(situation: str) -> None:
    """Each thing that is made the same, or stays, for itself."""
    text, expected = SITUATIONS[situation]
    assert format_text(text) == expected
    assert format_text(expected) == expected
    assert meaning(text) == meaning(expected)
