"""One policy: whether the plan's changes keep its rule."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.expressions.cel import Program
from reconciler.expressions.errors import ExpressionError
from reconciler.expressions.needs import free_names
from reconciler.expressions.rule import compile_rule
from reconciler.expressions.syntax import Constant, Loop, Name
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.resource import Policy

_NAMES = frozenset({"changes", "stack"})
_LISTS = frozenset({"changes"})

Seen = Mapping[str, object]
"""What a rule sees of one change, or of the stack."""

_CHUNK = 200
"""Changes at a time: CEL's loops go around 10,000 times at most, and a change has loops of its own."""

_NAMED = 5
"""How many of the changes that break a rule are named."""


def check_policy(policy: Policy, changes: Sequence[Seen], stack: Seen) -> Diagnostic | None:
    """Return what is wrong: the rule is broken, or is none; None when it is kept."""
    try:
        program = compile_rule(policy.rule, _NAMES, _LISTS)
        if isinstance(program.tree, Loop) and _is_each(program, program.tree):
            return _check_each(policy, program, program.tree, changes, stack)
        is_kept = program.evaluate({"changes": list(changes), "stack": stack})
    except ExpressionError as error:
        return Diagnostic(
            summary="Policy cannot be checked",
            detail=f"{policy.message}: {error.detail}",
            hint=error.hint,
            location=policy.location,
        )
    return _verdict(policy, is_kept, ())


def _is_each(program: Program, loop: Loop) -> bool:
    """Whether the rule is `changes.all(c, …)` or `changes.exists(c, …)` and looks at them only there.

    Such a rule can be checked some at a time, so that it has no largest plan.
    """
    uses = [name for name in free_names(program.tree) if name.name == "changes"]
    is_over_changes = isinstance(loop.over, Name) and loop.over.name == "changes"
    is_all_or_exists = isinstance(loop.start, Constant) and isinstance(loop.start.value, bool)
    return is_over_changes and is_all_or_exists and len(uses) == 1


def _check_each(
    policy: Policy, program: Program, loop: Loop, changes: Sequence[Seen], stack: Seen
) -> Diagnostic | None:
    chunks = [changes[n : n + _CHUNK] for n in range(0, len(changes), _CHUNK)] or [()]
    if isinstance(loop.start, Constant) and loop.start.value is False:
        return None if _one_holds(program, chunks, stack) else _verdict(policy, False, ())
    broken: list[Seen] = []
    for chunk in chunks:
        if program.evaluate({"changes": list(chunk), "stack": stack}) is not True:
            broken += _breaking(program, chunk, stack)
    return _verdict(policy, not broken, broken)


def _one_holds(program: Program, chunks: Iterable[Sequence[Seen]], stack: Seen) -> bool:
    """Whether the rule holds for one of the chunks; as in CEL, a failure counts only if none does."""
    failure: ExpressionError | None = None
    for chunk in chunks:
        try:
            if program.evaluate({"changes": list(chunk), "stack": stack}) is True:
                return True
        except ExpressionError as error:
            failure = failure or error
    if failure:
        raise failure
    return False


def _breaking(program: Program, changes: Iterable[Seen], stack: Seen) -> Iterator[Seen]:
    """Yield the changes that break the rule, each looked at alone."""
    for change in changes:
        try:
            if program.evaluate({"changes": [change], "stack": stack}) is not True:
                yield change
        except ExpressionError:  # for this one the rule says nothing; another one broke it
            continue


def _verdict(policy: Policy, is_kept: object, broken: Sequence[Seen]) -> Diagnostic | None:
    if is_kept is True:
        return None
    if is_kept is not False:
        return Diagnostic(
            summary="Policy cannot be checked",
            detail=f"{policy.message}: the rule gives neither true nor false.",
            hint="write a condition, such as changes.all(c, c.action != 'delete')",
            location=policy.location,
        )
    return Diagnostic(
        summary="Policy is broken",
        detail=policy.message,
        hint=_named(broken),
        location=policy.location,
    )


def _named(broken: Sequence[Seen]) -> str:
    names = [f"{change['address']} ({change['action']})" for change in broken[:_NAMED]]
    more = len(broken) - len(names)
    return (
        ("broken by " if names else "") + ", ".join(names) + (f" and {more} more" if more else "")
    )
