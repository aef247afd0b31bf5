"""The CEL library's messages in plain words, and the errors made of them."""

import re
from difflib import get_close_matches
from typing import NamedTuple

from reconciler.expressions.errors import ExpressionError, shortened

_PLACED = re.compile(r"ERROR: [^:\n]*:(-?\d+):(-?\d+): (.*)")
_STATUS = re.compile(r"^[A-Z_]+: ")
_SUFFIX = re.compile(r"\s*\[[A-Z_]+\]$")
_OVERLOAD = re.compile(r"for '([^']+)' applied to '\((.*)\)'")
_OVERLOADS = re.compile(r"No matching overloads found : (.+?)\((.*)\)$")
_FUNCTIONS = (
    *("bool", "double", "duration", "has", "int", "matches", "size", "string", "timestamp", "type"),
    *("contains", "endsWith", "startsWith", "charAt", "format", "indexOf", "join", "lastIndexOf"),
    *("lowerAscii", "replace", "reverse", "split", "substring", "trim", "upperAscii", "quote"),
    *("all", "exists", "exists_one", "filter", "map", "distinct", "flatten", "slice", "sort"),
    *("sortBy", "abs", "ceil", "floor", "greatest", "least", "round"),
)
_FUNCTION = re.compile("there is no function '(.*)'")
_TOO_DEEP = "more than 32 levels, or operators in a row"
_TYPE_WORDS = {"int64": "int", "uint64": "uint", "null_type": "null", "@in": "in", "_[_]": "[ ]"}


class Problem(NamedTuple):
    """A mistake: where in the text, in characters from 0, and the library's words or ours."""

    offset: int | None
    message: str


def read_problems(message: str) -> list[Problem]:
    """Return place and text of each mistake in the library's message."""
    found: list[Problem] = []
    for match in _PLACED.finditer(message):
        line, column = int(match[1]), int(match[2])
        is_placed = line == 1 and column > 0
        found.append(Problem(column - 1 if is_placed else None, match[3]))
    return found or [Problem(None, message)]


def _plain(message: str) -> str:
    """Return the library's message in plain words, without a full stop."""
    message = _STATUS.sub("", _SUFFIX.sub("", message.strip()))
    if match := _OVERLOADS.search(message) or _OVERLOAD.search(message):
        return _not_applicable(match[1], match[2])
    for pattern, plain in _PLAINER:
        message = pattern.sub(plain, message)
    return message.strip(" .")


_PLAINER = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"^Syntax error: ", ""),
        (r" \(in container ''\)", ""),
        (r",? expecting \{.*", ""),
        (r'^No value with name "(.*)" found in Activation$', r"there is no \1"),
        (r"^Key not found in map : ", "there is no key "),
        (r"^Index error: index=(-?\d+) size=(\d+)$", r"there is no item \1 in a list of \2"),
        (r"^(mismatched|extraneous) input '<EOF>'.*", "it ends too early"),
        (r"^missing ('.*') at '<EOF>'", r"it ends without \1"),
        (r"^No matching overloads found : <jump_condition>$", "a condition is true or false"),
        (r"^Exceeded max recursion depth.*|^Expression recursion limit.*", _TOO_DEEP),
        (r"^Iteration budget exceeded$", "its loops go around more than 10,000 times"),
        (r"^undeclared reference to", "there is no function"),
        (r"^reserved identifier: (.*)", r"'\1' is a reserved word"),
    )
)


def _not_applicable(function: str, types: str) -> str:
    name = _TYPE_WORDS.get(function, function).strip("_").replace("_", " ")
    words = [_TYPE_WORDS.get(word.strip(), word.strip()) for word in types.split(",") if word]
    return (
        f"{name} cannot be applied to {' and '.join(words)}" if words else f"{name} cannot be used"
    )


def not_compiled(text: str, problem: Problem) -> ExpressionError:
    """Return the error for a text with a mistake in it."""
    offset, message = problem
    what = _plain(message)
    if offset is not None and (match := _FUNCTION.fullmatch(what)):
        offset = max(text.rfind(match[1], 0, offset), 0)  # told at its bracket
    where = f" at column {offset + 1}" if offset is not None else ""
    return ExpressionError(
        "Invalid expression", f"'{shortened(text)}'{where}: {what}.", _hint(what)
    )


def _hint(what: str) -> str:
    if match := _FUNCTION.fullmatch(what):
        close = get_close_matches(match[1], _FUNCTIONS, 1)
        return f"did you mean '{close[0]}'?" if close else "see https://cel.dev for its functions"
    if "cannot be applied" in what:
        return "string(…), int(…) and double(…) change the type"
    return "write $${ for a literal ${; the rest is CEL, see https://cel.dev"


def failed(text: str, message: str) -> ExpressionError:
    """Return the error for an evaluation that ended with the library's message."""
    return ExpressionError("Expression fails", f"'{shortened(text)}': {_plain(message)}.")


def too_much(text: str, why: str) -> ExpressionError:
    """Return the error for what goes beyond a bound."""
    return ExpressionError(
        "Expression is too much",
        f"'{shortened(text)}': {why}.",
        "take it apart, or write values out",
    )
