"""A plan in a pull request: whole where it fits, harmless whatever is in it."""

import re
from dataclasses import replace
from unicodedata import category

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_reading import foreign, read
from render_plans import (
    CANARY,
    POOL,
    create,
    delete,
    field,
    many,
    plan,
    pool,
    rename,
    revert,
    update,
)
from render_situations import PLANS
from render_strategies import plans

from reconciler.model.address import Address
from reconciler.model.location import Location
from reconciler.model.plan import Action, Change, Plan
from reconciler.render.json import plan_json
from reconciler.render.markdown import GITHUB, SMALLEST, plan_markdown
from reconciler.render.plan_file import plan_from_json
from reconciler.render.table import Group, tabulate

UNSAFE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
ROOT = "https://git.example.org/blob/main/"
LIMITS = st.sampled_from([SMALLEST, 5_000, 8_000, 32_768, GITHUB, 1_000_000])
NASTY = (
    "a|b", "`", "``x", "`|`", "@org/all", "#123", "x@evil.example", "`x@evil.example|", "<script>",
    "<!--", "-->", "</details>", "[x](http://evil.example)", "![x](y)", "www.evil.example", "*b*",
    "_i_", "~~s~~", "\\", "\\|", "a\\", "|", "&lt;", "&#64;", "1. x", "- x", "+ x", "# x", "> x",
    "GH-12", "deadbeef", "org/x#1", ":smile:", "$(x)", "\u202e", "\n\n# x", "\x1b[31m", "```", " ",
    "http://evil.example", "<http://evil.example>", "[[x]]", "<a href=x>", "\t", "\r\n| x |", "…",
)  # fmt: skip
nasty = st.lists(st.sampled_from(NASTY), min_size=1, max_size=3).map("".join)


def link(location: Location) -> str:
    return f"{ROOT}{location.file}#L{location.line}"


def hostile(text: str, number: int) -> Plan:
    """A plan in which everything that people name is `text`, in each group of changes."""
    found: list[Change] = []
    for n in range(number):
        key = f"{text}{n}"
        where = [Address.of(POOL, name, key) for name in ("a", "b", "c", "d")]
        felt = rename(n, where[1], text, key).effects
        found += [
            create(n, where[0], f"x/{key}", {"name": key, "note": text}),
            rename(n, where[1], text, key),
            delete(n, where[2], effects=[replace(felt[0], text=text, instead=text)]),
            replace(revert(n, where[3], "username", text, key, line=4), reason=text),
        ]
    places = [replace(c, source=Location(text, 3)) if c.source else c for c in found]
    return plan(*places, stack=text, projects=(text,))


def counts_of(page: str) -> dict[str, int]:
    told = re.search(r"^\*\*Plan:\*\* (.*)\.$", page, re.MULTILINE)
    parts = told[1].split(", ") if told else []
    return {words: int(n.replace(",", "")) for n, words in (p.split(" ", 1) for p in parts)}


@settings(deadline=None)  # so is any plan at all
@given(plans(), LIMITS, st.booleans())
def test_any_plan_fits_and_is_harmless(found: Plan, limit: int, linked: bool) -> None:
    """Whatever stands in a plan, its page is short enough and holds no markup but ours, and no secret."""
    page = plan_markdown(found, limit=limit, link=link if linked else None)
    assert len(page) <= limit
    assert CANARY not in page
    assert {c for c in page if c != "\n" and category(c) in UNSAFE} == set()
    assert foreign(read(page)) == {}


@settings(deadline=None)  # a plan of hundreds of changes is made, shown and read
@given(nasty, st.sampled_from([1, 2, 5, 30]), LIMITS, st.booleans())
def test_hostile_names_are_shown_and_not_obeyed(
    text: str, number: int, limit: int, linked: bool
) -> None:
    """Names, values, effects, places and stacks of any sort make no markup, link or ping."""
    page = plan_markdown(hostile(text, number), limit=limit, link=link if linked else None)
    found = read(page)
    assert len(page) <= limit
    assert foreign(found) == {}
    assert all(url.startswith(ROOT) for url in found.links)
    assert found.deepest <= 1
    assert len(found.headings) == len([line for line in page.splitlines() if line.startswith("#")])
    for rows in found.rows.values():
        assert len({len(row) for row in rows}) == 1


@given(nasty)
@example("`x@evil.example|")
def test_names_are_whole_in_the_html(text: str) -> None:
    """What a reader sees is the address as a terminal shows it."""
    found = hostile(text, 1)
    page = read(plan_markdown(found))
    shown = [row[1] for rows in page.rows.values() for row in rows]
    titles = [row.title for section in tabulate(found).sections for row in section.rows]
    assert [title for title in titles if title not in shown] == []


SIZES = [0, 1, 10, 300, 3_000]


