"""Find the `${…}` in a text."""

from collections.abc import Iterator

from reconciler.expressions.errors import ExpressionError

OPENING = "${"
_QUOTES = "\"'"


def scan(text: str) -> Iterator[tuple[bool, str]]:
    """Yield the text's pieces in order, as (is it an expression, content).

    `$${` is a literal `${`. Raises ExpressionError for an expression without an end.
    """
    position = 0
    while (start := text.find(OPENING, position)) >= 0:
        if start > position and text[start - 1] == "$":
            yield False, text[position : start - 1] + OPENING
            position = start + len(OPENING)
            continue
        if start > position:
            yield False, text[position:start]
        end = _closing_brace(text, start + len(OPENING))
        yield True, text[start + len(OPENING) : end]
        position = end + 1
    if position < len(text):
        yield False, text[position:]


def escape(text: str) -> str:
    """Return what must be written to get `text` as it is."""
    return text.replace(OPENING, "$" + OPENING)


def _closing_brace(text: str, position: int) -> int:
    """Return where the expression that begins at `position` ends; braces in quotes do not count."""
    depth = 1
    while position < len(text):
        character = text[position]
        if character in _QUOTES:
            position = _closing_quote(text, position)
        elif character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
            if not depth:
                return position
        position += 1
    # The text is left out: what follows a stray `${` may be the rest of a password.
    raise ExpressionError(
        "Unterminated expression",
        "An expression begins with ${ and has no closing }.",
        "close it with }, and quote the whole value if it holds ' #'; write $${ for a literal ${",
    )


def _closing_quote(text: str, position: int) -> int:
    """Return where the quote opened at `position` closes, or the end of the text."""
    quote = text[position]
    position += 1
    while position < len(text) and text[position] != quote:
        position += 2 if text[position] == "\\" else 1
    return position
