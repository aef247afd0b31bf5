"""What a plain (unquoted) YAML scalar stands for: the 1.2 core schema, less what readers disagree on."""

import re
from dataclasses import dataclass

MAX_INTEGER = 2**53
"""Beyond it a reader that keeps numbers as doubles gets another number."""

_WORDS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_YAML_1_1_WORDS = frozenset({"y", "yes", "n", "no", "on", "off", ".nan", ".inf", "-.inf", "+.inf"})
_SUSPICIOUS = frozenset("0123456789+-.~=ntfyoNTFYO")
_MAX_DIGITS = len(str(MAX_INTEGER))

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)")
_AMBIGUOUS = re.compile(
    r"""[-+]?0[0-9_]+                                          # octal, or not
      | [-+]?0[xX][0-9a-fA-F_]+ | [-+]?0[oO][0-7_]+ | [-+]?0[bB][01_]+
      | [-+]?[0-9][0-9_]*_[0-9_]*(?:\.[0-9_]*)? | [-+]?[0-9][0-9_]*\.[0-9_]*_[0-9_]*
      | [-+]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9_]+)[eE][-+]?[0-9]+
      | [-+]?[0-9][0-9_]*(?::[0-9]+)+(?:\.[0-9_]*)?            # base 60, or a time
      | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}                         # a date, perhaps with a time
        (?:(?:[Tt]|[ \t]+)[0-9:.]+[ \t]*(?:Z|[-+][0-9:]+)?)?
      | =
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a plain scalar is not taken; the texts of a Diagnostic."""

    summary: str
    detail: str
    hint: str


def resolve_plain(text: str) -> object:
    """Return None, a bool, an int, a float or the text itself; Refused for what is ambiguous."""
    if text and text[0] not in _SUSPICIOUS:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text.lower() in _YAML_1_1_WORDS:
        return Refused(
            "Ambiguous value",
            f"{text} means different things in different YAML readers.",
            f'quote it: "{text}"; booleans are true and false',
        )
    if _INTEGER.fullmatch(text):
        return _integer(text)
    # From here on the text is not shown: it may be a password.
    if _AMBIGUOUS.fullmatch(text):
        return Refused(
            "Ambiguous value",
            "This value means different things in different YAML readers.",
            "quote it; for a number, write its plain decimal digits",
        )
    if _DECIMAL.fullmatch(text):
        return _decimal(text)
    return text


def _integer(text: str) -> object:
    if len(text) > _MAX_DIGITS + 1 or abs(int(text)) > MAX_INTEGER:
        return Refused(
            "Number too large",
            "An integer beyond 2^53 is another number in some readers.",
            "quote it, if a string will do",
        )
    return int(text)


def _decimal(text: str) -> object:
    value = float(text)
    if abs(value) > MAX_INTEGER:
        return Refused(
            "Number too large",
            "A number beyond 2^53 is another number in some readers.",
            "quote it, if a string will do",
        )
    return value
