"""Progress drawn in a terminal: what ended scrolls up, what is under way stays below it."""

import os
from collections.abc import Callable, Iterator
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from reconciler.model.events import Event, EventType
from reconciler.render.layout import columns_of, padded
from reconciler.render.tally import Running, Tally, spent, waiting

_SHOWN = 10
"""How many running steps are shown; the rest are counted."""
_BAR = 24
_ADDRESS = 60
_PER_SECOND = 8

_STYLES = {
    EventType.STEP_FAILED: "red",
    EventType.STEP_UNKNOWN: "red",
    EventType.INTERRUPTED: "bold",
}


class LiveDisplay:
    """Redraws itself a few times a second from the tally. Text goes in as text, never as markup."""

    def __init__(
        self, tally: Tally, stream: TextIO, *, clock: Callable[[], float], colour: bool
    ) -> None:
        self._tally = tally
        self._clock = clock
        self._event_s = 0.0
        self._at_s = clock()
        self._console = Console(
            file=stream,
            force_terminal=True,
            no_color=not colour,
            markup=False,
            highlight=False,
            emoji=False,
            force_interactive=True,  # whoever made this display has looked at TERM already
            _environ={**os.environ, "TERM": "xterm-256color"},
        )
        self._live = Live(
            self,
            console=self._console,
            refresh_per_second=_PER_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def start(self) -> None:
        self._live.start()

    def show(self, event: Event, line: str) -> None:
        self._event_s, self._at_s = event.elapsed_s, self._clock()
        if line:
            self._console.print(Text(line, style=_STYLES.get(event.type, "")), soft_wrap=True)

    def stop(self) -> None:
        self._live.stop()

    @property
    def _now_s(self) -> float:
        """The run's clock, carried on from the last event."""
        return self._event_s + self._clock() - self._at_s

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        now_s = self._now_s
        yield from self._lines(tuple(self._tally.running.values()), now_s)

    def _lines(self, running: tuple[Running, ...], now_s: float) -> Iterator[Text]:
        width = min(
            max((columns_of(step.address) for step in running[:_SHOWN]), default=0), _ADDRESS
        )
        for step in running[:_SHOWN]:
            told = f"  {step.op:<6}  {padded(step.address, width)}  {waiting(step, now_s)}"
            yield Text(told, no_wrap=True, overflow="ellipsis")
        if len(running) > _SHOWN:
            yield Text(f"  and {len(running) - _SHOWN:,} more under way")
        yield self._bar(len(running), now_s)

    def _bar(self, running: int, now_s: float) -> Text:
        tally = self._tally
        filled = _BAR * tally.ended // tally.total if tally.total else _BAR
        counts = [f"{tally.done:,}/{tally.total:,} done", f"{running:,} under way"]
        counts += [f"{tally.failed:,} failed"] if tally.failed else []
        counts += [f"{tally.unknown:,} unknown"] if tally.unknown else []
        bar = Text("  ", no_wrap=True, overflow="ellipsis")
        bar.append("━" * filled, style="green")
        bar.append("─" * (_BAR - filled), style="dim")
        return bar.append(f"  {', '.join(counts)}, {spent(now_s)}")