@pytest.mark.parametrize("limit", [SMALLEST, 32_768, GITHUB, 1_000_000])
@pytest.mark.parametrize("number", SIZES)
def test_counts_and_what_will_be_felt_are_never_dropped(number: int, limit: int) -> None:
    """In any detail the page has heading, counts, command, digest, and each sort of what is felt."""
    found = many(number)
    page = plan_markdown(found, limit=limit, command="reconcile apply plan.json")
    made = read(page)
    assert len(page) <= limit
    lines = page.splitlines()
    assert lines[0] == "<!-- reconcile:example:plan -->"
    assert lines[2].startswith("## ")
    assert found.digest in page
    words = [c.action.value for c in plan_from_json(plan_json(found)).changes if not c.is_revert]
    told = counts_of(page)
    assert {w: told.get(f"to {w}", 0) for w in ("create", "update", "delete")} == {
        w: words.count(w) for w in ("create", "update", "delete")
    }
    assert told.get("drift to revert", 0) == sum(c.is_revert for c in found.changes)
    if found.has_changes:
        assert "reconcile apply plan.json\n" in made.fences
        assert all(word in page for word in told)


@pytest.mark.parametrize("limit", [20_000, 32_768, GITHUB])
def test_every_disruptive_name_stands_where_names_can_fit(limit: int) -> None:
    """Three hundred deletions among three thousand changes are all named, and so is drift."""
    found = many(3_000)
    page = plan_markdown(found, limit=limit)
    gone = [c.address.name for c in found.changes if c.action is Action.DELETE or c.is_revert]
    assert [name for name in gone if f"`{name}`" not in page] == []


def test_names_that_cannot_fit_are_counted() -> None:
    """Fifty thousand deletions are one line with as many names as there is room for."""
    found = plan(*(delete(n, f"{POOL}.old{n:05}") for n in range(50_000)))
    page = plan_markdown(found)
    assert len(page) <= GITHUB
    assert "50,000 to delete" in page
    assert "**- delete** 50,000 `aiven_connection_pool`: `old00000`" in page
    assert re.search(r"… [0-9,]+ more$", page, re.MULTILINE)
    assert len(page) > GITHUB * 0.9


def test_a_command_that_cannot_fit_is_left_to_who_prints_it() -> None:
    """Thousands of acks are not cut in the middle; the page says where they stand whole."""
    page = plan_markdown(
        PLANS["spec"], limit=SMALLEST, command="reconcile apply " + "--ack x " * 999
    )
    assert len(page) <= SMALLEST
    assert "--ack" not in page
    assert read(page).fences == ["reconcile plan\n"]


def test_too_small_a_limit_is_refused() -> None:
    """Below the least there is no page that keeps its promises."""
    with pytest.raises(ValueError, match="3999"):
        plan_markdown(PLANS["spec"], limit=3_999)


@pytest.mark.parametrize("name", sorted(set(PLANS) - {"many_200", "long_addresses"}))
def test_page_has_the_facts_of_the_table(name: str) -> None:
    """Each row's address, values, effects and place is on the page, as in text."""
    found = PLANS[name]
    page = read(plan_markdown(found, link=link))
    for section in tabulate(found, grouped=False).sections:
        cells = page.rows[section.group.value][1:]
        assert [row[0] for row in cells] == [f"{r.symbol} {r.word}" for r in section.rows]
        for row, made in zip(section.rows, cells, strict=True):
            assert made[1] == row.title
            assert [c.text for c in row.cells if c.text not in made[2]] == []
            assert [text for text in (*row.effects, *row.instead) if text not in made[3]] == []
            assert [f.summary for f in row.findings if f.summary not in made[3]] == []
            assert made[4] == (row.source or row.aside)


def test_groups_say_more_than_their_names_only_when_they_must() -> None:
    """A plan that fits has a row for each change; a longer one groups what is equal and says so."""
    assert "× " not in plan_markdown(many(10))
    page = plan_markdown(many(1_000))
    assert "aiven_connection_pool × 100" in page
    assert "To fit 65,536 characters" in page


def test_one_field_is_cheap() -> None:
    """A row of a one-field update takes about 80 characters; five hundred fit in full."""
    few = plan(
        *(update(n, f"{POOL}.p{n:03}", field("pool_size", n, n + 1), line=n) for n in range(2))
    )
    some = plan(
        *(update(n, f"{POOL}.p{n:03}", field("pool_size", n, n + 1), line=n) for n in range(500))
    )
    page = plan_markdown(some)
    assert max(len(line) for line in plan_markdown(few).splitlines() if "| ~" in line) <= 90
    assert len(read(page).rows[Group.SAFE.value]) == 501


def test_different_stacks_have_different_markers() -> None:
    """However long or odd their names are, and however much they have in common."""
    names = ["a", "a:plan", "a -->", "x" * 500, "x" * 501, "x" * 500 + "\n", "a@prod", "é" * 90]
    marks = {plan_markdown(plan(pool(1, "p"), stack=name)).splitlines()[0] for name in names}
    assert len(marks) == len(names)
    assert max(map(len, marks)) < 100
