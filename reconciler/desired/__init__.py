"""The desired state: YAML → a Stack, with every problem told at once."""

from reconciler.desired.load import Limits
from reconciler.desired.problems import InvalidStackError
from reconciler.desired.stack import load_stack, load_stack_name

__all__ = ["InvalidStackError", "Limits", "load_stack", "load_stack_name"]
