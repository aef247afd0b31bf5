"""What was reviewed is what runs; what is left of it runs under the same approval."""

from planning import live, plan_of, pool, recorded, stack, user

from reconciler.plan.approval import approval_of, covers, moved

A = "aiven_connection_pool.a"
B = "aiven_connection_pool.b"
BEFORE = {A: pool("a"), B: pool("b")}
AFTER = {A: pool("a", pool_size=20), B: pool("renamed")}


def approved():  # type: ignore[no-untyped-def]
    return plan_of(stack(AFTER), recorded(BEFORE), live(BEFORE))


def test_the_rest_of_a_partly_applied_plan_is_covered() -> None:
    """One pool is done, of the other only the deletion."""
    plan = approved()
    approval = approval_of(plan, plan.digest)
    done = {A: AFTER[A]}
    rest = plan_of(stack(AFTER), recorded(done), live(done))
    assert rest.digest != plan.digest
    assert covers(approval, rest)


def test_another_configuration_is_not_covered() -> None:
    """Somebody pushed a commit in between."""
    approval = approval_of(approved(), "d")
    other = {**AFTER, A: pool("a", pool_size=21)}
    assert not covers(approval, plan_of(stack(other), recorded(BEFORE), live(BEFORE)))


def test_a_change_that_was_not_approved_is_not_covered() -> None:
    """More is to be done than was seen."""
    approval = approval_of(approved(), "d")
    more = {**AFTER, "aiven_pg_user.u": user("u")}
    assert not covers(approval, plan_of(stack(more), recorded(BEFORE), live(BEFORE)))


def test_an_update_that_became_a_replace_is_not_covered() -> None:
    """The pool comes out as approved, but people would be cut who were not told."""
    approval = approval_of(approved(), "d")
    drifted = {**BEFORE, A: pool("a", database_name="x")}
    assert not covers(approval, plan_of(stack(AFTER), recorded(BEFORE), live(drifted)))


def test_an_untouched_object_that_was_edited_is_not_covered() -> None:
    """What was approved was a change from 10, not from 40."""
    approval = approval_of(approved(), "d")
    drifted = {**BEFORE, A: pool("a", pool_size=40)}
    assert not covers(approval, plan_of(stack(AFTER), recorded(BEFORE), live(drifted)))


def test_what_is_done_is_no_longer_left() -> None:
    """Nothing of it can be done again under the approval."""
    assert set(approval_of(approved(), "d", done={A}).left) == {B}


def test_what_moved_is_named() -> None:
    """Live values, configuration and changes apart."""
    plan = approved()
    drifted = {**BEFORE, A: pool("a", pool_size=40)}
    other = {A: pool("a", pool_size=21), B: pool("b"), "aiven_pg_user.u": user("u")}
    now = plan_of(stack(other), recorded(BEFORE), live(drifted))
    assert moved(plan, now) == (
        f"live {A}.pool_size 10 → 40",
        f"configuration of {A}.pool_size",
        f"{B} is no longer to be changed",
        "aiven_pg_user.u is to be changed too (create)",
    )
