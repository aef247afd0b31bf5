"""The line of an accepted value: edited, written, and read again before it counts."""

from collections.abc import Callable, Iterable, Sequence

from reconciler.cli.accept_target import AcceptRefusedError, Target, refused
from reconciler.cli.writing import replace_text
from reconciler.desired.edit import EditError
from reconciler.desired.written import Block, reread
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.plan import Change, Drift, Plan
from reconciler.model.resource import Origin, OriginKind, Stack
from reconciler.plan.accept import as_declared, attribute_at, overlap
from reconciler.render.safe import value as shown


def edited(block: Block, target: Target, drift: Sequence[Drift]) -> str:
    """Return the file's text with the live values in it. Raises AcceptRefusedError."""
    for one in drift:
        _refuse_set_elsewhere(block, target, one)
    for one in drift:
        attribute = attribute_at(target.kind, one.path)
        if attribute is None:
            raise ValueError(f"{one.path} is no attribute")
        wanted = as_declared(attribute, one.path, one.live, block.at(one.path))
        try:
            if wanted is not None:
                text = block.with_value(one.path, wanted)
            else:
                text = block.without(one.path) if block.has(one.path) else block.text
        except EditError as error:
            raise AcceptRefusedError(
                Diagnostic(
                    summary="Line cannot be changed by itself",
                    detail=f"{target.named(one.path)}: {error.why}",
                    hint=f"make it {shown(wanted)} by hand, then reconcile plan",
                    location=target.resource.places.at(one.path),
                )
            ) from error
        block = reread(block, target.resource, text)
    return block.text


def _refuse_set_elsewhere(block: Block, target: Target, one: Drift) -> None:
    """Raise unless the value stands as a literal in the block, or may be put there."""
    origins = target.resource.origins
    chain = origins.of(one.path) if origins else ()
    name, live = target.named(one.path), shown(one.live)
    if block.has_for_each:
        detail = f"{name} is declared for every key of its for_each{_via(chain)}."
        hint = f"write what gives this key {live}, then reconcile plan"
    elif (place := block.expression_at(one.path)) is not None:
        detail = f"{name} is an expression at {place}{_via(chain)}."
        hint = f"let what sets it give {live}, then reconcile plan"
    elif not block.has(one.path[:1]) and chain and chain[0].kind is OriginKind.DEFAULT:
        detail = f"{name} comes from the stack's defaults{_via(chain, first=0)}."
        hint = f"change it there for all, or write {one.path[0]} into the resource itself"
    else:
        return
    raise AcceptRefusedError(
        Diagnostic(
            summary="Value is set elsewhere",
            detail=detail,
            hint=hint,
            location=target.resource.places.at(one.path),
        )
    )


def _via(chain: Sequence[Origin], first: int = 1) -> str:
    """Return where a value came from, link by link."""
    links = [
        f"{origin.name} ({origin.location})" if origin.location else origin.name
        for origin in chain[first:]
    ]
    return f", from {', from '.join(links)}" if links else ""


def write_and_check(
    block: Block,
    after: str,
    target: Target,
    drift: Sequence[Drift],
    before: Stack,
    reload: Callable[[], Stack],
    replan: Callable[[Stack], Plan],
) -> tuple[Stack, Change]:
    """Write the file; return the stack as it is then, and what the plan makes of the resource.

    before: the stack as it was. reload: reads it again. replan: plans with the live values at hand.
    Raises AcceptRefusedError when it does not come out right; the file is put back then.
    """
    if after != block.text_before:
        replace_text(block.file, block.before, after)
    try:
        stack = reload()
        _refuse_other_changes(before, stack, target, drift)
        change = change_at(replan(stack).changes, target.address)
        _refuse_left_over(target, change, drift)
    except BaseException:
        if after != block.text_before:
            replace_text(block.file, after.encode(), block.text_before)
        raise
    return stack, change


def _refuse_other_changes(
    before: Stack, after: Stack, target: Target, drift: Sequence[Drift]
) -> None:
    """Raise when anything but the accepted values is declared otherwise now."""
    old, new = ({**stack.resources, **stack.data} for stack in (before, after))
    others = [
        address
        for address in sorted({*old, *new})
        if address != target.address
        and (
            address not in old
            or address not in new
            or old[address].attributes != new[address].attributes
        )
    ]
    if others:
        raise refused(
            "Others follow this value",
            f"{target.named()} is what {', '.join(others)} would take over; nothing was changed.",
            f"change {target.resource.places.at(target.path)} by hand, and look at reconcile plan",
        )
    accepted = {one.path[0] for one in drift}
    own = [
        name
        for name in {*old[target.address].attributes, *new[target.address].attributes}
        if name not in accepted
        and old[target.address].attributes.get(name) != new[target.address].attributes.get(name)
    ]
    if own:
        raise refused(
            "Others follow this value",
            f"{', '.join(sorted(own))} of {target.address} would change along; nothing was changed.",
            "change it by hand, and look at reconcile plan",
        )


def _refuse_left_over(target: Target, change: Change, drift: Sequence[Drift]) -> None:
    """Raise when the plan would still change what was accepted: the file does not say what is live."""
    for one in drift:
        if any(overlap(field.path, one.path) for field in change.fields):
            raise refused(
                "Live value cannot be declared",
                f"{target.named(one.path)} would still differ; nothing was changed.",
                "please report it with the kind and the attribute",
            )


def change_at(changes: Iterable[Change], address: Address) -> Change:
    """Return the change of one address."""
    return next(change for change in changes if change.address == address)
