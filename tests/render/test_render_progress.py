"""Events, progress and the summary of an apply."""

import io
import itertools
import json
import re
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st
from render_plans import POOL, plan, pool, update
from render_situations import PLANS
from render_strategies import addresses, diagnostics, texts

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.events import Event, EventType
from reconciler.model.state import Op
from reconciler.render.events import event_json
from reconciler.render.progress import Progress
from reconciler.render.summary import apply_summary
from reconciler.render.tally import spent

MAIN = Address.of(POOL, "main")
REFUSED = Diagnostic(
    summary="API refused the call", detail=f"create {POOL}.reports: 403: plan", hint="a larger plan"
)
NASTY = "\x1b[31m[red]\u202e\x9b\n[/red]"

THREE = plan(pool(1, "main"), pool(2, "orders"), pool(3, "reports"))

events = st.builds(
    Event,
    type=st.sampled_from(EventType),
    elapsed_s=st.floats(0, 10**5),
    run=texts,
    step=st.integers(0, 4),
    address=st.none() | addresses,
    op=st.none() | st.sampled_from(Op),
    note=texts,
    deadline_s=st.floats(0, 10**4),
    method=texts,
    path=texts,
    status=st.integers(0, 599),
    diagnostic=st.none() | diagnostics,
)


def event(kind: EventType, at_s: float, step: int = 0, note: str = "", **more: object) -> Event:
    change = THREE.changes[step - 1] if step else None
    return Event(
        type=kind,
        elapsed_s=at_s,
        step=step,
        address=change.address if change else None,
        op=Op.CREATE if change else None,
        note=note,
        **more,  # type: ignore[arg-type]  # a test's shorthand
    )


RUN = [
    event(EventType.RUN_START, 0),
    event(EventType.STEP_RESOLVED, 0, 1, "happened"),
    event(EventType.STEP_START, 0.1, 1),
    event(EventType.STEP_START, 0.1, 2),
    event(EventType.STEP_SENT, 0.3, 1),
    event(EventType.STEP_DONE, 0.5, 1),
    event(EventType.STEP_START, 0.5, 3),
    *(event(EventType.SETTLE, at_s, 2, "state is REBUILDING") for at_s in range(10, 80, 10)),
    event(EventType.STEP_FAILED, 81, 3, diagnostic=REFUSED),
    event(EventType.INTERRUPTED, 85),
    event(EventType.STEP_UNKNOWN, 90, 2, "cancelled while in flight"),
    event(EventType.RUN_END, 91),
]

PLAIN = """\
  from an earlier run: create aiven_connection_pool.main happened
  1/3  create  aiven_connection_pool.main  done in 0.4 s
       create  aiven_connection_pool.orders  still waiting: 40 s, 19m 20s left  state is REBUILDING
       create  aiven_connection_pool.orders  still waiting: 1m 10s, 18m 50s left  state is REBUILDING
  2/3  create  aiven_connection_pool.reports  failed after 1m 20s: API refused the call
Interrupted: nothing new is started; once more drops what is under way.
  3/3  create  aiven_connection_pool.orders  unknown after 1m 30s: cancelled while in flight
"""


def shown(*told: Event, is_terminal: bool = False, colour: bool = False) -> str:
    stream = io.StringIO()
    ticks = itertools.count()
    with Progress(
        THREE, stream, clock=lambda: next(ticks) / 100, is_terminal=is_terminal, colour=colour
    ) as progress:
        for one in told:
            progress.handle(one)
    return stream.getvalue()


def test_plain_progress_has_a_line_for_each_end_and_for_long_waits() -> None:
    """Without a terminal every ended step has a line, and a long one says now and then that it waits."""
    assert shown(*RUN) == PLAIN


def test_terminal_progress_keeps_the_same_lines() -> None:
    """In a terminal the same ends stay on the screen; data is never taken for markup or control."""
    drawn = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown(*RUN, is_terminal=True)).replace("\r", "")
    for line in PLAIN.splitlines():
        assert line in drawn or "still waiting" in line
    assert "1/3 done, 0 under way, 1 failed, 1 unknown" in drawn


