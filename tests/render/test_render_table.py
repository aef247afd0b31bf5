"""Where each fact of a plan stands, and which changes share a row."""

import pytest
from render_plans import POOL, delete, field, plan, pool, rename, revert, update
from render_situations import PLANS

from reconciler.model.plan import Change, Drift, Effect
from reconciler.model.values import Secret
from reconciler.render.table import Group, Table, tabulate

FELT = (Effect(code="role-switch", text="each client's next query runs as app"),)


def groups(table: Table) -> dict[Group, list[str]]:
    return {section.group: [row.title for row in section.rows] for section in table.sections}


def titles(*changes: Change) -> list[str]:
    return [row.title for section in tabulate(plan(*changes)).sections for row in section.rows]


@pytest.mark.parametrize(
    ("change", "group"),
    [
        (pool(1, "a"), Group.SAFE),
        (update(1, f"{POOL}.a", field("pool_size", 10, 25)), Group.SAFE),
        (update(1, f"{POOL}.a", field("username", "a", "b"), effects=FELT), Group.DISRUPTIVE),
        (rename(1, f"{POOL}.a", "a", "b"), Group.DISRUPTIVE),
        (delete(1, f"{POOL}.a", effects=[]), Group.DISRUPTIVE),
        (revert(1, f"{POOL}.a", "pool_size", 40, 30, line=9), Group.DRIFT),
    ],
)
def test_a_change_stands_where_people_look_for_it(change: Change, group: Group) -> None:
    """What people will feel is apart from what they won't, and somebody else's change from ours."""
    assert list(groups(tabulate(plan(change)))) == [group]


def test_disruptive_drift_is_still_called_a_revert() -> None:
    """To undo somebody's change may be felt: then it stands with what is felt, under its own word."""
    change = update(
        1,
        f"{POOL}.a",
        field("username", "b", "a", last_applied="a"),
        drift=(Drift(path=("username",), recorded="a", live="b"),),
        effects=FELT,
    )
    (section,) = tabulate(plan(change)).sections
    assert (section.group, section.rows[0].word) == (Group.DISRUPTIVE, "revert")


def test_desired_change_of_a_drifted_attribute_is_an_update() -> None:
    """Where the desired value is a new one, somebody's change is told beside ours."""
    change = update(
        1,
        f"{POOL}.a",
        field("pool_size", 40, 20, last_applied=30),
        drift=(Drift(path=("pool_size",), recorded=30, live=40),),
    )
    (section,) = tabulate(plan(change)).sections
    assert section.group is Group.SAFE
    assert section.rows[0].cells[0].note == "drifted: 30 was last applied"


def test_what_blocks_is_counted_and_named_first() -> None:
    """The verdict on a blocked plan says what blocks."""
    table = tabulate(PLANS["blocked"])
    assert table.verdict.word == "BLOCKED"
    assert table.verdict.text == (
        "1 refused (taken); 1 could not be read (other); Resource is protected"
    )
    assert dict(table.counts)["refuse"] == "1 refused"
    assert len(table.blockers) == len(table.warnings) == 1


def test_equal_changes_share_a_row_from_three_on() -> None:
    """Two are two rows; three that differ by name only are one, with all the names."""
    assert len(titles(pool(1, "a"), pool(2, "b"))) == 2
    (row,) = tabulate(plan(pool(1, "a"), pool(2, "b"), pool(3, "c"))).sections[0].rows
    assert (row.title, row.names, row.count) == (f"{POOL} × 3", ("a", "b", "c"), 3)
    assert row.cells[0].text == "my-project/example-postgres/<each>"


def test_a_name_inside_a_value_does_not_keep_equal_changes_apart() -> None:
    """Users and databases named after each key are one fact, told with `<each>`."""
    keyed = [
        pool(n, "team", key=key, username=f"{key}_rw", database_name=key)
        for n, key in enumerate(("orders", "billing", "crm"), 1)
    ]
    (row,) = tabulate(plan(*keyed)).sections[0].rows
    assert row.title == f"{POOL}.team × 3"
    assert [cell.after for cell in row.cells if cell.path in ("username", "database_name")] == [
        "<each>",
        "<each>_rw",
    ]


