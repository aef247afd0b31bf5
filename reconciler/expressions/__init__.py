"""`${…}`: finding, parsing and evaluating expressions. Pure; a lookup brings the values."""

from reconciler.expressions.computed import CelExpression, parse_expression
from reconciler.expressions.errors import ExpressionError
from reconciler.expressions.reference import (
    ROOTS,
    Indexed,
    Reference,
    spell_path,
)
from reconciler.expressions.scan import OPENING, escape
from reconciler.expressions.template import Lookup, Template, evaluate, parse_template, references

__all__ = [
    "OPENING",
    "ROOTS",
    "CelExpression",
    "ExpressionError",
    "Indexed",
    "Lookup",
    "Reference",
    "Template",
    "escape",
    "evaluate",
    "parse_expression",
    "parse_template",
    "references",
    "spell_path",
]