def test_terminal_progress_shows_data_as_it_is() -> None:
    """Brackets in a note are shown, not obeyed."""
    started = event(EventType.STEP_START, 0, 1)
    drawn = shown(started, event(EventType.STEP_FAILED, 1, 1, NASTY), is_terminal=True, colour=True)
    assert "\\x1b[31m[red]\\u202e\\x9b\\n[/red]" in drawn


@given(st.lists(events, max_size=8), st.booleans())
def test_progress_bears_any_events_in_any_order(told: list[Event], colour: bool) -> None:
    """Progress never fails a run, whatever it is told; plain lines hold no control character."""
    lines = shown(*told)
    assert lines.replace("\n", "").isprintable() or not re.search(r"[\x00-\x09\x0b-\x1f]", lines)
    assert lines.count("\n") <= len(told)


@given(events)
def test_event_is_one_safe_line_of_json(told: Event) -> None:
    """An event is one line that reads back, with no character that steers a terminal."""
    line = event_json(told)
    assert len(line.splitlines()) == 1
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", line)
    assert json.loads(line)["event"] == told.type


def test_event_tells_what_it_knows_and_no_more() -> None:
    """What does not apply is left out, so that lines stay short."""
    sent = event(EventType.STEP_SENT, 1.2345, 1, method="POST", path="/v1/project", status=200)
    assert json.loads(event_json(sent)) == {
        "event": "step_sent",
        "run": "",
        "plan": "",
        "elapsed_ms": 1234,
        "step": 1,
        "address": "aiven_connection_pool.main",
        "op": "create",
        "method": "POST",
        "path": "/v1/project",
        "status": 200,
    }


def test_summary_of_a_whole_run_is_one_line() -> None:
    """When all is done there is nothing more to say than what was done."""
    spec = PLANS["spec"]
    endings = {step.n: "done" for step in spec.steps}
    assert apply_summary(spec, endings, elapsed_s=12.2, width=100) == (
        "Applied 5739d596 in 12 s: 1 created, 1 updated, 1 replaced, 1 deleted, 1 drift reverted."
    )


def test_summary_of_a_part_says_what_is_left_and_what_to_type() -> None:
    """Done, not started, unknown and failed steps are listed; problems and the next command follow."""
    told = plan(*THREE.changes, update(4, f"{POOL}.late"))
    endings = {1: "done", 2: "unknown", 3: "failed"}
    assert apply_summary(told, endings, [REFUSED, REFUSED], elapsed_s=90).splitlines() == [
        "Partly applied after 1m 30s: 1 of 4 steps done, 1 not started, 1 unknown,",
        "1 failed.",
        "",
        "Done",
        "  create  aiven_connection_pool.main",
        "",
        "Not started",
        "  update  aiven_connection_pool.late",
        "",
        "Unknown: may or may not have happened; the next run finds out by reading",
        "  create  aiven_connection_pool.orders",
        "",
        "Failed",
        "  create  aiven_connection_pool.reports",
        "",
        "error: API refused the call",
        "  create aiven_connection_pool.reports: 403: plan",
        "  hint: a larger plan",
        "",
        "What is done is recorded. When the cause is mended, go on with:",
        "  reconcile apply",
    ]


def test_summary_of_a_stopped_run_stays_short() -> None:
    """Of many steps the first are listed and the rest counted."""
    many = PLANS["many_200"]
    text = apply_summary(many, {1: "done"}, interrupted=True)
    assert text.startswith("Interrupted after 0.0 s: 1 of 200 steps done, 199 not started.")
    assert "  and 179 more" in text
    assert text.count("\n") < 40


def test_times_are_said_in_two_figures() -> None:
    """Seconds, minutes, hours, each with what is worth knowing."""
    said = [spent(seconds) for seconds in (0, 0.44, 9.96, 59.4, 59.6, 185, 7805)]
    assert said == ["0.0 s", "0.4 s", "10 s", "59 s", "1m 00s", "3m 05s", "2h 10m"]


def test_rich_is_loaded_only_to_draw_in_a_terminal() -> None:
    """Neither text, JSON, diagnostics nor plain progress import rich: starting must stay fast."""
    rooms = ["text", "json", "plan_file", "diagnostics", "events", "lists", "progress", "summary"]
    program = "import sys\n" + "".join(f"import reconciler.render.{room}\n" for room in rooms)
    program += "sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