@pytest.mark.parametrize(
    "differing",
    [
        [{"pool_size": n} for n in range(4)],
        [{"username": "x" * 100 + str(n)} for n in range(4)],
        [{"options": {"values": [*range(100), n]}} for n in range(4)],
        [{"pool_size": 10}, {"pool_size": "10"}, {"pool_size": 10.5}, {"pool_size": True}],
    ],
)
def test_what_differs_never_hides_in_a_group(differing: list[dict[str, object]]) -> None:
    """Changes whose values differ have rows of their own, even where only the hidden part differs."""
    assert len(titles(*(pool(n, f"p{n}", **more) for n, more in enumerate(differing, 1)))) == 4


def test_short_names_are_not_found_inside_words() -> None:
    """A pool called `a` does not turn `catalog` into something else."""
    (row,) = tabulate(plan(*(pool(n, name) for n, name in enumerate("aco", 1)))).sections[0].rows
    assert "catalog" in [cell.after for cell in row.cells]


def test_secrets_of_equal_changes_are_one_fact() -> None:
    """That each gets a password is equal for all; the passwords are nobody's business."""
    changes = [pool(n, f"p{n}", password=Secret(f"s{n}")) for n in range(1, 4)]
    assert len(titles(*changes)) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("spec", "2 pools lose their clients (billing, legacy_reports)"),
        ("delete", "1 pool loses its clients (a); 1 pool is deleted (b)"),
        (
            "destroy",
            "1 aiven_pg loses its data (example_postgres); 1 pool loses its clients (main)",
        ),
        ("drift", "1 drift to revert"),
        ("record_only", "4 records to bring up to date"),
        ("empty", "Nothing to do: live is as declared."),
        (
            "many_200",
            "20 pools lose their clients (old0000, old0001, old0002, old0003, old0004, 15 more)",
        ),
    ],
)
def test_verdict_says_what_people_will_feel(name: str, text: str) -> None:
    """The first line of a plan is what happens to whom."""
    assert tabulate(PLANS[name]).verdict.text == text


def test_a_service_goes_by_its_name_where_that_is_enough() -> None:
    """Two of one name are told apart by their projects."""
    found = tabulate(PLANS["connected"]).loads
    assert [load.service for load in found] == [
        "analytics",
        "example-postgres",
        "quiet",
        "theirs",
        "my-project/twin",
        "other-project/twin",
    ]


def test_connections_are_over_or_ok_or_nobody_knows() -> None:
    """By the limit of the moment, which the plan has worked out."""
    found = {load.service: load for load in tabulate(PLANS["connected"]).loads}
    assert [found[name].status for name in ("analytics", "quiet", "theirs")] == [
        "over by 20",
        "ok",
        "",
    ]
    assert not found["quiet"].is_touched


def test_too_few_connections_are_worth_a_look_where_the_plan_makes_them_so() -> None:
    """Not for what was so before and is left alone."""
    assert tabulate(PLANS["connected"]).verdict.word == "REVIEW"
    assert tabulate(PLANS["crowded"]).verdict.word == "OK"


def test_what_apply_needs_is_told_in_the_form_to_type() -> None:
    """Quoted for the shell, with what is lost and the figures."""
    found = tabulate(PLANS["acknowledged"]).needs
    assert [(need.flag, need.why) for need in found] == [
        (
            "--ack data-loss:aiven_pg_database.orders",
            "the database orders goes with everything in it",
        ),
        (
            "--ack 'data-loss:aiven_pg_database.per_team[\"billing dept\"]'",
            "the database billing goes with everything in it",
        ),
        ("--allow-delete 4", "4 of 12 recorded resources are deleted or replaced"),
    ]


def test_a_move_is_told_with_both_addresses() -> None:
    """Alone, beside a change, and for a group whose keys stay."""
    titles = [row.title for section in tabulate(PLANS["moved"]).sections for row in section.rows]
    assert titles == [
        f"{POOL}.small → {POOL}.grown",
        f"{POOL}.old → {POOL}.main",
        f'{POOL}.all["orders"] → {POOL}.orders',
        f"{POOL}.per_team → {POOL}.team × 3",
    ]


def test_a_limited_plan_says_to_what() -> None:
    """None is everything, which is not the same as nothing."""
    assert tabulate(PLANS["spec"]).limited_to is None
    assert len(tabulate(PLANS["limited_many"]).limited_to or ()) == 30
